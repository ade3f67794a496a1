//! The ladder: consecutive results become a verdict. No clock, no socket, no task.
//!
//! ```text
//! level      result   run                  then
//! unknown    any      –                    its level: the first result decides
//! healthy    +        back to 0            healthy
//! healthy    −        one more             unhealthy once it is `fall`
//! unhealthy  −        back to 0            unhealthy, for the newest reason
//! unhealthy  +        one more             healthy once it is `rise`
//! ```

use std::fmt;
use std::time::Instant;

use super::{Reason, Severity};

/// What we believe of a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Level {
    /// No result yet.
    Unknown,
    /// It answers as its check expects.
    Healthy,
    /// It does not.
    Unhealthy,
}

impl Level {
    /// As the API names it.
    pub fn name(self) -> &'static str {
        match self {
            Level::Unknown => "unknown",
            Level::Healthy => "healthy",
            Level::Unhealthy => "unhealthy",
        }
    }
}

/// The newest result that speaks for the verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// There was none.
    NotProbed,
    /// A probe passed.
    Passed,
    /// A probe failed.
    Failed(Reason),
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Why::NotProbed => write!(f, "not probed yet"),
            Why::Passed => write!(f, "passes its check"),
            Why::Failed(reason) => write!(f, "{reason}"),
        }
    }
}

/// A level, why, since when, and how far it is from the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// What is believed.
    pub level: Level,
    /// The newest result that speaks for it. Results that speak against it show in `remaining` until they
    /// carry.
    pub why: Why,
    /// When this level began; of an unknown one: when it was first wanted.
    pub since: Instant,
    /// Results of the contrary still needed to flip it: 1…`threshold`.
    pub remaining: u32,
    /// Results of the contrary needed in all: rise or fall, whichever applies; 1 while unknown.
    pub threshold: u32,
}

impl Verdict {
    /// How surely an unhealthy target is gone; `None` for any other.
    pub fn severity(&self) -> Option<Severity> {
        match (&self.level, &self.why) {
            (Level::Unhealthy, Why::Failed(reason)) => Some(reason.severity()),
            _ => None,
        }
    }
}

/// A verdict that flipped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What was believed.
    pub from: Level,
    /// What is believed now.
    pub to: Level,
    /// When the deciding result was in.
    pub at: Instant,
    /// The deciding result.
    pub why: Why,
}

/// Rise and fall over one target's results.
#[derive(Clone, Debug)]
pub struct Ladder {
    verdict: Verdict,
    rise: u32,
    fall: u32,
}

impl Ladder {
    /// A ladder that knows nothing yet. A `rise` or `fall` of 0 counts as 1.
    pub fn new(rise: u32, fall: u32, now: Instant) -> Ladder {
        let verdict =
            Verdict { level: Level::Unknown, why: Why::NotProbed, since: now, remaining: 1, threshold: 1 };
        Ladder { verdict, rise: rise.max(1), fall: fall.max(1) }
    }

    /// What is believed.
    pub fn verdict(&self) -> &Verdict {
        &self.verdict
    }

    /// Takes one result, and says whether it flipped the verdict. `remaining` may move either way.
    pub fn observe(&mut self, result: Result<(), Reason>, now: Instant) -> Option<Change> {
        let (seen, why) = match result {
            Ok(()) => (Level::Healthy, Why::Passed),
            Err(reason) => (Level::Unhealthy, Why::Failed(reason)),
        };
        if seen == self.verdict.level {
            self.verdict.why = why;
            self.verdict.remaining = self.verdict.threshold;
            return None;
        }
        if self.verdict.remaining > 1 {
            self.verdict.remaining -= 1;
            return None;
        }
        Some(self.flip(seen, why, now))
    }

    /// Takes a new rise and fall, after a reload. What is believed stays, and so does the run so far; a run
    /// that now would be long enough still waits for the next result: a reload alone flips nothing.
    pub fn retune(&mut self, rise: u32, fall: u32) {
        (self.rise, self.fall) = (rise.max(1), fall.max(1));
        let run = self.verdict.threshold - self.verdict.remaining;
        self.verdict.threshold = self.threshold(self.verdict.level);
        self.verdict.remaining = self.verdict.threshold.saturating_sub(run).max(1);
    }

    fn flip(&mut self, to: Level, why: Why, now: Instant) -> Change {
        let threshold = self.threshold(to);
        let change = Change { from: self.verdict.level, to, at: now, why: why.clone() };
        self.verdict = Verdict { level: to, why, since: now, remaining: threshold, threshold };
        change
    }

    /// Results of the contrary that it takes to leave a level.
    fn threshold(&self, level: Level) -> u32 {
        match level {
            Level::Unknown => 1,
            Level::Healthy => self.fall,
            Level::Unhealthy => self.rise,
        }
    }
}

#[cfg(test)]
mod tests;
