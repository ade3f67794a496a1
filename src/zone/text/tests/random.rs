//! Any bytes: nothing panics, and a zone that comes out keeps its promises.

use std::collections::HashSet;

use proptest::prelude::*;

use super::*;

const DEMO: &[u8] = include_bytes!("../../../../zones/gslb.example.zone");
const ODD: &[u8] = b"$TTL 1\n@ SOA a b 1 1 1 1 1\n@ NS a\na A 192.0.2.1\n$GENERATE 0-9/3 h${1,2,x} A 192.0.2.$\n\
    $INCLUDE f s\nl LOC 1 2 3.5 N 4 E 5m 1m 2m\nt TYPE65280 \\# 2 abcd\ns SVCB 1 . key7=\"a\\\"\" ipv6hint=::1,::2\n\
    u URI 1 2 \"x\"\nd DNAME e.\nn NAPTR 1 2 \"a\" \"b\" \"!x!\\\\1!\" .\nx DS 1 8 9 abcd\nx NS y\n";

/// Reads a text that may include itself under any name, and holds the zone to what its type promises.
fn check(text: &[u8]) {
    let mut problems = Problems::default();
    let mut include = |name: &[u8], _: u64| {
        let identity = String::from_utf8_lossy(name).into_owned().into();
        Ok(Source { place: Place::file("i"), identity, text: b"i A 192.0.2.1\n$INCLUDE j\n".to_vec().into() })
    };
    let origin = "gslb.example.".parse().unwrap();
    let zone = parse(&origin, source(text), &mut include, &mut problems);
    assert_eq!(zone.is_none(), problems.has_errors());
    for problem in problems.sorted() {
        assert!(!problem.text.contains('\n'), "{problem}");
    }
    let Some(zone) = zone else { return };
    assert!(zone.rrset(&origin, 6).is_some() && zone.rrset(&origin, 2).is_some());
    let keys: HashSet<_> = zone.rrsets.iter().map(|rrset| (&rrset.owner, rrset.rtype)).collect();
    assert_eq!(keys.len(), zone.rrsets.len());
    for rrset in &zone.rrsets {
        let data: HashSet<_> = rrset.rdata.iter().collect();
        assert!(rrset.owner.is_within(&origin) && data.len() == rrset.rdata.len() && !data.is_empty());
    }
}

/// A text with pieces of it deleted, doubled or overwritten.
fn mutate(text: &[u8], changes: &[(usize, usize, Vec<u8>)]) -> Vec<u8> {
    let mut text = text.to_vec();
    for (at, length, bytes) in changes {
        let at = at % (text.len() + 1);
        let end = (at + length).min(text.len());
        text.splice(at..end, bytes.iter().copied());
    }
    text
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes_do_no_harm(text in prop::collection::vec(any::<u8>(), 0..600)) {
        check(&text);
    }

    #[test]
    fn what_looks_like_a_zone_does_no_harm(text in "([$a-c@0-9.\\\\\" ();\n\t]|\\$GENERATE |\\$INCLUDE |SOA |NS |A |TXT |IN |\\\\# ){0,80}") {
        check(text.as_bytes());
    }

    #[test]
    fn mutated_zones_do_no_harm(
        odd in any::<bool>(),
        changes in prop::collection::vec((any::<usize>(), 0..9_usize, prop::collection::vec(any::<u8>(), 0..5)), 1..8),
    ) {
        check(&mutate(if odd { ODD } else { DEMO }, &changes));
    }

    #[test]
    fn types_with_any_fields_do_no_harm(
        rtype in prop_oneof![0..70_u16, 95..112_u16, 255..270_u16, Just(32769)],
        fields in prop::collection::vec("[ -~]{0,12}|[0-9]{1,5}|[a-z]{1,6}=[0-9a-f:.,]{0,9}|\\.|@|\\\\#", 0..9),
    ) {
        check(&[ODD, format!("q TYPE{rtype} {}\n", fields.join(" ")).as_bytes()].concat());
    }
}

#[test]
fn sources_of_the_properties_are_good_before_they_are_changed() {
    let mut problems = Problems::default();
    let origin = "gslb.example.".parse().unwrap();
    let include =
        &mut |_: &[u8], _| Ok(source(b"").clone()).map(|source| Source { text: Vec::new().into(), ..source });
    parse(&origin, Source { identity: "o".into(), ..source(ODD) }, include, &mut problems);
    assert!(!problems.has_errors(), "{problems}");
}

#[test]
fn long_data_is_an_error_and_no_panic() {
    let long = |repeat: &str, count: usize| repeat.repeat(count);
    let rows = [
        format!("SVCB 1 . ipv6hint={}::", long("::,", 5_000)),
        format!("SVCB 1 . alpn={}a", long("a,", 40_000)),
        format!("SVCB 1 . mandatory={}", long("alpn,", 20_000)),
        format!("SVCB 1 . key9999={}", long("a", 70_000)),
        format!("TXT {}", long("\"x\" ", 40_000)),
        format!("TXT {}", long("x ", 200_000)),
        format!("CAA 0 issue {}", long("x", 70_000)),
        format!("URI 1 1 {}", long("x", 70_000)),
        format!("TYPE65280 \\# 65535 {}", long("ab", 65_536)),
        format!("TLSA 1 1 1 {}", long("ab", 65_536)),
        format!("A {}", long("1", 70_000)),
        format!("CNAME {}", long("a.", 70_000)),
        format!("DS 1 1 1 {}", long("ab ", 65_536)),
        format!("OPENPGPKEY {}", long("abcd", 30_000)),
    ];
    for row in rows {
        let (zone, problems) = read_with(format!("{HEAD}a {row}\n").as_bytes(), &[]);
        assert!(zone.is_none() && problems.len() < 600, "{}…: {problems}", &row[..30]);
    }
}

#[test]
fn errors_come_to_an_end() {
    let (_, problems) = read_with(&b"bad..name A 192.0.2.1\n".repeat(5_000), &[]);
    assert_eq!(problems.lines().count(), 1_001);
    assert!(problems.starts_with("z: reading stopped after 1000 errors"), "{}", &problems[..200]);
}
