//! What a worker owns and no other touches.

use std::sync::Arc;

use super::steered::Chosen;
use crate::telemetry::Counters;

/// One worker's generator and counters.
#[derive(Debug)]
pub struct Worker {
    /// Which tally of a snapshot is its own.
    pub index: usize,
    /// Rotates address sets. Not for secrets.
    pub generator: fastrand::Rng,
    /// Its counters.
    pub counters: Arc<Counters>,
    /// Whose addresses the reply just written hands out.
    pub(super) handed_out: HandedOut,
}

/// Endpoints of one service and family that a reply hands out; nobody by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct HandedOut {
    /// The live word of the first bit's endpoint; each next one stands two further on.
    pub first: u32,
    /// As bits.
    pub set: u64,
    /// The live words of endpoints that a service answers for, outermost first, one more than each; 0: none.
    pub outer: [u32; Chosen::DEEPEST - 1],
}

impl HandedOut {
    /// The live words of endpoints that a service answers for.
    #[inline]
    pub fn outer(self) -> impl Iterator<Item = usize> {
        self.outer.into_iter().map_while(|one| (one as usize).checked_sub(1))
    }
}

impl Worker {
    /// A worker with a generator of its own, seeded so that a test can repeat it.
    pub fn new(index: usize, seed: u64, counters: Arc<Counters>) -> Worker {
        Worker {
            index,
            generator: fastrand::Rng::with_seed(seed),
            counters,
            handed_out: HandedOut::default(),
        }
    }
}
