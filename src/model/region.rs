//! Where the machines stand.

use super::{Grouping, Location, Place};

/// A datacenter: a name, coordinates, a capacity. Its administrative state is an override.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Region {
    /// As the operator wrote it; unique.
    pub name: String,
    /// Where it stands; regions without a location stand behind those that have one.
    pub location: Option<Location>,
    /// In the unit that its services report; `None`: no limit known.
    pub capacity: Option<u64>,
    /// −99…99: shrinks (positive) or stretches (negative) its distance to everybody.
    pub bias: i8,
    /// `AF`, `AN`, `AS`, `EU`, `NA`, `OC` or `SA`, where it says so.
    pub continent: Option<[u8; 2]>,
    /// ISO 3166-1 alpha-2, upper case, where it says so or its subdivision does.
    pub country: Option<[u8; 2]>,
    /// ISO 3166-2 with its country, upper case, where it says so.
    pub subdivision: Option<String>,
    /// Where it is written.
    pub place: Place,
}

impl Region {
    /// Whether two regions belong together; `None`: one of them does not say where it stands.
    pub fn is_with(&self, other: &Region, grouping: Grouping) -> Option<bool> {
        fn same<T: PartialEq>(one: Option<T>, other: Option<T>) -> Option<bool> {
            Some(one? == other?)
        }
        match grouping {
            Grouping::Continent => same(self.continent, other.continent),
            Grouping::Country => same(self.country, other.country),
            Grouping::Subdivision => same(self.subdivision.as_ref(), other.subdivision.as_ref()),
            Grouping::Within(km) => Some(self.location?.distance_km(other.location?) <= km.into()),
        }
    }

    /// Distance in kilometres as this region's bias bends it, by Route 53's published rule for
    /// geoproximity: `d × (1 − b/100)` for a bias of 0 or more, `d ÷ (1 + b/100)` below.
    pub fn biased_km(&self, from: Location) -> Option<f64> {
        Some(self.bend(self.location?.distance_km(from)))
    }

    /// Kilometres as this region's bias bends them; see [`Region::biased_km`].
    pub fn bend(&self, km: f64) -> f64 {
        let bias = f64::from(self.bias) / 100.0;
        if bias >= 0.0 { km * (1.0 - bias) } else { km / (1.0 + bias) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_belong_together_by_what_they_say() {
        let region = |continent: &[u8; 2], country: &[u8; 2], lon: f64| Region {
            continent: Some(*continent),
            country: Some(*country),
            location: Location::new(50.0, lon),
            ..Region::default()
        };
        let (dublin, london, york) =
            (region(b"EU", b"IE", -6.0), region(b"EU", b"GB", 0.0), region(b"NA", b"US", -74.0));
        let with = |grouping| [&dublin, &london, &york].map(|other| dublin.is_with(other, grouping));
        assert_eq!(with(Grouping::Continent), [Some(true), Some(true), Some(false)]);
        assert_eq!(with(Grouping::Country), [Some(true), Some(false), Some(false)]);
        assert_eq!(with(Grouping::Within(500)), [Some(true), Some(true), Some(false)]);
        assert_eq!(with(Grouping::Within(100)), [Some(true), Some(false), Some(false)]);
        assert_eq!(with(Grouping::Subdivision), [None; 3]);
    }

    #[test]
    fn bias_shrinks_and_stretches() {
        let here = Location::new(0.0, 0.0).unwrap();
        let km = |bias| {
            let location = Location::new(0.0, 10.0);
            Region { name: "r".into(), location, bias, ..Region::default() }.biased_km(here)
        };
        let plain = km(0).unwrap();
        assert!((km(50).unwrap() - plain * 0.5).abs() < 1e-9);
        assert!((km(-50).unwrap() - plain * 2.0).abs() < 1e-9);
        assert!((km(-99).unwrap() - plain * 100.0).abs() < 1e-6);
    }
}
