//! The table while it grows: names to entries, one after the other, in any order.

use std::collections::HashMap;

use super::hash::hash;
use super::{ASIDE, Entry, INLINE, NONE, Slot, count_labels, parent, tag};

/// Names so far. An entry's number never changes.
pub(super) struct Growing {
    /// At most half full, so that a miss ends after a probe or two. A power of two.
    pub slots: Vec<Slot>,
    pub entries: Vec<Entry>,
    /// Names that no entry holds, and record data.
    pub bytes: Vec<u8>,
    /// Entries that can be found by their names: all but the parents' sides of cuts, and those aside.
    named: usize,
    /// By zone and name: entries with [`ASIDE`].
    aside: HashMap<(u32, Box<[u8]>), u32>,
}

impl Growing {
    /// No name yet, and room for so many.
    pub fn with_capacity(names: usize) -> Growing {
        let slots = vec![Slot::EMPTY; (names * 2).next_power_of_two().max(2)];
        Growing {
            slots,
            entries: Vec::with_capacity(names),
            bytes: Vec::new(),
            named: 0,
            aside: HashMap::new(),
        }
    }

    /// The entry of a name (wire format, lower case).
    pub fn find(&self, name: &[u8]) -> Option<u32> {
        let slot = self.slots[self.slot(name)];
        (slot.entry != NONE).then_some(slot.entry)
    }

    /// The entry of a name, which is made if it is new: then it is a name of this zone.
    pub fn find_or_add(&mut self, name: &[u8], zone: u32) -> u32 {
        if let Some(known) = self.find(name) {
            return known;
        }
        let id = self.add_unnamed(name, zone);
        self.named += 1;
        if self.named * 2 > self.slots.len() {
            self.double();
        }
        let at = self.slot(name);
        self.slots[at] = Slot { entry: id, tag: tag(hash(name)) };
        id
    }

    /// The entry in which a zone keeps what it says of a name inside another zone.
    pub fn find_or_add_aside(&mut self, name: &[u8], zone: u32) -> u32 {
        if let Some(known) = self.aside.get(&(zone, Box::from(name))) {
            return *known;
        }
        let id = self.add_unnamed(name, zone);
        self.entries[id as usize].marks = ASIDE;
        self.aside.insert((zone, name.into()), id);
        id
    }

    /// The entry of a name as one zone knows it.
    pub fn find_in(&self, name: &[u8], zone: u32) -> Option<&Entry> {
        let is_in = |id: &u32| self.entries.get(*id as usize).is_some_and(|entry| entry.zone == zone);
        let named = self.find(name);
        let parent_side = || named.map(|id| self.entries[id as usize].parent_side).filter(is_in);
        let aside = || self.aside.get(&(zone, Box::from(name))).copied();
        named.filter(is_in).or_else(parent_side).or_else(aside).map(|id| &self.entries[id as usize])
    }

    /// An entry with this name that is not found by it.
    pub fn add_unnamed(&mut self, name: &[u8], zone: u32) -> u32 {
        let id = self.entries.len() as u32;
        let (name_at, mut inline) = (self.bytes.len() as u32, [0; INLINE]);
        match inline.get_mut(..name.len()) {
            Some(place) => place.copy_from_slice(name),
            None => self.bytes.extend_from_slice(name),
        }
        self.entries.push(Entry {
            inline,
            name_at,
            name_len: name.len() as u8,
            marks: 0,
            rrset_count: 0,
            rrsets: 0,
            zone,
            cut: NONE,
            wildcard: NONE,
            service: NONE,
            parent_side: NONE,
        });
        id
    }

    /// The name of an entry.
    pub fn name(&self, id: u32) -> &[u8] {
        self.entries[id as usize].name(&self.bytes)
    }

    /// The entry of the name directly above an entry's.
    pub fn above(&self, id: u32) -> Option<u32> {
        let name = self.name(id);
        if name.len() > 1 { self.find(parent(name)) } else { None }
    }

    /// Every entry's number, names with fewer labels first: a name stands behind those above it. And the most
    /// labels of any.
    pub fn top_down(&self) -> (Vec<u32>, usize) {
        let labels: Vec<u8> = (0..self.entries.len() as u32).map(|id| self.labels(id)).collect();
        let mut starts = [0_u32; 129];
        labels.iter().for_each(|labels| starts[usize::from(*labels) + 1] += 1);
        for depth in 1..starts.len() {
            starts[depth] += starts[depth - 1];
        }
        let mut order = vec![0; labels.len()];
        for (labels, id) in labels.iter().zip(0..) {
            let start = &mut starts[usize::from(*labels)];
            order[*start as usize] = id;
            *start += 1;
        }
        (order, labels.iter().copied().max().map_or(0, usize::from))
    }

    /// At most 127: a name has 255 octets.
    fn labels(&self, id: u32) -> u8 {
        count_labels(self.name(id)) as u8
    }

    /// Where a name is, or would be.
    fn slot(&self, name: &[u8]) -> usize {
        let (mask, hash) = (self.slots.len() - 1, hash(name));
        let mut at = hash as usize & mask;
        loop {
            let slot = self.slots[at];
            if slot.entry == NONE || slot.tag == tag(hash) && self.name(slot.entry) == name {
                return at;
            }
            at = (at + 1) & mask;
        }
    }

    fn double(&mut self) {
        let size = self.slots.len() * 2;
        let old = std::mem::replace(&mut self.slots, vec![Slot::EMPTY; size]);
        for slot in old.into_iter().filter(|slot| slot.entry != NONE) {
            let mut at = hash(self.name(slot.entry)) as usize & (size - 1);
            while self.slots[at].entry != NONE {
                at = (at + 1) & (size - 1);
            }
            self.slots[at] = slot;
        }
    }
}
