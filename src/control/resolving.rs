//! Endpoints with `resolve = true`: what their names stand for, as it is found, and what is built from that.
//!
//! Other addresses are a new world of the same zones and geography, built aside and swapped like a reload, at most once a
//! second; nobody has to be told, and no file is read. What is found while another world is being built waits for it.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::time::Instant;
use tracing::{error, info, warn};

use super::compile::Built;
use super::task::{Compiled, Control};
use crate::config::Config;
use crate::model::{Family, Lookup, Name, Resolutions};
use crate::system::spawn_in_background;

/// Worlds that differ in addresses alone follow each other so slowly.
const APART: Duration = Duration::from_secs(1);

/// What is known of the names.
#[derive(Debug, Default)]
pub struct Resolving {
    names: BTreeMap<Name, Known>,
    /// What they stand for now.
    now: Arc<Resolutions>,
    /// What the world in force was built with.
    in_force: Arc<Resolutions>,
    /// Whether another world is being built.
    building: bool,
    next: Option<Instant>,
}

/// What is known of one name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// When it was last looked up without a fault; `None`: not since the node started.
    pub at: Option<SystemTime>,
    /// What went wrong since.
    pub why: Option<String>,
    /// How often that was.
    pub failures: u64,
}

impl Resolving {
    /// The names of a configuration, and what they stood for before.
    pub fn new(config: &Config, before: Resolutions) -> Resolving {
        let mut resolving = Resolving { now: Arc::new(before), ..Resolving::default() };
        resolving.want(config);
        resolving.in_force = Arc::clone(&resolving.now);
        resolving
    }

    /// The names of a configuration, and no others.
    pub fn want(&mut self, config: &Config) {
        let endpoints = config.services.iter().flat_map(|service| &service.endpoints);
        let wanted: BTreeSet<&Name> = endpoints.filter_map(|endpoint| endpoint.resolved()).collect();
        self.names.retain(|name, _| wanted.contains(name));
        if self.now.keys().any(|name| !wanted.contains(name)) {
            Arc::make_mut(&mut self.now).retain(|name, _| wanted.contains(name));
        }
        for name in wanted {
            self.names.entry(name.clone()).or_default();
        }
    }

    /// What names stand for now.
    pub fn now(&self) -> Arc<Resolutions> {
        Arc::clone(&self.now)
    }

    /// A world is in force that was built with these.
    pub fn in_force(&mut self, mut of: Arc<Resolutions>) {
        // Whom nobody wants any more makes no difference.
        if of.keys().any(|name| !self.names.contains_key(name)) {
            Arc::make_mut(&mut of).retain(|name, _| self.names.contains_key(name));
        }
        self.in_force = of;
    }

    /// What is known of a name.
    pub fn known(&self, name: &Name) -> Option<&Known> {
        self.names.get(name)
    }

    /// Whether something is known of every name, if only that nobody can say, or of before the start.
    pub fn has_asked_for_all(&self) -> bool {
        let asked = |known: &Known| known.at.is_some() || known.why.is_some();
        self.names.iter().all(|(name, known)| asked(known) || self.now.contains_key(name))
    }

    /// Takes what was found at `at`; whether the name has other addresses now.
    fn take(&mut self, lookup: &Lookup, at: SystemTime) -> bool {
        let Some(known) = self.names.get_mut(&lookup.name) else { return false };
        match &lookup.why {
            None => (known.at, known.why) = (Some(at), None),
            Some(why) => (known.why, known.failures) = (Some(why.clone()), known.failures + 1),
        }
        let before = self.now.get(&lookup.name).map_or(&[][..], Vec::as_slice);
        let of = |family: Family| -> Vec<IpAddr> {
            let kept = || before.iter().copied().filter(|one| Family::of(*one) == family).collect();
            lookup.families[family.index()].clone().unwrap_or_else(kept)
        };
        let after: Vec<IpAddr> = Family::ALL.into_iter().flat_map(of).collect();
        let changed = after != before;
        if changed {
            Arc::make_mut(&mut self.now).insert(lookup.name.clone(), after);
        }
        changed
    }

    /// What to build with, if that is due: at most once in a while, and one world after the other.
    fn due(&mut self, now: Instant) -> Option<Arc<Resolutions>> {
        let early = self.next.is_some_and(|next| now < next);
        if self.building || early || self.now == self.in_force {
            return None;
        }
        (self.building, self.next) = (true, Some(now + APART));
        Some(self.now())
    }
}

impl Control {
    /// A name was looked up.
    pub(super) fn looked_up(&mut self, lookup: Lookup) {
        let first = self.resolving.known(&lookup.name).is_some_and(|known| known.why.is_none());
        if let Some(why) = lookup.why.as_ref().filter(|_| first) {
            warn!(name = %lookup.name, why, "a name cannot be looked up; what it stood for goes on");
        }
        if self.resolving.take(&lookup, (self.clock)()) {
            let addresses = self.resolving.now.get(&lookup.name);
            info!(name = %lookup.name, ?addresses, "a name stands for other addresses");
        }
        self.resolve_again();
        self.look_for_first_verdicts();
    }

    /// Builds a world with what names stand for now, unless the one in force is that, or another is on its way.
    pub(super) fn resolve_again(&mut self) {
        if self.reloading.is_some() {
            return;
        }
        let Some(resolutions) = self.resolving.due(Instant::now()) else { return };
        let (config, node) = (Arc::clone(&self.wiring.config.borrow()), self.node.clone());
        let (snapshot, databases) = (self.shared.load(), self.databases.clone());
        let (done, generation) = (self.compiled.0.clone(), snapshot.generation);
        let build = move || {
            let again = || Built::again(&config, &node, &snapshot.world, databases, &resolutions);
            let built = catch_unwind(AssertUnwindSafe(again)).ok().map(Box::new);
            drop(snapshot);
            drop(done.blocking_send(Compiled::Again(generation, built, resolutions)));
        };
        if let Err(error) = spawn_in_background("resolve", build) {
            self.resolving.building = false;
            warn!(%error, "no thread to build on; addresses of names stay as they are for now");
        }
    }

    /// A world with other addresses is built; it is of no use if a reload was faster.
    pub(super) fn resolved(&mut self, generation: u64, built: Option<Built>, of: Arc<Resolutions>) {
        self.resolving.building = false;
        match built {
            Some(built) if generation == self.shared.load().generation => {
                self.swap(built);
                self.resolving.in_force(of);
            }
            Some(_) => {}
            None => {
                error!(
                    "building with other addresses broke off, which is a defect of this program: please report it"
                );
                // Once is enough; the next change tries again.
                self.resolving.in_force(of);
            }
        }
        self.resolve_again();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lookup(four: Option<&str>, six: Option<&str>, why: Option<&str>) -> Lookup {
        let all = |text: &str| text.split_whitespace().map(|one| one.parse().unwrap()).collect();
        let families = [four.map(all), six.map(all)];
        Lookup { name: "lb.example.".parse().unwrap(), families, why: why.map(str::to_owned) }
    }

    fn resolving() -> Resolving {
        let name: Name = "lb.example.".parse().unwrap();
        Resolving { names: [(name, Known::default())].into(), ..Resolving::default() }
    }

    #[test]
    fn what_cannot_be_looked_up_stays_as_it_was() {
        let (mut resolving, mut at) = (resolving(), SystemTime::UNIX_EPOCH);
        let rows = [
            (lookup(Some("192.0.2.1"), Some("2001:db8::1"), None), true, "192.0.2.1 2001:db8::1", 0),
            (lookup(Some("192.0.2.1"), Some("2001:db8::1"), None), false, "192.0.2.1 2001:db8::1", 0),
            (lookup(Some("192.0.2.2"), None, Some("timed out")), true, "192.0.2.2 2001:db8::1", 1),
            (lookup(None, None, Some("timed out")), false, "192.0.2.2 2001:db8::1", 2),
            (lookup(Some(""), Some("2001:db8::2"), None), true, "2001:db8::2", 2),
        ];
        assert!(!resolving.has_asked_for_all());
        for (lookup, changes, addresses, failures) in rows {
            at += Duration::from_secs(1);
            assert_eq!(resolving.take(&lookup, at), changes, "{lookup:?}");
            let all: Vec<_> = resolving.now.values().flatten().map(ToString::to_string).collect();
            assert_eq!(all.join(" "), addresses);
            let known = resolving.known(&lookup.name).unwrap();
            assert_eq!((known.failures, &known.why), (failures, &lookup.why));
            assert_eq!(known.at == Some(at), lookup.why.is_none());
        }
        assert!(resolving.has_asked_for_all());
        let stranger =
            Lookup { name: "other.example.".parse().unwrap(), ..lookup(Some("192.0.2.9"), None, None) };
        assert!(!resolving.take(&stranger, at), "nobody wants it any more");
    }

    #[test]
    fn one_world_is_built_after_the_other_and_not_too_often() {
        let (mut resolving, now) = (resolving(), Instant::now());
        assert_eq!(resolving.due(now), None, "nothing changed");
        resolving.take(&lookup(Some("192.0.2.1"), None, None), SystemTime::UNIX_EPOCH);
        let of = resolving.due(now).unwrap();
        resolving.take(&lookup(Some("192.0.2.2"), None, None), SystemTime::UNIX_EPOCH);
        assert_eq!(resolving.due(now + APART), None, "one is being built");
        resolving.building = false;
        resolving.in_force(of);
        assert_eq!(resolving.due(now + APART / 2), None, "it is too early");
        let of = resolving.due(now + APART).unwrap();
        resolving.building = false;
        resolving.in_force(of);
        assert_eq!(resolving.due(now + APART * 9), None);
    }
}
