//! A service once its strings are gone: what a pick walks.

use crate::model::{EndpointId, Families, Family, OnAllDown, RegionId, ServiceId, TtlRange};

use super::chain::Program;
use super::hash::EndpointKey;
use super::pick::Answer;
use super::shares::Shares;

/// One service as a query sees it. Its endpoints have consecutive ids, in the written order of their regions.
#[derive(Debug)]
pub struct Steered {
    /// The id of its first endpoint.
    pub first: EndpointId,
    /// Endpoint `i` stands in region `regions[i]`; ascending.
    pub regions: Box<[RegionId]>,
    /// How one is chosen, or some.
    pub program: Program,
    /// What each weighs, as long as nothing but its configured weight counts.
    pub shares: Shares,
    /// The service that answers in endpoint `i`'s place; empty where all have addresses of their own.
    pub inner: Box<[Option<ServiceId>]>,
    /// Endpoint `i`'s priority: the lowest goes first.
    pub priorities: Box<[u8]>,
    /// With whom endpoint `i` stands together, itself among them: bit `j`, endpoint `j`. Empty where the chain does not
    /// group.
    pub together: Box<[u64]>,
    /// Endpoint `i`'s key for the keep test.
    pub keys: Box<[EndpointKey]>,
    /// Region to endpoint: `i + 1`, or 0 where it has none.
    pub by_region: Box<[u8]>,
    /// Bounds of the TTL.
    pub ttl: TtlRange,
    /// Whether both families come from one region.
    pub families: Families,
    /// What to answer when nothing is fit, unknown or idle.
    pub on_all_down: OnAllDown,
    /// Whether there is a fallback address, by family.
    pub has_fallback: [bool; 2],
    /// Whether any endpoint has an address, by family.
    pub has_family: [bool; 2],
    /// The family whose answers are counted as demand: every client that asks for both asks for this one.
    pub counted: Option<Family>,
}

impl Steered {
    /// The endpoint that stands in `region`, as a position among this service's.
    #[inline]
    pub fn at(&self, region: RegionId) -> Option<usize> {
        match self.by_region.get(region.index()) {
            None | Some(0) => None,
            Some(position) => Some(usize::from(*position) - 1),
        }
    }

    /// Positions in a client's order: those of `first`, then those of `rest`, then the remaining ones as their
    /// regions are written.
    #[inline]
    pub fn in_order<'a>(
        &'a self,
        first: &'a [RegionId],
        rest: &'a [RegionId],
    ) -> impl Iterator<Item = usize> + 'a {
        let preferred = first.iter().filter_map(|region| self.at(*region));
        let next = rest.iter().filter(|region| !first.contains(region)).filter_map(|region| self.at(*region));
        let listed = move |region: &RegionId| first.contains(region) || rest.contains(region);
        let remaining = (0..self.regions.len()).filter(move |i| !listed(&self.regions[*i]));
        preferred.chain(next).chain(remaining)
    }

    /// The service that answers in the place of what was picked, if one does.
    #[inline]
    pub fn inner(&self, answer: Answer) -> Option<ServiceId> {
        if self.inner.is_empty() {
            return None;
        }
        match answer {
            Answer::Endpoint { position, .. } => self.inner.get(position).copied().flatten(),
            _ => None,
        }
    }

    /// The index of a position's live word for one family.
    #[inline]
    pub fn live_index(&self, position: usize, family: Family) -> usize {
        (self.first.index() + position) * 2 + family.index()
    }
}
