//! RFC 7871: what a scope promises. For SOURCE ≥ SCOPE every address inside the scope gets the same addresses,
//! TTL and scope, in both families and for IPv4 in every disguise.

use std::net::{Ipv4Addr, Ipv6Addr};

use proptest::prelude::*;

use super::*;

const SERVICES: [&str; 5] =
    ["plain.example.", "parts.example.", "ruled.example.", "nested.example.", "unknown.example."];

/// What a client is told: answers and authority, sorted, without their order; and the scope.
fn told(service: &str, address: IpAddr, source: u8) -> (Vec<String>, u8) {
    let ecs = subnet(address, source);
    let query = query(service, 1, Some(&[(8, &ecs)]));
    let reply = ask(&query, &peer("192.0.2.1", Transport::Udp), &mut worker(0)).unwrap();
    let parts = parts(&reply).unwrap();
    let (_, echoed) = parts.options.iter().find(|(code, _)| *code == 8).expect("an ECS option");
    let records = parts.records.into_iter().filter(|record| !record.starts_with("Additional")).collect();
    (records, echoed[3])
}

fn full(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

/// Addresses where something changes: the first and last of every network named anywhere and their
/// neighbours, bare and in every disguise.
fn edges() -> Vec<IpAddr> {
    let in_config = CONFIG.split('"').filter(|text| text.contains('/'));
    let in_database = NETWORKS.lines().filter_map(|row| row.split(' ').next());
    let disguises = ["::ffff:0:0/96", "64:ff9b::/96", "2002::/16", "2001::/32", "::/96"];
    let networks = in_config.chain(in_database).chain(disguises);
    let networks: Vec<ipnet::IpNet> = networks.filter_map(|text| text.parse().ok()).collect();
    let mut edges: Vec<IpAddr> = networks.iter().flat_map(|network| around(*network)).collect();
    let fours: Vec<_> = edges
        .iter()
        .filter_map(|edge| if let IpAddr::V4(four) = edge { Some(*four) } else { None })
        .collect();
    edges.extend(fours.into_iter().flat_map(disguised));
    edges
}

fn around(network: ipnet::IpNet) -> Vec<IpAddr> {
    let (first, last) = (network.network(), network.broadcast());
    let step = |address: IpAddr, by: i8| match address {
        IpAddr::V4(four) => IpAddr::V4(four.to_bits().wrapping_add_signed(by.into()).into()),
        IpAddr::V6(six) => IpAddr::V6(six.to_bits().wrapping_add_signed(by.into()).into()),
    };
    vec![step(first, -1), first, last, step(last, 1)]
}

fn disguised(four: Ipv4Addr) -> [IpAddr; 4] {
    let bits = u128::from(four.to_bits());
    let six = |bits: u128| IpAddr::V6(Ipv6Addr::from_bits(bits));
    let teredo = 0x2001_0000_4136_e378_8000_63bf_0000_0000 | u128::from(!four.to_bits());
    [
        six(0xffff << 32 | bits),
        six(0x0064_ff9b << 96 | bits),
        six(0x2002 << 112 | bits << 80 | 1),
        six(teredo),
    ]
}

/// `address` with its bits behind `scope` those of `other`.
pub(super) fn inside(address: IpAddr, scope: u8, other: u128) -> IpAddr {
    match address {
        IpAddr::V4(four) => {
            let mask = u32::MAX.checked_shr(scope.into()).unwrap_or(0);
            IpAddr::V4((four.to_bits() & !mask | other as u32 & mask).into())
        }
        IpAddr::V6(six) => {
            let mask = u128::MAX.checked_shr(scope.into()).unwrap_or(0);
            IpAddr::V6((six.to_bits() & !mask | other & mask).into())
        }
    }
}

fn holds(address: IpAddr, scope: u8, other: IpAddr) -> bool {
    ipnet::IpNet::new(address, scope).is_ok_and(|network| network.contains(&other))
}

/// Every address where something changes, against every other that lies in its scope.
#[test]
fn a_scope_holds_for_every_edge_inside_it() {
    let edges = edges();
    for service in SERVICES {
        let all: Vec<_> = edges.iter().map(|edge| told(service, *edge, full(*edge))).collect();
        for (edge, said) in edges.iter().zip(&all) {
            for (other, heard) in edges.iter().zip(&all).filter(|(other, _)| holds(*edge, said.1, **other)) {
                assert_eq!(said, heard, "{service} {edge}/{} holds {other}", said.1);
            }
        }
    }
}

/// Scopes that are longer than they must be would pass the test above: some are known exactly.
#[test]
fn a_scope_is_no_longer_than_it_must_be() {
    let rows = [
        ("plain.example.", "16.1.2.3", 8),
        ("plain.example.", "20.17.3.200", 25),
        ("plain.example.", "2600::1", 17),
        ("parts.example.", "16.1.2.3", 8),
        ("parts.example.", "81.1.2.3", 24),
        ("parts.example.", "2a10::1", 48),
        ("unknown.example.", "99.200.0.1", 9),
    ];
    for (service, address, scope) in rows {
        let address = address.parse().unwrap();
        assert_eq!(told(service, address, full(address)).1, scope, "{service} {address}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4096, failure_persistence: None, ..ProptestConfig::default() })]

    /// Near an edge, with any SOURCE that is long enough, and anywhere inside the scope.
    #[test]
    fn a_scope_holds_for_every_address_inside_it(
        edge in any::<prop::sample::Index>(), noise: u128, blur in 0u8..128, source in 0u8..=128, other: u128,
        service in prop::sample::select(SERVICES.to_vec()),
    ) {
        let edge = *edge.get(&edges());
        let address = inside(edge, blur, noise);
        let (_, scope) = told(service, address, full(address));
        let source = source.clamp(scope, full(address));
        let said = told(service, address, source);
        // A SOURCE that cuts bits asks for the subnet's first address, which lies in the scope.
        prop_assert_eq!(said.1, scope);
        let other = inside(address, scope, other);
        prop_assert_eq!(&said, &told(service, other, full(other)), "{} {}/{} holds {}", service, address, scope, other);
    }
}
