//! The ladder: consecutive results become a verdict. No clock, no socket, no task.
//!
//! ```text
//! level      result   run                       then
//! unknown    any      –                         its level: the first result decides
//! up         −        one more                  unhealthy once it is `fall`
//! healthy    ~        one more                  degraded once it is `fall`
//! degraded   +        one more                  healthy once it is `rise`
//! unhealthy  −        back to 0                 unhealthy, for the newest reason
//! unhealthy  + or ~   one more                  healthy or degraded once it is `rise`, unless damping holds it
//! ```
//!
//! Up is healthy or degraded; `~` is a result that passes and gives cause for concern. Any result that passes takes
//! the run towards unhealthy back to 0.

use std::fmt;
use std::time::{Duration, Instant};

use super::flaps::Flaps;
use super::{Concern, Reason, Severity};

/// What we believe of a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Level {
    /// No result yet.
    Unknown,
    /// It answers as its check expects.
    Healthy,
    /// It answers as its check expects, and there is cause for concern.
    Degraded,
    /// It does not.
    Unhealthy,
}

impl Level {
    /// As the API names it.
    pub fn name(self) -> &'static str {
        match self {
            Level::Unknown => "unknown",
            Level::Healthy => "healthy",
            Level::Degraded => "degraded",
            Level::Unhealthy => "unhealthy",
        }
    }

    /// The level of that name.
    pub fn of_name(name: &str) -> Option<Level> {
        let all = [Level::Unknown, Level::Healthy, Level::Degraded, Level::Unhealthy];
        all.into_iter().find(|level| level.name() == name)
    }

    /// Whether clients are served there.
    pub fn is_up(self) -> bool {
        matches!(self, Level::Healthy | Level::Degraded)
    }
}

/// What one result says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// All is well.
    Up,
    /// It passes, with cause for concern.
    Doubtful(Concern),
    /// It fails.
    Down(Reason),
}

impl Seen {
    /// Whether the target, or whoever stands where it stood, said anything.
    pub fn is_an_answer(&self) -> bool {
        if let Seen::Down(reason) = self { reason.is_an_answer() } else { true }
    }

    /// Whether it said something, and then no more until the timeout.
    pub fn broke_off(&self) -> bool {
        if let Seen::Down(reason) = self { reason.broke_off() } else { false }
    }

    fn level(&self) -> Level {
        match self {
            Seen::Up => Level::Healthy,
            Seen::Doubtful(_) => Level::Degraded,
            Seen::Down(_) => Level::Unhealthy,
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
    /// A probe passed, with cause for concern.
    Doubted(Concern),
    /// A probe failed.
    Failed(Reason),
    /// What was believed before a restart, in those words; of a failure how sure it was.
    Remembered(Box<str>, Option<Severity>),
}

impl Why {
    /// Without the words that it was remembered.
    pub fn in_short(&self) -> &dyn fmt::Display {
        if let Why::Remembered(why, _) = self { why } else { self }
    }
}

impl From<Seen> for Why {
    fn from(seen: Seen) -> Why {
        match seen {
            Seen::Up => Why::Passed,
            Seen::Doubtful(concern) => Why::Doubted(concern),
            Seen::Down(reason) => Why::Failed(reason),
        }
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Why::NotProbed => write!(f, "not probed yet"),
            Why::Passed => write!(f, "passes its check"),
            Why::Doubted(concern) => write!(f, "passes its check, but {concern}"),
            Why::Failed(reason) => write!(f, "{reason}"),
            Why::Remembered(why, _) => write!(f, "{why} (before the restart)"),
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
    /// Results of the contrary still needed to bring it down or to lift it: 1…`threshold`.
    pub remaining: u32,
    /// Results of the contrary needed in all: rise or fall, whichever applies; 1 while unknown.
    pub threshold: u32,
}

impl Verdict {
    /// All of it that answers depend on: the rest is for people.
    pub fn gist(&self) -> impl PartialEq + use<> {
        (self.level, self.severity(), self.remaining, self.threshold)
    }

    /// How surely an unhealthy target is gone; `None` for any other.
    pub fn severity(&self) -> Option<Severity> {
        match (&self.level, &self.why) {
            (Level::Unhealthy, Why::Failed(reason)) => Some(reason.severity()),
            (Level::Unhealthy, Why::Remembered(_, severity)) => *severity,
            _ => None,
        }
    }
}

/// What was believed of a target before a restart.
#[derive(Clone, Copy, Debug)]
pub struct Before<'a> {
    /// How it was.
    pub level: Level,
    /// Why, in words.
    pub why: &'a str,
    /// Where it was down: how sure that was.
    pub severity: Option<Severity>,
    /// Since when.
    pub since: Instant,
    /// What earlier falls weighed, when, and whether recoveries were held back.
    pub flaps: (f64, Instant, bool),
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

/// What it takes to change a mind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tuning {
    /// Consecutive results that lift: to up, or from degraded to healthy. 0 counts as 1.
    pub rise: u32,
    /// Consecutive results that bring down: to unhealthy, or from healthy to degraded. 0 counts as 1.
    pub fall: u32,
    /// The time in which what earlier falls weigh halves; zero: flapping is not damped.
    pub half_life: Duration,
    /// A success that takes longer is cause for concern; `None`: none is.
    pub slow: Option<Duration>,
    /// So long before its end a certificate is cause for concern; `None`: never.
    pub certificate_warning: Option<Duration>,
}

/// Rise and fall over one target's results.
#[derive(Clone, Debug)]
pub struct Ladder {
    verdict: Verdict,
    rise: u32,
    fall: u32,
    /// Results in a row that speak for the other of the two levels that are up.
    shifting: u32,
    flaps: Flaps,
}

impl Ladder {
    /// A ladder that knows nothing yet.
    pub fn new(tuning: Tuning, now: Instant) -> Ladder {
        let verdict =
            Verdict { level: Level::Unknown, why: Why::NotProbed, since: now, remaining: 1, threshold: 1 };
        let flaps = Flaps::new(tuning.half_life, now);
        Ladder { verdict, rise: tuning.rise.max(1), fall: tuning.fall.max(1), shifting: 0, flaps }
    }

    /// Takes over what was believed before a restart, until results say otherwise.
    pub fn believe(&mut self, before: Before<'_>) {
        let Before { level, why, severity, since, flaps } = before;
        let (why, threshold) = (Why::Remembered(why.into(), severity), self.threshold(level));
        self.verdict = Verdict { level, why, since, remaining: threshold, threshold };
        self.flaps.resume(flaps);
    }

    /// What is believed.
    pub fn verdict(&self) -> &Verdict {
        &self.verdict
    }

    /// What earlier falls weigh, and for how long a recovery is still held back because of them.
    pub fn flaps(&self) -> &Flaps {
        &self.flaps
    }

    /// Takes one result, and says whether it flipped the verdict. `remaining` may move either way.
    pub fn observe(&mut self, seen: Seen, now: Instant) -> Option<Change> {
        let to = seen.level();
        match (self.verdict.level, to) {
            (Level::Unknown, _) => Some(self.flip(seen, now)),
            (Level::Unhealthy, Level::Unhealthy) => self.confirm(seen),
            (from, to) if from.is_up() && to.is_up() => self.shift(seen, now),
            _ if self.verdict.remaining > 1 => {
                self.verdict.remaining -= 1;
                self.shifting = 0;
                None
            }
            (Level::Unhealthy, _) if self.flaps.holds(now) => None,
            (Level::Unhealthy, _) => Some(self.flip(seen, now)),
            _ => {
                self.flaps.fell(now);
                Some(self.flip(seen, now))
            }
        }
    }

    /// Takes a new tuning, after a reload. What is believed stays, and so does the run so far; a run that now would be
    /// long enough still waits for the next result: a reload alone flips nothing.
    pub fn retune(&mut self, tuning: Tuning, now: Instant) {
        (self.rise, self.fall) = (tuning.rise.max(1), tuning.fall.max(1));
        self.flaps.retune(tuning.half_life, now);
        let run = self.verdict.threshold - self.verdict.remaining;
        self.verdict.threshold = self.threshold(self.verdict.level);
        self.verdict.remaining = self.verdict.threshold.saturating_sub(run).max(1);
    }

    /// One more result of what is believed.
    fn confirm(&mut self, seen: Seen) -> Option<Change> {
        self.verdict.why = seen.into();
        self.verdict.remaining = self.verdict.threshold;
        self.shifting = 0;
        None
    }

    /// A result that passes, of a target that is up: healthy or degraded.
    fn shift(&mut self, seen: Seen, now: Instant) -> Option<Change> {
        let to = seen.level();
        if to == self.verdict.level {
            return self.confirm(seen);
        }
        self.verdict.remaining = self.verdict.threshold;
        self.shifting += 1;
        let needed = if to == Level::Degraded { self.fall } else { self.rise };
        (self.shifting >= needed).then(|| self.flip(seen, now))
    }

    fn flip(&mut self, seen: Seen, now: Instant) -> Change {
        let to = seen.level();
        let (threshold, why) = (self.threshold(to), Why::from(seen));
        let change = Change { from: self.verdict.level, to, at: now, why: why.clone() };
        self.verdict = Verdict { level: to, why, since: now, remaining: threshold, threshold };
        self.shifting = 0;
        change
    }

    /// Results of the contrary that it takes to leave a level.
    fn threshold(&self, level: Level) -> u32 {
        match level {
            Level::Unknown => 1,
            Level::Healthy | Level::Degraded => self.fall,
            Level::Unhealthy => self.rise,
        }
    }
}

#[cfg(test)]
mod tests;
