//! Records as they come, to RRsets in written order.

use std::borrow::Cow;
use std::collections::HashSet;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

use domain::base::iana::Rtype;

use super::notes::Notes;
use super::rtype;
use crate::model::Name;
use crate::zone::{Rdata, Rrset};

const CNAME: u16 = 5;
const SOA: u16 = 6;
const DNAME: u16 = 39;

/// What a DNS message holds at most.
const MOST_OCTETS: usize = 65_535;
/// The header, a question's type and class, and a record's fixed fields with its owner compressed.
const HEADER: usize = 12 + 4;
const RECORD: usize = 12;
/// Room for an OPT record with cookie, subnet, error, and report channel.
const OPTIONS: usize = 512;

/// RRsets in the order in which they begin. Records that follow each other are joined at once, the rest by
/// [`Records::join`].
#[derive(Default)]
pub(super) struct Records(Vec<Rrset>);

impl Records {
    /// Adds a record.
    pub fn push(&mut self, record: Rrset, notes: &mut Notes<'_>) {
        match self.0.last_mut() {
            Some(last) if is_same(last, &record) => merge(last, &record, notes),
            _ => self.0.push(record),
        }
    }

    /// The RRsets, each whole and without duplicates.
    pub fn join(self, notes: &mut Notes<'_>) -> Vec<Rrset> {
        let hasher = RandomState::new();
        let keys = self.0.iter().map(|rrset| hasher.hash_one((&rrset.owner, rrset.rtype)));
        let mut order: Vec<(u64, u32)> = keys.zip(0..).collect();
        order.sort_unstable();
        let mut rrsets = self.0;
        for run in order.chunk_by(|a, b| a.0 == b.0).filter(|run| run.len() > 1) {
            join_run(&mut rrsets, run, notes);
        }
        drop(order);
        rrsets.retain(|rrset| !rrset.rdata.is_empty());
        for rrset in &mut rrsets {
            finish(rrset, notes);
        }
        rrsets.shrink_to_fit();
        rrsets
    }
}

/// Moves all records of RRsets with the same hash to the first of the same owner and type.
fn join_run(rrsets: &mut [Rrset], run: &[(u64, u32)], notes: &mut Notes<'_>) {
    let mut heads: Vec<usize> = Vec::new();
    for &(_, index) in run {
        let index = index as usize;
        let Some(&head) = heads.iter().find(|&&head| is_same(&rrsets[head], &rrsets[index])) else {
            heads.push(index);
            continue;
        };
        let Rrset { owner, rtype, ttl, rdata, place } = &mut rrsets[index];
        let rdata = std::mem::take(rdata);
        let part = Rrset { owner: owner.clone(), rtype: *rtype, ttl: *ttl, rdata, place: place.clone() };
        merge(&mut rrsets[head], &part, notes);
    }
}

fn is_same(a: &Rrset, b: &Rrset) -> bool {
    a.rtype == b.rtype && a.owner == b.owner
}

/// Whether two RRsets of one type have the same records in the same order.
fn alike(one: &Rrset, other: &Rrset) -> bool {
    let canonical = |rrset: &Rrset| {
        rrset.rdata.iter().map(|data| canonical(rrset.rtype, data).into_owned()).collect::<Vec<_>>()
    };
    canonical(one) == canonical(other)
}

/// Takes over the records of `more`, and says what does not go together.
fn merge(rrset: &mut Rrset, more: &Rrset, notes: &mut Notes<'_>) {
    let (owner, first, name) = (&rrset.owner, &rrset.place, rtype::name(rrset.rtype));
    match rrset.rtype {
        SOA if !alike(rrset, more) => {
            notes.error(&more.place, format!("a second SOA; a zone has one, and it stands at {first}"))
        }
        CNAME | DNAME if !alike(rrset, more) => {
            notes.error(&more.place, format!("a second {name} for {owner}; the first stands at {first}"));
        }
        _ => {}
    }
    if rrset.ttl != more.ttl {
        let lower = rrset.ttl.min(more.ttl);
        notes.warn(
            &more.place,
            format!(
                "TTL {} differs from {} of the other {name} records of {owner} at {first}; all get {lower} \
                 (RFC 2181 §5.2)",
                more.ttl, rrset.ttl
            ),
        );
        rrset.ttl = lower;
    }
    rrset.rdata.extend(&more.rdata);
}

/// Drops duplicates (RFC 2181 §5) and refuses what no message can carry.
fn finish(rrset: &mut Rrset, notes: &mut Notes<'_>) {
    drop_duplicates(rrset.rtype, &mut rrset.rdata);
    rrset.rdata.shrink_to_fit();
    let records: usize = rrset.rdata.iter().map(|data| RECORD + data.len()).sum();
    let octets = HEADER + rrset.owner.as_wire().len() + records;
    if octets > MOST_OCTETS {
        let name = rtype::name(rrset.rtype);
        let why = format!(
            "the {name} records of {} take {octets} octets; a DNS message holds {MOST_OCTETS}",
            rrset.owner
        );
        notes.error(&rrset.place, why);
    } else if octets + OPTIONS > MOST_OCTETS {
        let name = rtype::name(rrset.rtype);
        let why = format!(
            "the {name} records of {} take {octets} octets; with EDNS options beside them they may not fit a message, \
             and are not delivered then",
            rrset.owner
        );
        notes.warn(&rrset.place, why);
    }
}

/// Keeps the first of equal records (RFC 2181 §5), names in them compared without case (RFC 4343 §3). Few are compared
/// with each other, many through their hashes.
fn drop_duplicates(rtype: u16, rdata: &mut Rdata) {
    let same = |one: &[u8], other: &[u8]| {
        one.len() == other.len() && canonical(rtype, one) == canonical(rtype, other)
    };
    let is_first = |(index, data): (usize, &[u8])| !rdata.iter().take(index).any(|other| same(other, data));
    let clean = match rdata.len() {
        0 | 1 => return,
        2..=8 => rdata.iter().enumerate().all(is_first),
        _ => false,
    };
    if !clean {
        let mut seen = HashSet::with_capacity(rdata.len());
        *rdata = rdata.iter().filter(|data| seen.insert(canonical(rtype, data))).collect();
    }
}

/// Record data with the names in it in lower case.
fn canonical(rtype: u16, data: &[u8]) -> Cow<'_, [u8]> {
    let (mut at, count) = names(rtype);
    let start = at.min(data.len());
    for _ in 0..count {
        while let Some(&length @ 1..) = data.get(at) {
            at += 1 + usize::from(length);
        }
        at += 1;
    }
    let end = at.clamp(start, data.len());
    if !data[start..end].iter().any(u8::is_ascii_uppercase) {
        return Cow::Borrowed(data);
    }
    // Length octets are below 64, so lowercasing cannot touch them.
    let mut lower = data.to_vec();
    lower[start..end].make_ascii_lowercase();
    Cow::Owned(lower)
}

/// Where names stand in a type's data: octets before them, and how many. NAPTR's, behind strings, are left as they are.
fn names(rtype: u16) -> (usize, usize) {
    match Rtype::from_int(rtype) {
        Rtype::NS | Rtype::MD | Rtype::MF | Rtype::CNAME | Rtype::MB | Rtype::MG | Rtype::MR => (0, 1),
        Rtype::PTR | Rtype::NSAPPTR | Rtype::DNAME => (0, 1),
        Rtype::SOA | Rtype::MINFO | Rtype::RP | Rtype::TALINK => (0, 2),
        Rtype::MX | Rtype::AFSDB | Rtype::RT | Rtype::KX | Rtype::LP => (2, 1),
        Rtype::SVCB | Rtype::HTTPS => (2, 1),
        Rtype::PX => (2, 2),
        Rtype::SRV => (6, 1),
        _ => (0, 0),
    }
}

//------------ Index ---------------------------------------------------------

/// Finds RRsets by owner, and by owner and type. Sixteen bytes an RRset.
pub(super) struct Index<'a> {
    rrsets: &'a [Rrset],
    hasher: RandomState,
    slots: Vec<(u64, u16, u32)>,
}

impl<'a> Index<'a> {
    /// An index of RRsets of which no two have the same owner and type.
    pub fn new(rrsets: &'a [Rrset]) -> Index<'a> {
        let hasher = RandomState::new();
        let slot = |(rrset, index): (&Rrset, u32)| (hasher.hash_one(&rrset.owner), rrset.rtype, index);
        let mut slots: Vec<_> = rrsets.iter().zip(0..).map(slot).collect();
        slots.sort_unstable();
        Index { rrsets, hasher, slots }
    }

    /// All RRsets of an owner, by type.
    pub fn of<'s>(&'s self, owner: &'s Name) -> impl Iterator<Item = &'a Rrset> + 's {
        self.from(owner, 0).filter(move |rrset| rrset.owner == *owner)
    }

    /// The RRset of an owner and type.
    pub fn find(&self, owner: &Name, rtype: u16) -> Option<&'a Rrset> {
        let of_type = self.from(owner, rtype).take_while(|rrset| rrset.rtype == rtype);
        of_type.into_iter().find(|rrset| rrset.owner == *owner)
    }

    /// RRsets with the owner's hash, from a type on.
    fn from(&self, owner: &Name, rtype: u16) -> impl Iterator<Item = &'a Rrset> + use<'a, '_> {
        let hash = self.hasher.hash_one(owner);
        let start = self.slots.partition_point(|&(other, kind, _)| (other, kind) < (hash, rtype));
        let run = self.slots[start..].iter().take_while(move |slot| slot.0 == hash);
        run.map(|slot| &self.rrsets[slot.2 as usize])
    }
}
