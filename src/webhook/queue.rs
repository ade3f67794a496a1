//! What waits for one receiver: in order, again until it is taken, never more than so many. No clock, no socket.
//!
//! ```text
//! event        waiting              then
//! push         fewer than bound     waits
//! push         bound                the oldest that is not on its way gives way
//! delivered    head                 gone; the next may go at once
//! refused      head                 gone; the same again would be refused again
//! failed       head                 stays; goes again after a pause that doubles
//! ```

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// After the first failure; doubled with every further one.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(300);

/// What came of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was taken.
    Delivered,
    /// The receiver will never take it.
    Refused,
    /// Not this time; the receiver may have said how long to wait.
    Failed(Option<Duration>),
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next<L> {
    /// Send this; it is on its way until `done` is called.
    Send(L),
    /// Nothing before then.
    At(Instant),
    /// Nothing: none waits, or one is on its way.
    Nothing,
}

/// What waits.
#[derive(Debug)]
pub struct Queue<L> {
    waiting: VecDeque<L>,
    bound: usize,
    on_its_way: bool,
    failures: u32,
    not_before: Option<Instant>,
}

impl<L: Clone> Queue<L> {
    /// An empty queue for so many, at least two.
    pub fn new(bound: usize) -> Queue<L> {
        let bound = bound.max(2);
        Queue { waiting: VecDeque::new(), bound, on_its_way: false, failures: 0, not_before: None }
    }

    /// How many wait, the one on its way included.
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Attempts that failed one after another.
    pub fn failures(&self) -> u32 {
        self.failures
    }

    /// Takes one in; says whether another gave way.
    pub fn push(&mut self, letter: L) -> bool {
        let full = self.waiting.len() >= self.bound;
        if full {
            // What is on its way may arrive: the one behind it is the oldest that can be spared.
            drop(self.waiting.remove(usize::from(self.on_its_way)));
        }
        self.waiting.push_back(letter);
        full
    }

    /// What to do at `now`.
    pub fn next(&mut self, now: Instant) -> Next<L> {
        let Some(head) = self.waiting.front().filter(|_| !self.on_its_way) else { return Next::Nothing };
        if let Some(at) = self.not_before.filter(|at| now < *at) {
            return Next::At(at);
        }
        self.on_its_way = true;
        Next::Send(head.clone())
    }

    /// What came of the one on its way. `spread` is a random number from 0.0 to 1.0: receivers that were away are not to be
    /// asked by everybody at once.
    pub fn done(&mut self, outcome: Outcome, now: Instant, spread: f64) {
        self.on_its_way = false;
        if let Outcome::Failed(wish) = outcome {
            self.failures = self.failures.saturating_add(1);
            let pause = pause(self.failures).mul_f64(0.5 + 0.5 * spread.clamp(0.0, 1.0));
            self.not_before = Some(now + wish.unwrap_or_default().min(LONGEST_PAUSE).max(pause));
            return;
        }
        self.waiting.pop_front();
        (self.failures, self.not_before) = (0, None);
    }
}

/// Before it is spread, after so many failures.
fn pause(failures: u32) -> Duration {
    let doubled = 1_u32.checked_shl(failures.saturating_sub(1)).unwrap_or(u32::MAX);
    FIRST_PAUSE.checked_mul(doubled).map_or(LONGEST_PAUSE, |pause| pause.min(LONGEST_PAUSE))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One step a letter: `p` push the next number, `s` what is to be sent now, `d` delivered, `r` refused, `f` failed,
    /// `w` wait until it may go on. What was sent, and how many gave way.
    fn play(bound: usize, steps: &str) -> (String, u32) {
        let (mut queue, mut now, mut number) = (Queue::new(bound), Instant::now(), 0);
        let (mut sent, mut dropped) = (String::new(), 0);
        for step in steps.chars() {
            match step {
                'p' => {
                    number += 1;
                    dropped += u32::from(queue.push(number));
                }
                's' => match queue.next(now) {
                    Next::Send(letter) => sent += &letter.to_string(),
                    Next::At(_) => sent.push('.'),
                    Next::Nothing => sent.push('-'),
                },
                'd' => queue.done(Outcome::Delivered, now, 0.0),
                'r' => queue.done(Outcome::Refused, now, 0.0),
                'f' => queue.done(Outcome::Failed(None), now, 0.0),
                _ => {
                    if let Next::At(at) = queue.next(now) {
                        now = at;
                    }
                }
            }
        }
        (sent, dropped)
    }

    #[test]
    fn what_comes_goes_in_order_and_again_until_it_is_taken() {
        let rows = [
            // bound, steps, sent, dropped
            (9, "s", "-", 0),
            (9, "ppsdsds", "12-", 0),
            (9, "pss", "1-", 0),
            // A failure keeps its place, and pauses.
            (9, "ppsfswsdsd", "1.12", 0),
            (9, "psfwsfwsdps", "1112", 0),
            // After a delivery there is no pause any more.
            (9, "psfwsdpsd", "112", 0),
            // What is refused does not hold the others up.
            (9, "ppsrsd", "12", 0),
            // The oldest gives way, but never the one on its way.
            (2, "ppppsdsds", "34-", 2),
            (2, "ppspppsdsds", "1-5-", 3),
            (2, "psppfwsdsd", "113", 1),
        ];
        for (bound, steps, sent, dropped) in rows {
            assert_eq!(play(bound, steps), (sent.to_owned(), dropped), "{steps}");
        }
    }

    #[test]
    fn pauses_double_up_to_a_bound_and_are_spread() {
        let start = Instant::now();
        let paused = |failures: u32, spread, wish| {
            let mut queue = Queue::new(9);
            queue.push(1);
            for _ in 0..failures {
                queue.done(Outcome::Failed(wish), start, spread);
            }
            let Next::At(at) = queue.next(start) else { panic!("it goes at once") };
            (at - start).as_secs_f64()
        };
        let rows = [
            (1, 1.0, None, 1.0),
            (1, 0.0, None, 0.5),
            (2, 1.0, None, 2.0),
            (5, 0.5, None, 12.0),
            (9, 1.0, None, 256.0),
            (10, 1.0, None, 300.0),
            (1000, 0.0, None, 150.0),
            // The receiver's wish counts where it is longer, within reason.
            (1, 1.0, Some(7), 7.0),
            (4, 1.0, Some(7), 8.0),
            (1, 1.0, Some(86_400), 300.0),
        ];
        for (failures, spread, wish, wanted) in rows {
            assert_eq!(
                paused(failures, spread, wish.map(Duration::from_secs)),
                wanted,
                "{failures} {spread}"
            );
        }
    }
}
