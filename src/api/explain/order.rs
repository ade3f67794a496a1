//! Where a client stands, and which of the operator's rules put the regions into their order.

use crate::geo::Facts;
use crate::model::{Location, OrderRule, Region, RegionId, Steer};

use super::Question;

/// What a client's order comes from.
pub struct Standpoint<'a> {
    /// Where distances are measured from.
    pub location: Option<Location>,
    /// Who says so.
    pub location_from: Option<String>,
    /// The service's own rule that holds, and the global one, each with what matched.
    own: Option<Ruling<'a>>,
    global: Option<Ruling<'a>>,
    unasked: bool,
}

/// A rule that holds for a client.
struct Ruling<'a> {
    rule: &'a OrderRule,
    by: String,
}

impl Ruling<'_> {
    fn words(&self) -> String {
        format!("the rule at {} ({})", self.rule.place, self.by)
    }
}

impl<'a> Standpoint<'a> {
    /// Judged as geography is compiled: a service's location replaces everything, its regions stand before the
    /// rest; the global rule comes next, then the databases.
    pub fn of(question: &Question<'a>, own_rules: &'a [OrderRule]) -> Standpoint<'a> {
        let nothing = Facts::default();
        let facts = question.facts.as_ref().unwrap_or(&nothing);
        let address = question.client.address();
        let own = ruling(own_rules, address, facts);
        let global = ruling(question.rules, address, facts);
        let ruled = [&own, &global].into_iter().flatten().find_map(|ruling| match ruling.rule.steer {
            Steer::Location(location) => Some((location, ruling.words())),
            Steer::Regions(_) => None,
        });
        let looked_up = || {
            let from = match (facts.location, facts.country) {
                (None, Some(country)) => format!("centroid of {}", String::from_utf8_lossy(&country)),
                _ => "database".to_owned(),
            };
            facts.stands_at().map(|location| (location, from))
        };
        let (location, location_from) = ruled.or_else(looked_up).unzip();
        Standpoint { location, location_from, own, global, unasked: question.facts.is_none() }
    }

    /// The rule that puts a region where it stands, in words.
    pub fn rule_for(&self, region: RegionId) -> Option<String> {
        let lists = |ruling: &&Ruling<'_>| match &ruling.rule.steer {
            Steer::Regions(regions) => regions.contains(&region),
            Steer::Location(_) => false,
        };
        let replaced = self.own.as_ref().is_some_and(|own| matches!(own.rule.steer, Steer::Location(_)));
        let global = self.global.as_ref().filter(|_| !replaced);
        self.own.as_ref().filter(lists).or(global.filter(lists)).map(Ruling::words)
    }

    /// Why the regions stand as they do.
    pub fn order_by(&self) -> String {
        let rules: Vec<String> = [&self.own, &self.global].into_iter().flatten().map(Ruling::words).collect();
        let rest = match (&self.location_from, self.unasked) {
            (Some(from), _) => format!("distance from the client's place ({from})"),
            (None, true) => "what the databases said at the last reload".to_owned(),
            (None, false) => {
                "the order in which they are written: nobody knows where the client is".to_owned()
            }
        };
        rules.into_iter().chain([rest]).collect::<Vec<_>>().join(", then ")
    }

    /// Kilometres, as they are and as the region's bias bends them.
    pub fn distance(&self, region: &Region) -> (Option<f64>, Option<f64>) {
        let tenth = |km: f64| (km * 10.0).round() / 10.0;
        let Some(from) = self.location else { return (None, None) };
        let km = region.location.map(|at| tenth(at.distance_km(from)));
        (km, region.biased_km(from).map(tenth))
    }
}

/// Networks before ASNs before subdivisions before countries before continents; among networks the longest; among
/// equals the first written.
fn ruling<'a>(rules: &'a [OrderRule], address: std::net::IpAddr, facts: &Facts) -> Option<Ruling<'a>> {
    let mut longest = None;
    for rule in rules {
        for network in rule.networks.iter().filter(|network| network.contains(&address)) {
            let longer =
                |&(_, best): &(&OrderRule, &crate::model::Network)| network.prefix_len() > best.prefix_len();
            if longest.as_ref().is_none_or(longer) {
                longest = Some((rule, network));
            }
        }
    }
    if let Some((rule, network)) = longest {
        return Some(Ruling { rule, by: format!("network {network}") });
    }
    let first = |has: &dyn Fn(&OrderRule) -> bool, by: String| {
        rules.iter().find(|rule| has(rule)).map(|rule| Ruling { rule, by })
    };
    let letters = |code: [u8; 2]| String::from_utf8_lossy(&code).into_owned();
    let by_asn = facts.asn.and_then(|asn| first(&|rule| rule.asns.contains(&asn), format!("AS{asn}")));
    let by_subdivision = || {
        let code = facts.subdivision.as_ref()?;
        first(&|rule| rule.subdivisions.contains(code), code.clone())
    };
    let by_country = || {
        let code = facts.country?;
        first(&|rule| rule.countries.contains(&code), format!("country {}", letters(code)))
    };
    let by_continent = || {
        let code = facts.on_continent()?;
        first(&|rule| rule.continents.contains(&code), format!("continent {}", letters(code)))
    };
    by_asn.or_else(by_subdivision).or_else(by_country).or_else(by_continent)
}
