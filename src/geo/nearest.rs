//! Which regions are nearest to a place, by great-circle distance as each region's bias bends it.
//!
//! A compile asks this for every distinct pair of coordinates in a database, and sines and arcs for each region
//! would be a sixth of its work. So regions are points on a unit sphere, and a few multiplications give the
//! straight line through the Earth, which grows with the way around it. Only where biases differ are lengths
//! compared as lengths, and the arc is taken.
//!
//! The order is that of [`Region::biased_km`], exactly: lines that differ by less than rounding could are
//! compared by it. Regions at one place tie, and ties stand as written.

use std::cmp::Ordering;

use crate::model::{Location, Region, RegionId};

/// Squares of lines on the unit sphere that differ by more (6 m of way, for neighbours) are ordered as their
/// haversines are: both are right to some 10⁻¹⁵.
const SQUARES_DIFFER: f64 = 1e-12;
/// The same for bent kilometres. Towards the antipode a square that is off by 10⁻¹⁵ makes the arc wrong by 0.2 m,
/// and a bias of −99 makes that a hundred times as much.
const KILOMETRES_DIFFER: f64 = 0.1;

/// Radius of the sphere on which lines become kilometres; the same for all, so it need not be exact.
const EARTH_RADIUS_KM: f64 = 6371.0;

/// All regions, as places that can be measured quickly.
pub(super) struct Sites<'a> {
    regions: &'a [Region],
    points: Vec<Option<Point>>,
    /// Whether regions have different biases, so that lines must become lengths.
    bent: bool,
    /// How far from the place that is asked about, and which region.
    distances: Vec<Distance>,
}

/// A place on the unit sphere.
#[derive(Clone, Copy)]
struct Point([f64; 3]);

/// A number that grows with the distance, and the region's place among the regions.
type Distance = (f64, u16);

impl<'a> Sites<'a> {
    /// The regions, measured once.
    pub fn new(regions: &'a [Region]) -> Self {
        let mut biases = regions.iter().filter(|region| region.location.is_some()).map(|region| region.bias);
        let first = biases.next();
        Sites {
            regions,
            points: regions.iter().map(|region| region.location.map(Point::at)).collect(),
            bent: biases.any(|bias| Some(bias) != first),
            distances: Vec::new(),
        }
    }

    /// The nearest so many regions; ties as written, regions without a location last.
    pub fn nearest(&mut self, from: Location, count: usize) -> Vec<RegionId> {
        let mut distances = std::mem::take(&mut self.distances);
        distances.clear();
        distances.extend(self.distances(from).zip(0..));
        let compare = |a: &Distance, b: &Distance| self.compare(from, a, b);
        if distances.len() > count {
            distances.select_nth_unstable_by(count, compare);
            distances.truncate(count);
        }
        distances.sort_unstable_by(compare);
        let sorted = distances.iter().map(|&(_, index)| RegionId(index)).collect();
        self.distances = distances;
        sorted
    }

    /// How far each region is, in one measure for all of them.
    fn distances(&self, from: Location) -> impl Iterator<Item = f64> {
        let from = Point::at(from);
        self.points.iter().zip(self.regions).map(move |(point, region)| match point {
            None => f64::INFINITY,
            Some(point) if self.bent => region.bend(arc_km(point.square_to(from))),
            Some(point) => point.square_to(from),
        })
    }

    fn compare(&self, from: Location, a: &Distance, b: &Distance) -> Ordering {
        let margin = if self.bent { KILOMETRES_DIFFER } else { SQUARES_DIFFER };
        // Two regions without a location differ by no number at all, and are compared again like all that are
        // close together.
        if (a.0 - b.0).abs() > margin {
            return a.0.total_cmp(&b.0);
        }
        let km = |index: u16| self.regions[usize::from(index)].biased_km(from).unwrap_or(f64::INFINITY);
        km(a.1).total_cmp(&km(b.1)).then(a.1.cmp(&b.1))
    }
}

impl Point {
    fn at(location: Location) -> Point {
        let (sin_lat, cos_lat) = location.lat.to_radians().sin_cos();
        let (sin_lon, cos_lon) = location.lon.to_radians().sin_cos();
        Point([cos_lat * cos_lon, cos_lat * sin_lon, sin_lat])
    }

    /// The square of the straight line between two points: 0 to 4. Unlike the cosine between them, it is as
    /// right for neighbours as for others.
    fn square_to(self, Point([x, y, z]): Point) -> f64 {
        let Point([own_x, own_y, own_z]) = self;
        (x - own_x).powi(2) + (y - own_y).powi(2) + (z - own_z).powi(2)
    }
}

/// The way around the Earth whose line has this square.
fn arc_km(square: f64) -> f64 {
    2.0 * EARTH_RADIUS_KM * (square.sqrt() / 2.0).min(1.0).asin()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Anywhere, often at one of few places, some of them a step of rounding or a few metres apart.
    fn location() -> impl Strategy<Value = Location> {
        let step = prop::sample::select(vec![0.0, 1e-13, 1e-9, 1e-5, 0.1]);
        let grid = (-6_i32..=6, -12_i32..=12, step).prop_map(|(lat, lon, step)| {
            Location::new(f64::from(lat) * (15.0 - step), f64::from(lon) * (15.0 - step))
        });
        let anywhere = (-90.0..=90.0, -180.0..=180.0).prop_map(|(lat, lon)| Location::new(lat, lon));
        prop_oneof![grid, anywhere].prop_map(Option::unwrap)
    }

    fn region() -> impl Strategy<Value = Region> {
        let bias = prop::sample::select(vec![0, 0, 0, 50, -50, 99, -99]);
        (prop::option::weighted(0.9, location()), bias).prop_map(|(location, bias)| Region {
            location,
            bias,
            ..Region::default()
        })
    }

    proptest! {
        #[test]
        fn nearest_by_the_haversine_formula(
            mut regions in prop::collection::vec(region(), 0..24),
            equal in any::<bool>(),
            places in prop::collection::vec(location(), 8),
        ) {
            if equal {
                regions.iter_mut().for_each(|region| region.bias = 7);
            }
            let mut sites = Sites::new(&regions);
            // Straight above a region, and opposite, too.
            let at = regions.iter().filter_map(|region| region.location);
            let opposite = at.clone().filter_map(|at| Location::new(-at.lat, at.lon - 180.0 * at.lon.signum()));
            for from in places.into_iter().chain(at).chain(opposite) {
                let km = |id: &RegionId| regions[id.index()].biased_km(from).unwrap_or(f64::INFINITY);
                let mut expected: Vec<_> = (0..regions.len() as u16).map(RegionId).collect();
                expected.sort_by(|a, b| km(a).total_cmp(&km(b)));
                for count in [16, 3] {
                    expected.truncate(count);
                    prop_assert_eq!(sites.nearest(from, count), expected.clone(), "{:?}", from);
                }
            }
        }
    }
}
