//! Additional data, found at load: the address RRsets of the names that NS, MX, SRV, SVCB and HTTPS lead to.

use super::super::rtype;
use super::grow::Growing;
use super::{Records, parent};

/// Notes in every RRset where its additional data stands in the list that is given back.
pub(super) fn link(table: &Growing, rrsets: &mut [Records]) -> Vec<u32> {
    let mut extras = Vec::new();
    for id in 0..rrsets.len() {
        let at = extras.len();
        let Some(offset) = rtype::target_offset(rrsets[id].rtype) else { continue };
        for data in rrsets[id].data(&table.bytes) {
            if let Some(target) = data.get(offset..).and_then(first_name) {
                addresses(table, rrsets, &target.to_ascii_lowercase(), &mut extras, at);
            }
        }
        let records = &mut rrsets[id];
        (records.extras_at, records.extras_count) = (at as u32, (extras.len() - at) as u32);
    }
    extras
}

/// The address RRsets of a name, which are not among the extras from `since` on.
fn addresses(table: &Growing, rrsets: &[Records], target: &[u8], extras: &mut Vec<u32>, since: usize) {
    let Some(entry) = table.find(target).map(|id| &table.entries[id as usize]) else { return };
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
