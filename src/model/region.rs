//! Where the machines stand.

use super::{Location, Place};

/// A datacenter: a name, coordinates, a capacity. Its administrative state is an override.
#[derive(Clone, Debug, PartialEq)]
pub struct Region {
    /// As the operator wrote it; unique.
    pub name: String,
    /// Where it stands; regions without a location stand behind those that have one.
    pub location: Option<Location>,
    /// In the unit that its services report; `None`: no limit known.
    pub capacity: Option<u64>,
    /// −99…99: shrinks (positive) or stretches (negative) its distance to everybody.
    pub bias: i8,
    /// Where it is written.
    pub place: Place,
}

impl Region {
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
    fn bias_shrinks_and_stretches() {
        let here = Location::new(0.0, 0.0).unwrap();
        let km = |bias| {
            let location = Location::new(0.0, 10.0);
            Region { name: "r".into(), location, capacity: None, bias, place: Place::default() }
                .biased_km(here)
        };
        let plain = km(0).unwrap();
        assert!((km(50).unwrap() - plain * 0.5).abs() < 1e-9);
        assert!((km(-50).unwrap() - plain * 2.0).abs() < 1e-9);
        assert!((km(-99).unwrap() - plain * 100.0).abs() < 1e-6);
    }
}
