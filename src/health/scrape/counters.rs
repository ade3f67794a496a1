//! Counters from one scrape to the next, each on its own.
//!
//! ```text
//! before                    now                then it grew by
//! never there               there              all of it: it began since; of a page that was cut, nothing
//! there, and then missing   there              nothing: nobody knows since when
//! there                     as much, or more   the difference
//! there                     less               what it is: it began anew; of counters in doubt, nobody knows
//! there, and fell earlier   above where it     nobody knows: it jumped, since one process answers, and then another
//!                           fell, at one bound
//! ```

use std::collections::{BTreeMap, HashMap};

use super::samples::MOST_SERIES;

/// A step so many times as large as any since a counter fell is a jump.
const BOUND: f64 = 3.0;

/// How much the counters of one selector grew.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Growth {
    /// So much.
    By(f64),
    /// So much, and none of them was there before.
    FromNothing(f64),
    /// Nobody knows: one of them fell, and they are in doubt.
    Doubted,
    /// Nobody knows: one of them jumped back above where it fell.
    Jumped,
}

/// The counters of one selector, by a hash of name and labels.
#[derive(Clone, Debug, Default)]
pub(super) struct Counters {
    turn: u64,
    series: HashMap<u64, Past>,
}

/// What one counter was.
#[derive(Clone, Copy, Debug)]
struct Past {
    value: f64,
    /// The turn in which it was there last.
    turn: u64,
    /// Where it fell last, and its largest step since; `None`: it never fell, or is above that again.
    fell: Option<(f64, f64)>,
}

impl Counters {
    /// Takes what a new scrape found; `whole`: neither this page was cut nor the last one.
    pub(super) fn take(&mut self, found: &BTreeMap<u64, f64>, whole: bool, doubted: bool) -> Growth {
        let last = self.turn;
        let known = self.series.values().any(|past| past.turn == last);
        self.turn += 1;
        let mut growth = if known { Growth::By(0.0) } else { Growth::FromNothing(0.0) };
        for (series, now) in found {
            let began = Past { value: *now, turn: self.turn, fell: None };
            let step = match self.series.get_mut(series) {
                None => {
                    self.series.insert(*series, began);
                    Growth::By(if whole { *now } else { 0.0 })
                }
                Some(past) if past.turn != last => {
                    *past = began;
                    Growth::By(0.0)
                }
                Some(past) => past.step(*now, self.turn, doubted),
            };
            growth = growth.and(step);
        }
        if self.series.len() > MOST_SERIES {
            let turn = self.turn;
            self.series.retain(|_, past| past.turn == turn);
        }
        growth
    }
}

impl Past {
    /// Goes on from the last turn to this one.
    fn step(&mut self, now: f64, turn: u64, doubted: bool) -> Growth {
        let before = std::mem::replace(&mut self.value, now);
        self.turn = turn;
        let step = now - before;
        if step < 0.0 {
            self.fell = Some((self.fell.map_or(before, |(mark, _)| mark.max(before)), 0.0));
            return if doubted { Growth::Doubted } else { Growth::By(now) };
        }
        let Some((mark, largest)) = self.fell else { return Growth::By(step) };
        if now < mark {
            self.fell = Some((mark, largest.max(step)));
            return Growth::By(step);
        }
        self.fell = None;
        if step > largest * BOUND { Growth::Jumped } else { Growth::By(step) }
    }
}

impl Growth {
    /// Of one more counter.
    fn and(self, other: Growth) -> Growth {
        match (self, other) {
            (Growth::Jumped, _) | (_, Growth::Jumped) => Growth::Jumped,
            (Growth::Doubted, _) | (_, Growth::Doubted) => Growth::Doubted,
            (Growth::By(one), Growth::By(other) | Growth::FromNothing(other)) => Growth::By(one + other),
            (Growth::FromNothing(one), Growth::By(other) | Growth::FromNothing(other)) => {
                Growth::FromNothing(one + other)
            }
        }
    }
}
