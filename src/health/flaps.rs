//! Flap damping: whoever falls again and again is believed less quickly that it is well. BGP's figures (RFC 2439
//! §4.2, and the defaults of the routers that follow it) with a shorter half-life.

use std::time::{Duration, Instant};

/// What a fall costs.
const FALL: f64 = 1000.0;
/// From that on, recoveries are held back: a second fall within a half-life of the first. Routers wait for 2,000, and so
/// let every second fall of a steady flapper go.
const SUPPRESS: f64 = 1500.0;
/// Below that, no longer.
const REUSE: f64 = 750.0;
/// So many half-lives a recovery is held back at the most: what that takes to decay to [`REUSE`] is the ceiling.
const LONGEST: i32 = 4;

/// The falls of one target, as a penalty that decays.
#[derive(Clone, Debug)]
pub struct Flaps {
    /// The time in which it halves; zero: there is no damping.
    half_life: Duration,
    /// As of `at`.
    penalty: f64,
    at: Instant,
    suppressed: bool,
}

impl Flaps {
    /// No falls yet.
    pub fn new(half_life: Duration, now: Instant) -> Flaps {
        Flaps { half_life, penalty: 0.0, at: now, suppressed: false }
    }

    /// Takes another half-life, after a reload; what was counted decays with it from now on.
    pub fn retune(&mut self, half_life: Duration, now: Instant) {
        (self.penalty, self.at) = (self.penalty(now), now);
        self.half_life = half_life;
    }

    /// Takes over what was counted before a restart: what it weighed at a time, and whether recoveries were held back.
    pub fn resume(&mut self, (penalty, at, suppressed): (f64, Instant, bool)) {
        let ceiling = REUSE * f64::from(1 << LONGEST);
        (self.penalty, self.at, self.suppressed) = (penalty.clamp(0.0, ceiling), at, suppressed);
    }

    /// Counts a fall.
    pub fn fell(&mut self, now: Instant) {
        if self.half_life.is_zero() {
            return;
        }
        let ceiling = REUSE * f64::from(1 << LONGEST);
        (self.penalty, self.at) = ((self.penalty(now) + FALL).min(ceiling), now);
        self.suppressed |= self.penalty >= SUPPRESS;
    }

    /// What the falls so far weigh: 1,000 each when they happen.
    pub fn penalty(&self, now: Instant) -> f64 {
        if self.half_life.is_zero() {
            return 0.0;
        }
        let age = now.saturating_duration_since(self.at).as_secs_f64();
        self.penalty * (-age / self.half_life.as_secs_f64()).exp2()
    }

    /// For how long a recovery is still held back; `None`: it is not. At most four half-lives.
    pub fn held_for(&self, now: Instant) -> Option<Duration> {
        let penalty = self.penalty(now);
        (self.suppressed && penalty >= REUSE).then(|| self.half_life.mul_f64((penalty / REUSE).log2()))
    }

    /// Whether a recovery has to wait; one that was let through ends the suppression.
    pub fn holds(&mut self, now: Instant) -> bool {
        self.suppressed = self.held_for(now).is_some();
        self.suppressed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    /// Falls at these seconds; for how many whole seconds a recovery right after the last is held back.
    fn check(falls: &[u64], held: Option<u64>) {
        let start = Instant::now();
        let mut flaps = Flaps::new(MINUTE, start);
        falls.iter().for_each(|second| flaps.fell(start + Duration::from_secs(*second)));
        let last = start + Duration::from_secs(*falls.last().unwrap_or(&0));
        assert_eq!(flaps.held_for(last).map(|held| held.as_secs()), held, "{falls:?}");
        assert_eq!(flaps.holds(last), held.is_some());
        if let Some(seconds) = held {
            assert!(flaps.holds(last + Duration::from_secs(seconds)), "{falls:?}");
            assert!(!flaps.holds(last + Duration::from_secs(seconds + 1)), "{falls:?}");
            // It fell seldom enough since: suppression begins anew above its own threshold.
            assert!(!flaps.holds(last), "{falls:?}");
        }
    }

    #[test]
    fn the_more_often_it_falls_the_longer_it_is_held() {
        check(&[], None);
        check(&[0], None);
        check(&[0, 61, 300], None);
        check(&[0, 60], Some(60));
        check(&[0, 0], Some(84));
        check(&[0, 0, 0], Some(120));
        check(&[0, 25, 50], Some(97));
        check(&[0, 25, 50, 75], Some(111));
    }

    #[test]
    fn but_never_for_more_than_four_half_lives() {
        check(&[0; 1000], Some(240));
    }

    #[test]
    fn without_a_half_life_there_is_no_damping() {
        let now = Instant::now();
        let mut flaps = Flaps::new(Duration::ZERO, now);
        (0..100).for_each(|_| flaps.fell(now));
        assert_eq!((flaps.penalty(now), flaps.held_for(now), flaps.holds(now)), (0.0, None, false));
    }

    #[test]
    fn a_reload_keeps_what_was_counted() {
        let now = Instant::now();
        let mut flaps = Flaps::new(MINUTE, now);
        (0..3).for_each(|_| flaps.fell(now));
        flaps.retune(2 * MINUTE, now + MINUTE);
        assert_eq!(flaps.penalty(now + MINUTE).round(), 1500.0);
        assert_eq!(flaps.penalty(now + 3 * MINUTE).round(), 750.0);
        flaps.retune(Duration::ZERO, now + MINUTE);
        assert!(!flaps.holds(now + MINUTE));
    }
}
