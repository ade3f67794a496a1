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
    /// Whose addresses the reply just written hands out, by live word.
    pub(super) handed_out: Option<u32>,
}

impl Worker {
    /// A worker with a generator of its own, seeded so that a test can repeat it.
    pub fn new(index: usize, seed: u64, counters: Arc<Counters>) -> Worker {
        Worker { index, generator: fastrand::Rng::with_seed(seed), counters, handed_out: None }
    }
}
