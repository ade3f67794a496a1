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
mod tests {
    use super::*;
    use crate::model::{HttpRequest, Request, StatusSet};

    fn target(port: u16) -> Arc<Target> {
        let request = HttpRequest { tls: false, path: "/".into(), host: None, expect: StatusSet::default() };
        Arc::new(Target { address: [127, 0, 0, 1].into(), port, request: Request::Http(request) })
    }

    fn wanted(rows: &[(u16, u32, u32)]) -> Vec<Wanted> {
        rows.iter().map(|&(port, rise, fall)| Wanted { target: target(port), rise, fall }).collect()
    }

    /// `+` up, `-` down, `0` nothing; how many flips came of it.
    fn feed(table: &mut Table, port: u16, seen: &str, at: Instant) -> usize {
        let outcome = |c| match c {
            '+' => Outcome::Up,
            '-' => Outcome::Down(Reason::Refused),
            _ => Outcome::Nothing(OwnFault::Aborted),
        };
        let observation = |outcome| Observation {
            target: target(port),
            at,
            outcome,
            elapsed: Duration::from_millis(7),
            certificate_expires: None,
        };
        seen.chars().filter(|&c| table.observe(&observation(outcome(c))).is_some()).count()
    }

    #[test]
    fn a_reload_keeps_those_who_stay() {
        let now = Instant::now();
        let mut table = Table::default();
        table.replace(wanted(&[(1, 2, 3), (2, 2, 3)]), now);
        assert_eq!(table.unknown(), 2);
        assert_eq!((feed(&mut table, 1, "+--", now), feed(&mut table, 2, "-", now)), (1, 1));
        assert_eq!(table.unknown(), 0);

        table.replace(wanted(&[(3, 2, 3), (1, 2, 4)]), now);
        let verdict = table.verdict(&target(1)).unwrap();
        assert_eq!((verdict.level, verdict.remaining, verdict.threshold), (Level::Healthy, 2, 4));
        assert_eq!(table.facts(&target(1)).unwrap().failed, 2);
        assert_eq!(table.verdict(&target(2)), None);
        assert_eq!(table.verdict(&target(3)).unwrap().level, Level::Unknown);
        assert_eq!((table.unknown(), table.iter().count()), (1, 2));

        assert_eq!(feed(&mut table, 2, "+", now), 0, "a late result of a target that left");
        assert_eq!(table.verdict(&target(2)), None);
    }

    #[test]
    fn checks_that_disagree_leave_early_and_come_back_late() {
        let now = Instant::now();
        let mut table = Table::default();
        table.replace(wanted(&[(1, 2, 5), (1, 4, 2)]), now);
        feed(&mut table, 1, "+", now);
        assert_eq!(table.verdict(&target(1)).unwrap().threshold, 2);
        feed(&mut table, 1, "--", now);
        assert_eq!(table.verdict(&target(1)).unwrap().threshold, 4);
    }

    #[test]
    fn faults_of_our_own_move_no_verdict() {
        let (start, later) = (Instant::now(), Instant::now() + Duration::from_secs(9));
        let mut table = Table::default();
        table.replace(wanted(&[(1, 1, 1)]), start);
        assert_eq!(feed(&mut table, 1, "000", start), 0);
        assert_eq!(table.unknown(), 1);
        feed(&mut table, 1, "+", start);
        assert_eq!(feed(&mut table, 1, "000", later), 0);
        let facts = table.facts(&target(1)).unwrap();
        assert_eq!((facts.passed, facts.failed, facts.said_nothing), (1, 0, 6));
        assert_eq!(facts.staleness(later), Some(later - start));
        assert_eq!(facts.last_own_fault, Some((later, OwnFault::Aborted)));
        assert_eq!(facts.last_latency, Some(Duration::from_millis(7)));
    }

    #[test]
    fn a_certificate_stays_known_when_the_next_attempt_sees_none() {
        let now = Instant::now();
        let mut table = Table::default();
        table.replace(wanted(&[(1, 1, 1)]), now);
        let expires = Some(SystemTime::UNIX_EPOCH + Duration::from_secs(4_000_000_000));
        table.observe(&Observation {
            target: target(1),
            at: now,
            outcome: Outcome::Up,
            elapsed: Duration::ZERO,
            certificate_expires: expires,
        });
        feed(&mut table, 1, "-", now);
        assert_eq!(table.facts(&target(1)).unwrap().certificate_expires, expires);
    }
}
