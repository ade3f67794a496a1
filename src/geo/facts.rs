//! What databases know of an address, and how several of them are one.

use crate::model::Location;

use super::centroid;

/// What is known of an address.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    /// Where it is, if a database says so; never a country's centroid.
    pub location: Option<Location>,
    /// ISO 3166-1 alpha-2, upper case.
    pub country: Option<[u8; 2]>,
    /// ISO 3166-2 with its country, upper case: `US-CA`.
    pub subdivision: Option<String>,
    /// `AF`, `AN`, `AS`, `EU`, `NA`, `OC` or `SA`, if a database says so.
    pub continent: Option<[u8; 2]>,
    /// The autonomous system that announces it.
    pub asn: Option<u32>,
}

impl Facts {
    /// What is known once a later database has spoken too: its word wins where it has one.
    ///
    /// A later database that names another country takes coordinates, subdivision and continent of the
    /// earlier one away, because they lie in the wrong country. One that names the same country, or none,
    /// leaves what it does not better: a country file behind a city file costs no coordinates.
    pub fn refined_by(mut self, later: Facts) -> Facts {
        if later.country.is_some() && self.country.is_some() && later.country != self.country {
            self = Facts { asn: self.asn, ..Facts::default() };
        }
        Facts {
            location: later.location.or(self.location),
            country: later.country.or(self.country),
            subdivision: later.subdivision.or(self.subdivision),
            continent: later.continent.or(self.continent),
            asn: later.asn.or(self.asn),
        }
    }

    /// Where to measure distances from: the coordinates, else the centroid of the country.
    pub fn stands_at(&self) -> Option<Location> {
        self.location.or_else(|| Some(centroid::of(self.country?)?.location))
    }

    /// The continent: what the database says, else that of the country.
    pub fn on_continent(&self) -> Option<[u8; 2]> {
        self.continent.or_else(|| Some(centroid::of(self.country?)?.continent))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(country: &str, lat: Option<f64>, asn: Option<u32>) -> Facts {
        let country = <[u8; 2]>::try_from(country.as_bytes()).ok();
        Facts { location: lat.and_then(|lat| Location::new(lat, 0.0)), country, asn, ..Facts::default() }
    }

    #[test]
    fn later_databases_refine_earlier_ones() {
        let rows = [
            // earlier, later, together
            (facts("IE", None, None), facts("", None, Some(7)), facts("IE", None, Some(7))),
            (facts("IE", Some(53.0), None), facts("IE", None, None), facts("IE", Some(53.0), None)),
            (facts("IE", Some(53.0), Some(7)), facts("GB", None, None), facts("GB", None, Some(7))),
            (facts("IE", Some(53.0), None), facts("", Some(54.0), None), facts("IE", Some(54.0), None)),
            (facts("", Some(53.0), None), facts("GB", None, None), facts("GB", Some(53.0), None)),
            (facts("IE", Some(53.0), None), facts("", None, None), facts("IE", Some(53.0), None)),
        ];
        for (earlier, later, together) in rows {
            assert_eq!(earlier.clone().refined_by(later.clone()), together, "{earlier:?} then {later:?}");
        }
    }

    #[test]
    fn a_country_gives_a_place_and_a_continent() {
        let facts = facts("JP", None, None);
        assert!(facts.stands_at().is_some_and(|tokyo| (30.0..40.0).contains(&tokyo.lat)));
        assert_eq!(facts.on_continent(), Some(*b"AS"));
    }
}
