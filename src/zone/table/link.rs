//! Additional data, found at load: the address RRsets of the names that NS, MX, SRV, SVCB and HTTPS lead to, as the
//! same zone has them. Resolvers have no reason to believe what a reply says of other zones (RFC 2181 §5.4.1).

use super::super::rtype;
use super::grow::Growing;
use super::{ASIDE, Entry, NONE, Records, parent};

/// Notes in every RRset where its additional data stands in the list that is given back.
pub(super) fn link(table: &Growing, rrsets: &mut [Records]) -> Vec<u32> {
    let mut extras = Vec::new();
    for id in 0..rrsets.len() {
        let at = extras.len();
        let Some(offset) = rtype::target_offset(rrsets[id].rtype) else { continue };
        let zone = table.entries[rrsets[id].owner as usize].zone;
        for data in rrsets[id].data(&table.bytes) {
            let Some(target) = data.get(offset..).and_then(first_name) else { continue };
            let own = table.name(rrsets[id].owner);
            let target = if is_own(&rrsets[id], data, target, own) { own } else { target };
            let entry = table.find_in(&target.to_ascii_lowercase(), zone);
            let shown = entry.filter(|entry| rrsets[id].rtype == rtype::NS || is_seen(entry));
            addresses(shown, rrsets, &mut extras, at);
        }
        let records = &mut rrsets[id];
        (records.extras_at, records.extras_count) = (at as u32, (extras.len() - at) as u32);
    }
    extras
}

/// Whether questions find it: below a cut there is glue, for referrals alone.
fn is_seen(entry: &Entry) -> bool {
    entry.cut == NONE && entry.marks & ASIDE == 0
}

/// RFC 9460 §2.5.2: the root as the target of a service's binding stands for the record's owner; who that is at a
/// wildcard, only a question says.
fn is_own(records: &Records, data: &[u8], target: &[u8], own: &[u8]) -> bool {
    let is_binding = matches!(records.rtype, rtype::SVCB | rtype::HTTPS) && !data.starts_with(&[0, 0]);
    is_binding && target == [0] && !own.starts_with(b"\x01*")
}

/// The address RRsets of an entry, which are not among the extras from `since` on.
fn addresses(entry: Option<&Entry>, rrsets: &[Records], extras: &mut Vec<u32>, since: usize) {
    let Some(entry) = entry else { return };
    for id in entry.rrsets..entry.rrsets + u32::from(entry.rrset_count) {
        let address = matches!(rrsets[id as usize].rtype, rtype::A | rtype::AAAA);
        if address && !extras[since..].contains(&id) {
            extras.push(id);
        }
    }
}

/// The uncompressed name at the start of `data`.
fn first_name(data: &[u8]) -> Option<&[u8]> {
    let mut rest = data;
    while !matches!(rest, [] | [0, ..]) {
        let length = usize::from(rest[0]);
        (rest.len() > length + 1).then_some(())?;
        rest = parent(rest);
    }
    data.get(..data.len() - rest.len() + 1)
}
