//! Databases and the operator's order rules.

use std::collections::HashMap;
use std::fmt;

use super::Builder;
use crate::config::Geo;
use crate::config::file;
use crate::config::reader::{Entry, List};
use crate::config::text::Span;
use crate::model::{Network, OrderRule, Place, RegionId, Steer};

impl Builder<'_> {
    /// The table `geo`.
    pub fn geo(&mut self, entry: &Entry<file::Geo>) -> Geo {
        let Some(geo) = entry.value() else { return Geo::default() };
        let mut seen = HashMap::new();
        let mut databases = Vec::new();
        for (path, span) in geo.databases.value().iter().flat_map(|list| list.marked()) {
            if self.once(&mut seen, path.0.clone(), span, "database") {
                databases.push((self.path(&path.0), self.text.place(span)));
            }
        }
        Geo { databases, rules: self.order_rules(&geo.r#override) }
    }

    /// One table of order rules, of the globe or of a service.
    pub fn order_rules(&mut self, entry: &Entry<List<file::OrderRule>>) -> Vec<OrderRule> {
        let mut seen = HashMap::new();
        let written = entry.value().into_iter().flat_map(List::marked);
        written.map(|(rule, span)| self.order_rule(rule, span, &mut seen)).collect()
    }

    fn order_rule(
        &mut self,
        rule: &file::OrderRule,
        span: &Span,
        seen: &mut HashMap<Selector, Place>,
    ) -> OrderRule {
        let networks = self.networks(rule);
        let built = OrderRule {
            networks: networks.iter().map(|(network, _)| *network).collect(),
            asns: items(&rule.asns).map(|(asn, _)| u32::try_from(asn.0).unwrap_or(0)).collect(),
            subdivisions: items(&rule.subdivisions).map(|(part, _)| part.0.clone()).collect(),
            countries: items(&rule.countries).map(|(country, _)| country.0).collect(),
            continents: items(&rule.continents).map(|(continent, _)| continent.0).collect(),
            steer: self.steer(rule, span),
            place: self.text.place(span),
        };
        if matches_nobody(rule) {
            let keys = "networks, networks_file, asns, subdivisions, countries or continents";
            self.error(span, format!("the override is for nobody; name {keys}"));
        }
        for (selector, place) in self.selectors(rule, networks) {
            self.first_wins(seen, selector, place);
        }
        built
    }

    /// What the rule gives: exactly one of `regions` and `location`.
    fn steer(&mut self, rule: &file::OrderRule, span: &Span) -> Steer {
        match (rule.regions.span(), rule.location.span()) {
            (Some(_), Some(location)) => {
                self.error(location, "the override has both 'regions' and 'location'; write one of them");
            }
            (None, None) => {
                self.error(span, "the override gives nothing; write 'regions' or 'location'");
            }
            _ => {}
        }
        match self.location(&rule.location) {
            Some(location) => Steer::Location(location),
            None => Steer::Regions(self.order(&rule.regions)),
        }
    }

    fn order(&mut self, entry: &Entry<List<String>>) -> Vec<RegionId> {
        if let Some((_, span)) = entry.marked().filter(|(list, _)| list.0.is_empty()) {
            let text = "no regions: these clients get NODATA, which many resolvers then cache for everybody";
            self.warn(span, text);
        }
        let mut seen = HashMap::new();
        let mut order = Vec::new();
        for (word, span) in items(entry) {
            let region = self.region(word, span);
            if let Some(region) = region
                && self.once(&mut seen, word.clone(), span, "region")
            {
                order.push(region);
            }
        }
        order
    }

    fn selectors(&self, rule: &file::OrderRule, networks: Vec<(Network, Place)>) -> Vec<(Selector, Place)> {
        let at = |span: &Span| self.text.place(span);
        let mut all: Vec<_> =
            networks.into_iter().map(|(network, place)| (Selector::Network(network), place)).collect();
        all.extend(items(&rule.asns).map(|(asn, span)| (Selector::Asn(asn.0), at(span))));
        all.extend(
            items(&rule.subdivisions)
                .map(|(part, span)| (Selector::Code("subdivision", part.0.clone()), at(span))),
        );
        all.extend(
            items(&rule.countries).map(|(country, span)| (Selector::code("country", country.0), at(span))),
        );
        all.extend(
            items(&rule.continents)
                .map(|(continent, span)| (Selector::code("continent", continent.0), at(span))),
        );
        all
    }

    /// Warns of a selector that an earlier rule, or this one, already has: among equals the first written wins.
    fn first_wins(&mut self, seen: &mut HashMap<Selector, Place>, selector: Selector, place: Place) {
        match seen.get(&selector) {
            Some(first) => self
                .problems
                .warn(&place, format!("{selector} is written twice; the first, at {first}, wins")),
            None => {
                seen.insert(selector, place);
            }
        }
    }
}

/// The items of a list that are right, with their spans.
pub fn items<T>(entry: &Entry<List<T>>) -> impl Iterator<Item = (&T, &Span)> {
    entry.value().into_iter().flat_map(List::marked)
}

/// Whether a rule selects nothing, not even something that is wrong.
fn matches_nobody(rule: &file::OrderRule) -> bool {
    fn empty<T>(entry: &Entry<List<T>>) -> bool {
        entry.is_absent() || entry.value().is_some_and(|list| list.0.is_empty())
    }
    empty(&rule.networks)
        && rule.networks_file.is_absent()
        && empty(&rule.asns)
        && empty(&rule.subdivisions)
        && empty(&rule.countries)
        && empty(&rule.continents)
}

/// What selects clients, in any kind.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Selector {
    Network(Network),
    Asn(i64),
    Code(&'static str, String),
}

impl Selector {
    fn code(kind: &'static str, letters: [u8; 2]) -> Selector {
        Selector::Code(kind, letters.map(char::from).iter().collect())
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Selector::Network(network) => write!(f, "network '{network}'"),
            Selector::Asn(number) => write!(f, "asn {number}"),
            Selector::Code(kind, code) => write!(f, "{kind} '{code}'"),
        }
    }
}
