//! What chains compare endpoints by: signals, as workers read them.
//!
//! An endpoint whose signal is not known, or too old, counts as the mean of its service's others: neither shunned nor
//! flooded for its silence. Where none is known, all are alike.

use std::collections::BTreeSet;
use std::time::Instant;

use super::course::whose;
use super::signals::Signalling;
use crate::health::Whose;
use crate::model::Service;
use crate::snapshot::{Snapshot, World};

/// The largest load of a service, which its others are scaled by.
const LARGEST: f64 = (1 << 24) as f64;

/// Stores the loads of the services that these endpoints belong to; of all, where nobody is named.
pub fn store(snapshot: &Snapshot, signalling: &Signalling, about: Option<&BTreeSet<Whose>>, now: Instant) {
    let names: Option<BTreeSet<&str>> = about.map(|about| about.iter().map(|one| &*one.service).collect());
    let world = &*snapshot.world;
    for (written, steered) in world.written.iter().zip(&world.services) {
        let is_meant = names.as_ref().is_none_or(|names| names.contains(&*written.name));
        if !is_meant || written.policy.signal().is_none() {
            continue;
        }
        let first = steered.steered.first.index();
        for (place, load) in snapshot.loads[first..].iter().zip(loads(world, written, signalling, now)) {
            place.store(load);
        }
    }
}

/// By endpoint.
fn loads(world: &World, service: &Service, signalling: &Signalling, now: Instant) -> Vec<u32> {
    let known = |position: usize| {
        let (signal, whose) = (service.policy.signal()?, whose(world, service, position));
        signalling.smoothed(&whose, signal, now)
    };
    scaled(&(0..service.endpoints.len()).map(known).collect::<Vec<_>>())
}

fn scaled(known: &[Option<f64>]) -> Vec<u32> {
    let count = known.iter().flatten().count().max(1) as f64;
    let mean = known.iter().flatten().map(|one| one / count).sum::<f64>();
    let largest = known.iter().flatten().copied().fold(0.0, f64::max);
    if largest <= 0.0 {
        return vec![0; known.len()];
    }
    known.iter().map(|one| (one.unwrap_or(mean) / largest * LARGEST) as u32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_counts_as_the_mean_and_the_largest_is_the_measure() {
        let rows: [(&[Option<f64>], [u32; 3]); 5] = [
            (&[None, None, None], [0, 0, 0]),
            (&[Some(0.0), Some(0.0), None], [0, 0, 0]),
            (&[Some(2.0), Some(1.0), Some(0.0)], [1 << 24, 1 << 23, 0]),
            (&[Some(4.0), Some(2.0), None], [1 << 24, 1 << 23, 3 << 22]),
            (&[Some(1e308), Some(1e308), None], [1 << 24; 3]),
        ];
        for (known, loads) in rows {
            assert_eq!(scaled(known), loads, "{known:?}");
        }
    }
}
