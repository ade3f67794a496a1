//! A steered name's addresses: located, picked, and written with the TTL of the moment.

use std::net::IpAddr;

use super::Now;
use super::client::Asker;
use super::edns::Edns;
use super::message::{Message, Section};
use super::records::Owner;
use super::sets::put_sets;
use super::worker::Worker;
use crate::geo::{Resolved, Walk};
use crate::model::{EndpointId, Family, ServiceId};
use crate::snapshot::{Asked, Snapshot, Tally, World};
use crate::steer::chain::lot::bits;
use crate::steer::{Answer, Pick};
use crate::zone::rtype;

/// A service on its way to an answer for one client.
#[derive(Clone, Debug)]
pub struct Chosen {
    /// The service that was asked for.
    asked: ServiceId,
    /// The one that answers: the same, or one inside it.
    service: ServiceId,
    family: Family,
    /// Who asks.
    pub asker: Asker,
    /// On the way to the client's cell.
    walk: Walk,
    /// And to what was measured from its network, where the service looks at that.
    fast: Walk,
    /// Whether the service that was asked for looks at that.
    measures: bool,
    resolved: Resolved,
    /// What was picked; NODATA until it was.
    pub pick: Pick,
    /// The live words of the endpoints that services answer for, outermost first, one more than each; 0: none.
    outer: [u32; Chosen::DEEPEST - 1],
}

impl Default for Chosen {
    /// Nothing is chosen for nobody.
    fn default() -> Self {
        Chosen {
            asked: ServiceId(0),
            service: ServiceId(0),
            family: Family::V4,
            asker: Asker::default(),
            walk: Walk::default(),
            fast: Walk::default(),
            measures: false,
            resolved: Resolved::NOWHERE,
            pick: Pick::NONE,
            outer: [0; Chosen::DEEPEST - 1],
        }
    }
}

impl Chosen {
    /// So many services may stand inside each other.
    pub(super) const DEEPEST: usize = 4;

    /// The service that answers.
    #[inline]
    pub(super) fn service(&self) -> ServiceId {
        self.service
    }

    /// Of which family the addresses are.
    #[inline]
    pub(super) fn family(&self) -> Family {
        self.family
    }

    /// The name that was picked, where endpoints are names.
    pub(super) fn alias<'w>(&self, world: &'w World) -> Option<&'w [u8]> {
        let Answer::Endpoint { position, .. } = self.pick.answer else { return None };
        let first = world.services[self.service.index()].steered.first;
        world.aliases.of(EndpointId(first.0 + position as u32))
    }

    /// Begins to look for the client's cell, without waiting for memory.
    #[inline]
    pub fn begin(
        &mut self,
        snapshot: &Snapshot,
        service: ServiceId,
        family: Family,
        edns: Option<&Edns>,
        resolver: IpAddr,
    ) {
        (self.asked, self.service, self.family) = (service, service, family);
        self.outer = [0; Chosen::DEEPEST - 1];
        let world = &*snapshot.world;
        self.asker = Asker::new(edns, world.services[service.index()].ecs, resolver);
        self.walk = world.geo.walk(self.asker.address);
        self.measures = world.services[service.index()].fast;
        if self.measures {
            self.fast = snapshot.fast.walk(self.asker.address);
        }
    }

    /// Takes a step, which reads one place in memory and asks for the next; says whether there are more to take.
    #[inline]
    pub fn step(&mut self, snapshot: &Snapshot) -> bool {
        let geo = &snapshot.world.geo;
        let more = geo.step(&mut self.walk);
        if !more {
            geo.prefetch_cell(geo.found(&self.walk).cell);
        }
        if self.measures { snapshot.fast.step(&mut self.fast) | more } else { more }
    }

    /// From the cell to the order of regions.
    #[inline]
    pub fn resolve(&mut self, snapshot: &Snapshot) {
        let found = snapshot.world.geo.found(&self.walk);
        self.resolved = snapshot.world.locate_found(self.service, self.asker.address, found);
        if self.measures {
            self.resolved = snapshot.measure(self.resolved, &self.fast);
            snapshot.fast.prefetch(self.resolved.fast);
        }
        snapshot.world.geo.prefetch_order(self.resolved.order);
    }

    /// Picks for the client.
    #[inline]
    pub fn pick(&mut self, snapshot: &Snapshot, now: Now, worker: &mut Worker) {
        let (service, family, address) = (self.service, self.family, self.asker.address);
        let asked = Asked { service, family, address, resolved: &self.resolved };
        self.pick = snapshot.decide::<false>(&asked, now.unix, || worker.generator.u64(..), |_| {});
        if let Some(inner) = snapshot.world.services[service.index()].steered.inner(self.pick.answer) {
            self.go_in(inner, snapshot, now, worker);
        }
    }

    /// Picks for the same client and service, of the other family.
    pub(super) fn other_family(&self, snapshot: &Snapshot, now: Now, worker: &mut Worker) -> Chosen {
        let (service, family) = (self.asked, self.family.other());
        let mut other = Chosen { service, family, outer: [0; Chosen::DEEPEST - 1], ..self.clone() };
        // A service inside may have looked at something else.
        other.fast = snapshot.walk(service, self.asker.address);
        other.resolve(snapshot);
        other.pick(snapshot, now, worker);
        other
    }

    /// Goes on inside the service that answers in the place of what was picked, and so on. What is handed out may be kept
    /// no longer, and is for no more clients, than each of them says.
    fn go_in(&mut self, inner: ServiceId, snapshot: &Snapshot, now: Now, worker: &mut Worker) {
        let (world, found) = (&*snapshot.world, snapshot.world.geo.found(&self.walk));
        let (mut next, mut level) = (Some(inner), 0);
        while let (Some(inner), Some(outer)) = (next, self.outer.get_mut(level)) {
            if let Answer::Endpoint { position, .. } = self.pick.answer {
                let steered = &world.services[self.service.index()].steered;
                *outer = steered.live_index(position, self.family) as u32 + 1;
            }
            level += 1;
            self.service = inner;

            self.fast = snapshot.walk(inner, self.asker.address);
            self.resolved = snapshot.located(inner, self.asker.address, found, &self.fast);
            let (service, family, address) = (self.service, self.family, self.asker.address);
            let asked = Asked { service, family, address, resolved: &self.resolved };
            let pick = snapshot.decide::<false>(&asked, now.unix, || worker.generator.u64(..), |_| {});
            self.pick = pick.inside(&self.pick);
            next = world.services[inner.index()].steered.inner(pick.answer);
        }
    }
}

/// Writes the picked addresses, rotated, and notes that they were handed out; says whether they fitted.
#[inline]
pub fn put_addresses(
    message: &mut Message<'_>,
    owner: Owner<'_>,
    chosen: &Chosen,
    snapshot: &Snapshot,
    now: Now,
    worker: &mut Worker,
) -> bool {
    let world = &snapshot.world;
    let steered = &world.services[chosen.service.index()].steered;
    let mark = message.mark();
    let (written, (first, set)) = match chosen.pick.answer {
        Answer::Endpoint { position, mask } => {
            let live_index = steered.live_index(position, chosen.family);
            let range = world.addresses.endpoint(live_index);
            let written = put_set(message, owner, world, chosen, range, mask, worker);
            (written, (live_index as u32, 1))
        }
        Answer::Endpoints(set) => {
            let written = put_sets(message, owner, snapshot, chosen, set, worker);
            let first = steered.live_index(0, chosen.family) as u32;
            (written, (first, set))
        }
        _ => {
            let range = world.addresses.fallback(chosen.service, chosen.family);
            (put_set(message, owner, world, chosen, range, u16::MAX, worker), (0, 0))
        }
    };
    let fits = message.keep_since(mark);
    if fits {
        message.count(Section::Answer, written);
        let (tally, until) = (&snapshot.tallies[worker.index], now.unix + u64::from(chosen.pick.ttl));
        tally.hand_out(first as usize, set, until);
        (worker.handed_out.first, worker.handed_out.set) = (first, set);
        if chosen.outer[0] > 0 {
            note_outer(chosen, tally, until, worker);
        }
        note_demand(chosen, snapshot, worker);
    }
    fits
}

/// Notes that a picked name was handed out. What follows it in the same reply may be steered, too, and is noted beside it.
pub(super) fn note_alias(chosen: &Chosen, snapshot: &Snapshot, now: Now, worker: &mut Worker) {
    let Answer::Endpoint { position, .. } = chosen.pick.answer else { return };
    let steered = &snapshot.world.services[chosen.service.index()].steered;
    let one = steered.live_index(position, Family::ALIAS) as u32 + 1;
    let (tally, until) = (&snapshot.tallies[worker.index], now.unix + u64::from(chosen.pick.ttl));
    tally.hand_out(one as usize - 1, 1, until);
    worker.handed_out.beside(one);
    note_outer(chosen, tally, until, worker);
    note_demand(chosen, snapshot, worker);
}

/// Notes the endpoints that services answer for.
fn note_outer(chosen: &Chosen, tally: &Tally, until: u64, worker: &mut Worker) {
    for outer in chosen.outer.into_iter().take_while(|outer| *outer > 0) {
        tally.hand_out(outer as usize - 1, 1, until);
        worker.handed_out.beside(outer);
    }
}

/// Notes that the addresses of a pick were handed out as hints. Demand is counted by those who ask for addresses.
pub(super) fn note_hints(chosen: &Chosen, snapshot: &Snapshot, now: Now, worker: &mut Worker) {
    let steered = &snapshot.world.services[chosen.service.index()].steered;
    let (first, set) = match chosen.pick.answer {
        Answer::Endpoint { position, .. } => (steered.live_index(position, chosen.family), 1),
        Answer::Endpoints(set) => (steered.live_index(0, chosen.family), set),
        _ => return,
    };
    let (tally, until) = (&snapshot.tallies[worker.index], now.unix + u64::from(chosen.pick.ttl));
    tally.hand_out(first, set, until);
    bits(set).for_each(|place| worker.handed_out.beside((first + 2 * place) as u32 + 1));
    note_outer(chosen, tally, until, worker);
}

/// Has some answers sampled where capacity counts demand: of the service that answers, and of the one that was asked for.
#[inline]
fn note_demand(chosen: &Chosen, snapshot: &Snapshot, worker: &mut Worker) {
    let samples = &snapshot.tallies[worker.index].samples;
    let mut note = |service: ServiceId| {
        if snapshot.world.services[service.index()].steered.counted == Some(chosen.family) {
            let random = |most| worker.generator.u32(..most);
            samples.note(service, chosen.asker.address, chosen.pick.ttl, random);
        }
    };
    note(chosen.service);
    if chosen.asked != chosen.service {
        note(chosen.asked);
    }
}

/// Writes the addresses of a range that the mask names, from a random one on and around.
#[inline]
pub(super) fn put_set(
    message: &mut Message<'_>,
    mut owner: Owner<'_>,
    world: &World,
    chosen: &Chosen,
    (first, count): (u32, u8),
    mask: u16,
    worker: &mut Worker,
) -> u16 {
    if (count, mask & 1) == (1, 1) {
        put_address(message, owner, world, chosen, first);
        return 1;
    }
    let start = if count > 1 { worker.generator.u8(..count) } else { 0 };
    let mut written = 0;
    for step in 0..count {
        let turned = (start + step) % count;
        if mask & 1 << turned == 0 {
            continue;
        }
        let name_at = message.len() as u16;
        put_address(message, owner, world, chosen, first + u32::from(turned));
        if let Owner::Name(_) = owner {
            owner = Owner::At(name_at);
        }
        written += 1;
    }
    written
}

#[inline]
fn put_address(message: &mut Message<'_>, owner: Owner<'_>, world: &World, chosen: &Chosen, id: u32) {
    let ttl = chosen.pick.ttl.to_be_bytes();
    owner.put(message);
    match chosen.family {
        Family::V4 => {
            let mut record = [0; 14];
            record[..10].copy_from_slice(&fixed(rtype::A, ttl, 4));
            record[10..].copy_from_slice(&world.addresses.four(id));
            message.put_array(&record);
        }
        Family::V6 => {
            let mut record = [0; 26];
            record[..10].copy_from_slice(&fixed(rtype::AAAA, ttl, 16));
            record[10..].copy_from_slice(&world.addresses.six(id));
            message.put_array(&record);
        }
    }
}

/// Type, class IN, TTL and length.
pub(super) fn fixed(rtype: u16, ttl: [u8; 4], length: u8) -> [u8; 10] {
    let [high, low] = rtype.to_be_bytes();
    [high, low, 0, 1, ttl[0], ttl[1], ttl[2], ttl[3], 0, length]
}
