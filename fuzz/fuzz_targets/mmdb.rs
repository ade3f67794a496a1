//! A MaxMind database of any octets: opened, asked, and compiled with two regions.
//!
//! An input's first octet says what the rest is: 0, a whole database; else patches of three octets (two of the
//! place, one of what stands there) to one of a few sound ones, so that what is found lies deep.
//!
//! Whatever comes: no panic, no endless walk; and where it compiles, every address has a cell.
#![no_main]

#[path = "../../tests/common/mmdb.rs"]
mod mmdb_writer;

use std::net::IpAddr;
use std::path::Path;

use libfuzzer_sys::fuzz_target;
use meridian::geo::{Database, Input, Threads, compile};
use meridian::model::{Location, Region};
use mmdb_writer::{Layout, Precision, Record, Writer};

const ADDRESSES: [&str; 6] = [
    "0.0.0.0",
    "192.0.2.1",
    "255.255.255.255",
    "::1",
    "2001:db8::1",
    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
];

fn region(name: &str, lat: f64, lon: f64) -> Region {
    let location = Location::new(lat, lon);
    Region { name: name.into(), location, ..Region::default() }
}

/// A sound database: both families or one, either layout, any size of record.
fn sound(number: u8) -> Vec<u8> {
    let layout = if number & 1 == 0 { Layout::Nested } else { Layout::Flat };
    let precision = if number & 2 == 0 { Precision::Double } else { Precision::Float };
    let value = |country, at, asn| {
        let record = Record { country, at, asn, continent: Some("EU"), subdivision: Some("L") };
        record.value(layout, precision)
    };
    let mut writer = Writer::new(number & 4 == 0, [24, 28, 32][usize::from(number >> 3) % 3]);
    writer
        .insert("192.0.2.0/24", &value(Some("IE"), None, None))
        .insert("198.51.100.0/25", &value(Some("US"), Some((47.6, -122.3)), Some(64_500)))
        .insert("203.0.113.0/24", &value(None, Some((35.7, 139.7)), None))
        .insert("2001:db8::/32", &value(Some("JP"), None, None));
    if number & 4 == 0 {
        writer.alias("2002::/16");
    }
    writer.finish()
}

fn database(input: &[u8]) -> Option<Vec<u8>> {
    let (number, rest) = input.split_first()?;
    if *number == 0 {
        return Some(rest.to_vec());
    }
    let mut bytes = sound(*number);
    for patch in rest.chunks_exact(3) {
        let at = usize::from(u16::from_be_bytes([patch[0], patch[1]])) % bytes.len();
        bytes[at] = patch[2];
    }
    Some(bytes)
}

fuzz_target!(|input: &[u8]| {
    let Some(bytes) = database(input) else { return };
    let Ok(database) = Database::parse(Path::new("fuzz.mmdb"), bytes) else { return };
    let addresses = ADDRESSES.map(|address| address.parse::<IpAddr>().expect("an address"));
    for address in addresses {
        drop(database.lookup(address));
    }
    let _ = (database.kind().len(), database.description().len(), database.build_epoch());
    let databases = [database];
    let regions = [region("eu-west", 53.35, -6.26), region("ap-northeast", 35.68, 139.69)];
    let input = Input {
        databases: &databases,
        regions: &regions,
        rules: &[],
        service_rules: &[],
        fences: &[],
        measured: false,
        threads: Threads::One,
    };
    let Ok(table) = compile(&input) else { return };
    for address in addresses {
        let resolved = table.resolve(None, address);
        assert_eq!(table.regions(resolved.order).count(), regions.len(), "{address}");
    }
});
