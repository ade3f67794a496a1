//! Orders by distance, by rule and by service, on a handful of regions; and the shipped database as a whole.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::Path;

use super::super::mmdb_writer::{Layout, Precision, Record, Writer};
use super::super::*;
use super::oracle::World;
use crate::model::{Location, OrderRule, Region, RegionId, ServiceId, Steer, unfold};

const NAMES: [&str; 5] = ["us-east", "eu-west", "ap-northeast", "sa-east", "lab"];

fn regions() -> Vec<Region> {
    let places =
        [Some((39.04, -77.49)), Some((53.35, -6.26)), Some((35.68, 139.69)), Some((-23.55, -46.63)), None];
    let region = |(name, at): (&&str, Option<(f64, f64)>)| Region {
        name: (*name).to_owned(),
        location: at.and_then(|(lat, lon)| Location::new(lat, lon)),
        ..Region::default()
    };
    NAMES.iter().zip(places).map(region).collect()
}

fn list(names: &[&str]) -> Steer {
    let id = |name: &&str| RegionId(NAMES.iter().position(|known| known == name).unwrap() as u16);
    Steer::Regions(names.iter().map(id).collect())
}

fn shipped() -> Database {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("geoip/country.mmdb");
    Database::open(&path).unwrap()
}

fn world(database: Database, rules: Vec<OrderRule>, services: Vec<Vec<OrderRule>>) -> World {
    World { databases: vec![database], regions: regions(), rules, services }
}

fn names(regions: impl Iterator<Item = RegionId>) -> Vec<&'static str> {
    regions.map(|region| NAMES[region.index()]).collect()
}

fn small() -> Database {
    let value = |country, at| {
        Record { country: Some(country), at, ..Record::default() }.value(Layout::Nested, Precision::Double)
    };
    let bytes = Writer::new(true, 28)
        .insert("192.0.2.0/24", &value("IE", None))
        .insert("198.51.100.0/25", &value("US", Some((47.6, -122.3))))
        .insert("198.51.100.128/25", &value("US", Some((40.7, -74.0))))
        .insert("203.0.113.0/24", &value("JP", None))
        .finish();
    Database::parse(Path::new("small.mmdb"), bytes).unwrap()
}

#[test]
fn rules_and_distances() {
    let rules = vec![
        OrderRule { countries: vec![*b"JP"], steer: list(&[]), ..OrderRule::default() },
        OrderRule {
            networks: vec!["192.0.2.128/25".parse().unwrap()],
            steer: list(&["lab", "sa-east"]),
            ..OrderRule::default()
        },
        OrderRule {
            networks: vec!["10.0.0.0/8".parse().unwrap()],
            steer: Steer::Location(Location::new(35.0, 135.0).unwrap()),
            ..OrderRule::default()
        },
    ];
    let table = world(small(), rules, vec![]).compile();
    let rows: [(&str, &[&str]); 6] = [
        ("192.0.2.1", &["eu-west", "us-east", "sa-east", "ap-northeast", "lab"]),
        ("192.0.2.129", &["lab", "sa-east", "eu-west", "us-east", "ap-northeast"]),
        ("198.51.100.1", &["us-east", "eu-west", "ap-northeast", "sa-east", "lab"]),
        ("203.0.113.1", &[]),
        ("10.1.2.3", &["ap-northeast", "eu-west", "us-east", "sa-east", "lab"]),
        ("8.8.8.8", &NAMES),
    ];
    for (address, expected) in rows {
        let cell = table.cell(table.find(address.parse().unwrap()).cell);
        assert_eq!(names(table.regions(cell.order)), expected, "{address}");
        assert_eq!(cell.order == OrderId::NODATA, expected.is_empty(), "{address}");
    }
    assert!(table.order(OrderId::NODATA).is_empty());
}

#[test]
fn a_service_comes_first_and_its_misses_count() {
    let service = vec![
        OrderRule { countries: vec![*b"US"], steer: list(&["sa-east"]), ..OrderRule::default() },
        OrderRule {
            networks: vec!["192.0.2.64/26".parse().unwrap()],
            steer: list(&["lab"]),
            ..OrderRule::default()
        },
        OrderRule { countries: vec![*b"JP"], steer: list(&[]), ..OrderRule::default() },
    ];
    let table = world(small(), vec![], vec![service, vec![]]).compile();
    let overlay = table.overlay(ServiceId(0));
    assert!(table.overlay(ServiceId(1)).is_none());
    let rows: [(&str, &str, u8); 5] = [
        ("192.0.2.64", "lab", 26),
        // Not in the service's network: known after as many bits as tell the two apart.
        ("192.0.2.1", "eu-west", 26),
        ("192.0.2.200", "eu-west", 25),
        ("198.51.100.1", "sa-east", 25),
        ("203.0.113.1", "", 24),
    ];
    for (address, first, depth) in rows {
        let resolved = table.resolve(overlay, address.parse().unwrap());
        let order = names(table.regions(resolved.order));
        assert_eq!(order.first().copied().unwrap_or(""), first, "{address}");
        assert_eq!((order.len(), resolved.depth), (if first.is_empty() { 0 } else { 5 }, depth), "{address}");
        assert_eq!(resolved.order.is_nodata(), first.is_empty());
    }
    // Without the service both American cities lie nearest to the same regions, in the same order or not:
    // the depth says so.
    let plain = table.resolve(None, "192.0.2.1".parse().unwrap());
    assert_eq!((plain.depth, plain.order), (24, table.cell(plain.cell).order.into()));
}

#[test]
fn no_regions_are_not_nodata() {
    let world = World { databases: vec![small()], regions: vec![], rules: vec![], services: vec![] };
    let table = world.compile();
    let cell = table.cell(table.find("192.0.2.1".parse().unwrap()).cell);
    assert_eq!(cell.order, OrderId::WRITTEN);
    assert_eq!(table.regions(cell.order).count(), 0);
}

#[test]
fn long_lists_are_kept_whole() {
    let region = |lon: u16| Region { location: Location::new(0.0, f64::from(lon)), ..regions()[4].clone() };
    let all: Vec<_> = (0..40).map(region).collect();
    let listed: Vec<_> = (10..30).rev().map(RegionId).collect();
    let rule =
        OrderRule { countries: vec![*b"IE"], steer: Steer::Regions(listed.clone()), ..OrderRule::default() };
    let world = World { databases: vec![small()], regions: all, rules: vec![rule], services: vec![] };
    let table = world.compile();
    let order = |address: &str| table.cell(table.find(address.parse().unwrap()).cell).order;
    assert_eq!(table.order(order("192.0.2.1")), listed);
    let whole: Vec<_> = table.regions(order("192.0.2.1")).collect();
    assert_eq!((whole.len(), whole[20], whole[39]), (40, RegionId(0), RegionId(39)));
    assert_eq!(table.order(order("203.0.113.1")).len(), LENGTH);
}

#[test]
fn the_shipped_database_agrees_with_a_naive_look_up() {
    let world = world(shipped(), vec![], vec![]);
    let table = world.compile();
    let mut random = fastrand::Rng::with_seed(7);
    let mut known = 0;
    for _ in 0..20_000 {
        let four = IpAddr::from(Ipv4Addr::from_bits(random.u32(..)));
        // Global unicast as far as it is handed out: 2000::/6 holds nearly all of it.
        let six = IpAddr::from(Ipv6Addr::from_bits(0x2 << 124 | random.u128(..) >> 6));
        for address in [four, six].into_iter().filter(|&address| unfold(address).0 == address) {
            let found = table.find(address);
            let order: Vec<_> = table.regions(table.cell(found.cell).order).collect();
            assert_eq!(order, world.order(address), "{address}");
            known += usize::from(facts(&world.databases, address).country.is_some());
        }
    }
    assert!(known > 15_000, "only {known} addresses have a country");
    let rows = [("133.242.0.1", "ap-northeast"), ("81.2.69.142", "eu-west"), ("200.147.3.157", "sa-east")];
    for (address, nearest) in rows {
        let cell = table.cell(table.find(address.parse().unwrap()).cell);
        assert_eq!(names(table.regions(cell.order)).first(), Some(&nearest), "{address}");
    }
}
