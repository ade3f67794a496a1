//! RFC 9460: whoever connects to a hint goes where its address queries would have sent it.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::zone::rtype;

const NAMES: [&str; 4] = ["plain.example.", "ruled.example.", "nested.example.", "any.wild.example."];

/// The data of what is answered, sorted, with its TTL, and the scope.
fn told(name: &str, qtype: u16, client: IpAddr, source: u8) -> (Vec<String>, u8) {
    let ecs = subnet(client, source);
    let query = query(name, qtype, Some(&[(8, &ecs)]));
    let reply = ask(&query, &peer("192.0.2.1", Transport::Tcp), &mut worker(0)).unwrap();
    let parts = parts(&reply).unwrap();
    let (_, echoed) = parts.options.iter().find(|(code, _)| *code == 8).expect("an ECS option");
    let answers = parts.records.iter().filter(|record| record.starts_with("Answer"));
    let data = answers.map(|record| record.splitn(4, ' ').skip(2).collect::<Vec<_>>().join(" "));
    (data.collect(), echoed[3])
}

/// The hints of all records, both families, and the TTLs of these records.
fn hints(records: &[String]) -> (BTreeSet<String>, Vec<u32>) {
    let hinted: Vec<_> = records.iter().filter(|record| record.contains("hint=")).collect();
    let values = hinted.iter().flat_map(|record| record.split(' ')).filter_map(|word| {
        let (key, value) = word.split_once('=')?;
        key.ends_with("hint").then_some(value)
    });
    let addresses = values.flat_map(|value| value.trim_matches('"').split(',')).map(str::to_owned).collect();
    (addresses, hinted.iter().filter_map(|record| record.split(' ').next()?.parse().ok()).collect())
}

fn addresses(records: &[String]) -> BTreeSet<String> {
    records.iter().filter_map(|record| record.split(' ').nth(1).map(str::to_owned)).collect()
}

fn clients() -> impl Strategy<Value = IpAddr> {
    let four = any::<u32>().prop_map(|bits| IpAddr::from(bits.to_be_bytes()));
    let known = (0..0x0040_0000_u32).prop_map(|low| IpAddr::from((20 << 24 | 16 << 16 | low).to_be_bytes()));
    let six = any::<u128>().prop_map(|bits| IpAddr::from((0x26 << 120 | bits >> 8).to_be_bytes()));
    prop_oneof![four, known, six]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn hints_are_what_the_same_client_gets(name in proptest::sample::select(&NAMES[..]), client in clients(), other: u128) {
        let source = if client.is_ipv4() { 32 } else { 128 };
        let (records, scope) = told(name, rtype::HTTPS, client, source);
        let (four, four_scope) = told(name, rtype::A, client, source);
        let (six, six_scope) = told(name, rtype::AAAA, client, source);
        let (found, ttls) = hints(&records);
        let wanted: BTreeSet<_> = addresses(&four).union(&addresses(&six)).cloned().collect();
        prop_assert_eq!(&found, &wanted, "{} {}: {:?}", name, client, records);
        prop_assert_eq!(scope, four_scope.max(six_scope));
        let least = |records: &[String]| records.iter().filter_map(|one| one.split(' ').next()?.parse::<u32>().ok()).min();
        if let Some(ttl) = ttls.first() {
            prop_assert!(Some(*ttl) <= least(&four) && (six.is_empty() || Some(*ttl) <= least(&six)));
        }
        let neighbour = super::subnets::inside(client, scope, other);
        let (there, its_scope) = told(name, rtype::HTTPS, neighbour, source);
        prop_assert_eq!((hints(&there).0, its_scope), (found, scope), "{} and {}", client, neighbour);
    }
}

#[test]
fn parameters_stay_in_order_and_aliases_as_they_are() {
    let (plain, _) = told("plain.example.", rtype::HTTPS, "77.0.0.1".parse().unwrap(), 32);
    let [alias, service] = &plain[..] else { panic!("{plain:?}") };
    assert!(alias.contains(" 0 elsewhere.example"), "{alias}");
    let keys: Vec<_> = service.split(' ').skip(3).map(|word| word.split('=').next().unwrap()).collect();
    assert_eq!(keys, ["alpn", "port", "ipv4hint", "ech", "ipv6hint", "dohpath"], "{service}");
    let (nested, _) = told("nested.example.", rtype::HTTPS, "77.0.0.1".parse().unwrap(), 32);
    let unlike = nested.iter().filter(|record| !record.contains("hint=")).count();
    assert_eq!((nested.len(), unlike), (2, 1), "another target has addresses of its own: {nested:?}");
}

#[test]
fn a_hint_was_handed_out_until_the_reply_is_lost() {
    let snapshot = compiled();
    let mut worker = worker(0);
    let query = query("ruled.example.", rtype::HTTPS, Some(&[]));
    let (mut slots, peer) = ([super::super::slot::Slot::default()], peer("77.0.0.1", Transport::Udp));
    let mut frame = vec![0; 4096];
    frame[..query.len()].copy_from_slice(&query);
    let mut labels = NO_LABELS;
    let slot = &mut slots[0];
    slot.parse(&frame, query.len(), peer.address, Transport::Udp, &worker);
    slot.find(&snapshot);
    while slot.step(&snapshot) {}
    slot.resolve(&snapshot);
    slot.pick(&snapshot, NOW, &mut worker);
    let with = With { snapshot: &snapshot, now: NOW, worker: &mut worker, labels: &mut labels };
    assert!(matches!(slot.write(&mut frame, with), Reply::Send(_)));
    let handed = |snapshot: &Snapshot| -> u64 {
        (0..snapshot.live.len()).map(|live_index| snapshot.tallies[0].read(live_index).0).sum()
    };
    assert_eq!(handed(&snapshot), 1);
    slot.lost(&snapshot, &worker);
    assert_eq!(handed(&snapshot), 0);
}
