//! Addresses of several endpoints in one answer.

use super::message::Message;
use super::records::Owner;
use super::steered::{Chosen, fixed, put_set};
use super::worker::Worker;
use crate::model::Family;
use crate::snapshot::Snapshot;
use crate::steer::chain::lot::bits;
use crate::zone::rtype;

/// Writes the addresses of several endpoints, from a random one on and around; says how many.
#[inline]
pub fn put_sets(
    message: &mut Message<'_>,
    owner: Owner<'_>,
    snapshot: &Snapshot,
    chosen: &Chosen,
    set: u64,
    worker: &mut Worker,
) -> u16 {
    let (world, service) = (&snapshot.world, chosen.service());
    let count = world.services[service.index()].steered.regions.len();
    let start = worker.generator.usize(..count.max(1));
    let late = set >> start << start;
    // Those from there on, then those before.
    let turned = [late, set ^ late];
    match owner {
        Owner::At(at) if set & !world.addresses.singles(service, chosen.family()) == 0 => {
            put_singles(message, at, snapshot, chosen, turned)
        }
        _ => put_many(message, owner, snapshot, chosen, turned, worker),
    }
}

/// One address each: so many records of one length.
fn put_singles(
    message: &mut Message<'_>,
    owner: u16,
    snapshot: &Snapshot,
    chosen: &Chosen,
    turned: [u64; 2],
) -> u16 {
    let addresses = &snapshot.world.addresses;
    let first = snapshot.world.services[chosen.service().index()].steered.live_index(0, chosen.family());
    let id = |position: usize| addresses.endpoint(first + 2 * position).0;
    let head = |rtype, length| {
        let [high, low] = (0xc000 | owner).to_be_bytes();
        let [a, b, c, d, e, f, g, h, i, j] = fixed(rtype, chosen.pick.ttl.to_be_bytes(), length);
        [high, low, a, b, c, d, e, f, g, h, i, j]
    };
    match chosen.family() {
        Family::V4 => put_records::<4, 16>(message, head(rtype::A, 4), turned, |at| addresses.four(id(at))),
        Family::V6 => {
            put_records::<16, 28>(message, head(rtype::AAAA, 16), turned, |at| addresses.six(id(at)))
        }
    }
}

#[inline]
fn put_records<const DATA: usize, const RECORD: usize>(
    message: &mut Message<'_>,
    head: [u8; 12],
    turned: [u64; 2],
    data: impl Fn(usize) -> [u8; DATA],
) -> u16 {
    let count = (turned[0] | turned[1]).count_ones();
    let room = message.put_arrays::<RECORD>(count as usize);
    let (late, early) = room.split_at_mut(room.len().min(turned[0].count_ones() as usize));
    for (records, set) in [(late, turned[0]), (early, turned[1])] {
        for (record, position) in records.iter_mut().zip(bits(set)) {
            record[..12].copy_from_slice(&head);
            record[12..].copy_from_slice(&data(position));
        }
    }
    count as u16
}

/// Any number of addresses each, those that are fit.
fn put_many(
    message: &mut Message<'_>,
    mut owner: Owner<'_>,
    snapshot: &Snapshot,
    chosen: &Chosen,
    turned: [u64; 2],
    worker: &mut Worker,
) -> u16 {
    let world = &snapshot.world;
    let steered = &world.services[chosen.service().index()].steered;
    let mut written = 0;
    for position in turned.into_iter().flat_map(bits) {
        let live_index = steered.live_index(position, chosen.family());
        // It may have changed since the pick: what was fit a moment ago is still better than nothing.
        let mask = Some(snapshot.live[live_index].load().mask).filter(|mask| *mask != 0).unwrap_or(u16::MAX);
        let (name_at, range) = (message.len() as u16, world.addresses.endpoint(live_index));
        written += put_set(message, owner, world, chosen, range, mask, worker);
        if let Owner::Name(_) = owner {
            owner = Owner::At(name_at);
        }
    }
    written
}
