//! A steered name's addresses: located, picked, and written with the TTL of the moment.

use std::net::IpAddr;

use super::Now;
use super::client::Asker;
use super::edns::Edns;
use super::message::{Message, Section};
use super::records::Owner;
use super::worker::Worker;
use crate::geo::Resolved;
use crate::model::{Family, ServiceId};
use crate::snapshot::{Snapshot, World};
use crate::steer::{Answer, Pick, Why};
use crate::zone::rtype;

/// A service on its way to an answer for one client.
#[derive(Clone, Debug)]
pub struct Chosen {
    service: ServiceId,
    family: Family,
    /// Who asks.
    pub asker: Asker,
    resolved: Resolved,
    /// What was picked; NODATA until it was.
    pub pick: Pick,
}

impl Chosen {
    /// Finds the client's cell for a service.
    pub fn locate(
        world: &World,
        service: ServiceId,
        family: Family,
        edns: Option<&Edns>,
        resolver: IpAddr,
    ) -> Chosen {
        let asker = Asker::new(edns, world.services[service.index()].ecs, resolver);
        let resolved = world.locate(service, asker.address);
        let pick = Pick { answer: Answer::Nodata, ttl: 1, scope: 0, why: Why::NoFamily };
        Chosen { service, family, asker, resolved, pick }
    }

    /// Picks for the client.
    pub fn pick(&mut self, snapshot: &Snapshot, now: Now) {
        let (service, family, address) = (self.service, self.family, self.asker.address);
        self.pick = snapshot.decide(service, family, address, &self.resolved, now.unix, |_| {});
    }
}

/// Writes the picked addresses, rotated, and notes that they were handed out; says whether they fitted.
pub fn put_addresses(
    message: &mut Message<'_>,
    owner: Owner<'_>,
    chosen: &Chosen,
    snapshot: &Snapshot,
    now: Now,
    worker: &mut Worker,
) -> bool {
    let world = &snapshot.world;
    let (range, mask, live_index) = match chosen.pick.answer {
        Answer::Endpoint { position, mask } => {
            let steered = &world.services[chosen.service.index()].steered;
            let live_index = steered.live_index(position, chosen.family);
            (world.addresses.endpoint(live_index), mask, Some(live_index))
        }
        _ => (world.addresses.fallback(chosen.service, chosen.family), u16::MAX, None),
    };
    let mark = message.mark();
    let written = put_set(message, owner, world, chosen, range, mask, worker);
    let fits = message.keep_since(mark);
    if fits {
        message.count(Section::Answer, written);
        if let Some(live_index) = live_index {
            snapshot.tallies[worker.index].hand_out(live_index, now.unix + u64::from(chosen.pick.ttl));
        }
    }
    fits
}

/// Writes the addresses of a range that the mask names, from a random one on and around.
fn put_set(
    message: &mut Message<'_>,
    mut owner: Owner<'_>,
    world: &World,
    chosen: &Chosen,
    (first, count): (u32, u8),
    mask: u16,
    worker: &mut Worker,
) -> u16 {
    let start = if count > 1 { worker.generator.u8(..count) } else { 0 };
    let mut written = 0;
    for step in 0..count {
        let turned = (start + step) % count;
        if mask & 1 << turned == 0 {
            continue;
        }
        let name_at = message.len() as u16;
        owner.put(message);
        if let Owner::Name(_) = owner {
            owner = Owner::At(name_at);
        }
        put_address(message, world, chosen, first + u32::from(turned));
        written += 1;
    }
    written
}

fn put_address(message: &mut Message<'_>, world: &World, chosen: &Chosen, id: u32) {
    let ttl = chosen.pick.ttl.to_be_bytes();
    match chosen.family {
        Family::V4 => {
            message.put(&fixed(rtype::A, ttl, 4));
            message.put(&world.addresses.four(id));
        }
        Family::V6 => {
            message.put(&fixed(rtype::AAAA, ttl, 16));
            message.put(&world.addresses.six(id));
        }
    }
}

/// Type, class IN, TTL and length.
fn fixed(rtype: u16, ttl: [u8; 4], length: u8) -> [u8; 10] {
    let [high, low] = rtype.to_be_bytes();
    [high, low, 0, 1, ttl[0], ttl[1], ttl[2], ttl[3], 0, length]
}
