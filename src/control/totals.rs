//! Answers handed out, kept by name over reloads: worlds come and go, a drain's truth stays.

use std::collections::HashMap;
use std::sync::Arc;

use crate::model::Family;
use crate::snapshot::Snapshot;
use crate::system::spawn_in_background;

/// Answers by service, region and family, and the latest moment (Unix seconds) until which one may be cached.
#[derive(Debug, Default)]
pub struct Totals {
    settled: HashMap<(String, String, Family), (u64, u64)>,
    retired: Vec<Arc<Snapshot>>,
}

impl Totals {
    /// Takes over a snapshot that was swapped out; workers may still be writing to it.
    pub fn retire(&mut self, old: Arc<Snapshot>) {
        self.retired.push(old);
    }

    /// Settles and drops every retired snapshot that nobody else holds any more. They are freed in the
    /// background: a large one takes milliseconds, which verdicts and operators would wait for.
    pub fn settle(&mut self) {
        // `get_mut` sees what the last holder wrote before it let go; a count alone would not.
        let free = self.retired.extract_if(.., |old| Arc::get_mut(old).is_some());
        let mut last: Vec<Arc<Snapshot>> = Vec::new();
        for old in free {
            // Where others count into the same tallies, this one was no more than a pointer to them; all that came
            // before it was seen as above.
            if Arc::strong_count(&old.tallies) == 1 {
                add_all(&old, &mut self.settled);
                last.push(old);
            }
        }
        let free = last;
        if !free.is_empty() {
            // Without a thread they are freed here, with the closure that has them.
            let _ = spawn_in_background("free", move || drop(free));
        }
    }

    /// All of it, with what the current snapshot counted.
    pub fn with(&self, current: &Snapshot) -> HashMap<(String, String, Family), (u64, u64)> {
        let mut all = self.settled.clone();
        let mut counted: Vec<&Snapshot> = Vec::new();
        for snapshot in self.retired.iter().map(|old| &**old).chain([current]) {
            if !counted.iter().any(|other| Arc::ptr_eq(&other.tallies, &snapshot.tallies)) {
                add_all(snapshot, &mut all);
                counted.push(snapshot);
            }
        }
        all
    }

    /// Snapshots that some worker still holds.
    pub fn waiting(&self) -> usize {
        self.retired.len()
    }
}

fn add_all(snapshot: &Snapshot, totals: &mut HashMap<(String, String, Family), (u64, u64)>) {
    for (id, service, position) in snapshot.world.endpoints() {
        let region = &snapshot.world.regions[service.endpoints[position].region.index()].name;
        for family in Family::ALL {
            let read = |tally: &crate::snapshot::Tally| tally.read(id.index() * 2 + family.index());
            let (answers, until) =
                snapshot.tallies.iter().map(read).fold((0, 0), |sum, one| (sum.0 + one.0, sum.1.max(one.1)));
            let total = totals.entry((service.name.clone(), region.clone(), family)).or_default();
            *total = (total.0 + answers, total.1.max(until));
        }
    }
}
