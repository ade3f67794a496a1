//! What a worker owns and no other touches.

use std::sync::Arc;

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
    /// Live words of more endpoints, one more than each; 0: none. A service answers for them, or they are names that were
    /// passed on the way.
    beside: [u32; BESIDE],
}

/// So many endpoints may be handed out beside: as many as services stand inside each other, and a name. Of more than that, a
/// reply that does not leave stays counted. It is cleared for every query.
const BESIDE: usize = 4;

impl HandedOut {
    /// Notes one more, by its live word and one.
    #[inline]
    pub fn beside(&mut self, one: u32) {
        if let Some(free) = self.beside.iter_mut().find(|known| **known == 0) {
            *free = one;
        }
    }

    /// The live words of those beside.
    #[inline]
    pub fn others(self) -> impl Iterator<Item = usize> {
        self.beside.into_iter().map_while(|one| (one as usize).checked_sub(1))
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
