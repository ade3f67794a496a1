//! The four phases over a batch: each phase goes over all queries before the next begins, so that one query's cache
//! misses overlap the others'.

use super::frames::Frames;
use super::slot::Slot;
use super::worker::Worker;
use super::{Now, Reply};
use crate::snapshot::Snapshot;
use crate::telemetry::Transport;

/// Slots for as many queries as are answered at once. A worker keeps one and uses it again and again.
#[derive(Debug)]
pub struct Batch(Box<[Slot]>);

impl Batch {
    /// Room for so many queries at once.
    pub fn new(size: usize) -> Batch {
        Batch((0..size.max(1)).map(|_| Slot::default()).collect())
    }

    /// How many queries are answered at once.
    pub fn size(&self) -> usize {
        self.0.len()
    }

    /// Answers the queries in the frames, in place; no more than [`size`](Batch::size) of them.
    pub fn answer(
        &mut self,
        snapshot: &Snapshot,
        frames: &mut impl Frames,
        transport: Transport,
        now: Now,
        worker: &mut Worker,
    ) {
        let count = frames.count().min(self.0.len());
        let slots = &mut self.0[..count];
        worker.counters.batch(count);
        phases(slots, snapshot, frames, transport, now, worker);
    }

    /// Writes the reply in one frame of the batch just answered anew, in as many octets as every link carries
    /// (RFC 1035 §4.2.1), cut short if need be: for a reply that was too long to be sent.
    pub fn shorten(
        &mut self,
        index: usize,
        snapshot: &Snapshot,
        frames: &mut impl Frames,
        now: Now,
        worker: &mut Worker,
    ) {
        let (octets, _) = frames.frame(index);
        let length = self.0[index].shorten(snapshot, octets, now, worker);
        frames.reply(index, length);
    }
}

/// The phases, over as many slots as there are queries.
pub(super) fn phases(
    slots: &mut [Slot],
    snapshot: &Snapshot,
    frames: &mut impl Frames,
    transport: Transport,
    now: Now,
    worker: &mut Worker,
) {
    let world = &*snapshot.world;
    for (index, slot) in slots.iter_mut().enumerate() {
        let peer = frames.peer(index);
        let (octets, length) = frames.frame(index);
        slot.parse(octets, length, peer, transport, worker);
        world.names.hint(slot.asked());
    }
    slots.iter().for_each(|slot| world.names.hint_entry(slot.asked()));
    slots.iter().for_each(|slot| world.names.hint_data(slot.asked()));
    slots.iter_mut().for_each(|slot| slot.find(snapshot));
    slots.iter_mut().for_each(|slot| slot.pick(snapshot, now));
    for (index, slot) in slots.iter_mut().enumerate() {
        let (octets, _) = frames.frame(index);
        let length = match slot.write(snapshot, octets, now, worker) {
            Reply::Send(length) => length,
            Reply::Drop(_) => 0,
        };
        frames.reply(index, length);
    }
}
