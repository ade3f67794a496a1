//! One record of a database, in whichever layout it was written.
//!
//! | fact | MaxMind's nested layout | flat layouts |
//! | --- | --- | --- |
//! | country | `country.iso_code` | `country_code`, or `country` as text |
//! | subdivision | `subdivisions[0].iso_code` | none: their `state1` is a name and no code |
//! | continent | `continent.code` | `continent_code`, or `continent` as text |
//! | coordinates | `location.latitude`, `location.longitude` | `latitude`, `longitude` |
//! | ASN | `autonomous_system_number` | the same, or `asn` as a number or `AS64496` |
//!
//! Coordinates may be doubles or floats. Words that are no codes, and coordinates that are not on Earth, count
//! as absent; a value of the wrong type is an error, since then the file is not what it says.

mod glance;

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::model::Location;

use super::centroid::letters;
use super::facts::Facts;

/// Which facts anybody asks about, besides those that everybody does.
#[derive(Clone, Copy)]
pub(super) struct Wanted {
    /// The subdivision.
    pub subdivision: bool,
    /// The continent.
    pub continent: bool,
}

impl Wanted {
    /// Everything that records may say.
    pub const ALL: Wanted = Wanted { subdivision: true, continent: true };
}

/// The fields that matter; serde passes over the others without reading them.
#[derive(Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub(super) struct Record<'a> {
    country: Code<'a>,
    continent: Code<'a>,
    subdivisions: First<'a>,
    location: Option<Point>,
    country_code: Option<&'a str>,
    continent_code: Option<&'a str>,
    latitude: Degrees,
    longitude: Degrees,
    autonomous_system_number: Asn,
    asn: Asn,
}

impl<'a> Record<'a> {
    /// The record at an offset of a data section, read quickly; `None` where maxminddb has to read it.
    pub fn glance(section: &'a [u8], offset: usize, wanted: Wanted) -> Option<Self> {
        glance::Cursor::new(section, offset).record(wanted)
    }

    /// The facts in it.
    pub fn facts(&self) -> Facts {
        let country = self.country.0.or(self.country_code).and_then(letters);
        let nested = self.location.as_ref().and_then(|point| coordinates(point.latitude, point.longitude));
        Facts {
            location: nested.or_else(|| coordinates(self.latitude, self.longitude)),
            country,
            subdivision: country.zip(self.subdivisions.0.0).and_then(|(land, part)| subdivision(land, part)),
            continent: self.continent.0.or(self.continent_code).and_then(letters),
            asn: self.autonomous_system_number.0.or(self.asn.0),
        }
    }
}

fn coordinates(Degrees(latitude): Degrees, Degrees(longitude): Degrees) -> Option<Location> {
    Location::new(latitude?, longitude?)
}

/// `US` and `CA` make `US-CA`; ISO 3166-2 allows one to three letters or digits.
fn subdivision(country: [u8; 2], part: &str) -> Option<String> {
    let fits = matches!(part.len(), 1..=3) && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    fits.then(|| {
        let part = part.chars().map(|letter| letter.to_ascii_uppercase());
        country.map(char::from).into_iter().chain(['-']).chain(part).collect()
    })
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Point {
    latitude: Degrees,
    longitude: Degrees,
}

/// A double or a float; the decoder tells the two apart and would refuse one for the other.
#[derive(Clone, Copy, Default)]
struct Degrees(Option<f64>);

impl<'de> Deserialize<'de> for Degrees {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct DegreesVisitor;
        impl Visitor<'_> for DegreesVisitor {
            type Value = Degrees;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("degrees as a number")
            }

            fn visit_f64<E>(self, number: f64) -> Result<Degrees, E> {
                Ok(Degrees(Some(number)))
            }
        }
        deserializer.deserialize_any(DegreesVisitor)
    }
}

/// A code as text, or inside a map as `iso_code` or `code`.
#[derive(Clone, Copy, Default)]
struct Code<'a>(Option<&'a str>);

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "snake_case")]
enum CodeKey {
    #[serde(alias = "code")]
    IsoCode,
    #[serde(other)]
    Other,
}

impl<'de: 'a, 'a> Deserialize<'de> for Code<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct CodeVisitor;
        impl<'de> Visitor<'de> for CodeVisitor {
            type Value = Code<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a code, or a map with an iso_code")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Code(Some(text)))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut code = Code(None);
                while let Some(key) = map.next_key()? {
                    match key {
                        CodeKey::IsoCode => code = Code(Some(map.next_value()?)),
                        CodeKey::Other => drop(map.next_value::<IgnoredAny>()?),
                    }
                }
                Ok(code)
            }
        }
        deserializer.deserialize_any(CodeVisitor)
    }
}

/// The code of a list's first element: the largest subdivision.
#[derive(Default)]
struct First<'a>(Code<'a>);

impl<'de: 'a, 'a> Deserialize<'de> for First<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FirstVisitor;
        impl<'de> Visitor<'de> for FirstVisitor {
            type Value = First<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of subdivisions")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
                let first = list.next_element::<Code<'de>>()?.unwrap_or_default();
                while list.next_element::<IgnoredAny>()?.is_some() {}
                Ok(First(first))
            }
        }
        deserializer.deserialize_seq(FirstVisitor)
    }
}

/// An autonomous system as a number or as text: `64496`, `"AS64496"`, `"64496"`.
#[derive(Default)]
struct Asn(Option<u32>);

impl Asn {
    fn from_text(text: &str) -> Asn {
        Asn(text.strip_prefix("AS").unwrap_or(text).parse().ok())
    }
}

impl<'de> Deserialize<'de> for Asn {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AsnVisitor;
        impl Visitor<'_> for AsnVisitor {
            type Value = Asn;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an AS number")
            }

            fn visit_u64<E>(self, number: u64) -> Result<Asn, E> {
                Ok(Asn(number.try_into().ok()))
            }

            fn visit_str<E>(self, text: &str) -> Result<Asn, E> {
                Ok(Asn::from_text(text))
            }
        }
        deserializer.deserialize_any(AsnVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_layouts_say_the_same() {
        let nested = r#"{"country": {"geoname_id": 1, "iso_code": "us"}, "continent": {"code": "NA"},
            "subdivisions": [{"iso_code": "CA", "names": {"en": "California"}}, {"iso_code": "X"}],
            "location": {"latitude": 37.5, "longitude": -122.0, "accuracy_radius": 5},
            "autonomous_system_number": 64496}"#;
        let flat = r#"{"country_code": "US", "continent_code": "NA", "state1": "California",
            "latitude": 37.5, "longitude": -122.0, "asn": "AS64496"}"#;
        let facts = |text: &str| {
            let record: Record = serde_json::from_str(text).unwrap();
            record.facts()
        };
        let expected = Facts {
            location: Location::new(37.5, -122.0),
            country: Some(*b"US"),
            subdivision: Some("US-CA".into()),
            continent: Some(*b"NA"),
            asn: Some(64496),
        };
        assert_eq!(facts(nested), expected);
        assert_eq!(facts(flat), Facts { subdivision: None, ..expected });
    }

    #[test]
    fn what_is_no_code_counts_as_absent() {
        for text in
            ["{}", r#"{"country_code": ""}"#, r#"{"latitude": 91.0, "longitude": 0.0}"#, r#"{"asn": "x"}"#]
        {
            let record: Record = serde_json::from_str(text).unwrap();
            assert_eq!(record.facts(), Facts::default(), "{text}");
        }
    }
}
