//! A point on the globe, and how far two of them are apart.

/// Mean radius of the Earth in kilometres (IUGG).
const EARTH_RADIUS_KM: f64 = 6371.0088;

/// Latitude and longitude in degrees: −90…90 and −180…180.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Location {
    /// Degrees north.
    pub lat: f64,
    /// Degrees east.
    pub lon: f64,
}

impl Location {
    /// A location, unless a coordinate is out of range or not a number.
    pub fn new(lat: f64, lon: f64) -> Option<Location> {
        ((-90.0..=90.0).contains(&lat) && (-180.0..=180.0).contains(&lon)).then_some(Location { lat, lon })
    }

    /// Great-circle distance in kilometres, by the haversine formula.
    pub fn distance_km(self, other: Location) -> f64 {
        let (lat_a, lat_b) = (self.lat.to_radians(), other.lat.to_radians());
        let half_lat = ((lat_b - lat_a) / 2.0).sin();
        let half_lon = ((other.lon - self.lon).to_radians() / 2.0).sin();
        let h = half_lat * half_lat + lat_a.cos() * lat_b.cos() * half_lon * half_lon;
        2.0 * EARTH_RADIUS_KM * h.clamp(0.0, 1.0).sqrt().asin()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distance_is_great_circle_and_not_planar() {
        let dublin = Location::new(53.35, -6.26).unwrap();
        let tokyo = Location::new(35.68, 139.69).unwrap();
        assert!((dublin.distance_km(tokyo) - 9600.0).abs() < 60.0);
        // Across the date line: 2 degrees apart, not 358.
        let (east, west) = (Location::new(0.0, 179.0).unwrap(), Location::new(0.0, -179.0).unwrap());
        assert!(east.distance_km(west) < 223.0);
    }

    #[test]
    fn impossible_coordinates_are_refused() {
        for (lat, lon) in [(90.1, 0.0), (0.0, -180.5), (f64::NAN, 0.0)] {
            assert_eq!(Location::new(lat, lon), None);
        }
    }
}
