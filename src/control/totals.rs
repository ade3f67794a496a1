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
        let alone = self.retired.extract_if(.., |old| Arc::get_mut(old).is_some());
        let mut free: Vec<Arc<Snapshot>> = Vec::new();
        for old in alone {
            // Where others count into the same tallies, this one was no more than a pointer to them; all that came
            // before it was seen as above.
            if Arc::strong_count(&old.tallies) == 1 {
                add_all(&old, &mut self.settled);
                free.push(old);
            }
        }
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

#[cfg(test)]
mod tests {
    use std::sync::Weak;
    use std::time::{Duration, Instant, SystemTime};

    use super::*;
    use crate::control::{Node, load};
    use crate::geo::Threads;
    use crate::snapshot::{Shared, World};

    const CONFIG: &str = r#"
server = { listen = ["127.0.0.1:0"], identity = "one" }
zones."g.example." = { file = "g.zone" }
regions.eu.location = { lat = 53.0, lon = -6.0 }
[services.www]
names = ["www.g.example."]
check.kind = "none"
endpoints.eu.addresses = ["198.51.100.1"]
"#;

    /// Worlds that hold the same, as after a reload of an unchanged file.
    fn snapshot() -> Arc<Snapshot> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("meridian.toml");
        std::fs::write(&path, CONFIG).unwrap();
        let zone = "@ 60 SOA ns1 host 1 1 1 1 7\n@ 60 NS ns1\nns1 60 A 192.0.2.53\n";
        std::fs::write(directory.path().join("g.zone"), zone).unwrap();
        let node = Node { host_name: "host".into(), cookie_secret: [7; 16] };
        let (built, problems) = load(&path, &node, Threads::One);
        let built = built.unwrap_or_else(|| panic!("{problems}"));
        Arc::new(built.at_rest(SystemTime::UNIX_EPOCH, 2))
    }

    fn www() -> (String, String, Family) {
        ("www".into(), "eu".into(), Family::V4)
    }

    #[test]
    fn control_lets_go_of_an_old_snapshot_last_and_a_worker_never_frees_it() {
        let first = snapshot();
        // Of the snapshot itself there must be no weak reference: settling asks whether it is alone.
        let old: Weak<World> = Arc::downgrade(&first.world);
        let shared = Shared::new(first);
        let mut workers = [shared.reader(), shared.reader()];
        for worker in &mut workers {
            worker.load();
        }
        let mut totals = Totals::default();
        totals.retire(shared.swap(snapshot()));

        // Both workers, then one, still answer from it, and what they hand out counts.
        for (turn, worker) in workers.iter_mut().enumerate() {
            totals.settle();
            assert_eq!(totals.waiting(), 1);
            totals.retired[0].tallies[turn].hand_out(0, 1, 100 + turn as u64);
            assert_eq!(totals.with(&shared.load())[&www()], (turn as u64 + 1, 100 + turn as u64));
            worker.load();
            // The worker has let go of its reference, and did not take the snapshot with it.
            assert_eq!((Arc::strong_count(&totals.retired[0]), old.strong_count()), (2 - turn, 1));
        }

        totals.settle();
        assert_eq!(totals.waiting(), 0);
        let patience = Instant::now() + Duration::from_secs(30);
        while old.strong_count() > 0 {
            assert!(Instant::now() < patience, "nobody freed it");
            std::thread::sleep(Duration::from_millis(1));
        }
        assert_eq!(totals.with(&shared.load())[&www()], (2, 101));
    }

    #[test]
    fn snapshots_that_share_their_tallies_are_counted_once() {
        let shared = Shared::new(snapshot());
        let mut totals = Totals::default();
        shared.load().tallies[0].hand_out(0, 1, 7);
        for _ in 0..3 {
            let next = shared.load().with(crate::snapshot::Challenges::default());
            totals.retire(shared.swap(Arc::new(next)));
        }
        assert_eq!(totals.with(&shared.load())[&www()], (1, 7));
        totals.settle();
        assert_eq!((totals.waiting(), totals.with(&shared.load())[&www()]), (0, (1, 7)));
        totals.retire(shared.swap(snapshot()));
        totals.settle();
        assert_eq!((totals.waiting(), totals.with(&shared.load())[&www()]), (0, (1, 7)));
    }
}
