//! Static records, copied from the world into a message: whole RRsets or none of them.

use super::message::{Message, REACH, Section};
use crate::zone::rtype;
use crate::zone::table::{Names, Records};

/// Who owns the records to be written.
#[derive(Clone, Copy, Debug)]
pub enum Owner<'a> {
    /// A name that stands uncompressed, or compressed, at this offset of the message.
    At(u16),
    /// A name to be written.
    Name(&'a [u8]),
}

impl Owner<'_> {
    /// Writes the name, or a pointer to it.
    #[inline]
    pub fn put(self, message: &mut Message<'_>) {
        match self {
            Owner::At(offset) => message.put_array(&(0xc000 | offset).to_be_bytes()),
            Owner::Name(name) => drop(message.put_name(name)),
        }
    }
}

/// Writes an RRset with at most `ttl` seconds; says whether it fitted.
pub fn put_rrset(
    message: &mut Message<'_>,
    section: Section,
    names: &Names,
    owner: Owner<'_>,
    records: &Records,
    ttl: u32,
) -> bool {
    let mark = message.mark();
    for data in names.rdata(records) {
        owner.put(message);
        message.put(&records.rtype.to_be_bytes());
        message.put(&[0, 1]);
        message.put(&records.ttl.min(ttl).to_be_bytes());
        put_data(message, records.rtype, data);
    }
    let fits = message.keep_since(mark);
    if fits {
        message.count(section, records.count);
    }
    fits
}

/// Writes a CNAME at the name that stands at `owner`, and says where its target stands; `None` if it did not fit,
/// or stands where nothing can point to.
pub fn put_alias(message: &mut Message<'_>, owner: u16, ttl: u32, target: &[u8]) -> Option<u16> {
    let mark = message.mark();
    Owner::At(owner).put(message);
    message.put(&rtype::CNAME.to_be_bytes());
    message.put(&[0, 1]);
    message.put(&ttl.to_be_bytes());
    let length_at = message.len();
    message.put(&[0; 2]);
    let target_at = message.put_name(target);
    let length = message.len().saturating_sub(length_at + 2);
    message.patch(length_at, &(length as u16).to_be_bytes());
    let fits = message.keep_since(mark);
    if fits {
        message.count(Section::Answer, 1);
    }
    u16::try_from(target_at).ok().filter(|at| fits && usize::from(*at) < REACH)
}

/// The record's length and data; names in it are compressed where RFC 3597 §4 still allows it.
fn put_data(message: &mut Message<'_>, rtype: u16, data: &[u8]) {
    let length_at = message.len();
    message.put(&(data.len() as u16).to_be_bytes());
    let (before, names) = rtype::compressible(rtype);
    let (fixed, mut rest) = data.split_at(before.min(data.len()));
    message.put(fixed);
    for _ in 0..names {
        let (name, tail) = split_name(rest);
        message.put_name(name);
        rest = tail;
    }
    message.put(rest);
    if names > 0 {
        let length = message.len().saturating_sub(length_at + 2);
        message.patch(length_at, &(length as u16).to_be_bytes());
    }
}

/// The uncompressed name at the start of `data`, and what follows it; all of it, should it not end.
pub fn split_name(data: &[u8]) -> (&[u8], &[u8]) {
    let mut at = 0;
    while let Some(length) = data.get(at).copied().filter(|length| *length > 0) {
        at += 1 + usize::from(length);
    }
    data.split_at((at + 1).min(data.len()))
}

/// Address records that help with an RRset just written, of those owners that are wanted, as far as they fit; says
/// whether all did.
pub fn put_extras(
    message: &mut Message<'_>,
    names: &Names,
    records: &Records,
    wanted: impl Fn(&[u8]) -> bool,
) -> bool {
    let mut all = true;
    for extra in names.extras(records).filter(|extra| wanted(names.owner(extra))) {
        all &=
            put_rrset(message, Section::Additional, names, Owner::Name(names.owner(extra)), extra, u32::MAX);
    }
    all
}

/// Whether a name is `ancestor` or below it; both in lower case.
pub fn is_within(mut name: &[u8], ancestor: &[u8]) -> bool {
    while name.len() > ancestor.len() {
        name = &name[1 + usize::from(name[0])..];
    }
    name == ancestor
}
