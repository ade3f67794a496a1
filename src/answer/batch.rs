//! The four phases over a batch: each phase goes over all queries before the next begins, so that one query's cache
//! misses overlap the others'.

use super::frames::Frames;
use super::message::{Labels, NO_LABELS};
use super::slot::{Slot, With};
use super::worker::Worker;
use super::{Now, Reply};
use crate::snapshot::Snapshot;
use crate::telemetry::Transport;

/// Slots for as many queries as are answered at once. A worker keeps one and uses it again and again.
#[derive(Debug)]
pub struct Batch {
    slots: Box<[Slot]>,
    labels: Labels,
}

impl Batch {
    /// Room for so many queries at once.
    pub fn new(size: usize) -> Batch {
        let slots = (0..size.max(1)).map(|_| Slot::default()).collect();
        Batch { slots, labels: NO_LABELS }
    }

    /// Answers the queries in the frames, in place; no more of them than it was made for.
    pub fn answer(
        &mut self,
        snapshot: &Snapshot,
        frames: &mut impl Frames,
        transport: Transport,
        now: Now,
        worker: &mut Worker,
    ) {
        let count = frames.count().min(self.slots.len());
        let slots = &mut self.slots[..count];
        worker.counters.batch(count);
        phases(slots, frames, transport, With { snapshot, now, worker, labels: &mut self.labels });
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
        let with = With { snapshot, now, worker, labels: &mut self.labels };
        let length = self.slots[index].shorten(octets, with);
        frames.reply(index, length);
    }

    /// The reply in one frame of the batch just answered did not leave.
    pub fn lost(&mut self, index: usize, snapshot: &Snapshot, worker: &Worker) {
        self.slots[index].lost(snapshot, worker);
    }
}

/// The phases, over as many slots as there are queries.
pub(super) fn phases(slots: &mut [Slot], frames: &mut impl Frames, transport: Transport, with: With<'_>) {
    let With { snapshot, now, worker, labels } = with;
    let names = &*snapshot.world.names;
    for (index, slot) in slots.iter_mut().enumerate() {
        let peer = frames.peer(index);
        let (octets, length) = frames.frame(index);
        slot.parse(octets, length, peer, transport, worker);
        names.hint(slot.asked());
    }
    slots.iter().for_each(|slot| names.hint_entry(slot.asked()));
    slots.iter().for_each(|slot| names.hint_data(slot.asked()));
    slots.iter_mut().for_each(|slot| slot.find(snapshot));
    while slots.iter_mut().fold(false, |more, slot| slot.step(snapshot) | more) {}
    slots.iter_mut().for_each(|slot| slot.resolve(snapshot));
    slots.iter_mut().for_each(|slot| slot.pick(snapshot, now, worker));
    for (index, slot) in slots.iter_mut().enumerate() {
        let (octets, _) = frames.frame(index);
        let with = With { snapshot, now, worker: &mut *worker, labels: &mut *labels };
        let length = match slot.write(octets, with) {
            Reply::Send(length) => length,
            Reply::Drop(_) => 0,
        };
        frames.reply(index, length);
    }
}
