//! Why a client is answered as it is: the decision of a query, with every step of it put into words.
//!
//! The decision itself is made by the very code that queries run: the table of names, [`Snapshot::locate`] and
//! [`Snapshot::decide`], whose steps are collected here. Everything in this room is a pure function of a
//! [`Question`], so that the API and the command line say the same.

mod candidates;
mod chain;
mod filters;
mod latency;
mod order;
mod outcome;
mod render;
#[cfg(test)]
mod tests;
mod zone;

use std::net::IpAddr;
use std::str::FromStr;

use super::wire::{ClientBody, DecisionBody, DistanceBody, Explanation, PointBody};
use crate::control::latency::RowReport;
use crate::control::report::ServiceReport;
use crate::geo::Facts;
use crate::model::{Family, Name, Network, OrderRule, ScopeOffset, ServiceId, unfold};
use crate::snapshot::Snapshot;
use candidates::Case;
use order::Standpoint;
pub use render::render;

/// What is to be explained, and all that is known about it.
pub struct Question<'a> {
    /// What queries see.
    pub snapshot: &'a Snapshot,
    /// The name that is asked for.
    pub name: &'a Name,
    /// Who asks.
    pub client: ClientAsked,
    /// In Unix seconds.
    pub now: u64,
    /// A, AAAA or both.
    pub families: Vec<Family>,
    /// What the databases know of the client; `None`: they were not asked.
    pub facts: Option<Facts>,
    /// What could not be looked up.
    pub notes: Vec<String>,
    /// The global order rules.
    pub rules: &'a [OrderRule],
    /// What is believed of the service's endpoints; `None`: tiers are shown without reasons.
    pub report: Option<ServiceReport>,
    /// What was measured of latency that decides for the client; none where nothing was.
    pub latency: Vec<RowReport>,
}

impl<'a> Question<'a> {
    /// A question about both families, with nothing known but the snapshot.
    pub fn new(snapshot: &'a Snapshot, name: &'a Name, client: ClientAsked, now: u64) -> Question<'a> {
        let families = Family::ALL.to_vec();
        Question {
            snapshot,
            name,
            client,
            now,
            families,
            facts: None,
            notes: vec![],
            rules: &[],
            report: None,
            latency: vec![],
        }
    }

    /// Who announces the client's address, where a policy looks at measured latency.
    pub fn asn(&self) -> Option<u32> {
        self.snapshot.world.geo.asns().of(self.client.address())
    }

    /// The name of the service that steers the name, aliases followed.
    pub fn service(&self) -> Option<&'a str> {
        let world = &self.snapshot.world;
        let service = zone::walk(world, self.name, &self.families).service?;
        Some(&world.written[service.index()].name)
    }
}

//------------ ClientAsked ---------------------------------------------------

/// Who asks: an address, or a network as an EDNS Client Subnet would bring it.
#[derive(Clone, Debug, PartialEq)]
pub struct ClientAsked {
    text: String,
    /// The first address of a network.
    outer: IpAddr,
    offset: ScopeOffset,
    inner: IpAddr,
}

impl ClientAsked {
    /// What is looked up: unfolded.
    pub fn address(&self) -> IpAddr {
        self.inner
    }
}

impl FromStr for ClientAsked {
    type Err = String;

    /// Bits past the length of a network are cleared, as an answer to a subnet is one to its first address.
    fn from_str(text: &str) -> Result<ClientAsked, String> {
        let network = text.parse::<Network>().map(|network| network.trunc().addr());
        let outer = text.parse::<IpAddr>().or(network).map_err(|_| {
            let word = super::problem::shortened(text);
            format!(
                "client: '{word}' is neither an address nor a network; write 203.0.113.7 or 203.0.113.0/24"
            )
        })?;
        let (inner, offset) = unfold(outer);
        Ok(ClientAsked { text: text.to_owned(), outer, offset, inner })
    }
}

//------------ explain -------------------------------------------------------

/// The whole of it.
pub fn explain(question: &Question<'_>) -> Explanation {
    let world = &question.snapshot.world;
    let walk = zone::walk(world, question.name, &question.families);
    let decide = |service: ServiceId| -> Vec<DecisionBody> {
        let all = if walk.is_alias { &[Family::ALIAS][..] } else { &question.families };
        let families = all.iter();
        families
            .flat_map(|family| decisions(question, service, (*family, walk.is_alias), walk.negative_ttl))
            .collect()
    };
    let own_rules = walk.service.map_or(&[][..], |id| &world.written[id.index()].order_rules);
    let standpoint = Standpoint::of(question, own_rules);
    Explanation {
        name: question.name.to_string(),
        service: walk.service.map(|id| world.written[id.index()].name.clone()),
        client: client(question, &standpoint),
        decisions: walk.service.map(decide).unwrap_or_default(),
        zone: walk.lines,
    }
}

fn client(question: &Question<'_>, standpoint: &Standpoint<'_>) -> ClientBody {
    let asked = &question.client;
    let nothing = Facts::default();
    let facts = question.facts.as_ref().unwrap_or(&nothing);
    let letters = |code: [u8; 2]| String::from_utf8_lossy(&code).into_owned();
    ClientBody {
        asked: asked.text.clone(),
        address: asked.inner.to_string(),
        unfolded_from: (asked.outer != asked.inner).then(|| asked.outer.to_string()),
        country: facts.country.map(letters),
        subdivision: facts.subdivision.clone(),
        continent: facts.on_continent().map(letters),
        asn: facts.asn,
        location: standpoint.location.map(|at| PointBody { lat: at.lat, lon: at.lon }),
        location_from: standpoint.location_from.clone(),
        notes: question.notes.clone(),
    }
}

/// What a service decides, and then whatever service answers in the place of what it picked.
fn decisions(
    question: &Question<'_>,
    service: ServiceId,
    asked: (Family, bool),
    negative_ttl: u32,
) -> Vec<DecisionBody> {
    let mut case = Case::new(question, service, asked);
    let mut all = vec![decision(&case, negative_ttl)];
    while let Some(inner) = case.steered.inner(case.pick.answer) {
        let outer = case.pick;
        case = Case::new(question, inner, asked);
        case.pick = case.pick.inside(&outer);
        all.push(decision(&case, negative_ttl));
    }
    all
}

fn decision(case: &Case<'_>, negative_ttl: u32) -> DecisionBody {
    let (question, family) = (case.question, case.family);
    DecisionBody {
        service: case.written.name.clone(),
        kind: match family {
            _ if case.is_alias => "CNAME",
            Family::V4 => "A",
            Family::V6 => "AAAA",
        }
        .to_owned(),
        cell: case.resolved.cell.0,
        depth: case.resolved.depth,
        scope: case.written.ecs.then(|| question.client.offset.apply(case.pick.scope)),
        order_by: latency::order_by(case).unwrap_or_default() + &case.standpoint.order_by(),
        order: order(case),
        filters: filters::all(case),
        outcome: outcome::outcome(case, negative_ttl),
    }
}

/// Only regions where the service has an endpoint: there may be a thousand others.
fn order(case: &Case<'_>) -> Vec<DistanceBody> {
    let distance = |position: &usize| {
        let region = case.region(*position);
        let (km, biased_km) = case.standpoint.distance(region);
        DistanceBody { region: region.name.clone(), km, biased_km }
    };
    case.order.iter().map(distance).collect()
}
