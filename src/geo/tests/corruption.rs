//! Damaged databases: an error or an answer, but never a panic, a hang, or a flood.

use std::path::Path;

use proptest::prelude::*;

use super::super::mmdb_writer::{Layout, Precision, Record, Value, Writer, text};
use super::super::*;

fn small(six: bool, bits: u16, layout: Layout) -> Vec<u8> {
    let mut writer = Writer::new(six, bits);
    for (number, country) in ["US", "IE", "JP", "BR"].into_iter().enumerate() {
        let record = Record {
            country: Some(country),
            subdivision: Some("CA"),
            continent: Some("NA"),
            at: Some((number as f64, 7.0)),
            asn: Some(64496),
        };
        let value = record.value(layout, Precision::Double);
        writer.insert(&format!("198.51.{number}.0/24"), &value);
        writer.insert(&format!("2001:db8:{number}::/48"), &value);
    }
    writer.finish()
}

/// Opens, compiles and asks; whether all of it worked.
fn survives(bytes: Vec<u8>) -> bool {
    let Ok(database) = Database::parse(Path::new("damaged.mmdb"), bytes) else { return false };
    for address in ["198.51.2.7", "0.0.0.0", "2001:db8:1::", "ffff::"] {
        database.lookup(address.parse().unwrap());
    }
    let databases = [database];
    let input = Input {
        databases: &databases,
        regions: &[],
        rules: &[],
        service_rules: &[],
        fences: &[],
        measured: false,
        threads: Threads::Many,
    };
    compile(&input).is_ok()
}

/// What is said of databases that cannot be used, without any rule.
fn refusal(databases: &[Database]) -> Option<String> {
    let input = Input {
        databases,
        regions: &[],
        rules: &[],
        service_rules: &[],
        fences: &[],
        measured: false,
        threads: Threads::Many,
    };
    compile(&input).err().map(|error| error.to_string())
}

fn a_database() -> impl Strategy<Value = Vec<u8>> {
    let layouts = prop::sample::select(vec![Layout::Nested, Layout::Flat]);
    (any::<bool>(), prop::sample::select(vec![24, 28, 32]), layouts)
        .prop_map(|(six, bits, layout)| small(six, bits, layout))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1024, ..ProptestConfig::default() })]

    #[test]
    fn flipped_bytes(
        mut bytes in a_database(),
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
    ) {
        for (at, byte) in flips {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        survives(bytes);
    }

    #[test]
    fn missing_bytes(bytes in a_database(), cut in any::<prop::sample::Index>(), tail in any::<bool>()) {
        let (head, rest) = bytes.split_at(cut.index(bytes.len()));
        prop_assert!(!tail || !survives(head.to_vec()), "a cut file was taken for a whole one");
        survives(rest.to_vec());
    }
}

#[test]
fn the_undamaged_ones_work() {
    for bits in [24, 28, 32] {
        assert!(survives(small(true, bits, Layout::Nested)));
        assert!(survives(small(false, bits, Layout::Flat)));
    }
}

#[test]
fn a_tree_that_loops_is_an_error() {
    // Every record of every node leads back to the root: 2¹²⁸ paths for a walk that trusts it.
    let mut bytes = small(true, 32, Layout::Nested);
    let nodes = bytes.windows(16).position(|window| window == [0; 16]).unwrap() / 8 * 8;
    bytes[..nodes].fill(0);
    let database = Database::parse(Path::new("loop.mmdb"), bytes).unwrap();
    assert_eq!(facts(std::slice::from_ref(&database), "::1".parse().unwrap()), Facts::default());
    let databases = [database];
    let input = Input {
        databases: &databases,
        regions: &[],
        rules: &[],
        service_rules: &[],
        fences: &[],
        measured: false,
        threads: Threads::Many,
    };
    let error = compile(&input).err().unwrap();
    assert_eq!(error.to_string(), "'loop.mmdb' is damaged, its search tree loops: fetch it again");
}

#[test]
fn a_database_that_says_nothing_of_use_is_an_error() {
    let other = Value::Map(vec![("domain", text("example.net"))]);
    let continent = Value::Map(vec![("continent_code", text("EU"))]);
    let rows = [(None, false), (Some(&other), false), (Some(&continent), true)];
    for (value, is_of_use) in rows {
        let mut writer = Writer::new(true, 24);
        if let Some(value) = value {
            writer.insert("198.51.100.0/24", value);
        }
        let databases = [Database::parse(Path::new("isp.mmdb"), writer.finish()).unwrap()];
        // No rule asks about continents.
        let error = refusal(&databases);
        assert_eq!(error.is_none(), is_of_use, "{error:?}");
        assert!(
            is_of_use || error.unwrap().starts_with("'isp.mmdb' is of no use: nowhere in it is a country")
        );
    }
}

#[test]
fn a_value_of_the_wrong_type_is_an_error() {
    let wrong: [(&str, Value); 4] = [
        ("country_code", Value::Word(7)),
        ("latitude", text("north")),
        ("subdivisions", text("CA")),
        ("location", Value::List(vec![])),
    ];
    for (key, value) in wrong {
        let key: &'static str = key;
        let bytes = Writer::new(true, 24).insert("198.51.100.0/24", &Value::Map(vec![(key, value)])).finish();
        let databases = [Database::parse(Path::new("odd.mmdb"), bytes).unwrap()];
        let error = refusal(&databases).unwrap();
        assert_eq!(
            error, "'odd.mmdb' is damaged, a record does not say what a record says: fetch it again",
            "{key}"
        );
    }
}
