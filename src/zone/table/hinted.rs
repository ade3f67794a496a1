//! HTTPS and SVCB records at steered names: what their hints are is not the zone file's to say.

use super::super::rtype;
use super::super::svcb::{IPV4HINT, IPV6HINT, MANDATORY, is_hinted, params_of};
use super::build::Steered;
use super::grow::Growing;
use super::{Records, Steers};
use crate::model::Problems;

/// Hints are filled in from what is picked: those of the zone file have no effect, and nobody may depend on them.
pub(super) fn tell_hints(
    table: &Growing,
    rrsets: &[Records],
    entry: u32,
    one: &Steered<'_>,
    problems: &mut Problems,
) {
    let entry = &table.entries[entry as usize];
    let beside = &rrsets[entry.rrsets as usize..][..usize::from(entry.rrset_count)];
    let bindings = beside.iter().filter(|records| matches!(records.rtype, rtype::HTTPS | rtype::SVCB));
    for records in bindings.filter(|_| matches!(one.steers, Steers::Service(_))) {
        let (name, kind) = (one.name, if records.rtype == rtype::HTTPS { "HTTPS" } else { "SVCB" });
        for data in records.data(&table.bytes).filter(|data| is_hinted(data, name.as_wire())) {
            if params_of(data).any(|(key, _)| is_hint(key)) {
                let text = "has hints in its zone file; each client gets its own addresses instead";
                problems.warn(one.place, format!("the {kind} record of '{name}' {text}"));
            }
            if wants_hints(data) {
                let text = "makes a hint mandatory, which not every client gets of a steered name";
                problems.error(
                    one.place,
                    format!("the {kind} record of '{name}' {text}; take it out of 'mandatory'"),
                );
            }
        }
    }
}

fn is_hint(key: u16) -> bool {
    matches!(key, IPV4HINT | IPV6HINT)
}

/// Whether clients have to understand a hint (RFC 9460 §8).
fn wants_hints(data: &[u8]) -> bool {
    let lists = params_of(data).filter(|(key, _)| *key == MANDATORY);
    let mut keys = lists.flat_map(|(_, whole)| whole.get(4..).unwrap_or_default().as_chunks().0);
    keys.any(|key| is_hint(u16::from_be_bytes(*key)))
}
