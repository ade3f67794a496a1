//! Every name of every zone in one hash table, compiled: what the walk of RFC 1034 §4.3.2 becomes when all of
//! its questions are answered at load.
//!
//! A name's entry already knows its zone, the cut or DNAME above it, and the wildcard directly below it. Empty
//! non-terminals have entries too (RFC 4592 §2.2.2), so the closest encloser of a missing name is the first of
//! its ancestors that is found. Records are wire data, encoded once.

mod asked;
mod build;
mod grow;
mod hash;
mod hinted;
mod link;

pub use asked::Asked;
pub use build::{Steered, build};

use super::rdata;
use crate::model::ServiceId;
use crate::system::prefetch;
use hash::hash;

/// "None" among the indices of a compact entry.
const NONE: u32 = u32::MAX;

/// "The whoami name" among the services of a compact entry.
const WHOAMI: u32 = u32::MAX - 1;

/// The bit of those that answer with another name.
const ALIAS: u32 = 1 << 31;

/// Who answers the addresses of a name that has no address records, or all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Steers {
    /// A service that answers with addresses.
    Service(ServiceId),
    /// A service that answers every type with another name.
    Alias(ServiceId),
    /// The name that tells resolvers how they are seen.
    Whoami,
}

/// All names, in one table, with their records.
#[derive(Debug)]
pub struct Names {
    /// Open addressing, linear probing. A power of two.
    slots: Box<[Slot]>,
    entries: Box<[Entry]>,
    rrsets: Box<[Records]>,
    extras: Box<[u32]>,
    zones: Box<[Apex]>,
    /// Names and record data.
    bytes: Box<[u8]>,
    /// The most labels that any name has: nothing deeper needs to be looked up.
    deepest: usize,
}

/// Where an entry is, and the upper half of its name's hash: a probe that meets another name rarely touches that
/// one's entry.
#[derive(Clone, Copy, Debug)]
struct Slot {
    /// An index into `entries`, or [`NONE`].
    entry: u32,
    tag: u32,
}

impl Slot {
    const EMPTY: Slot = Slot { entry: NONE, tag: 0 };
}

/// Octets of a name that its entry holds itself: most names, whole.
const INLINE: usize = 32;

/// One name. 64 bytes, so that finding it touches one cache line.
#[derive(Debug)]
#[repr(C, align(64))]
struct Entry {
    /// The name, if it is no longer than that.
    inline: [u8; INLINE],
    /// Else, where it stands in `bytes`.
    name_at: u32,
    name_len: u8,
    /// [`APEX`], [`CUT`], [`DNAME`], [`ASIDE`].
    marks: u8,
    rrset_count: u16,
    rrsets: u32,
    zone: u32,
    /// The delegation at or above it, or the DNAME above it, within its zone; the highest of them.
    cut: u32,
    /// The entry of `*.` this name.
    wildcard: u32,
    service: u32,
    /// At the apex of a served child: the parent's side of the cut, where DS lives.
    parent_side: u32,
}

/// Marks of an entry: the name is its zone's apex.
const APEX: u8 = 1;
/// It is delegated: it has NS, and is no apex.
const CUT: u8 = 2;
/// It has a DNAME.
const DNAME: u8 = 4;
/// It holds what a zone around says of a name that the zone inside answers for: addresses that go with that zone's
/// own NS, MX and the like, and that nobody finds by asking.
const ASIDE: u8 = 8;

/// One RRset as wire data: `count` times a 16-bit length and that many octets.
#[derive(Debug, Default)]
pub struct Records {
    /// The type.
    pub rtype: u16,
    /// How many records.
    pub count: u16,
    /// In seconds.
    pub ttl: u32,
    at: u32,
    len: u32,
    owner: u32,
    extras_at: u32,
    extras_count: u32,
}

/// What a zone says where it has nothing.
#[derive(Debug)]
struct Apex {
    entry: u32,
    soa: u32,
    negative_ttl: u32,
}

/// A name in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EntryId(u32);

/// Where the walk ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// The name exists, or the wildcard that stands for it does.
    Node(EntryId),
    /// The name is at or below this delegation.
    Cut(EntryId),
    /// The name is below this one, whose DNAME puts another in its place.
    Dname(EntryId),
    /// The name does not exist; this is its closest encloser.
    Missing(EntryId),
    /// The name is in no zone.
    Outside,
}

impl Names {
    /// Walks to a name. `parent_side`: DS is asked for, which the parent's side of a cut answers (RFC 4035
    /// §3.1.4.1).
    #[inline]
    pub fn find(&self, asked: &Asked, parent_side: bool) -> Found {
        if asked.labels() <= self.deepest
            && let Some(id) = self.look_asked(asked)
        {
            return self.arrive(id, parent_side);
        }
        self.find_above(asked)
    }

    /// The walk from a name that has no entry to the closest encloser.
    fn find_above(&self, asked: &Asked) -> Found {
        let mut suffix = parent(asked.name());
        for _ in self.deepest + 1..asked.labels() {
            suffix = parent(suffix);
        }
        loop {
            if let Some(id) = self.lookup(suffix) {
                return self.below(id);
            }
            if suffix.len() <= 1 {
                return Found::Outside;
            }
            suffix = parent(suffix);
        }
    }

    /// The first of three hints, so that the misses of many look-ups overlap: the slot of a name will be needed.
    /// Hints change no result; the second and the third read what the one before asked for.
    #[inline]
    pub fn hint(&self, asked: &Asked) {
        prefetch(self.first_slot(asked));
    }

    /// The second hint: the entry in that slot will be needed.
    #[inline]
    pub fn hint_entry(&self, asked: &Asked) {
        if let Some(entry) = self.entries.get(self.first_slot(asked).entry as usize) {
            prefetch(entry);
        }
    }

    /// The third hint: what that entry points to will be needed.
    #[inline]
    pub fn hint_data(&self, asked: &Asked) {
        let Some(entry) = self.entries.get(self.first_slot(asked).entry as usize) else { return };
        if usize::from(entry.name_len) > INLINE {
            prefetch(&self.bytes[entry.name_at as usize]);
        }
        if entry.service == NONE && entry.rrset_count > 0 {
            prefetch(&self.rrsets[entry.rrsets as usize]);
        }
    }

    /// Where probing for a name begins.
    #[inline]
    fn first_slot(&self, asked: &Asked) -> &Slot {
        &self.slots[asked.hash() as usize & (self.slots.len() - 1)]
    }

    /// The entry of exactly this name (wire format, lower case), before any cut is considered.
    pub fn lookup(&self, name: &[u8]) -> Option<EntryId> {
        self.look(name, hash(name))
    }

    /// Most names are compared without a loop.
    #[inline]
    fn look_asked(&self, asked: &Asked) -> Option<EntryId> {
        let length = asked.name().len();
        match asked.inline() {
            Some(inline) => self.probe(asked.hash(), |entry| {
                usize::from(entry.name_len) == length && entry.inline == *inline
            }),
            None => self.look(asked.name(), asked.hash()),
        }
    }

    fn look(&self, name: &[u8], hash: u64) -> Option<EntryId> {
        self.probe(hash, |entry| self.wire(entry) == name)
    }

    /// The whole name is compared by `is`: a hash alone would turn a collision into a wrong answer.
    #[inline]
    fn probe(&self, hash: u64, is: impl Fn(&Entry) -> bool) -> Option<EntryId> {
        let mask = self.slots.len() - 1;
        let mut at = hash as usize & mask;
        loop {
            let slot = self.slots[at];
            if slot.entry == NONE {
                return None;
            }
            if slot.tag == tag(hash) && is(&self.entries[slot.entry as usize]) {
                return Some(EntryId(slot.entry));
            }
            at = (at + 1) & mask;
        }
    }

    /// At an entry that bears the name itself.
    #[inline]
    fn arrive(&self, id: EntryId, parent_side: bool) -> Found {
        let entry = self.entry(id);
        match entry.cut {
            _ if parent_side && entry.marks & APEX != 0 && entry.parent_side != NONE => {
                Found::Node(EntryId(entry.parent_side))
            }
            NONE => Found::Node(id),
            cut if cut == id.0 && parent_side => Found::Node(id),
            cut => self.hidden(EntryId(cut)),
        }
    }

    /// At or below a cut, or below a DNAME.
    fn hidden(&self, by: EntryId) -> Found {
        if self.entry(by).marks & CUT != 0 { Found::Cut(by) } else { Found::Dname(by) }
    }

    /// At the closest encloser of a name that has no entry.
    fn below(&self, id: EntryId) -> Found {
        let entry = self.entry(id);
        match (entry.cut, entry.wildcard) {
            (NONE, _) if entry.marks & DNAME != 0 => Found::Dname(id),
            (NONE, NONE) => Found::Missing(id),
            (NONE, wildcard) => Found::Node(EntryId(wildcard)),
            (cut, _) => self.hidden(EntryId(cut)),
        }
    }

    /// Who answers A and AAAA of this name in place of records.
    #[inline]
    pub fn steers(&self, id: EntryId) -> Option<Steers> {
        match self.entry(id).service {
            NONE => None,
            WHOAMI => Some(Steers::Whoami),
            alias if alias & ALIAS != 0 => Some(Steers::Alias(ServiceId(alias & !ALIAS))),
            service => Some(Steers::Service(ServiceId(service))),
        }
    }

    /// The name's RRsets.
    pub fn rrsets(&self, id: EntryId) -> &[Records] {
        let entry = self.entry(id);
        &self.rrsets[entry.rrsets as usize..][..usize::from(entry.rrset_count)]
    }

    /// The name's RRset of one type.
    pub fn rrset(&self, id: EntryId, rtype: u16) -> Option<&Records> {
        self.rrsets(id).iter().find(|records| records.rtype == rtype)
    }

    /// The SOA of a name's zone, its owner, and the TTL that it lends to negative answers (RFC 2308 §5).
    pub fn soa(&self, id: EntryId) -> (&Records, &[u8], u32) {
        let apex = &self.zones[self.entry(id).zone as usize];
        (&self.rrsets[apex.soa as usize], self.name(EntryId(apex.entry)), apex.negative_ttl)
    }

    /// The name, in wire format and lower case.
    pub fn name(&self, id: EntryId) -> &[u8] {
        self.wire(self.entry(id))
    }

    /// The owner of an RRset, likewise.
    pub fn owner(&self, records: &Records) -> &[u8] {
        self.name(EntryId(records.owner))
    }

    /// The data of an RRset's records, one after the other.
    pub fn rdata<'a>(&'a self, records: &Records) -> impl Iterator<Item = &'a [u8]> + Clone {
        records.data(&self.bytes)
    }

    /// Address RRsets of its zone that belong into the additional section beside this one.
    pub fn extras<'a>(&'a self, records: &Records) -> impl Iterator<Item = &'a Records> + Clone {
        let ids = &self.extras[records.extras_at as usize..][..records.extras_count as usize];
        ids.iter().map(|id| &self.rrsets[*id as usize])
    }

    /// Names in the table, empty non-terminals included.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no name at all.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn entry(&self, id: EntryId) -> &Entry {
        &self.entries[id.0 as usize]
    }

    #[inline]
    fn wire<'a>(&'a self, entry: &'a Entry) -> &'a [u8] {
        entry.name(&self.bytes)
    }
}

impl Entry {
    /// The name; `bytes` has those that are too long for an entry.
    #[inline]
    fn name<'a>(&'a self, bytes: &'a [u8]) -> &'a [u8] {
        let length = usize::from(self.name_len);
        match self.inline.get(..length) {
            Some(name) => name,
            None => &bytes[self.name_at as usize..][..length],
        }
    }
}

impl Records {
    /// The records' data, which stand among these bytes.
    fn data<'a>(&self, bytes: &'a [u8]) -> impl Iterator<Item = &'a [u8]> + Clone + use<'a> {
        rdata::split(&bytes[self.at as usize..][..self.len as usize])
    }
}

/// The part of a hash that a slot holds: the slot's own place is made of the other part.
fn tag(hash: u64) -> u32 {
    (hash >> 32) as u32
}

/// The name without its first label; a root stays a root.
fn parent(name: &[u8]) -> &[u8] {
    match name {
        [] | [0, ..] => name,
        [length, ..] => &name[1 + usize::from(*length)..],
    }
}

fn count_labels(name: &[u8]) -> usize {
    let (mut rest, mut labels) = (name, 0);
    while rest.len() > 1 {
        rest = parent(rest);
        labels += 1;
    }
    labels
}

#[cfg(test)]
mod tests;
