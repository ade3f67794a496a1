//! Zones and steered names, compiled into one table; what does not fit together is a problem with its place.
//!
//! ```text
//! every RRset finds its entry ─▶ RRsets of an entry stand together, as wire data ─▶ steered names
//!   ─▶ empty non-terminals ─▶ from the top: cuts, DNAMEs and wildcards are passed down ─▶ additional data
//! ```

use std::collections::{HashMap, HashSet};

use crate::model::{Name, Place, Problems};

use super::super::{Rrset, Zone, rtype};
use super::grow::Growing;
use super::hinted::tell_hints;
use super::link::link;
use super::{ALIAS, APEX, ASIDE, Apex, CUT, DNAME, Entry, NONE, Names, Records, Steers, WHOAMI, parent};

/// A name that a service answers, and where that is written.
#[derive(Clone, Debug)]
pub struct Steered<'a> {
    /// The name; a first label `*` makes it a wildcard.
    pub name: &'a Name,
    /// Who answers it.
    pub steers: Steers,
    /// Where the name is written.
    pub place: &'a Place,
}

/// Compiles zones and steered names; `None` when there is an error among the problems.
pub fn build(zones: &[Zone], steered: &[Steered<'_>], problems: &mut Problems) -> Option<Names> {
    let count: usize = zones.iter().map(|zone| zone.rrsets.len()).sum();
    let mut table = Growing::with_capacity(count + steered.len());
    let origins = Origins::new(zones, problems);
    let homes = find_homes(&mut table, &origins, zones);
    mark_apexes(&mut table, zones);
    let mut rrsets = encode(&mut table, zones, &homes, problems);
    drop(homes);
    place_steered(&mut table, &rrsets, &origins, steered, problems);
    if problems.has_errors() {
        return None;
    }
    add_empty_non_terminals(&mut table, zones);
    let deepest = pass_down(&mut table);
    let extras = link(&table, &mut rrsets);
    let zones = zones.iter().map(|zone| apex(&table, &rrsets, zone)).collect();
    let Growing { slots, entries, bytes, .. } = table;
    Some(Names {
        slots: slots.into(),
        entries: entries.into(),
        rrsets: rrsets.into(),
        extras: extras.into(),
        zones,
        bytes: bytes.into(),
        deepest,
    })
}

//------------ Zones ---------------------------------------------------------

/// Which zone a name is in.
struct Origins<'a> {
    zones: &'a [Zone],
    by_name: HashMap<&'a [u8], u32>,
    /// By zone: whether another one lies inside it.
    has_child: Vec<bool>,
}

impl<'a> Origins<'a> {
    fn new(zones: &'a [Zone], problems: &mut Problems) -> Origins<'a> {
        let mut by_name = HashMap::new();
        for (zone, id) in zones.iter().zip(0..) {
            if by_name.insert(zone.origin.as_wire(), id).is_some() {
                problems.error(&zone.place, format!("zone '{}' is served twice", zone.origin));
            }
        }
        let mut has_child = vec![false; zones.len()];
        for zone in zones {
            for above in suffixes(zone.origin.as_wire()).skip(1) {
                by_name.get(above).into_iter().for_each(|id| has_child[*id as usize] = true);
            }
        }
        Origins { zones, by_name, has_child }
    }

    /// The zone with the longest origin at or above a name.
    fn zone_of(&self, name: &[u8]) -> Option<u32> {
        suffixes(name).find_map(|suffix| self.by_name.get(suffix).copied())
    }

    /// Whether a name of this zone, which is the apex of another, is that one's cut in this one.
    fn delegates(&self, id: u32, name: &[u8]) -> bool {
        name != self.zones[id as usize].origin.as_wire() && self.zone_of(parent(name)) == Some(id)
    }
}

/// A name, the name above it, and so on to the root.
fn suffixes(name: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::successors(Some(name), |name| (name.len() > 1).then(|| parent(name)))
}

/// The entry of every RRset, zone by zone; [`NONE`] for what nobody will ever see.
fn find_homes(table: &mut Growing, origins: &Origins<'_>, zones: &[Zone]) -> Vec<u32> {
    let mut homes = Vec::with_capacity(zones.iter().map(|zone| zone.rrsets.len()).sum());
    for (zone, id) in zones.iter().zip(0..) {
        for rrset in &zone.rrsets {
            let home = home(table, origins, id, rrset);
            if let Some(entry) = table.entries.get_mut(home as usize) {
                entry.rrset_count += 1;
            }
            homes.push(home);
        }
    }
    homes
}

/// A record at or below the apex of a served child zone belongs to the parent's side of that cut: NS and DS
/// are kept for DS queries, addresses for the parent's own referrals.
fn home(table: &mut Growing, origins: &Origins<'_>, id: u32, rrset: &Rrset) -> u32 {
    let owner = rrset.owner.as_wire();
    let deepest = if origins.has_child[id as usize] { origins.zone_of(owner).unwrap_or(id) } else { id };
    if deepest == id {
        return table.find_or_add(owner, id);
    }
    if origins.by_name.get(owner) != Some(&deepest) || !origins.delegates(id, owner) {
        let is_address = matches!(rrset.rtype, rtype::A | rtype::AAAA);
        return if is_address { table.find_or_add_aside(owner, id) } else { NONE };
    }
    let child = table.find_or_add(owner, deepest) as usize;
    if table.entries[child].parent_side == NONE {
        table.entries[child].parent_side = table.add_unnamed(owner, id);
    }
    table.entries[child].parent_side
}

fn mark_apexes(table: &mut Growing, zones: &[Zone]) {
    for zone in zones {
        if let Some(id) = table.find(zone.origin.as_wire()) {
            table.entries[id as usize].marks |= APEX;
        }
    }
}

//------------ Records -------------------------------------------------------

/// All RRsets as wire data, those of an entry side by side in written order.
fn encode(table: &mut Growing, zones: &[Zone], homes: &[u32], problems: &mut Problems) -> Vec<Records> {
    let mut next = 0;
    for entry in &mut table.entries {
        entry.rrsets = next;
        next += u32::from(entry.rrset_count);
    }
    let mut rrsets: Vec<Records> = std::iter::repeat_with(Records::default).take(next as usize).collect();
    let written = zones.iter().flat_map(|zone| &zone.rrsets);
    for (rrset, &home) in written.zip(homes).filter(|(_, home)| **home != NONE) {
        let records = encode_one(&mut table.bytes, rrset, home);
        let entry = &mut table.entries[home as usize];
        entry.marks |= mark(entry, rrset.rtype);
        // Counted up while the entry's RRsets come, and back when all are there.
        rrsets[entry.rrsets as usize] = records;
        entry.rrsets += 1;
    }
    for entry in &mut table.entries {
        entry.rrsets -= u32::from(entry.rrset_count);
    }
    if u32::try_from(table.bytes.len()).is_err()
        && let Some(zone) = zones.last()
    {
        problems.error(&zone.place, "the zones together hold more than 4 GiB of records; serve fewer here");
    }
    rrsets
}

fn encode_one(bytes: &mut Vec<u8>, rrset: &Rrset, owner: u32) -> Records {
    let at = bytes.len();
    bytes.extend_from_slice(rrset.rdata.as_wire());
    Records {
        rtype: rrset.rtype,
        count: rrset.rdata.len() as u16,
        ttl: rrset.ttl,
        at: at as u32,
        len: (bytes.len() - at) as u32,
        owner,
        extras_at: 0,
        extras_count: 0,
    }
}

/// What a type says of the name that has it.
fn mark(entry: &Entry, rtype: u16) -> u8 {
    match rtype {
        rtype::NS if entry.marks & APEX == 0 => CUT,
        rtype::DNAME => DNAME,
        _ => 0,
    }
}

fn apex(table: &Growing, rrsets: &[Records], zone: &Zone) -> Apex {
    let entry = table.find(zone.origin.as_wire()).unwrap_or(NONE);
    let node = &table.entries[entry as usize];
    let range = node.rrsets..node.rrsets + u32::from(node.rrset_count);
    let soa = range.into_iter().find(|id| rrsets[*id as usize].rtype == rtype::SOA).unwrap_or(NONE);
    let records = &rrsets[soa as usize];
    let end = (records.at + records.len) as usize;
    let minimum = table.bytes[..end].last_chunk::<4>().map_or(0, |field| u32::from_be_bytes(*field));
    Apex { entry, soa, negative_ttl: minimum.min(records.ttl) }
}

//------------ Steered names -------------------------------------------------

fn place_steered(
    table: &mut Growing,
    rrsets: &[Records],
    origins: &Origins<'_>,
    steered: &[Steered<'_>],
    problems: &mut Problems,
) {
    let mut conflicts = Vec::new();
    for (one, position) in steered.iter().zip(0..) {
        let (name, place) = (one.name, one.place);
        let Some(zone) = origins.zone_of(name.as_wire()) else {
            let known: Vec<_> = origins.zones.iter().map(|zone| zone.origin.to_string()).collect();
            let known = if known.is_empty() { "none".into() } else { known.join(", ") };
            problems.error(place, format!("'{name}' is outside every zone; zones: {known}"));
            continue;
        };
        if let Some(why) = hidden(table, &origins.zones[zone as usize].origin, name) {
            problems.error(place, why);
            continue;
        }
        let id = table.find_or_add(name.as_wire(), zone);
        tell_hints(table, rrsets, id, one, problems);
        let entry = &mut table.entries[id as usize];
        let beside = &rrsets[entry.rrsets as usize..][..usize::from(entry.rrset_count)];
        let is_alias = matches!(one.steers, Steers::Alias(_));
        if is_alias && entry.marks & APEX != 0 {
            let text = "is the name of a zone, whose SOA and NS no cname may stand beside (RFC 1034 §3.6.2); write resolve = \
                        true, or answer a name below it";
            problems.error(place, format!("'{name}' {text}"));
            continue;
        }
        let beside = beside.iter().map(|records| (position, records.rtype));
        conflicts.extend(beside.filter(|conflict| is_alias || is_conflict(conflict)));
        let service = match one.steers {
            Steers::Whoami => WHOAMI,
            Steers::Service(service) => service.0,
            Steers::Alias(service) => service.0 | ALIAS,
        };
        if std::mem::replace(&mut entry.service, service) != NONE {
            problems.error(place, format!("'{name}' is answered by another service already"));
        }
    }
    tell_conflicts(&conflicts, origins.zones, steered, problems);
}

/// Why nobody would ask here for a name, if that is so.
fn hidden(table: &Growing, origin: &Name, name: &Name) -> Option<String> {
    let inside = suffixes(name.as_wire()).take_while(|suffix| suffix.len() >= origin.as_wire().len());
    for suffix in inside {
        let marks = table.find(suffix).map_or(0, |id| table.entries[id as usize].marks);
        let shown = || Name::from_wire(suffix).map_or_else(String::new, |name| name.to_string());
        if marks & CUT != 0 {
            let cut = shown();
            return Some(format!(
                "'{name}' is at or below the delegation of '{cut}', so nobody would ask here for it"
            ));
        }
        if marks & DNAME != 0 && suffix != name.as_wire() {
            let at = shown();
            return Some(format!("'{name}' is below '{at}', whose DNAME answers for everything below it"));
        }
    }
    None
}

/// Types that a steered name's own answers leave no room for.
fn is_conflict((_, rtype): &(usize, u16)) -> bool {
    matches!(*rtype, rtype::A | rtype::AAAA | rtype::CNAME)
}

/// Static records at steered names, each with the place of both.
fn tell_conflicts(
    conflicts: &[(usize, u16)],
    zones: &[Zone],
    steered: &[Steered<'_>],
    problems: &mut Problems,
) {
    let wanted: HashSet<_> = conflicts.iter().map(|(at, rtype)| (steered[*at].name, *rtype)).collect();
    let all = zones.iter().flat_map(|zone| &zone.rrsets);
    let places: HashMap<_, _> = all
        .map(|rrset| ((&rrset.owner, rrset.rtype), &rrset.place))
        .filter(|(key, _)| !wanted.is_empty() && wanted.contains(key))
        .collect();
    for (at, rtype) in conflicts {
        let Steered { name, place, .. } = steered[*at];
        let Some(there) = places.get(&(name, *rtype)) else { continue };
        let what = match *rtype {
            rtype::A => "has A records for it",
            rtype::AAAA => "has AAAA records for it",
            rtype::CNAME => "makes it an alias (CNAME)",
            _ => "has other records for it, which no cname may stand beside (RFC 1034 §3.6.2)",
        };
        problems.error(place, format!("'{name}' is steered, but {there} {what}; keep one"));
    }
}

//------------ What follows from the names together --------------------------

/// RFC 4592 §2.2.2: a name exists if one below it does. A cut to a served child has names of the parent's above
/// it, as any other has.
fn add_empty_non_terminals(table: &mut Growing, zones: &[Zone]) {
    for id in 0..table.entries.len() {
        let entry = &table.entries[id];
        let zone = entry.zone;
        let origin = zones[zone as usize].origin.as_wire();
        if entry.marks & (APEX | ASIDE) != 0 {
            continue;
        }
        let mut room = [0; 255];
        let name = table.name(id as u32);
        let length = name.len();
        room[..length].copy_from_slice(name);
        for above in suffixes(&room[..length]).skip(1).take_while(|name| name.len() > origin.len()) {
            if table.find(above).is_some() {
                break;
            }
            table.find_or_add(above, zone);
        }
    }
}

/// From the apexes down: the cut or the DNAME above every name, and the wildcard below it. Gives the most labels
/// of any name.
fn pass_down(table: &mut Growing) -> usize {
    let (order, deepest) = table.top_down();
    for id in order {
        // The parent's side of a cut is found by way of the child's apex alone.
        if table.find(table.name(id)) != Some(id) || table.entries[id as usize].marks & APEX != 0 {
            continue;
        }
        let Some(above) = table.above(id) else { continue };
        let Entry { cut, marks, .. } = table.entries[above as usize];
        let wildcard = table.name(id).starts_with(b"\x01*");
        let own = if table.entries[id as usize].marks & CUT != 0 { id } else { NONE };
        table.entries[id as usize].cut = match cut {
            NONE if marks & DNAME != 0 => above,
            NONE => own,
            cut => cut,
        };
        if wildcard {
            table.entries[above as usize].wildcard = id;
        }
    }
    deepest
}
