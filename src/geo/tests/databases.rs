//! Databases of every shape, and files that are none.

use std::io::Write;
use std::net::IpAddr;
use std::path::Path;

use super::super::mmdb_writer::{Layout, Precision, Record, Writer};
use super::super::*;
use super::oracle::World;
use crate::model::{Location, OrderRule, Region, Steer, unfold};

const CALIFORNIA: Record = Record {
    country: Some("US"),
    subdivision: Some("CA"),
    continent: Some("NA"),
    at: Some((37.5, -122.25)),
    asn: Some(64496),
};

fn open(bytes: Vec<u8>) -> Result<Database, DatabaseError> {
    Database::parse(Path::new("small.mmdb"), bytes)
}

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

#[test]
fn every_shape_says_the_same() {
    for layout in [Layout::Nested, Layout::Flat] {
        for precision in [Precision::Double, Precision::Float] {
            for (six, bits) in [(false, 24), (false, 28), (false, 32), (true, 24), (true, 28), (true, 32)] {
                let value = CALIFORNIA.value(layout, precision);
                let mut writer = Writer::new(six, bits);
                writer.insert("198.51.100.0/24", &value).insert("2001:db8::/32", &value);
                let database = open(writer.finish()).unwrap();
                let expected = Facts {
                    location: Location::new(37.5, -122.25),
                    country: Some(*b"US"),
                    subdivision: (layout == Layout::Nested).then(|| "US-CA".to_owned()),
                    continent: Some(*b"NA"),
                    asn: Some(64496),
                };
                let shape = format!("{layout:?} {precision:?} six: {six} {bits}");
                assert_eq!(database.lookup(address("198.51.100.255")), expected, "{shape}");
                assert_eq!(database.lookup(address("198.51.101.0")), Facts::default(), "{shape}");
                let in_six = if six { expected } else { Facts::default() };
                assert_eq!(database.lookup(address("2001:db8:ffff::1")), in_six, "{shape}");
            }
        }
    }
}

#[test]
fn one_file_a_family_makes_one_table() {
    let value = |country| {
        Record { country: Some(country), ..Record::default() }.value(Layout::Flat, Precision::Float)
    };
    let four = open(Writer::new(false, 24).insert("198.51.100.0/24", &value("JP")).finish()).unwrap();
    let six = open(Writer::new(true, 28).insert("2001:db8::/32", &value("IE")).finish()).unwrap();
    let databases = [four, six];
    assert_eq!(facts(&databases, address("198.51.100.1")).country, Some(*b"JP"));
    assert_eq!(facts(&databases, address("2001:db8::1")).country, Some(*b"IE"));
}

#[test]
fn the_frame_is_described() {
    let database = open(Writer::new(true, 24).finish()).unwrap();
    assert_eq!(database.build_epoch(), 1_700_000_000);
    assert_eq!((database.kind(), database.description()), ("Meridian-Test", "made by a test"));
    assert_eq!(database.path(), Path::new("small.mmdb"));
}

#[test]
fn ipv4_inside_ipv6_is_not_looked_for_and_costs_nothing() {
    let value = CALIFORNIA.value(Layout::Nested, Precision::Double);
    let mut writer = Writer::new(true, 28);
    for number in 0..200 {
        writer.insert(&format!("198.51.{number}.0/25"), &value);
    }
    for prefix in ["2002::/16", "::ffff:0:0/96", "2001::/32", "64:ff9b::/96"] {
        writer.alias(prefix);
    }
    let database = open(writer.finish()).unwrap();
    for text in ["::ffff:198.51.100.1", "2002:c633:6401::1", "64:ff9b::198.51.100.1", "::198.51.100.1"] {
        assert_eq!(database.lookup(address(text)), Facts::default(), "{text}");
        let (inner, _) = unfold(address(text));
        assert!(inner == address(text) || database.lookup(inner).country.is_some(), "{text}");
    }
    let region = Region { name: "one".into(), location: Location::new(0.0, 0.0), ..Region::default() };
    // A rule for California makes its cells differ from the rest, in IPv4 alone.
    let rule = OrderRule { countries: vec![*b"US"], steer: Steer::Regions(vec![]), ..OrderRule::default() };
    let world =
        World { databases: vec![database], regions: vec![region], rules: vec![rule], services: vec![] };
    let table = world.compile();
    // The third is that of embedded IPv4, which no scope around it may reach into: 2001::/32 is one bit away.
    assert_eq!(table.size().cells, 3);
    assert_eq!(table.find(address("2001:db8::1")).depth, 21);
    assert_eq!(table.find(address("2400::1")).depth, 6);
    assert_eq!(table.find(address("198.51.100.1")).depth, 25);
}

#[test]
fn what_is_no_database_is_told_with_a_cure() {
    let whole = Writer::new(true, 24)
        .insert("198.51.100.0/24", &CALIFORNIA.value(Layout::Nested, Precision::Double))
        .finish();
    let rows: [(&[u8], &str); 6] = [
        (b"", "'small.mmdb' is empty: fetch it again"),
        (b"\x1f\x8b\x08\0\0", "'small.mmdb' is compressed: unpack it with gunzip or tar first"),
        (b"PK\x03\x04", "'small.mmdb' is a zip archive: unpack it first"),
        (b"<html>", "'small.mmdb' is a web page: log in where it comes from, and fetch it again"),
        (
            b"country,lat,lon",
            "'small.mmdb' is damaged, or cut short, or no MaxMind database at all: fetch it again",
        ),
        (
            &whole[..whole.len() / 2],
            "'small.mmdb' is damaged, or cut short, or no MaxMind database at all: fetch it again",
        ),
    ];
    for (bytes, text) in rows {
        assert_eq!(open(bytes.to_vec()).unwrap_err().to_string(), text);
    }
}

#[test]
fn what_cannot_be_read_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let absent = folder.path().join("absent.mmdb");
    for path in [&absent, folder.path()] {
        let error = Database::open(path).unwrap_err();
        assert!(matches!(error, DatabaseError::Read { .. }), "{error:?}");
        let text = error.to_string();
        assert!(text.starts_with(&format!("cannot read '{}': give a MaxMind", path.display())), "{text}");
    }
    let mut file = tempfile::NamedTempFile::new_in(folder.path()).unwrap();
    file.write_all(&Writer::new(false, 24).finish()).unwrap();
    assert_eq!(Database::open(file.path()).unwrap().kind(), "Meridian-Test");
}
