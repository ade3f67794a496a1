//! A naive look-up, written from the rules' words and sharing no code with the compiler beyond the decoding
//! of single records: the same order for every address, in the widest block that has it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::Path;

use proptest::prelude::*;

use super::super::mmdb_writer::{Layout, Precision, Record, Writer};
use super::super::*;
use crate::model::{Family, Location, Network, OrderRule, Place, Region, RegionId, ServiceId, Steer, unfold};

//------------ The oracle ----------------------------------------------------

/// Everything a table is made of, owned.
#[derive(Debug)]
pub(super) struct World {
    pub databases: Vec<Database>,
    pub regions: Vec<Region>,
    pub rules: Vec<OrderRule>,
    pub services: Vec<Vec<OrderRule>>,
}

impl World {
    pub fn compile(&self) -> Table {
        let service_rules: Vec<_> =
            self.services.iter().zip(0..).map(|(rules, id)| (ServiceId(id), rules.as_slice())).collect();
        let (databases, regions, rules) = (&self.databases, &self.regions, &self.rules);
        let [here, aside] = [Threads::One, Threads::Many].map(|threads| {
            compile(&Input {
                databases,
                regions,
                rules,
                service_rules: &service_rules,
                fences: &[],
                measured: false,
                threads,
            })
            .unwrap()
        });
        assert_eq!(format!("{:?}", here.size()), format!("{:?}", aside.size()));
        aside
    }

    /// All regions as an address prefers them without any service.
    pub fn order(&self, address: IpAddr) -> Vec<RegionId> {
        let facts = facts(&self.databases, address);
        match winner(&self.rules, &facts, address) {
            Some(Steer::Regions(list)) if list.is_empty() => vec![],
            Some(Steer::Regions(list)) => self.then(list, self.by_distance(facts.stands_at())),
            Some(Steer::Location(location)) => self.all(self.by_distance(Some(*location))),
            None => self.all(self.by_distance(facts.stands_at())),
        }
    }

    /// All regions as an address prefers them for one service.
    fn order_for(&self, service: usize, address: IpAddr) -> Vec<RegionId> {
        let facts = facts(&self.databases, address);
        let own = self.order(address);
        match winner(&self.services[service], &facts, address) {
            Some(Steer::Regions(list)) if list.is_empty() => vec![],
            Some(Steer::Regions(list)) => join(list, &own),
            Some(Steer::Location(location)) => self.all(self.by_distance(Some(*location))),
            None => own,
        }
    }

    /// The nearest sixteen.
    fn by_distance(&self, from: Option<Location>) -> Vec<RegionId> {
        let mut ids: Vec<_> = (0..self.regions.len() as u16).map(RegionId).collect();
        if let Some(from) = from {
            let km = |id: &RegionId| self.regions[id.index()].biased_km(from).unwrap_or(f64::INFINITY);
            ids.sort_by(|a, b| km(a).total_cmp(&km(b)));
        }
        ids.truncate(LENGTH);
        ids
    }

    fn then(&self, list: &[RegionId], near: Vec<RegionId>) -> Vec<RegionId> {
        let length = join(list, &[]).len().max(LENGTH);
        let mut together = join(list, &near);
        together.truncate(length);
        self.all(together)
    }

    fn all(&self, beginning: Vec<RegionId>) -> Vec<RegionId> {
        let written: Vec<_> = (0..self.regions.len() as u16).map(RegionId).collect();
        join(&beginning, &written)
    }
}

fn join(first: &[RegionId], rest: &[RegionId]) -> Vec<RegionId> {
    let mut all: Vec<RegionId> = Vec::new();
    for &region in first.iter().chain(rest) {
        if !all.contains(&region) {
            all.push(region);
        }
    }
    all
}

/// The rule that holds: kind by kind, then rule by rule.
fn winner<'a>(rules: &'a [OrderRule], facts: &Facts, address: IpAddr) -> Option<&'a Steer> {
    let mut best: Option<(u8, &OrderRule)> = None;
    for rule in rules {
        for network in rule.networks.iter().filter(|network| network.contains(&address)) {
            if best.is_none_or(|(length, _)| network.prefix_len() > length) {
                best = Some((network.prefix_len(), rule));
            }
        }
    }
    let holds = |test: &dyn Fn(&OrderRule) -> bool| rules.iter().find(|rule| test(rule));
    best.map(|(_, rule)| rule)
        .or_else(|| holds(&|rule| facts.asn.is_some_and(|asn| rule.asns.contains(&asn))))
        .or_else(|| holds(&|rule| facts.subdivision.as_ref().is_some_and(|s| rule.subdivisions.contains(s))))
        .or_else(|| holds(&|rule| facts.country.is_some_and(|c| rule.countries.contains(&c))))
        .or_else(|| holds(&|rule| facts.on_continent().is_some_and(|c| rule.continents.contains(&c))))
        .map(|rule| &rule.steer)
}

//------------ Checks --------------------------------------------------------

/// The first and last address of the block of `depth` bits around an address.
fn block(address: IpAddr, depth: u8) -> (IpAddr, IpAddr) {
    let network = Network::new(address, depth).unwrap();
    (network.network(), network.broadcast())
}

/// Every address at which something may change: edges of everything that is written anywhere.
fn check(world: &World, edges: &[Network], probes: &[IpAddr]) {
    let table = world.compile();
    let edges = edges.iter().flat_map(|network| [network.network(), network.broadcast()]);
    let addresses: Vec<_> = edges.flat_map(around).chain(probes.iter().copied()).filter(asked).collect();
    check_walks(&table, &addresses);
    for &address in &addresses {
        let found = table.find(address);
        let order: Vec<_> = table.regions(table.cell(found.cell).order).collect();
        assert_eq!(order, world.order(address), "{address}");
        let (first, last) = block(address, found.depth);
        for &other in addresses.iter().filter(|&&other| between(first, other, last)).chain([&first, &last]) {
            assert_eq!(table.find(other), found, "{address}/{} also holds {other}", found.depth);
        }
        for embedded in ["::ffff:0:0", "64:ff9b::", "2001::", "2002::"].map(|text| text.parse().unwrap()) {
            assert!(!between(first, embedded, last), "{address}/{} reaches into {embedded}", found.depth);
        }
        for service in 0..world.services.len() {
            check_service(world, &table, service, address, &addresses);
        }
        check_parent(&table, address, found);
    }
}

/// Side by side, or with steps left undone, an address is found where it is found alone.
fn check_walks(table: &Table, addresses: &[IpAddr]) {
    let mut walks: Vec<_> = addresses.iter().map(|&address| table.walk(address)).collect();
    let mut under_way = true;
    while under_way {
        let found = walks.iter().map(|walk| table.found(walk));
        assert!(found.eq(addresses.iter().map(|&address| table.find(address))));
        under_way = walks.iter_mut().fold(false, |others, walk| table.step(walk) | others);
    }
    assert!(walks.iter_mut().all(|walk| !table.step(walk)));
}

fn check_service(world: &World, table: &Table, service: usize, address: IpAddr, all: &[IpAddr]) {
    let overlay = table.overlay(ServiceId(service as u32));
    assert_eq!(overlay.is_some(), !world.services[service].is_empty());
    let resolved = table.resolve(overlay, address);
    let order: Vec<_> = table.regions(resolved.order).collect();
    assert_eq!(order, world.order_for(service, address), "service {service}, {address}");
    assert!(world.regions.is_empty() || resolved.order.is_nodata() == order.is_empty());
    assert!(resolved.depth >= table.find(address).depth);
    let (first, last) = block(address, resolved.depth);
    for &other in all.iter().filter(|&&other| between(first, other, last)) {
        assert_eq!(
            table.resolve(overlay, other).order,
            resolved.order,
            "service {service}, {address}, {other}"
        );
    }
}

/// The sibling block must hold another cell somewhere, else the parent would have been the wider truth. The
/// sibling is searched block by block, so the answer is exact.
fn check_parent(table: &Table, address: IpAddr, found: Found) {
    let Some(depth) = found.depth.checked_sub(1) else { return };
    let (mut at, last) = block(address, depth);
    loop {
        let here = table.find(at);
        if here.cell != found.cell {
            return;
        }
        let (_, end) = block(at, here.depth);
        assert!(end < last, "{address}: /{depth} would have done instead of /{}", found.depth);
        at = next(end);
    }
}

fn next(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(four) => Ipv4Addr::from_bits(four.to_bits().wrapping_add(1)).into(),
        IpAddr::V6(six) => Ipv6Addr::from_bits(six.to_bits().wrapping_add(1)).into(),
    }
}

fn around(address: IpAddr) -> [IpAddr; 3] {
    let before = match address {
        IpAddr::V4(four) => Ipv4Addr::from_bits(four.to_bits().wrapping_sub(1)).into(),
        IpAddr::V6(six) => Ipv6Addr::from_bits(six.to_bits().wrapping_sub(1)).into(),
    };
    [before, address, next(address)]
}

/// Nobody asks for IPv4 inside IPv6: it is unfolded first.
fn asked(address: &IpAddr) -> bool {
    unfold(*address).0 == *address
}

fn between(first: IpAddr, address: IpAddr, last: IpAddr) -> bool {
    Family::of(first) == Family::of(address) && first <= address && address <= last
}

//------------ Generators ----------------------------------------------------

const COUNTRIES: [&str; 6] = ["US", "IE", "JP", "BR", "TR", "ZZ"];
const CONTINENTS: [&str; 4] = ["NA", "EU", "AS", "SA"];
const PARTS: [&str; 3] = ["CA", "NY", "7"];

/// Networks that crowd together, so that they nest and touch.
fn network() -> impl Strategy<Value = Network> {
    let four = (0_u32..64, 0_u8..=32).prop_map(|(bits, length)| {
        let address = bits << 26 | (bits & 3) << 8 | bits >> 4;
        Network::new(Ipv4Addr::from_bits(address).into(), length).unwrap().trunc()
    });
    let six = (0_u128..64, 0_u8..=128).prop_map(|(bits, length)| {
        let address = 0x2 << 124 | bits << 112 | (bits & 3) << 80 | bits >> 4;
        Network::new(Ipv6Addr::from_bits(address).into(), length).unwrap().trunc()
    });
    prop_oneof![four, six]
}

fn location() -> impl Strategy<Value = (f64, f64)> {
    // Whole degrees on a coarse grid: ties and equal places must occur.
    (-3_i32..=3, -6_i32..=6).prop_map(|(lat, lon)| (f64::from(lat * 30), f64::from(lon * 30)))
}

fn record() -> impl Strategy<Value = Record> {
    let one_of = |words: &'static [&'static str]| prop::option::of(prop::sample::select(words));
    (
        one_of(&COUNTRIES),
        one_of(&PARTS),
        one_of(&CONTINENTS),
        prop::option::of(location()),
        prop::option::of(1_u32..4),
    )
        .prop_map(|(country, subdivision, continent, at, asn)| Record {
            country,
            subdivision,
            continent,
            at,
            asn,
        })
}

/// The bytes of a database, and its networks.
fn database() -> impl Strategy<Value = (Vec<u8>, Vec<Network>)> {
    let networks = prop::collection::vec((network(), record()), 0..24);
    let layout = prop::sample::select(vec![Layout::Nested, Layout::Flat]);
    let precision = prop::sample::select(vec![Precision::Double, Precision::Float]);
    (any::<bool>(), prop::sample::select(vec![24, 28, 32]), layout, precision, networks).prop_map(
        |(six, bits, layout, precision, networks)| {
            let mut writer = Writer::new(six, bits);
            for (network, record) in &networks {
                writer.insert_network(*network, &record.value(layout, precision));
            }
            // One that says nothing at all is refused.
            let some = Record { country: Some("IE"), ..Record::default() };
            writer.insert("203.0.113.0/24", &some.value(layout, precision));
            if six {
                for prefix in ["2002::/16", "::ffff:0:0/96", "2001::/32"] {
                    writer.alias(prefix);
                }
            }
            (writer.finish(), networks.into_iter().map(|(network, _)| network).collect())
        },
    )
}

fn region() -> impl Strategy<Value = Region> {
    (prop::option::weighted(0.9, location()), prop::sample::select(vec![0_i8, 0, 0, 50, -50, 99])).prop_map(
        |(at, bias)| Region {
            location: at.and_then(|(lat, lon)| Location::new(lat, lon)),
            bias,
            ..Region::default()
        },
    )
}

fn rule(regions: u16) -> impl Strategy<Value = OrderRule> {
    let codes = |words: &'static [&'static str]| {
        prop::collection::vec(prop::sample::select(words), 0..2)
            .prop_map(|words| words.iter().map(|word| word.as_bytes().try_into().unwrap()).collect())
    };
    let list = prop::collection::vec((0..regions.max(1)).prop_map(RegionId), 0..20)
        .prop_map(move |list| Steer::Regions(if regions == 0 { vec![] } else { list }));
    let steer = prop_oneof![
        3 => list,
        1 => location().prop_map(|(lat, lon)| Steer::Location(Location::new(lat, lon).unwrap())),
    ];
    let subdivisions = prop::collection::vec(prop::sample::select(vec!["US-CA", "US-NY", "IE-7"]), 0..2);
    (
        prop::collection::vec(network(), 0..4),
        prop::collection::vec(1_u32..4, 0..2),
        subdivisions,
        codes(&COUNTRIES),
        codes(&CONTINENTS),
        steer,
    )
        .prop_map(|(networks, asns, subdivisions, countries, continents, steer)| OrderRule {
            networks,
            asns,
            subdivisions: subdivisions.into_iter().map(str::to_owned).collect(),
            countries,
            continents,
            steer,
            place: Place::default(),
        })
}

fn world() -> impl Strategy<Value = (World, Vec<Network>)> {
    let regions = prop_oneof![prop::collection::vec(region(), 0..6), prop::collection::vec(region(), 14..22)];
    (prop::collection::vec(database(), 0..4), regions).prop_flat_map(|(databases, regions)| {
        let count = regions.len() as u16;
        let rules = move || prop::collection::vec(rule(count), 0..4);
        (Just(databases), Just(regions), rules(), prop::collection::vec(rules(), 0..3)).prop_map(
            |(databases, regions, rules, services)| {
                let (files, networks): (Vec<_>, Vec<_>) = databases.into_iter().unzip();
                let mut edges = networks.concat();
                let all_rules = rules.iter().chain(services.iter().flatten());
                edges.extend(all_rules.flat_map(|rule| rule.networks.clone()));
                let open = |bytes| Database::parse(Path::new("generated.mmdb"), bytes).unwrap();
                let databases = files.into_iter().map(open).collect();
                (World { databases, regions, rules, services }, edges)
            },
        )
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, ..ProptestConfig::default() })]

    #[test]
    fn the_table_says_what_a_naive_look_up_says(
        (world, edges) in world(),
        fours in prop::collection::vec(any::<u32>(), 8),
        sixes in prop::collection::vec(any::<u128>(), 8),
    ) {
        let fours = fours.into_iter().map(|bits| IpAddr::from(Ipv4Addr::from_bits(bits)));
        let sixes = sixes.into_iter().map(|bits| IpAddr::from(Ipv6Addr::from_bits(0x2 << 124 | bits >> 3)));
        check(&world, &edges, &fours.chain(sixes).collect::<Vec<_>>());
    }
}
