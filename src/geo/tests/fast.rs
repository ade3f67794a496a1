//! Measured latency, looked up: against the longest network that holds an address, found by trying all of them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::Path;

use proptest::prelude::*;

use super::super::mmdb_writer::{Layout, Precision, Record, Writer};
use super::super::*;
use crate::model::{Network, OrderRule, Region, RegionId, ServiceId, Steer, Vantage};

/// Rows as they are measured, and databases that say who announces what.
#[derive(Debug)]
struct World {
    rows: Vec<(Vantage, Vec<RegionId>)>,
    databases: Vec<Database>,
    edges: Vec<Network>,
}

impl World {
    fn table(&self) -> Table {
        let regions: Vec<_> = (0..20).map(|_| Region::default()).collect();
        let input = Input {
            databases: &self.databases,
            regions: &regions,
            rules: &[],
            service_rules: &[],
            fences: &[],
            measured: true,
            threads: Threads::One,
        };
        compile(&input).unwrap()
    }

    fn order(&self, address: IpAddr) -> &[RegionId] {
        let length = |vantage: &Vantage| match vantage {
            Vantage::Network(network) if network.contains(&address) => Some(network.prefix_len()),
            _ => None,
        };
        let longest = self.rows.iter().filter(|(vantage, _)| length(vantage).is_some());
        if let Some((_, order)) = longest.max_by_key(|(vantage, _)| length(vantage)) {
            return order;
        }
        let asn = facts(&self.databases, address).asn;
        let row = self.rows.iter().find(|(vantage, _)| asn.is_some_and(|asn| *vantage == Vantage::Asn(asn)));
        row.map_or(&[], |(_, order)| order)
    }

    /// All addresses at which something may change, and those beside them.
    fn addresses(&self) -> Vec<IpAddr> {
        let ends = self.edges.iter().flat_map(|network| [network.network(), network.broadcast()]);
        ends.flat_map(|end| match end {
            IpAddr::V4(four) => {
                let bits = four.to_bits();
                [bits, bits.wrapping_add(1), bits.wrapping_sub(1)]
                    .map(|bits| Ipv4Addr::from_bits(bits).into())
            }
            IpAddr::V6(six) => {
                let bits = six.to_bits();
                [bits, bits.wrapping_add(1), bits.wrapping_sub(1)]
                    .map(|bits| Ipv6Addr::from_bits(bits).into())
            }
        })
        .collect()
    }

    fn check(&self) {
        let table = self.table();
        let fast = Fast::new(self.rows.iter().cloned(), table.asns(), 20);
        let addresses = self.addresses();
        let within = |network: &Network| {
            let inside = addresses.iter().copied().filter(|address| network.contains(address));
            inside.chain([network.network(), network.broadcast()]).collect::<Vec<_>>()
        };
        for &address in &addresses {
            assert_eq!(table.asns().of(address), facts(&self.databases, address).asn, "{address}");
            let mut walk = fast.walk(address);
            let (id, depth) = fast.found(&walk);
            while fast.step(&mut walk) {}
            assert_eq!(fast.found(&walk), (id, depth), "{address}, walked to the end");
            assert_eq!(fast.regions(id), self.order(address), "{address}");
            let scope = Network::new(address, depth).unwrap().trunc();
            for other in within(&scope) {
                assert_eq!(self.order(other), self.order(address), "{address}/{depth} holds {other}, too");
            }
            if let Some(wider) = scope.supernet() {
                let differs =
                    within(&wider).into_iter().any(|other| self.order(other) != self.order(address));
                assert!(differs, "{address}/{depth} is narrower than it has to be");
            }
        }
    }
}

fn network() -> impl Strategy<Value = Network> {
    let four = (0_u32..64, 6_u8..=24).prop_map(|(bits, length)| {
        let address = Ipv4Addr::from_bits(10 << 24 | bits << 18 | bits << 8);
        Network::new(address.into(), length).unwrap().trunc()
    });
    let six = (0_u128..32, 20_u8..=48).prop_map(|(bits, length)| {
        let address = Ipv6Addr::from_bits(0x2a00 << 112 | bits << 96 | bits << 80);
        Network::new(address.into(), length).unwrap().trunc()
    });
    prop_oneof![3 => four, 1 => six]
}

fn order() -> impl Strategy<Value = Vec<RegionId>> {
    let few =
        prop::sample::select(vec![vec![0], vec![1], vec![0, 1], vec![1, 0], (0..18).collect::<Vec<u16>>()]);
    few.prop_map(|order| order.into_iter().map(RegionId).collect())
}

fn database(networks: &[(Network, u32)]) -> Database {
    let mut writer = Writer::new(true, 24);
    for (network, asn) in networks {
        let record = Record { asn: Some(*asn), ..Record::default() };
        writer.insert_network(*network, &record.value(Layout::Flat, Precision::Double));
    }
    Database::parse(Path::new("asn.mmdb"), writer.finish()).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_longest_network_holds_in_the_widest_block_that_has_its_order(
        networks in prop::collection::btree_map(network(), order(), 0..20),
        systems in prop::collection::btree_map(1_u32..5, order(), 0..4),
        announced in prop::collection::vec(prop::collection::vec((network(), 1_u32..6), 1..10), 0..3),
    ) {
        let mut edges: Vec<_> = networks.keys().copied().collect();
        edges.extend(announced.iter().flatten().map(|(network, _)| *network));
        let rows = networks.into_iter().map(|(network, order)| (Vantage::Network(network), order));
        let rows = rows.chain(systems.into_iter().map(|(asn, order)| (Vantage::Asn(asn), order))).collect();
        let databases = announced.iter().map(|networks| database(networks)).collect();
        World { rows, databases, edges }.check();
    }
}

#[test]
fn where_nobody_measured_everything_is_one_block() {
    let fast = Fast::default();
    for address in ["198.51.100.7", "2001:db8::1"] {
        let mut walk = fast.walk(address.parse().unwrap());
        assert!(!fast.step(&mut walk));
        assert_eq!(fast.found(&walk), (FastId::UNKNOWN, 0));
    }
    assert_eq!(fast.regions(FastId::UNKNOWN), &[]);
}

#[test]
fn a_rule_that_lists_regions_is_known_where_somebody_asks() {
    let rule = |network: &str, steer| OrderRule {
        networks: vec![network.parse().unwrap()],
        steer,
        ..OrderRule::default()
    };
    let here = || Steer::Location(crate::model::Location::new(1.0, 1.0).unwrap());
    let list = |regions: &[u16]| Steer::Regions(regions.iter().copied().map(RegionId).collect());
    let global =
        [rule("10.1.0.0/16", list(&[1])), rule("10.2.0.0/16", here()), rule("10.3.0.0/16", list(&[]))];
    let own = [rule("10.1.1.0/24", here()), rule("10.4.0.0/16", list(&[0])), rule("10.5.0.0/16", list(&[]))];
    let regions = [Region::default(), Region::default()];
    let table = |measured| {
        let service_rules = [(ServiceId(0), &own[..])];
        compile(&Input {
            databases: &[],
            regions: &regions,
            rules: &global,
            service_rules: &service_rules,
            fences: &[],
            measured,
            threads: Threads::One,
        })
        .unwrap()
    };
    let measured = table(true);
    let rows = [
        ("10.1.2.0", true, true),
        ("10.2.0.0", false, false),
        ("10.3.0.0", true, true),
        ("10.1.1.0", true, false),
        ("10.4.0.0", false, true),
        ("10.5.0.0", false, true),
        ("10.9.0.0", false, false),
    ];
    for (address, global, own) in rows {
        let address = address.parse().unwrap();
        assert_eq!(measured.resolve(None, address).ruled, global, "{address}");
        assert_eq!(measured.resolve(measured.overlay(ServiceId(0)), address).ruled, own, "{address}");
    }
    // A list that comes to what distance says anyway tears nothing apart where nobody asks.
    let plain = table(false);
    assert!(!plain.resolve(None, "10.1.2.0".parse().unwrap()).ruled);
    assert_eq!(plain.asns().of("10.1.2.0".parse().unwrap()), None);
}
