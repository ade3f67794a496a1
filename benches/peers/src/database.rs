//! The shipped country database in MaxMind's own layout, so that peers steer by the same networks.
//!
//! Meridian reads records like `{country_code: "IE"}` and knows the middle of each country itself. gdnsd, Knot
//! and PowerDNS want `{country: {iso_code: "IE"}, location: {latitude: …}}`. The search tree is taken over as it
//! is, node by node; only what its leaves point to is written anew, from `geoip/centroids.csv`.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use maxminddb::{Reader, WithinOptions};
use serde::Deserialize;

use crate::world::Country;

/// What begins the metadata.
const MARKER: &[u8] = b"\xab\xcd\xefMaxMind.com";

/// Octets of zeros between the tree and the data.
const GAP: usize = 16;

/// A record of the flat layout.
#[derive(Deserialize)]
struct Flat {
    country_code: Option<String>,
}

/// The same networks in MaxMind's layout.
pub fn nested(flat: &[u8], countries: &[Country]) -> Result<Vec<u8>> {
    let reader = Reader::from_source(flat).context("no MaxMind database")?;
    let metadata = reader.metadata();
    let nodes = metadata.node_count as usize;
    let (data, moved) = data(&reader, countries)?;
    let mut file = Vec::with_capacity(flat.len() * 2);
    for node in 0..nodes {
        for record in records(flat, node, metadata.record_size)? {
            let record = match record as usize {
                // Another node, or nothing.
                record if record <= nodes => record,
                record => {
                    let offset = record - nodes - GAP;
                    nodes + GAP + moved.get(&offset).context("a leaf points to no record")?
                }
            };
            file.extend((record as u32).to_be_bytes());
        }
    }
    file.extend([0; GAP]);
    file.extend(data);
    file.extend(MARKER);
    metadata_of(&mut file, metadata.ip_version, nodes as u32, metadata.build_epoch);
    Ok(file)
}

/// Both records of a node.
fn records(flat: &[u8], node: usize, size: u16) -> Result<[u32; 2]> {
    let length = usize::from(size) / 4;
    let octets = flat.get(node * length..(node + 1) * length).context("the tree is cut")?;
    let number = |octets: &[u8]| octets.iter().fold(0, |sum: u32, octet| sum << 8 | u32::from(*octet));
    Ok(match size {
        24 => [number(&octets[..3]), number(&octets[3..])],
        28 => {
            let middle = u32::from(octets[3]);
            [(middle >> 4) << 24 | number(&octets[..3]), (middle & 15) << 24 | number(&octets[4..])]
        }
        32 => [number(&octets[..4]), number(&octets[4..])],
        _ => bail!("records of {size} bits are unknown"),
    })
}

/// The new data section, and where in it each old record has gone.
fn data(reader: &Reader<&[u8]>, countries: &[Country]) -> Result<(Vec<u8>, BTreeMap<usize, usize>)> {
    let (mut data, mut moved, mut places) = (Vec::new(), BTreeMap::new(), BTreeMap::new());
    for found in reader.networks(WithinOptions::default())? {
        let found = found?;
        let Some(offset) = found.offset() else { continue };
        if moved.contains_key(&offset) {
            continue;
        }
        let code = found.decode::<Flat>()?.and_then(|flat| flat.country_code).unwrap_or_default();
        let place = *places.entry(code).or_insert_with_key(|code| {
            let place = data.len();
            match countries.iter().find(|country| country.code == *code) {
                Some(country) => put_country(&mut data, country),
                None => put_map(&mut data, 0),
            }
            place
        });
        moved.insert(offset, place);
    }
    Ok((data, moved))
}

/// A record as GeoLite2-City has it, as far as anybody here asks.
fn put_country(data: &mut Vec<u8>, country: &Country) {
    put_map(data, 3);
    put_text(data, "continent");
    put_map(data, 1);
    put_text(data, "code");
    put_text(data, &country.continent);
    put_text(data, "country");
    put_map(data, 1);
    put_text(data, "iso_code");
    put_text(data, &country.code);
    put_text(data, "location");
    put_map(data, 2);
    put_text(data, "latitude");
    put_double(data, country.lat);
    put_text(data, "longitude");
    put_double(data, country.lon);
}

fn metadata_of(file: &mut Vec<u8>, ip_version: u16, nodes: u32, built: u64) {
    put_map(file, 9);
    put_text(file, "binary_format_major_version");
    put_short(file, 2);
    put_text(file, "binary_format_minor_version");
    put_short(file, 0);
    put_text(file, "build_epoch");
    // An unsigned 64-bit integer is one of the extended types.
    file.extend([8, 2]);
    file.extend(built.to_be_bytes());
    put_text(file, "database_type");
    put_text(file, "Countries-as-City");
    // libmaxminddb opens nothing without these two.
    put_text(file, "description");
    put_map(file, 1);
    put_text(file, "en");
    put_text(file, "countries, as cities");
    put_text(file, "languages");
    file.extend([1, 4]);
    put_text(file, "en");
    put_text(file, "ip_version");
    put_short(file, ip_version);
    put_text(file, "node_count");
    file.push(0xc4);
    file.extend(nodes.to_be_bytes());
    put_text(file, "record_size");
    put_short(file, 32);
}

/// Short texts, small maps: the length stands beside the type.
fn put_text(file: &mut Vec<u8>, text: &str) {
    assert!(text.len() < 29, "longer texts are written otherwise: {text}");
    file.push(0x40 | text.len() as u8);
    file.extend(text.as_bytes());
}

fn put_map(file: &mut Vec<u8>, pairs: u8) {
    file.push(0xe0 | pairs);
}

fn put_short(file: &mut Vec<u8>, number: u16) {
    file.push(0xa2);
    file.extend(number.to_be_bytes());
}

fn put_double(file: &mut Vec<u8>, number: f64) {
    file.push(0x68);
    file.extend(number.to_be_bytes());
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::world::countries;

    #[derive(Deserialize)]
    struct Nested {
        country: Flatter,
        location: Location,
    }

    #[derive(Deserialize)]
    struct Flatter {
        iso_code: String,
    }

    #[derive(Deserialize)]
    struct Location {
        latitude: f64,
    }

    #[test]
    fn every_network_keeps_its_country() {
        let repository = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
        let flat = std::fs::read(repository.join("geoip/country.mmdb")).unwrap();
        let countries = countries(repository).unwrap();
        let nested = nested(&flat, &countries).unwrap();
        let (old, new) = (Reader::from_source(&flat[..]).unwrap(), Reader::from_source(&nested[..]).unwrap());
        let mut random = fastrand::Rng::with_seed(7);
        let mut known = 0;
        for _ in 0..20_000 {
            let address = std::net::IpAddr::from(random.u32(..).to_be_bytes());
            let (old, new) = (old.lookup(address).unwrap(), new.lookup(address).unwrap());
            assert_eq!(old.network().unwrap(), new.network().unwrap());
            let code = old.decode::<Flat>().unwrap().and_then(|flat| flat.country_code);
            if let Some(country) = code.and_then(|code| countries.iter().find(|country| country.code == code))
            {
                let told = new.decode::<Nested>().unwrap().unwrap();
                assert_eq!(
                    (told.country.iso_code, told.location.latitude),
                    (country.code.clone(), country.lat)
                );
                known += 1;
            }
        }
        assert!(known > 10_000, "{known}");
    }
}
