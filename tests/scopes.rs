//! RFC 7871 over real databases: every address inside the scope of an answer gets the same addresses and TTL, whatever the
//! policy, as long as it does not draw lots.
//!
//! `geoip/country.mmdb` is always read; `MERIDIAN_GEO_DATABASES` names others, as for the benches: sets of files that are read
//! together, separated by colons.
#![allow(missing_docs, reason = "a test")]

#[path = "common/mmdb.rs"]
mod mmdb;
#[path = "scenario/mod.rs"]
#[allow(dead_code, reason = "its world and packets alone are wanted")]
mod scenario;

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use scenario::file::File;
use scenario::world::World;
use scenario::{query, reply};

/// Regions all over the world, with what groups go by.
const REGIONS: [(&str, f64, f64, &str, &str); 12] = [
    ("virginia", 39.0, -77.5, "NA", "US"),
    ("oregon", 45.6, -121.2, "NA", "US"),
    ("montreal", 45.5, -73.6, "NA", "CA"),
    ("saopaulo", -23.5, -46.6, "SA", "BR"),
    ("dublin", 53.3, -6.3, "EU", "IE"),
    ("frankfurt", 50.1, 8.7, "EU", "DE"),
    ("stockholm", 59.3, 18.1, "EU", "SE"),
    ("capetown", -33.9, 18.4, "AF", "ZA"),
    ("bahrain", 26.0, 50.5, "AS", "BH"),
    ("mumbai", 19.1, 72.9, "AS", "IN"),
    ("tokyo", 35.7, 139.7, "AS", "JP"),
    ("sydney", -33.9, 151.2, "OC", "AU"),
];

/// Chains without chance, and what is written beside them.
const CHAINS: [(&str, &str, &str); 14] = [
    ("nearest", "'nearest'", ""),
    ("spilled", "'nearest'", "weight = 60"),
    ("failover", "'failover'", ""),
    ("hash", "'consistent-hash'", "weight = 40"),
    ("all", "'all'", ""),
    ("least", "'least-connections'", ""),
    ("continent", "['healthy', 'near(continent)', 'hash', 'first']", ""),
    ("country", "['healthy', 'near(country)', 'first-group']", ""),
    ("around", "['healthy', 'near(1500km)', 'first-group', 'hash', 'first']", ""),
    (
        "fenced",
        "['fence', 'healthy', 'near', 'first']",
        "deny = { countries = ['US', 'DE', 'CN'], networks = ['81.2.69.128/26'] }",
    ),
    (
        "only",
        "['fence', 'healthy', 'near', 'spill', 'first']",
        "allow = { continents = ['EU', 'AS'], asns = [3320] }",
    ),
    ("demanded", "'nearest'", "capacity = 10"),
    ("latency", "'latency'", "weight = 70"),
    ("grouped", "['healthy', 'near(continent)', 'fast', 'first']", ""),
];

fn config(databases: &[String]) -> String {
    let mut text = format!(
        "[geo]\ndatabases = {databases:?}\n[latency]\nfile = 'rtt.txt'\n[zones.\"gslb.example.\"]\nfile = \"gslb.zone\"\n"
    );
    for (name, lat, lon, continent, country) in REGIONS {
        text += &format!(
            "[regions.{name}]\nlocation = {{ lat = {lat}, lon = {lon} }}\ncontinent = \"{continent}\"\ncountry = \"{country}\"\n"
        );
    }
    for (service, policy, third) in CHAINS {
        text += &format!("[services.{service}]\nnames = ['{service}.gslb.example.']\npolicy = {policy}\n");
        if service == "demanded" {
            text += "capacity_unit = 'demand'\n";
        }
        for (at, (region, ..)) in REGIONS.iter().enumerate() {
            text += &format!(
                "[services.{service}.endpoints.{region}]\naddresses = ['198.51.100.{at}', '2001:db8::{at}']\n"
            );
            if at % 3 == 1 {
                text += &format!("{third}\n");
            }
        }
    }
    text + "[services.nested]\nnames = ['nested.gslb.example.']\n\
            endpoints.virginia.service = 'hash'\nendpoints.dublin.service = 'around'\nendpoints.tokyo.service = 'only'\n"
}

/// Latency from networks of every length and from systems to two regions each, by chance.
fn measured() -> String {
    let (mut random, mut seen) = (fastrand::Rng::with_seed(25), BTreeSet::new());
    for _ in 0..3_000 {
        let client = somebody(&mut random);
        let length = if client.is_ipv4() { random.u8(4..=24) } else { random.u8(12..=48) };
        let network = beside(client, length, &mut fastrand::Rng::with_seed(0));
        let network = ipnet::IpNet::new(network, length).expect("a length that fits").trunc().to_string();
        // What is IPv4 in disguise is looked up as IPv4.
        if !["2002:", "2001:"].iter().any(|start| network.starts_with(start)) {
            seen.insert(if random.u8(..10) == 0 { format!("AS{}", random.u32(1..70_000)) } else { network });
        }
    }
    let mut text = String::new();
    for vantage in seen {
        let (one, other) = (random.usize(..6), random.usize(6..12));
        text += &format!("{vantage} {} {}\n", REGIONS[one].0, random.u32(10..300));
        text += &format!("{vantage} {} {}\n", REGIONS[other].0, random.u32(10..300));
    }
    text
}

/// A server with these databases.
fn served(databases: &[String]) -> World {
    let zone = "$ORIGIN gslb.example.\n@ 60 SOA ns1 host 1 1 1 1 7\n@ 60 NS ns1\nns1 60 A 192.0.2.53\n";
    let texts =
        [("meridian.toml", config(databases)), ("gslb.zone", zone.to_owned()), ("rtt.txt", measured())];
    let texts = texts.map(|(path, text)| (path.to_owned(), text)).into();
    let file = File { name: "scopes".to_owned(), texts, databases: Vec::new(), scenarios: Vec::new() };
    let mut world = World::new(&file);
    world.start().unwrap_or_else(|problems| panic!("{problems}"));
    world
}

/// What is answered, for how long and for whom, on one line; and the scope.
fn told(world: &mut World, service: &str, kind: &str, client: IpAddr) -> (String, u8) {
    let bits = if client.is_ipv4() { 32 } else { 128 };
    let (name, subnet) = (format!("{service}.gslb.example."), format!("{client}/{bits}"));
    let asked = query::build(&[&name, kind, "ecs", &subnet], None).expect("a query");
    let bytes = world.ask(&asked).expect("a reply");
    let answered = reply::read(&asked, &bytes, world.unix()).expect("a reply that can be read");
    let brief = answered.in_brief();
    let scope = brief.split_once("scope ").and_then(|(_, scope)| scope.split(' ').next()?.parse().ok());
    (brief, scope.expect("a scope"))
}

/// Another address with the same first bits.
fn beside(client: IpAddr, scope: u8, random: &mut fastrand::Rng) -> IpAddr {
    match client {
        IpAddr::V4(four) => {
            let kept = u32::MAX.checked_shl(32 - u32::from(scope)).unwrap_or(0);
            Ipv4Addr::from_bits(four.to_bits() & kept | random.u32(..) & !kept).into()
        }
        IpAddr::V6(six) => {
            let kept = u128::MAX.checked_shl(128 - u32::from(scope)).unwrap_or(0);
            Ipv6Addr::from_bits(six.to_bits() & kept | random.u128(..) & !kept).into()
        }
    }
}

/// Somebody: mostly from where addresses are given out.
fn somebody(random: &mut fastrand::Rng) -> IpAddr {
    match random.u8(..4) {
        0 => Ipv6Addr::from_bits(0x2000 << 112 | random.u128(..) >> 4).into(),
        1 => {
            Ipv6Addr::from_bits(u128::from(random.u16(0x2001..0x2c10)) << 112 | random.u128(..) >> 16).into()
        }
        _ => Ipv4Addr::new(random.u8(1..224), random.u8(..), random.u8(..), random.u8(..)).into(),
    }
}

/// So many clients, each with three others from inside the scope of its answer, one of them of its own /24 or /56.
fn check(databases: &[String], clients: usize) {
    let (mut world, mut random) = (served(databases), fastrand::Rng::with_seed(7_871));
    let services: Vec<&str> = CHAINS.iter().map(|(name, ..)| *name).chain(["nested"]).collect();
    let mut scopes = BTreeSet::new();
    for _ in 0..clients {
        let client = somebody(&mut random);
        let service = services[random.usize(..services.len())];
        let kind = if random.bool() { "A" } else { "AAAA" };
        let answer = told(&mut world, service, kind, client);
        scopes.insert(answer.1);
        let near = answer.1.max(if client.is_ipv4() { 24 } else { 56 });
        for scope in [answer.1, answer.1, near] {
            let other = beside(client, scope, &mut random);
            let others = told(&mut world, service, kind, other);
            assert_eq!(
                answer, others,
                "{service} {kind}: {client} and {other} share /{scope} ({databases:?})"
            );
        }
    }
    assert!(scopes.len() > 10, "too much alike to prove anything: {scopes:?}");
}

fn shipped() -> String {
    concat!(env!("CARGO_MANIFEST_DIR"), "/geoip/country.mmdb").to_owned()
}

#[tokio::test(start_paused = true)]
async fn a_scope_holds_over_the_database_that_is_shipped() {
    check(&[shipped()], 4_000);
}

#[tokio::test(start_paused = true)]
async fn a_scope_holds_over_the_operators_databases() {
    let Ok(paths) = std::env::var("MERIDIAN_GEO_DATABASES") else {
        println!("skipped: MERIDIAN_GEO_DATABASES names no databases");
        return;
    };
    let all: Vec<String> = paths.split(':').map(str::to_owned).collect();
    check(&all, 20_000);
}
