//! What every server holds: regions, names, addresses, and one zone.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::verify::address;
use crate::wire;
use crate::workload::Size;

/// A region: a name and where it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Region {
    /// As configurations write it.
    pub name: String,
    /// Degrees.
    pub lat: f64,
    /// Degrees.
    pub lon: f64,
}

/// The four regions of every server that steers.
pub fn four() -> Vec<Region> {
    let region = |name: &str, lat, lon| Region { name: name.into(), lat, lon };
    vec![
        region("eu-west", 53.35, -6.26),
        region("us-east", 38.95, -77.45),
        region("ap-northeast", 35.68, 139.69),
        region("sa-east", -23.55, -46.63),
    ]
}

/// 32 regions, spread by the golden angle: no two alike, none clustered.
pub fn thirty_two() -> Vec<Region> {
    let turn = |index: usize| (index as f64 * 137.508).rem_euclid(360.0) - 180.0;
    let region = |index: usize| Region {
        name: format!("r{index:02}"),
        lat: index as f64 * 4.0 - 60.0,
        lon: turn(index),
    };
    (0..32).map(region).collect()
}

/// A country and a point in its middle, from `geoip/centroids.csv`.
#[derive(Clone, Debug, PartialEq)]
pub struct Country {
    /// ISO 3166-1, two letters.
    pub code: String,
    /// Degrees.
    pub lat: f64,
    /// Degrees.
    pub lon: f64,
    /// Two letters.
    pub continent: String,
}

impl Country {
    /// The nearest of the regions, by great circle.
    pub fn nearest(&self, regions: &[Region]) -> usize {
        let cosine = |region: &Region| {
            let (own, other) = (self.lat.to_radians(), region.lat.to_radians());
            let turn = (self.lon - region.lon).to_radians();
            own.sin() * other.sin() + own.cos() * other.cos() * turn.cos()
        };
        let best = regions.iter().enumerate().max_by(|(_, a), (_, b)| cosine(a).total_cmp(&cosine(b)));
        best.map_or(0, |(index, _)| index)
    }
}

/// All countries.
pub fn countries(repository: &Path) -> Result<Vec<Country>> {
    let path = repository.join("geoip/centroids.csv");
    let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {path:?}"))?;
    text.lines().skip(1).map(|line| country(line).with_context(|| format!("{path:?}: {line}"))).collect()
}

fn country(line: &str) -> Result<Country> {
    let [code, lat, lon, continent] =
        line.split(',').collect::<Vec<_>>()[..].try_into().context("four fields are expected")?;
    Ok(Country { code: code.into(), lat: lat.parse()?, lon: lon.parse()?, continent: continent.into() })
}

/// What every zone file begins with; all of it where names are steered by configuration.
pub const ZONE_HEAD: &str =
    "$TTL 3600\n@ SOA ns1 host 1 3600 900 604800 300\n@ NS ns1\nns1 A 198.51.100.53\n";

/// The zone as a master file: its head, and for every name the line that `record` makes.
pub fn zone(size: Size, record: impl Fn(&str) -> String) -> String {
    let mut text = ZONE_HEAD.to_owned();
    for number in 0..size.names() {
        writeln!(text, "{}", record(&wire::label(number, true))).expect("a text takes all");
    }
    text
}

/// The zone in which every name has the first region's address.
pub fn static_zone(size: Size) -> String {
    zone(size, |label| format!("{label} 60 A {}", address(0)))
}

/// Where the servers' files are, and what they are made of.
#[derive(Clone, Debug)]
pub struct World {
    /// The repository.
    pub repository: PathBuf,
    /// A directory of our own, for configurations, logs and sockets.
    pub directory: PathBuf,
    /// Meridian's own database.
    pub countries_file: PathBuf,
    /// The same networks in MaxMind's layout, for the peers.
    pub nested_file: PathBuf,
    /// All countries.
    pub countries: Vec<Country>,
    /// The release build of Meridian.
    pub meridian: PathBuf,
}

impl World {
    /// The directory of one server, made anew.
    pub fn place(&self, name: &str) -> Result<PathBuf> {
        let place = self.directory.join(name);
        if place.exists() {
            std::fs::remove_dir_all(&place)?;
        }
        std::fs::create_dir_all(&place).with_context(|| format!("cannot make {place:?}"))?;
        Ok(place)
    }
}

/// Writes a file, and says where.
pub fn write(place: &Path, name: &str, text: &str) -> Result<PathBuf> {
    let path = place.join(name);
    std::fs::write(&path, text).with_context(|| format!("cannot write {path:?}"))?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn countries_go_to_the_nearest_region() {
        let countries = countries(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))).unwrap();
        let regions = four();
        for (code, name) in [("DE", "eu-west"), ("CA", "us-east"), ("KR", "ap-northeast"), ("AR", "sa-east")]
        {
            let country = countries.iter().find(|country| country.code == code).unwrap();
            assert_eq!(regions[country.nearest(&regions)].name, name);
        }
        assert!(country("DE,1").is_err());
    }
}
