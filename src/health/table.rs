//! The verdict table: a ladder and the latest facts for every target that is wanted, keyed by the target
//! itself, so that a reload keeps what is known of targets that stay.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use super::{Change, Ladder, Level, Observation, Outcome, OwnFault, Reason, Verdict};
use crate::model::Target;

/// A target and the thresholds of its check, in consecutive results.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// What is probed.
    pub target: Arc<Target>,
    /// Successes that lift it.
    pub rise: u32,
    /// Failures that bring it down.
    pub fall: u32,
}

/// What was last seen of a target, for people.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// When the last result was in that said anything about the target; its age is the verdict's staleness.
    pub last_at: Option<Instant>,
    /// How long that attempt took, start to result.
    pub last_latency: Option<Duration>,
    /// The last failure, when and why, also one that did not flip anything.
    pub last_failure: Option<(Instant, Reason)>,
    /// When and why this machine last could not ask.
    pub last_own_fault: Option<(Instant, OwnFault)>,
    /// When the certificate that was last shown ends, to the second.
    pub certificate_expires: Option<SystemTime>,
    /// Attempts that passed, since the target was first wanted.
    pub passed: u64,
    /// Attempts that failed.
    pub failed: u64,
    /// Attempts that said nothing about the target.
    pub said_nothing: u64,
}

impl Facts {
    /// How old the newest result is; `None` before the first.
    pub fn staleness(&self, now: Instant) -> Option<Duration> {
        self.last_at.map(|at| now.saturating_duration_since(at))
    }

    fn note(&mut self, seen: &Observation) {
        self.certificate_expires = seen.certificate_expires.or(self.certificate_expires);
        match &seen.outcome {
            Outcome::Nothing(fault) => {
                self.said_nothing += 1;
                self.last_own_fault = Some((seen.at, fault.clone()));
                return;
            }
            Outcome::Up => self.passed += 1,
            Outcome::Down(reason) => {
                self.failed += 1;
                self.last_failure = Some((seen.at, reason.clone()));
            }
        }
        (self.last_at, self.last_latency) = (Some(seen.at), Some(seen.elapsed));
    }
}

/// All verdicts.
#[derive(Debug, Default)]
pub struct Table {
    rows: HashMap<Arc<Target>, Row>,
}

#[derive(Debug)]
struct Row {
    ladder: Ladder,
    facts: Facts,
}

impl Table {
    /// Makes `wanted` the whole of what is believed about: new targets start unknown, those that stay keep
    /// verdict, run and facts (also with new thresholds), the rest are forgotten.
    ///
    /// Where several checks want one target, the smallest fall and the largest rise apply: it leaves with the
    /// most impatient of them and comes back with the most careful.
    pub fn replace(&mut self, wanted: impl IntoIterator<Item = Wanted>, now: Instant) {
        let wanted = merge(wanted);
        self.rows.retain(|target, _| wanted.contains_key(target));
        for (target, (rise, fall)) in wanted {
            match self.rows.entry(target) {
                Entry::Occupied(mut row) => row.get_mut().ladder.retune(rise, fall),
                Entry::Vacant(row) => {
                    row.insert(Row { ladder: Ladder::new(rise, fall, now), facts: Facts::default() });
                }
            }
        }
    }

    /// Takes what a probe saw. An observation of a target that nobody wants any more changes nothing, and
    /// neither does one that says nothing.
    pub fn observe(&mut self, seen: &Observation) -> Option<Change> {
        let row = self.rows.get_mut(&seen.target)?;
        row.facts.note(seen);
        match &seen.outcome {
            Outcome::Up => row.ladder.observe(Ok(()), seen.at),
            Outcome::Down(reason) => row.ladder.observe(Err(reason.clone()), seen.at),
            Outcome::Nothing(_) => None,
        }
    }

    /// What is believed of a target; `None` for one that is not wanted.
    pub fn verdict(&self, target: &Target) -> Option<&Verdict> {
        self.rows.get(target).map(|row| row.ladder.verdict())
    }

    /// What was last seen of a target; `None` for one that is not wanted.
    pub fn facts(&self, target: &Target) -> Option<&Facts> {
        self.rows.get(target).map(|row| &row.facts)
    }

    /// Every target with its verdict and facts, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (&Arc<Target>, &Verdict, &Facts)> {
        self.rows.iter().map(|(target, row)| (target, row.ladder.verdict(), &row.facts))
    }

    /// Targets without a first result: readiness waits for 0.
    pub fn unknown(&self) -> usize {
        self.rows.values().filter(|row| row.ladder.verdict().level == Level::Unknown).count()
    }
}

/// One rise and fall a target.
fn merge(wanted: impl IntoIterator<Item = Wanted>) -> HashMap<Arc<Target>, (u32, u32)> {
    let mut merged: HashMap<_, (u32, u32)> = HashMap::new();
    for Wanted { target, rise, fall } in wanted {
        let both = merged.entry(target).or_insert((rise, fall));
        *both = (both.0.max(rise), both.1.min(fall));
    }
    merged
}

#[cfg(test)]
mod tests;
