//! Zones and steered names, compiled into one table; what does not fit together is a problem with its place.

use std::collections::{BTreeMap, HashMap};

use crate::model::{Name, Place, Problems};

use super::super::{Rrset, Zone, rtype};
use super::hash::hash;
use super::{Apex, Entry, INLINE, NONE, Names, Records, Slot, Steers, WHOAMI, count_labels, tag};

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

/// One name while the table is being built. Names sort by their labels from the right, so a parent stands
/// before its children.
#[derive(Default)]
struct Node<'a> {
    zone: u32,
    rrsets: Vec<&'a Rrset>,
    steers: Option<Steers>,
    parent_side: Vec<&'a Rrset>,
    /// At the apex of a served child: the zone that delegates it.
    delegated_by: Option<u32>,
}

/// Compiles zones and steered names; `None` when there is an error among the problems.
pub fn build(zones: &[Zone], steered: &[Steered<'_>], problems: &mut Problems) -> Option<Names> {
    let origins = origins(zones, problems);
    let mut nodes: BTreeMap<Key, Node<'_>> = BTreeMap::new();
    for (zone, id) in zones.iter().zip(0..) {
        for rrset in &zone.rrsets {
            if rrset.rtype == rtype::DNAME {
                // Half an answer would be wrong: what is below it has to be synthesised (RFC 6672 §3.2).
                let text =
                    format!("'{}' has a DNAME, which this version cannot follow; write CNAMEs", rrset.owner);
                problems.error(&rrset.place, text);
            }
            place_rrset(&mut nodes, &origins, id, zone, rrset);
        }
    }
    for steered in steered {
        place_steered(&mut nodes, &origins, zones, steered, problems);
    }
    add_empty_non_terminals(&mut nodes, zones);
    if problems.has_errors() {
        return None;
    }
    Some(Assembly::default().run(&nodes, zones))
}

/// A name with its labels from the right, each behind its length: a parent is a prefix of its children, and
/// so sorts before them.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key(Box<[u8]>);

impl Key {
    fn of(name: &Name) -> Key {
        let labels: Vec<&[u8]> = name.labels().collect();
        let mut key = Vec::with_capacity(name.as_wire().len());
        for label in labels.iter().rev() {
            key.push(label.len() as u8);
            key.extend_from_slice(label);
        }
        Key(key.into())
    }

    /// The labels, from the right.
    fn labels(&self) -> impl Iterator<Item = &[u8]> {
        let mut rest = &self.0[..];
        std::iter::from_fn(move || {
            let (length, tail) = rest.split_first()?;
            let (label, tail) = tail.split_at(usize::from(*length));
            rest = tail;
            Some(label)
        })
    }

    fn parent(&self) -> Option<Key> {
        let last = self.labels().last()?;
        Some(Key(self.0[..self.0.len() - 1 - last.len()].into()))
    }

    fn wire(&self) -> Vec<u8> {
        let labels: Vec<&[u8]> = self.labels().collect();
        let mut wire = Vec::with_capacity(self.0.len() + 1);
        for label in labels.iter().rev() {
            wire.push(label.len() as u8);
            wire.extend_from_slice(label);
        }
        wire.push(0);
        wire
    }
}

fn origins(zones: &[Zone], problems: &mut Problems) -> HashMap<Name, u32> {
    let mut origins = HashMap::new();
    for (zone, id) in zones.iter().zip(0..) {
        if origins.insert(zone.origin.clone(), id).is_some() {
            problems.error(&zone.place, format!("zone '{}' is served twice", zone.origin));
        }
    }
    origins
}

/// The zone with the longest origin at or above `name`.
fn zone_of(origins: &HashMap<Name, u32>, name: &Name) -> Option<u32> {
    let mut suffix = Some(name.clone());
    while let Some(name) = suffix {
        if let Some(zone) = origins.get(&name) {
            return Some(*zone);
        }
        suffix = name.parent();
    }
    None
}

/// A record at or below the apex of a served child zone belongs to the parent's side of that cut: NS and DS
/// are kept for DS queries, the rest is glue that the child itself knows better.
fn place_rrset<'a>(
    nodes: &mut BTreeMap<Key, Node<'a>>,
    origins: &HashMap<Name, u32>,
    id: u32,
    zone: &'a Zone,
    rrset: &'a Rrset,
) {
    let deepest = zone_of(origins, &rrset.owner).unwrap_or(id);
    if deepest == id {
        let node = nodes.entry(Key::of(&rrset.owner)).or_default();
        node.zone = id;
        node.rrsets.push(rrset);
    } else if origins.get(&rrset.owner) == Some(&deepest) && is_nearest_parent(origins, id, zone, rrset) {
        let node = nodes.entry(Key::of(&rrset.owner)).or_default();
        node.zone = deepest;
        node.delegated_by = Some(id);
        node.parent_side.push(rrset);
    }
}

fn is_nearest_parent(origins: &HashMap<Name, u32>, id: u32, zone: &Zone, rrset: &Rrset) -> bool {
    rrset.owner != zone.origin && rrset.owner.parent().and_then(|up| zone_of(origins, &up)) == Some(id)
}

fn place_steered<'a>(
    nodes: &mut BTreeMap<Key, Node<'a>>,
    origins: &HashMap<Name, u32>,
    zones: &'a [Zone],
    steered: &Steered<'_>,
    problems: &mut Problems,
) {
    let (name, place) = (steered.name, steered.place);
    let Some(zone) = zone_of(origins, name) else {
        let known: Vec<_> = zones.iter().map(|zone| zone.origin.to_string()).collect();
        let known = if known.is_empty() { "none".into() } else { known.join(", ") };
        return problems.error(place, format!("'{name}' is outside every zone; zones: {known}"));
    };
    if let Some(cut) = cut_above(nodes, zone, name, &zones[zone as usize].origin) {
        let text =
            format!("'{name}' is at or below the delegation of '{cut}', so nobody would ask here for it");
        return problems.error(place, text);
    }
    let node = nodes.entry(Key::of(name)).or_default();
    node.zone = zone;
    for rrset in &node.rrsets {
        let at = &rrset.place;
        match rrset.rtype {
            rtype::A | rtype::AAAA => {
                let kind = if rrset.rtype == rtype::A { "A" } else { "AAAA" };
                problems.error(
                    place,
                    format!("'{name}' is steered, but {at} has {kind} records for it; keep one"),
                );
            }
            rtype::CNAME => {
                problems.error(
                    place,
                    format!("'{name}' is steered, but {at} makes it an alias (CNAME); keep one"),
                );
            }
            _ => {}
        }
    }
    if node.steers.replace(steered.steers).is_some() {
        problems.error(place, format!("'{name}' is answered by another service already"));
    }
}

/// The delegation at or above `name`, below its zone's apex.
fn cut_above(nodes: &BTreeMap<Key, Node<'_>>, zone: u32, name: &Name, origin: &Name) -> Option<Name> {
    let mut suffix = Some(name.clone());
    while let Some(name) = suffix.filter(|name| name != origin) {
        let node = nodes.get(&Key::of(&name)).filter(|node| node.zone == zone);
        if node.is_some_and(|node| has(node, rtype::NS)) {
            return Some(name);
        }
        suffix = name.parent();
    }
    None
}

fn has(node: &Node<'_>, rtype: u16) -> bool {
    node.rrsets.iter().any(|rrset| rrset.rtype == rtype)
}

fn add_empty_non_terminals(nodes: &mut BTreeMap<Key, Node<'_>>, zones: &[Zone]) {
    let apexes: Vec<_> = zones.iter().map(|zone| Key::of(&zone.origin)).collect();
    let inside = nodes.iter().map(|(key, node)| (key.clone(), node.zone));
    // A cut to a served child has names of the parent's above it, as any other has.
    let cuts = nodes.iter().filter_map(|(key, node)| Some((key.clone(), node.delegated_by?)));
    let present: Vec<_> = inside.chain(cuts).collect();
    for (key, zone) in present {
        let Some(apex) = apexes.get(zone as usize) else { continue };
        let mut above = if key == *apex { None } else { key.parent() };
        while let Some(key) = above.filter(|key| key != apex) {
            if nodes.contains_key(&key) {
                break;
            }
            nodes.insert(key.clone(), Node { zone, ..Node::default() });
            above = key.parent();
        }
    }
}

//------------ Assembly ------------------------------------------------------

/// The table as it grows.
#[derive(Default)]
struct Assembly {
    entries: Vec<Entry>,
    rrsets: Vec<Records>,
    bytes: Vec<u8>,
    /// From a name to its entry; parents' sides of cuts are not in it.
    by_name: HashMap<Vec<u8>, u32>,
    deepest: usize,
}

impl Assembly {
    fn run(mut self, nodes: &BTreeMap<Key, Node<'_>>, zones: &[Zone]) -> Names {
        for (key, node) in nodes {
            self.add(key, node, zones);
        }
        let zones = (0..zones.len()).map(|zone| self.apex(&zones[zone])).collect();
        let extras = self.link_extras();
        let slots = self.slots();
        Names {
            slots,
            entries: self.entries.into(),
            rrsets: self.rrsets.into(),
            extras: extras.into(),
            zones,
            bytes: self.bytes.into(),
            deepest: self.deepest,
        }
    }

    fn add(&mut self, key: &Key, node: &Node<'_>, zones: &[Zone]) {
        let wire = key.wire();
        let is_apex = zones[node.zone as usize].origin.as_wire() == wire;
        let parent_side = self.parent_side(&wire, node);
        let id = self.push(&wire, node.zone, &node.rrsets);
        let above = key.parent().and_then(|parent| self.by_name.get(&parent.wire()).copied());
        let cut = match above {
            _ if is_apex => NONE,
            Some(above) if self.entries[above as usize].cut != NONE => self.entries[above as usize].cut,
            _ if has(node, rtype::NS) => id,
            _ => NONE,
        };
        if let Some(above) = above.filter(|_| wire.starts_with(b"\x01*") && !is_apex) {
            self.entries[above as usize].wildcard = id;
        }
        let entry = &mut self.entries[id as usize];
        (entry.is_apex, entry.cut, entry.parent_side) = (is_apex, cut, parent_side);
        entry.service = match node.steers {
            None => NONE,
            Some(Steers::Whoami) => WHOAMI,
            Some(Steers::Service(service)) => service.0,
        };
        self.deepest = self.deepest.max(count_labels(&wire));
        self.by_name.insert(wire, id);
    }

    /// An entry outside the hash table that answers DS from the parent zone.
    fn parent_side(&mut self, wire: &[u8], node: &Node<'_>) -> u32 {
        node.delegated_by.map_or(NONE, |zone| self.push(wire, zone, &node.parent_side))
    }

    fn push(&mut self, wire: &[u8], zone: u32, rrsets: &[&Rrset]) -> u32 {
        let id = self.entries.len() as u32;
        let (name_at, mut inline) = (self.bytes.len() as u32, [0; INLINE]);
        match inline.get_mut(..wire.len()) {
            Some(name) => name.copy_from_slice(wire),
            None => self.bytes.extend_from_slice(wire),
        }
        let first = self.rrsets.len() as u32;
        for rrset in rrsets {
            self.encode(rrset, id);
        }
        self.entries.push(Entry {
            inline,
            name_at,
            name_len: wire.len() as u8,
            is_apex: false,
            rrset_count: rrsets.len() as u16,
            rrsets: first,
            zone,
            cut: NONE,
            wildcard: NONE,
            service: NONE,
            parent_side: NONE,
        });
        id
    }

    fn encode(&mut self, rrset: &Rrset, owner: u32) {
        let at = self.bytes.len();
        for data in &rrset.rdata {
            self.bytes.extend_from_slice(&(data.len() as u16).to_be_bytes());
            self.bytes.extend_from_slice(data);
        }
        self.rrsets.push(Records {
            rtype: rrset.rtype,
            count: rrset.rdata.len() as u16,
            ttl: rrset.ttl,
            at: at as u32,
            len: (self.bytes.len() - at) as u32,
            owner,
            extras_at: 0,
            extras_count: 0,
        });
    }

    fn apex(&self, zone: &Zone) -> Apex {
        let entry = self.by_name[zone.origin.as_wire()];
        let node = &self.entries[entry as usize];
        let range = node.rrsets..node.rrsets + u32::from(node.rrset_count);
        let soa = range.into_iter().find(|id| self.rrsets[*id as usize].rtype == rtype::SOA).unwrap_or(NONE);
        let records = &self.rrsets[soa as usize];
        let end = (records.at + records.len) as usize;
        let minimum = self.bytes[..end].last_chunk::<4>().map_or(0, |field| u32::from_be_bytes(*field));
        Apex { entry, soa, negative_ttl: minimum.min(records.ttl) }
    }

    /// For every NS, MX, SRV, SVCB and HTTPS: the address RRsets of the names that it points to.
    fn link_extras(&mut self) -> Vec<u32> {
        let mut extras = Vec::new();
        for id in 0..self.rrsets.len() {
            let at = extras.len() as u32;
            for target in self.targets(&self.rrsets[id]) {
                self.addresses(&target, &mut extras, at as usize);
            }
            let records = &mut self.rrsets[id];
            (records.extras_at, records.extras_count) = (at, extras.len() as u32 - at);
        }
        extras
    }

    fn targets(&self, records: &Records) -> Vec<Vec<u8>> {
        let Some(offset) = rtype::target_offset(records.rtype) else { return Vec::new() };
        let mut targets = Vec::new();
        let mut rest = &self.bytes[records.at as usize..][..records.len as usize];
        while let Some((length, tail)) = rest.split_first_chunk::<2>() {
            let (data, tail) = tail.split_at(usize::from(u16::from_be_bytes(*length)));
            rest = tail;
            if let Some(end) = data.get(offset..).and_then(name_length) {
                targets.push(data[offset..offset + end].to_ascii_lowercase());
            }
        }
        targets
    }

    fn addresses(&self, target: &[u8], extras: &mut Vec<u32>, since: usize) {
        let Some(entry) = self.by_name.get(target).map(|id| &self.entries[*id as usize]) else { return };
        for id in entry.rrsets..entry.rrsets + u32::from(entry.rrset_count) {
            let address = matches!(self.rrsets[id as usize].rtype, rtype::A | rtype::AAAA);
            if address && !extras[since..].contains(&id) {
                extras.push(id);
            }
        }
    }

    /// At most half full, so that a miss ends after a probe or two.
    fn slots(&self) -> Box<[Slot]> {
        let size = (self.by_name.len() * 2).next_power_of_two().max(2);
        let mut slots = vec![Slot { entry: NONE, tag: 0 }; size].into_boxed_slice();
        for (name, id) in &self.by_name {
            let hash = hash(name);
            let mut at = hash as usize & (size - 1);
            while slots[at].entry != NONE {
                at = (at + 1) & (size - 1);
            }
            slots[at] = Slot { entry: *id, tag: tag(hash) };
        }
        slots
    }
}

/// The octets of the uncompressed name at the start of `data`.
fn name_length(data: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        match usize::from(*data.get(at)?) {
            0 => return Some(at + 1),
            length => at += 1 + length,
        }
    }
}
