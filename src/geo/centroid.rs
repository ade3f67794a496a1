//! Where the people of a country are, for databases that know no coordinates.
//!
//! The table is `geoip/centroids.csv`; `geoip/README.md` says where it comes from. Its points are weighted by
//! population, since clients are people: Canada's lies on Lake Superior and not in the tundra.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::model::Location;

const TABLE: &str = include_str!("../../geoip/centroids.csv");

static CENTROIDS: LazyLock<HashMap<[u8; 2], Centroid>> =
    LazyLock::new(|| TABLE.lines().skip(1).filter_map(parse).collect());

/// A country's place in the world.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Centroid {
    /// Its population-weighted centre.
    pub location: Location,
    /// `AF`, `AN`, `AS`, `EU`, `NA`, `OC` or `SA`.
    pub continent: [u8; 2],
}

/// The centroid of a country by its ISO 3166-1 alpha-2 code, upper case.
pub fn of(country: [u8; 2]) -> Option<Centroid> {
    CENTROIDS.get(&country).copied()
}

/// One line: `code,lat,lon,continent`.
fn parse(line: &str) -> Option<([u8; 2], Centroid)> {
    let mut fields = line.split(',');
    let code = letters(fields.next()?)?;
    let location = Location::new(fields.next()?.parse().ok()?, fields.next()?.parse().ok()?)?;
    Some((code, Centroid { location, continent: letters(fields.next()?)? }))
}

/// Two ASCII letters in upper case.
pub(super) fn letters(text: &str) -> Option<[u8; 2]> {
    let code = <[u8; 2]>::try_from(text.as_bytes()).ok()?;
    code.iter().all(u8::is_ascii_alphabetic).then(|| code.map(|letter| letter.to_ascii_uppercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_table_is_read() {
        assert_eq!(CENTROIDS.len(), TABLE.lines().count() - 1);
        let continents = [*b"AF", *b"AN", *b"AS", *b"EU", *b"NA", *b"OC", *b"SA"];
        assert!(CENTROIDS.values().all(|centroid| continents.contains(&centroid.continent)));
    }

    #[test]
    fn centroids_lie_where_people_live() {
        let rows = [("US", 39.0, -93.0), ("CA", 49.0, -88.0), ("CN", 32.0, 114.0), ("BR", -17.0, -46.0)];
        for (code, lat, lon) in rows {
            let found = of(letters(code).unwrap()).unwrap().location;
            assert!(found.distance_km(Location::new(lat, lon).unwrap()) < 150.0, "{code}: {found:?}");
        }
        assert_eq!(of(*b"ZZ"), None);
    }
}
