//! Demand: how many client networks hold an answer, and in which order they prefer a service's endpoints.
//!
//! A cache asks anew when what it holds has run out. So answers a second × their TTL is how many caches hold one (Little's
//! law), whatever the TTL is and whoever was answered with: demand stays where it is when an endpoint falls, and says who
//! will come to the others before anybody has come.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::steer::spill::Flow;

/// What is seen weighs half as much so much later.
const HALF_LIFE: Duration = Duration::from_secs(120);

/// The demand for one service.
#[derive(Clone, Debug, Default)]
pub struct Demand {
    /// By the first endpoints that clients prefer: seconds of TTL handed out, the older the less.
    flows: HashMap<Box<[u8]>, f64>,
    /// Seconds of watching, the older the less.
    watched: f64,
    /// Samples, the older the less.
    samples: f64,
    since: Option<Instant>,
    aged: Option<Instant>,
    /// The service's regions: what positions mean.
    regions: Vec<String>,
}

impl Demand {
    /// So many of the endpoints that somebody prefers are told apart. Whom eight endpoints shed, the others share as they
    /// are written.
    pub const TOLD_APART: usize = 8;

    /// Flows that one service may have; what comes in other orders counts as a share of all.
    pub const MOST_FLOWS: usize = 4_096;

    /// Nobody has asked yet. `regions` are those of the service's endpoints, as written.
    pub fn new(regions: Vec<String>) -> Demand {
        Demand { regions, ..Demand::default() }
    }

    /// Takes a sample: an answer for `seconds` that stands for so many, to a client that prefers these endpoints.
    pub fn take(&mut self, order: &[u8], seconds: f64) {
        let order = &order[..order.len().min(Demand::TOLD_APART)];
        self.samples += 1.0;
        if let Some(flow) = self.flows.get_mut(order) {
            *flow += seconds;
        } else if self.flows.len() < Demand::MOST_FLOWS {
            self.flows.insert(order.into(), seconds);
        } else {
            let all: f64 = self.flows.values().sum();
            self.flows.values_mut().for_each(|flow| *flow *= 1.0 + seconds / all.max(f64::MIN_POSITIVE));
        }
    }

    /// Lets time pass.
    pub fn age(&mut self, now: Instant) {
        self.since.get_or_insert(now);
        let Some(before) = self.aged.replace(now) else { return };
        let lasting = HALF_LIFE.as_secs_f64() / std::f64::consts::LN_2;
        let left = (-now.saturating_duration_since(before).as_secs_f64() / lasting).exp();
        self.flows.values_mut().for_each(|flow| *flow *= left);
        self.watched = self.watched * left + lasting * (1.0 - left);
        self.samples *= left;
        // A flow of which less than a thousandth of a client is left is over.
        self.flows.retain(|_, flow| *flow > self.watched / 1_000.0);
    }

    /// For how long it has been watched.
    pub fn watched(&self, now: Instant) -> Duration {
        self.since.map_or(Duration::ZERO, |since| now.saturating_duration_since(since))
    }

    /// How far from the truth it may be by chance, as a part of an endpoint's share: three deviations.
    pub fn noise(&self) -> f64 {
        3.0 * (self.regions.len() as f64 / self.samples.max(1.0)).sqrt()
    }

    /// Clients by the order in which they prefer endpoints.
    pub fn flows(&self) -> Vec<Flow> {
        let mut flows: Vec<_> = self
            .flows
            .iter()
            .map(|(order, seconds)| Flow { demand: seconds / self.watched.max(1.0), order: order.clone() })
            .collect();
        // Sums of the same numbers in another order are not the same sums.
        flows.sort_by(|one, other| one.order.cmp(&other.order));
        flows
    }

    /// All of them.
    pub fn total(&self) -> f64 {
        self.flows.values().sum::<f64>() / self.watched.max(1.0)
    }

    /// The same demand for a service that was written anew: endpoints that are gone are nobody's choice any more.
    pub fn moved(self, regions: Vec<String>) -> Demand {
        if self.regions == regions {
            return self;
        }
        let place = |old: &u8| {
            let name = self.regions.get(usize::from(*old))?;
            regions.iter().position(|region| region == name).and_then(|at| u8::try_from(at).ok())
        };
        let mut flows = HashMap::new();
        for (order, seconds) in &self.flows {
            let order: Box<[u8]> = order.iter().filter_map(place).collect();
            *flows.entry(order).or_insert(0.0) += seconds;
        }
        Demand { flows, regions, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn regions(names: &str) -> Vec<String> {
        names.split(' ').map(str::to_owned).collect()
    }

    fn shown(demand: &Demand) -> String {
        let show = |flow: &Flow| format!("{:?} {:.0}", flow.order, flow.demand);
        demand.flows().iter().map(show).collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn answers_a_second_times_their_ttl_are_clients() {
        let start = Instant::now();
        let mut demand = Demand::new(regions("eu us ap"));
        demand.age(start);
        // 300 clients with 60 seconds, 100 with 5: five and twenty answers a second.
        for second in 1..=3_600 {
            (0..5).for_each(|_| demand.take(&[0, 1, 2], 60.0));
            (0..20).for_each(|_| demand.take(&[1, 0, 2], 5.0));
            demand.age(start + Duration::from_secs(second));
            if second >= 30 {
                assert!((demand.total() - 400.0).abs() < 10.0, "{second}: {}", demand.total());
            }
        }
        assert_eq!(shown(&demand), "[0, 1, 2] 299, [1, 0, 2] 100");
        assert!(demand.noise() < 0.08 && demand.noise() > 0.05, "{}", demand.noise());
        // Everybody leaves.
        for second in 3_601..=10_000 {
            demand.age(start + Duration::from_secs(second));
        }
        assert_eq!(shown(&demand), "");
    }

    #[test]
    fn a_reload_keeps_what_is_known_of_the_regions_that_stay() {
        let start = Instant::now();
        let mut demand = Demand::new(regions("eu us ap"));
        demand.age(start);
        demand.take(&[0, 1, 2], 600.0);
        demand.take(&[1, 0, 2], 1_200.0);
        demand.age(start + Duration::from_secs(10));
        assert_eq!(shown(&demand), "[0, 1, 2] 58, [1, 0, 2] 117");
        assert_eq!(shown(&demand.moved(regions("ap eu"))), "[1, 0] 175");
    }

    #[test]
    fn flows_are_bounded() {
        let mut demand = Demand::new((0..64).map(|at| at.to_string()).collect());
        let mut generator = fastrand::Rng::with_seed(1);
        for _ in 0..20_000 {
            let order: Vec<u8> = (0..12).map(|_| generator.u8(..64)).collect();
            demand.take(&order, 1.0);
        }
        assert_eq!(demand.flows.len(), Demand::MOST_FLOWS);
        assert!((demand.flows.values().sum::<f64>() - 20_000.0).abs() < 1.0);
    }
}
