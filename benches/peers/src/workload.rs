//! What is asked: four workloads, and the queries of each, made beforehand.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use crate::wire;

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Workload {
    /// One name, no client subnet
    Plain,
    /// 1,000 names, of which 10 % do not exist
    Names,
    /// 1,000 names, a random client subnet (/24) in every query
    Subnets,
    /// 100,000 names, a random client subnet and a cookie in every query
    Cookies,
}

/// How many names a server holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Size {
    /// 1,000.
    Small,
    /// 100,000.
    Large,
}

impl Size {
    /// The number of names.
    pub fn names(self) -> usize {
        match self {
            Size::Small => 1_000,
            Size::Large => 100_000,
        }
    }
}

impl Workload {
    /// All, in the order of the tables.
    pub const ALL: [Workload; 4] = [Workload::Plain, Workload::Names, Workload::Subnets, Workload::Cookies];

    /// As tables head it.
    pub fn title(self) -> &'static str {
        match self {
            Workload::Plain => "plain",
            Workload::Names => "1,000 names, 10 % NXDOMAIN",
            Workload::Subnets => "random ECS, 1,000 names",
            Workload::Cookies => "ECS and cookie, 100,000 names",
        }
    }

    /// How many names the server holds that is asked.
    pub fn size(self) -> Size {
        if self == Workload::Cookies { Size::Large } else { Size::Small }
    }

    /// How many different names are asked for.
    fn names(self) -> usize {
        if self == Workload::Plain { 1 } else { self.size().names() }
    }

    /// How many names of a hundred do not exist.
    fn missing(self) -> u32 {
        if self == Workload::Names { 10 } else { 0 }
    }

    /// Whether queries carry a client subnet.
    pub fn subnet(self) -> bool {
        matches!(self, Workload::Subnets | Workload::Cookies)
    }

    /// Whether queries carry a cookie.
    pub fn cookie(self) -> bool {
        self == Workload::Cookies
    }
}

impl std::fmt::Display for Workload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.to_possible_value().as_ref().map_or("", |value| value.get_name()))
    }
}

/// Queries, one for every id; a query's id is its place.
pub struct Ring {
    octets: Vec<u8>,
    /// Octets of each query: all have as many.
    length: usize,
    /// Where the question ends in each query.
    pub question_end: usize,
}

impl Ring {
    /// As many as there are ids.
    pub const COUNT: usize = 1 << 16;

    /// A workload's queries; the same for the same seed.
    pub fn new(workload: Workload, seed: u64) -> Ring {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut ring = Ring { octets: Vec::new(), length: 0, question_end: 0 };
        for id in 0..=u16::MAX {
            let there = random.u32(..100) >= workload.missing();
            let label = wire::label(random.usize(..workload.names()), there);
            // Networks that may be somebody's: first octets 1 to 223.
            let subnet = workload.subnet().then(|| [random.u8(1..224), random.u8(..), random.u8(..)]);
            let query = wire::query(id, &label, subnet, workload.cookie());
            (ring.length, ring.question_end) = (query.len(), wire::question_end(&query));
            ring.octets.extend(query);
        }
        ring
    }

    /// The query with an id.
    pub fn query(&self, id: usize) -> &[u8] {
        &self.octets[id * self.length..(id + 1) * self.length]
    }

    /// The queries from an id on, at most `most`, none behind the last.
    pub fn from(&self, id: usize, most: usize) -> impl Iterator<Item = &[u8]> {
        self.octets[id * self.length..].chunks_exact(self.length).take(most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rings_hold_what_the_workload_says() {
        for workload in Workload::ALL {
            let ring = Ring::new(workload, 7);
            let missing =
                (0..Ring::COUNT).filter(|id| ring.query(*id)[wire::LABEL_AT] == wire::MISSING).count();
            let expected = Ring::COUNT * workload.missing() as usize / 100;
            assert!(missing.abs_diff(expected) < 1_000, "{workload:?}: {missing}");
            assert_eq!(ring.query(0x1234)[..2], [0x12, 0x34]);
            assert_eq!(ring.from(Ring::COUNT - 2, 5).count(), 2);
            let questions: std::collections::BTreeSet<_> =
                (0..Ring::COUNT).map(|id| &ring.query(id)[12..ring.question_end]).collect();
            assert!(questions.len() >= workload.names() * 4 / 10, "{workload:?}: {}", questions.len());
        }
    }
}
