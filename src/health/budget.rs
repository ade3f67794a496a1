//! How much may be asked: of everybody in a second, and of one address.
//!
//! Each start books its place behind those that were booked before it (the generic cell rate algorithm, ITU-T I.371): a
//! place that is due now is taken, a later one is waited for, and nobody is turned away. A tenth of a second's worth may
//! come at once.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use crate::model::ProbeBudget;

/// So much of the time may be used up at once.
const BURST: Duration = Duration::from_millis(100);

/// Addresses whose bookings are past are forgotten once there are so many.
const FORGET_ABOVE: usize = 1 << 14;

/// What is booked.
#[derive(Debug)]
pub struct Bookings {
    budget: ProbeBudget,
    all: Option<Instant>,
    each: HashMap<IpAddr, Instant>,
}

impl Bookings {
    /// Nothing is.
    pub fn new(budget: ProbeBudget) -> Bookings {
        Bookings { budget, all: None, each: HashMap::new() }
    }

    /// From now on another budget holds; what is booked stays.
    pub fn replace(&mut self, budget: ProbeBudget) {
        self.budget = budget;
    }

    /// Books a start at an address; when it may begin, which is `now` where there is room.
    pub fn book(&mut self, address: IpAddr, now: Instant) -> Instant {
        if self.each.len() >= FORGET_ABOVE {
            self.each.retain(|_, until| *until > now);
        }
        let ProbeBudget { per_second, per_address, .. } = self.budget;
        let mut at = now;
        if let Some(step) = step(per_address) {
            let until = self.each.entry(address).or_insert(now);
            at = at.max(place(until, step, now));
        }
        if let Some(step) = step(per_second) {
            // Whoever waits for its address takes up no room meanwhile: others go before it.
            at = at.max(place(self.all.get_or_insert(now), step, now));
        }
        at
    }
}

/// Takes the next place of a row whose places so far are taken `until` then.
fn place(until: &mut Instant, step: Duration, now: Instant) -> Instant {
    let begin = (*until).max(now);
    *until = begin + step;
    let burst = BURST.max(step).saturating_sub(step);
    begin.checked_sub(burst).map_or(now, |at| at.max(now))
}

/// From one start to the next; `None`: there is no limit.
fn step(a_second: u32) -> Option<Duration> {
    (a_second > 0).then(|| Duration::from_secs(1) / a_second)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// In milliseconds, when starts may begin that are booked at those times, each at an address.
    fn booked(per_second: u32, per_address: u32, rows: &[(u64, u8)]) -> Vec<u64> {
        let budget = ProbeBudget { per_second, per_address, ..ProbeBudget::default() };
        let (mut bookings, start) = (Bookings::new(budget), Instant::now());
        let mut book = |at: u64, last: u8| {
            let now = start + Duration::from_millis(at);
            (bookings.book([127, 0, 0, last].into(), now) - start).as_millis() as u64
        };
        rows.iter().map(|(at, last)| book(*at, *last)).collect()
    }

    #[test]
    fn without_limits_everything_begins_at_once() {
        assert_eq!(booked(0, 0, &[(0, 1), (0, 1), (5, 1)]), [0, 0, 5]);
    }

    #[test]
    fn a_tenth_of_a_second_comes_at_once_and_the_rest_in_turn() {
        assert_eq!(booked(20, 0, &[(0, 1), (0, 2), (0, 3), (0, 4)]), [0, 0, 50, 100]);
        assert_eq!(booked(10, 0, &[(0, 1), (0, 2), (0, 3)]), [0, 100, 200]);
        assert_eq!(booked(2, 0, &[(0, 1), (0, 2), (0, 3)]), [0, 500, 1000]);
        // What was not used is not saved up.
        assert_eq!(booked(10, 0, &[(0, 1), (5_000, 2), (5_000, 3)]), [0, 5_000, 5_100]);
    }

    #[test]
    fn addresses_have_limits_of_their_own() {
        assert_eq!(booked(0, 10, &[(0, 1), (0, 1), (0, 2), (0, 1)]), [0, 100, 0, 200]);
        assert_eq!(booked(100, 10, &[(0, 1), (0, 1), (0, 1), (0, 2)]), [0, 100, 200, 0]);
    }

    #[test]
    fn many_starts_keep_to_the_rate() {
        let rows: Vec<_> = (0..5_000).map(|at| (at / 10, (at % 7) as u8)).collect();
        let at = booked(1_000, 0, &rows);
        assert_eq!(at.iter().max(), Some(&(4_999 - 99)), "5,000 at 1,000 a second, but for the burst");
    }

    #[test]
    fn past_bookings_are_forgotten() {
        let mut bookings = Bookings::new(ProbeBudget::default());
        let start = Instant::now();
        for at in 0..100_000_u32 {
            bookings.book(IpAddr::V4(at.into()), start + Duration::from_millis(at.into()));
        }
        assert!(bookings.each.len() <= FORGET_ABOVE);
    }
}
