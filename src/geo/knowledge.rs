//! Everything that databases say, each thing once: facts as numbers, so that a sweep compares words and not
//! strings.

use std::collections::HashSet;

use crate::model::{Fence, OrderRule};

use super::facts::Facts;
use super::record::Wanted;
use super::spread::SpreadMap;

/// Facts by number; 0: nothing is known.
pub(super) type FactId = u32;

/// What rules ask about. Facts that nobody asks about would only tear cells apart.
#[derive(Default)]
pub(super) struct Asked<'a> {
    asns: HashSet<u32>,
    subdivisions: HashSet<&'a str>,
    countries: HashSet<[u8; 2]>,
    continents: HashSet<[u8; 2]>,
}

impl<'a> Asked<'a> {
    /// What these rules ask about.
    pub fn by(rules: impl IntoIterator<Item = &'a OrderRule>) -> Self {
        let mut asked = Asked::default();
        for rule in rules {
            asked.asns.extend(&rule.asns);
            asked.subdivisions.extend(rule.subdivisions.iter().map(String::as_str));
            asked.countries.extend(&rule.countries);
            asked.continents.extend(&rule.continents);
        }
        asked
    }

    /// And what fences ask about.
    pub fn and_fences(mut self, fences: impl IntoIterator<Item = &'a Fence>) -> Self {
        for clients in fences.into_iter().flat_map(Fence::sets) {
            self.asns.extend(&clients.asns);
            self.subdivisions.extend(clients.subdivisions.iter().map(String::as_str));
            self.countries.extend(&clients.countries);
            self.continents.extend(&clients.continents);
        }
        self
    }

    /// Facts with every word replaced that nobody asks about. A replaced word still beats that of an earlier
    /// database, so it is not left out: AS 0 and the empty subdivision are no real ones (RFC 7607).
    fn blur(&self, facts: Facts) -> Facts {
        let asn = facts.asn.filter(|_| !self.asns.is_empty());
        let subdivision = facts.subdivision.filter(|_| !self.subdivisions.is_empty());
        Facts {
            asn: asn.map(|asn| if self.asns.contains(&asn) { asn } else { 0 }),
            subdivision: subdivision.map(|text| match self.subdivisions.contains(text.as_str()) {
                true => text,
                false => String::new(),
            }),
            continent: facts.continent.filter(|_| !self.continents.is_empty()),
            ..facts
        }
    }

    /// Only what is asked about, and no coordinates: a place.
    pub fn place(&self, facts: &Facts) -> Facts {
        Facts {
            location: None,
            country: facts.country.filter(|country| self.countries.contains(country)),
            subdivision: facts.subdivision.clone().filter(|text| self.subdivisions.contains(text.as_str())),
            continent: facts.continent.filter(|continent| self.continents.contains(continent)),
            asn: facts.asn.filter(|asn| self.asns.contains(asn)),
        }
    }
}

/// Distinct facts.
pub(super) struct Knowledge<'a> {
    asked: Asked<'a>,
    facts: Vec<Facts>,
    ids: SpreadMap<FactsKey, FactId>,
    refined: SpreadMap<(FactId, FactId), FactId>,
}

impl<'a> Knowledge<'a> {
    /// Knows nothing, and what is worth knowing.
    pub fn new(asked: Asked<'a>) -> Self {
        let (ids, refined) = (SpreadMap::default(), SpreadMap::default());
        let mut knowledge = Knowledge { asked, facts: Vec::new(), ids, refined };
        knowledge.id(Facts::default());
        knowledge
    }

    /// What records are read for; the rest would be blurred anyway.
    pub fn wanted(&self) -> Wanted {
        let (subdivisions, continents) = (&self.asked.subdivisions, &self.asked.continents);
        Wanted { subdivision: !subdivisions.is_empty(), continent: !continents.is_empty() }
    }

    /// The number of facts, as far as anybody asks.
    pub fn id(&mut self, facts: Facts) -> FactId {
        let facts = self.asked.blur(facts);
        let next = self.facts.len() as FactId;
        let id = *self.ids.entry(facts_key(&facts)).or_insert(next);
        if id == next {
            self.facts.push(facts);
        }
        id
    }

    /// The facts behind a number.
    pub fn facts(&self, id: FactId) -> &Facts {
        &self.facts[id as usize]
    }

    /// What is known once a later database has spoken too.
    pub fn refined(&mut self, earlier: FactId, later: FactId) -> FactId {
        if earlier == 0 || later == 0 {
            return earlier | later;
        }
        if let Some(&known) = self.refined.get(&(earlier, later)) {
            return known;
        }
        let together = self.facts(earlier).clone().refined_by(self.facts(later).clone());
        let id = self.id(together);
        self.refined.insert((earlier, later), id);
        id
    }
}

/// Facts as something that is hashed in few words; a word that is 0 is not known.
#[derive(PartialEq, Eq, Hash)]
pub(super) struct FactsKey {
    location: (u64, u64),
    /// Country, continent, ASN.
    words: (u64, u64),
    subdivision: Option<String>,
}

/// The key of facts.
pub(super) fn facts_key(facts: &Facts) -> FactsKey {
    // Not a number, so no coordinate.
    const NOWHERE: (u64, u64) = (u64::MAX, u64::MAX);
    let code = |code: Option<[u8; 2]>| code.map_or(0, |code| u64::from(u16::from_be_bytes(code)));
    FactsKey {
        location: facts.location.map_or(NOWHERE, |point| (point.lat.to_bits(), point.lon.to_bits())),
        words: (
            code(facts.country) << 16 | code(facts.continent),
            facts.asn.map_or(0, |asn| u64::from(asn) + 1),
        ),
        subdivision: facts.subdivision.clone(),
    }
}
