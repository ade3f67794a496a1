//! The fences of one service's endpoints: an address and its place in, who may serve it out.
//!
//! What a network says and what a place says do not depend on each other, so they are looked up apart and joined as sets
//! of bits. Unlike rules, of which the most specific one holds, everything that holds an address counts here: an address
//! in a denied network is denied, however short that network is.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::model::{Clients, Family, Fence};

use super::facts::Facts;
use super::overlay::Networks;
use super::rules::flatten;
use super::table::PlaceId;
use super::tree::key;

/// Who lets somebody in, and who keeps him out: bit `i`, the endpoint at position `i`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Sides {
    allow: u64,
    deny: u64,
}

impl Sides {
    fn and(self, other: Sides) -> Sides {
        Sides { allow: self.allow | other.allow, deny: self.deny | other.deny }
    }
}

/// The fences of one service.
pub struct Fences {
    /// By family: to a place in `words`.
    networks: [Networks; 2],
    words: Box<[Sides]>,
    places: Box<[Sides]>,
    /// Endpoints that let everybody in who is not kept out.
    open: u64,
}

impl Fences {
    /// `fences` by endpoint, at most 64; `places` are all that a table tells apart.
    pub(super) fn new(fences: &[Fence], places: &[Facts]) -> Fences {
        let mut words = vec![Sides::default()];
        let networks = Family::ALL.map(|family| networks(fences, family, &mut words));
        let open = bits(fences, |fence| fence.allow.is_none());
        let places = places.iter().map(|facts| Sides {
            allow: bits(fences, |fence| fence.allow.as_ref().is_some_and(|allow| holds(allow, facts))),
            deny: bits(fences, |fence| holds(&fence.deny, facts)),
        });
        Fences { networks, places: places.collect(), words: words.into(), open }
    }

    /// Who may serve an address in a cell of this place, and the bits of it that it took to know.
    #[inline]
    pub fn admitted(&self, address: IpAddr, place: PlaceId) -> (u64, u8) {
        let leaf = self.networks[Family::of(address).index()].find(key(address));
        let by_place = self.places.get(place.0 as usize).copied().unwrap_or_default();
        let sides = self.words[leaf.value() as usize].and(by_place);
        ((self.open | sides.allow) & !sides.deny, leaf.depth())
    }

    /// Memory in bytes.
    pub(super) fn bytes(&self) -> usize {
        let networks: usize = self.networks.iter().map(Networks::bytes).sum();
        networks + size_of_val(&*self.places) + size_of_val(&*self.words)
    }
}

/// The endpoints whose fence is so, as bits.
fn bits(fences: &[Fence], is_so: impl Fn(&Fence) -> bool) -> u64 {
    fences.iter().zip(0..).filter(|(fence, _)| is_so(fence)).fold(0, |set, (_, place)| set | 1 << place)
}

/// Whether what is known of an address is among them; networks are looked up apart.
fn holds(clients: &Clients, facts: &Facts) -> bool {
    let Clients { asns, subdivisions, countries, continents, .. } = clients;
    facts.asn.is_some_and(|asn| asns.contains(&asn))
        || facts.subdivision.as_ref().is_some_and(|code| subdivisions.contains(code))
        || facts.country.is_some_and(|code| countries.contains(&code))
        || facts.continent.is_some_and(|code| continents.contains(&code))
}

/// The networks of one family; what they say goes to `words`.
fn networks(fences: &[Fence], family: Family, words: &mut Vec<Sides>) -> Networks {
    let mut blocks: BTreeMap<(u128, u8), Sides> = BTreeMap::new();
    for (place, fence) in fences.iter().enumerate() {
        let mut add = |clients: &Clients, own: Sides| {
            for network in clients.networks.iter().filter(|network| Family::of(network.addr()) == family) {
                let known = blocks.entry((key(network.network()), network.prefix_len())).or_default();
                *known = known.and(own);
            }
        };
        if let Some(allow) = &fence.allow {
            add(allow, Sides { allow: 1 << place, deny: 0 });
        }
        add(&fence.deny, Sides { allow: 0, deny: 1 << place });
    }
    Networks::new(&flatten(numbered(blocks, words)))
}

/// Blocks with the number of what they and all blocks around them say.
fn numbered(blocks: BTreeMap<(u128, u8), Sides>, words: &mut Vec<Sides>) -> Vec<(u128, u8, u32)> {
    // Those around the current one, the innermost last.
    let mut around: Vec<(u128, Sides)> = Vec::new();
    let mut numbered = Vec::with_capacity(blocks.len());
    for ((start, depth), own) in blocks {
        around.retain(|(last, _)| *last >= start);
        let sides = around.last().map_or(own, |(_, outer)| own.and(*outer));
        around.push((super::tree::last_of(start, depth), sides));
        let number = words.iter().position(|known| *known == sides).unwrap_or(words.len());
        if number == words.len() {
            words.push(sides);
        }
        numbered.push((start, depth, number as u32));
    }
    numbered
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clients(networks: &[&str], countries: &[&[u8; 2]]) -> Clients {
        Clients {
            networks: networks.iter().map(|text| text.parse().unwrap()).collect(),
            countries: countries.iter().map(|code| **code).collect(),
            ..Clients::default()
        }
    }

    #[test]
    fn all_that_holds_an_address_counts() {
        let fences = [
            Fence::default(),
            Fence { allow: Some(clients(&["10.1.0.0/16"], &[b"IE"])), deny: Clients::default() },
            Fence { allow: None, deny: clients(&["10.0.0.0/8", "10.1.2.0/24"], &[b"US"]) },
            Fence { allow: Some(clients(&[], &[b"US"])), deny: clients(&["10.1.2.3/32"], &[]) },
        ];
        let facts = |country: Option<&[u8; 2]>| Facts { country: country.copied(), ..Facts::default() };
        let places = [facts(None), facts(Some(b"IE")), facts(Some(b"US"))];
        let fences = Fences::new(&fences, &places);
        let rows = [
            ("198.51.100.1", 0, 0b0101),
            ("198.51.100.1", 1, 0b0111),
            ("198.51.100.1", 2, 0b1001),
            ("10.0.0.1", 0, 0b0001),
            ("10.1.0.1", 0, 0b0011),
            ("10.1.2.2", 0, 0b0011),
            ("10.1.2.2", 2, 0b1011),
            ("10.1.2.3", 2, 0b0011),
            ("2001:db8::1", 0, 0b0101),
        ];
        for (address, place, admitted) in rows {
            let (found, depth) = fences.admitted(address.parse().unwrap(), PlaceId(place));
            assert_eq!(found, admitted, "{address} at {place}");
            assert!(depth <= 32, "{address}");
        }
        let depth = |address: &str| fences.admitted(address.parse().unwrap(), PlaceId(0)).1;
        assert_eq!([depth("10.1.2.3"), depth("10.200.0.1"), depth("2001:db8::1")], [32, 9, 0]);
    }
}
