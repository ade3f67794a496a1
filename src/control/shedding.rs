//! How one service sheds load: the factor of each endpoint in force, and what clients met lately (DESIGN 4.6).
//!
//! What is *reported* answers to a factor only as caches run out, one TTL later. So what an endpoint would carry without
//! shedding is its utilization ÷ the factor that its clients met on average over the last TTL, and a factor moves slowly. What
//! *demand* comes to does not depend on factors at all: nothing can swing, and they move as far as they must, at once.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::demand::Demand;
use crate::model::{Capacity, TtlRange};
use crate::steer::spill::{Place, ROOMIEST, factor, factors, threshold, towards};

/// A factor that would change by less, in parts of itself, stays: nobody moves for so little.
const BAND: f64 = 0.03;

/// Chance may look like a change of this much, and no more is waited for before anything moves.
const WIDEST_BAND: f64 = 0.25;

/// How far a factor falls within one TTL while it follows reports, and how far it rises.
const FALL: f64 = 0.4;
const RISE: f64 = 0.2;

/// What is reported of one endpoint.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reported {
    /// The part of its capacity that is in use; `None`: nobody says.
    pub used: Option<f64>,
    /// How much it weighs in the mean: its capacity, or whatever is known instead.
    pub weight: f64,
    /// Whether it is fit.
    pub fit: bool,
}

/// The factor of one endpoint.
#[derive(Clone, Debug)]
struct Factor {
    /// Above 1 there is room.
    now: f64,
    /// When it changed, and from what; the newest last.
    before: VecDeque<(Instant, f64)>,
}

impl Default for Factor {
    fn default() -> Factor {
        Factor { now: 1.0, before: VecDeque::new() }
    }
}

impl Factor {
    fn set(&mut self, factor: f64, window: Duration, now: Instant) {
        while self.before.front().is_some_and(|(until, _)| now.saturating_duration_since(*until) > window) {
            self.before.pop_front();
        }
        if factor.min(1.0) != self.kept() {
            self.before.push_back((now, self.kept()));
        }
        self.now = factor;
    }

    /// The share of its clients that it keeps.
    fn kept(&self) -> f64 {
        self.now.min(1.0)
    }

    /// What it was on average over the time before `now`.
    fn mean(&self, window: Duration, now: Instant) -> f64 {
        let ago = |at: &Instant| now.saturating_duration_since(*at).min(window).as_secs_f64();
        let (mut sum, mut from) = (0.0, window.as_secs_f64());
        for (until, factor) in &self.before {
            sum += factor * (from - ago(until)).max(0.0);
            from = ago(until).min(from);
        }
        (sum + self.kept() * from) / window.as_secs_f64().max(f64::MIN_POSITIVE)
    }
}

/// The factors of one service's endpoints, by position.
#[derive(Clone, Debug, Default)]
pub struct Shedding {
    factors: Vec<Factor>,
    looked: Option<Instant>,
}

impl Shedding {
    /// The factor of an endpoint: 1 unless it sheds.
    pub fn factor(&self, position: usize) -> f64 {
        self.factors.get(position).map_or(1.0, Factor::kept)
    }

    /// Whether nobody sheds, or did lately.
    pub fn is_idle(&self) -> bool {
        self.factors.iter().all(|factor| factor.kept() >= 1.0 && factor.before.is_empty())
    }

    /// The same endpoints in another order, or others: `was` is where each stood.
    pub fn moved(&self, was: &[Option<usize>]) -> Shedding {
        let factor =
            |was: &Option<usize>| was.and_then(|was| self.factors.get(was)).cloned().unwrap_or_default();
        Shedding { factors: was.iter().map(factor).collect(), looked: self.looked }
    }

    /// Follows demand. Too little has been seen of it within the first TTL.
    pub fn follow_demand(
        &mut self,
        demand: &Demand,
        places: &[Place],
        rules: &Capacity,
        ttl: TtlRange,
        now: Instant,
    ) {
        self.factors.resize_with(places.len(), Factor::default);
        let window = window(ttl);
        if demand.watched(now) < window {
            return;
        }
        let band = demand.noise().clamp(BAND, WIDEST_BAND);
        let wanted = factors(&demand.flows(), places, rules.soft);
        for (factor, wanted) in self.factors.iter_mut().zip(wanted) {
            factor.set(towards(factor.now, wanted, band, f64::MAX), window, now);
        }
    }

    /// Follows what is reported. Who is silent goes back to keeping everybody as slowly as anybody does: all at once could
    /// drown it.
    pub fn follow_reports(&mut self, all: &[Reported], rules: &Capacity, ttl: TtlRange, now: Instant) {
        self.factors.resize_with(all.len(), Factor::default);
        let window = window(ttl);
        let passed = self.looked.replace(now).map_or(Duration::ZERO, |at| now.saturating_duration_since(at));
        let part = passed.as_secs_f64() / window.as_secs_f64();
        // Whoever is silent counts as just not too full: neither a reason to shed nor a place without bounds.
        let loads = all.iter().filter(|one| one.fit);
        let loads = loads.map(|one| (one.used.unwrap_or(rules.soft) * one.weight, one.weight));
        let threshold = threshold(loads, rules.soft);
        for (one, kept) in all.iter().zip(&mut self.factors) {
            let wanted = match one.used.filter(|_| one.fit) {
                Some(used) => factor(used, kept.mean(window, now), threshold),
                None => ROOMIEST,
            };
            let is_full = one.used.is_some_and(|used| used >= rules.hard);
            let most = match wanted < kept.now {
                true if is_full => 1.0,
                true => FALL * part,
                false => RISE * part,
            };
            kept.set(towards(kept.now, wanted, BAND, most), window, now);
        }
    }
}

/// How long an answer may be kept, at most.
fn window(ttl: TtlRange) -> Duration {
    Duration::from_secs(ttl.max.max(1).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mean_is_over_the_last_ttl() {
        let (start, window) = (Instant::now(), Duration::from_secs(60));
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut factor = Factor::default();
        factor.set(0.5, window, at(100));
        let rows = [(100, 1.0), (130, 0.75), (160, 0.5), (1_000, 0.5)];
        for (seconds, mean) in rows {
            assert!((factor.mean(window, at(seconds)) - mean).abs() < 1e-9, "{seconds}");
        }
        factor.set(0.8, window, at(130));
        assert!((factor.mean(window, at(160)) - 0.65).abs() < 1e-9);
        factor.set(0.8, window, at(200));
        assert!(factor.before.is_empty(), "what was is forgotten");
    }

    /// `used` for one endpoint beside an idle one, a second each; the factors after each.
    fn follow(used: impl Iterator<Item = Option<f64>>) -> Vec<f64> {
        let (start, ttl) = (Instant::now(), TtlRange { min: 5, max: 60 });
        let mut shedding = Shedding::default();
        let rules = Capacity::default();
        let step = |(second, used): (u64, Option<f64>)| {
            let all = [used, Some(0.0)].map(|used| Reported { used, weight: 1.0, fit: true });
            shedding.follow_reports(&all, &rules, ttl, start + Duration::from_secs(second));
            assert_eq!(shedding.factor(1), 1.0);
            shedding.factor(0)
        };
        (0..).zip(used).map(step).collect()
    }

    #[test]
    fn reports_are_followed_slowly_but_from_full_at_once() {
        let steps = follow(std::iter::repeat_n(Some(0.9), 10));
        assert!(steps[9] > 0.92 && steps[9] < 0.96, "{steps:?}");
        let steps = follow([Some(0.9), Some(1.6)].into_iter());
        assert!((steps[1] - 0.525).abs() < 1e-9, "{steps:?}");
        // Then nobody says anything any more.
        let steps = follow([Some(0.9), Some(1.6)].into_iter().chain(std::iter::repeat_n(None, 300)));
        assert!(steps[62] < 0.75 && steps[301] == 1.0, "{steps:?}");
    }
}
