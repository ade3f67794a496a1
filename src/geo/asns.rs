//! Which autonomous system announces an address, as far as any database says: kept where a policy looks at measured
//! latency, because what is measured from a whole system comes while the node runs.

use std::net::IpAddr;

use crate::model::Family;

use super::rules::RuleRange;
use super::tree::key;

/// Every address of both families with its autonomous system.
#[derive(Default)]
pub struct Asns([Ranges; 2]);

/// One family in ranges: where each ends, and its system; 0: none.
#[derive(Default)]
struct Ranges {
    lasts: Vec<u128>,
    asns: Vec<u32>,
}

impl Asns {
    /// The system that announces an address.
    pub fn of(&self, address: IpAddr) -> Option<u32> {
        let Asns(families) = self;
        let Ranges { lasts, asns } = &families[Family::of(address).index()];
        let key = key(address);
        asns.get(lasts.partition_point(|last| *last < key)).copied().filter(|asn| *asn != 0)
    }

    /// Everything behind the range before, through `last`, is announced by this system.
    pub(super) fn push(&mut self, family: Family, last: u128, asn: u32) {
        let Ranges { lasts, asns } = &mut self.0[family.index()];
        match lasts.last_mut() {
            Some(end) if asns.last() == Some(&asn) => *end = last,
            _ => {
                lasts.push(last);
                asns.push(asn);
            }
        }
    }

    /// All keys of a family in order, each range with its system; none where nobody knows any.
    pub(super) fn ranges(&self, family: Family) -> impl Iterator<Item = RuleRange> {
        let Ranges { lasts, asns } = &self.0[family.index()];
        lasts.iter().copied().zip(asns.iter().copied())
    }

    /// Memory in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.0.iter().map(|one| size_of_val(&*one.lasts) + size_of_val(&*one.asns)).sum()
    }
}
