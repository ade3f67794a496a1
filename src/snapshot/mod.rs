//! Everything a query may see, and the one pointer to it.
//!
//! A [`World`] is all that a reload builds. [`Snapshot`] adds what changes between reloads: one live word per
//! endpoint and family, what each worker has handed out, and what certificate authorities are to find. [`Shared`]
//! is the pointer; control alone stores it, every worker has a [`Reader`].

mod aliases;
mod challenges;
mod demand;
mod tally;
mod world;

use std::net::IpAddr;
use std::sync::Arc;

use arc_swap::{ArcSwap, Cache};

use crate::geo::{Fast, FastId, Found, Resolved, Walk};
use crate::model::{Family, RegionId, ServiceId};
use crate::steer::{Client, Live, Load, Pick, Scene, Seen, pick};

pub use aliases::Aliases;
pub use challenges::Challenges;
pub use demand::{Sample, Samples};
pub use tally::Tally;
pub use world::{Addresses, Chaos, SteeredService, World};

/// All that one query may look at.
#[derive(Debug)]
pub struct Snapshot {
    /// Zones, services, geography: rebuilt on reload.
    pub world: Arc<World>,
    /// By endpoint, then family: stored on a flap.
    pub live: Arc<[Live]>,
    /// By endpoint: the signal that its service's chain compares by; stored when signals come in.
    pub loads: Arc<[Load]>,
    /// By worker: what it handed out.
    pub tallies: Arc<[Tally]>,
    /// ACME challenges: a new snapshot of the same world for every change.
    pub challenges: Challenges,
    /// What was measured of latency: a new snapshot of the same world whenever an order changes.
    pub fast: Arc<Fast>,
    /// Counts reloads, from 1.
    pub generation: u64,
}

/// Who asks for what.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The service that steers the name.
    pub service: ServiceId,
    /// Of the addresses wanted.
    pub family: Family,
    /// The client's, unfolded.
    pub address: IpAddr,
    /// What [`Snapshot::locate`] said of it.
    pub resolved: &'a Resolved,
}

impl Snapshot {
    /// A snapshot of a new world, with a tally for so many workers, no challenges, and nothing measured.
    pub fn new(world: World, live: Box<[Live]>, workers: usize, generation: u64) -> Snapshot {
        let tallies = (0..workers).map(|_| Tally::new(live.len())).collect();
        let loads = (0..live.len() / 2).map(|_| Load::default()).collect();
        let (world, challenges, fast) = (Arc::new(world), Challenges::default(), Arc::default());
        Snapshot { world, live: live.into(), loads, tallies, challenges, fast, generation }
    }

    /// The same world, words, loads and tallies with other challenges.
    pub fn with(&self, challenges: Challenges) -> Snapshot {
        Snapshot { challenges, ..self.again() }
    }

    /// The same with other measurements.
    pub fn measured(&self, fast: Arc<Fast>) -> Snapshot {
        Snapshot { fast, ..self.again() }
    }

    fn again(&self) -> Snapshot {
        let Snapshot { world, live, loads, tallies, challenges, fast, generation } = self;
        Snapshot {
            world: Arc::clone(world),
            live: Arc::clone(live),
            loads: Arc::clone(loads),
            tallies: Arc::clone(tallies),
            challenges: challenges.clone(),
            fast: Arc::clone(fast),
            generation: *generation,
        }
    }

    /// Where a client of a service stands; `address` is unfolded.
    pub fn locate(&self, service: ServiceId, address: IpAddr) -> Resolved {
        let walk = self.walk(service, address);
        self.located(service, address, self.world.geo.find(address), &walk)
    }

    /// Begins to look for what was measured from an address, without waiting for memory; where the service does not look
    /// at that, there is nothing to do.
    #[inline]
    pub fn walk(&self, service: ServiceId, address: IpAddr) -> Walk {
        let fast = self.world.services[service.index()].fast;
        if fast { self.fast.walk(address) } else { Walk::default() }
    }

    /// Where a client stands whose cell is found already; `walk` has begun.
    #[inline]
    pub fn located(&self, service: ServiceId, address: IpAddr, found: Found, walk: &Walk) -> Resolved {
        let resolved = self.world.locate_found(service, address, found);
        if self.world.services[service.index()].fast { self.measure(resolved, walk) } else { resolved }
    }

    /// The same with what was measured, where the service looks at that.
    #[inline]
    pub fn measure(&self, resolved: Resolved, walk: &Walk) -> Resolved {
        // The operator's word beats what was measured.
        if resolved.ruled {
            return resolved;
        }
        let (fast, depth) = self.fast.found(walk);
        Resolved { fast, depth: resolved.depth.max(depth), ..resolved }
    }

    /// What stands first in a client's order, and what it prefers anyway, where its service begins with what was measured.
    pub fn order(&self, resolved: &Resolved) -> (&[RegionId], &[RegionId]) {
        let (first, rest) = self.world.geo.parts(resolved.order);
        match self.fast(resolved) {
            [] => (first, rest),
            fast => (fast, rest),
        }
    }

    /// The regions that are fast from where a client stands, the fastest first.
    pub fn fast(&self, resolved: &Resolved) -> &[RegionId] {
        if resolved.fast == FastId::UNKNOWN { &[] } else { self.fast.regions(resolved.fast) }
    }

    /// Chooses for one client of a service: what a query gets, and what `explain` shows. `now` is in Unix seconds,
    /// `random` gives 64 random bits where the policy wants some, and `seen` is told of what was consulted, where `TELLS`.
    #[inline]
    pub fn decide<const TELLS: bool>(
        &self,
        asked: &Asked<'_>,
        now: u64,
        random: impl FnMut() -> u64,
        seen: impl FnMut(Seen<'_>),
    ) -> Pick {
        let Asked { service, family, address, resolved } = *asked;
        let (first, rest) = self.world.geo.parts(resolved.order);
        let Resolved { admitted, depth, .. } = *resolved;
        let client = Client { address, first, fast: self.fast(resolved), rest, admitted, depth };
        let scene = Scene { live: &self.live, loads: &self.loads, now };
        pick::<TELLS>(&self.world.services[service.index()].steered, &client, family, &scene, random, seen)
    }
}

/// The one pointer.
#[derive(Clone, Debug)]
pub struct Shared(Arc<ArcSwap<Snapshot>>);

/// A worker's own view of the pointer: a load costs a comparison while nothing changed.
#[derive(Clone, Debug)]
pub struct Reader(Cache<Arc<ArcSwap<Snapshot>>, Arc<Snapshot>>);

impl Shared {
    /// A pointer to the first snapshot.
    pub fn new(first: Arc<Snapshot>) -> Shared {
        Shared(Arc::new(ArcSwap::new(first)))
    }

    /// The snapshot now; for everyone but workers.
    pub fn load(&self) -> Arc<Snapshot> {
        self.0.load_full()
    }

    /// Replaces the snapshot and hands back the old one, whose last reference the caller must be the one to
    /// drop: freeing a world takes milliseconds that no worker has. For control alone.
    pub fn swap(&self, next: Arc<Snapshot>) -> Arc<Snapshot> {
        self.0.swap(next)
    }

    /// A view for one worker.
    pub fn reader(&self) -> Reader {
        Reader(Cache::new(Arc::clone(&self.0)))
    }
}

impl Reader {
    /// The snapshot now. Letting a worker call this once a second, idle or not, lets go of an old one.
    pub fn load(&mut self) -> &Arc<Snapshot> {
        self.0.load()
    }
}
