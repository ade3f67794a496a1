//! The verdict table: a ladder and the latest facts for every target that is wanted, keyed by the target
//! itself, so that a reload keeps what is known of targets that stay.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fmt::{self, Write as _};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use super::network::{Doubt, Network};
use super::{
    Before, Change, Concern, Flaps, Ladder, Latencies, Level, Observation, Outcome, OwnFault, Reason, Seen,
    Tuning, Verdict,
};
use crate::model::Target;

/// A target, and what its check takes to change a mind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// What is probed.
    pub target: Arc<Target>,
    /// Rise, fall and damping.
    pub tuning: Tuning,
    /// What its answers, and its silence, say of the node's own network.
    pub vouching: Vouching,
}

/// How a target stands to the own-network guard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Vouching {
    /// Its answers prove that the node's network works, together with the others of this group, of whom one is asked;
    /// `None`: it stands in the node's own region.
    pub gives: Option<u32>,
    /// Somebody else could prove it: its own silence alone proves nothing.
    pub needs: bool,
}

/// What was last seen of a target, for people.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// When the last result was in that said anything about the target; its age is the verdict's staleness.
    pub last_at: Option<Instant>,
    /// How long that attempt took, start to result.
    pub last_latency: Option<Duration>,
    /// How long the newest attempts took that passed, or were too slow: a refusal comes fast, and says nothing of speed.
    pub latencies: Latencies,
    /// The last failure, when and why, also one that did not flip anything.
    pub last_failure: Option<(Instant, Reason)>,
    /// Why this machine could not ask, the last time that it was to.
    pub own_fault: Option<OwnFault>,
    /// When the certificate that was last shown ends, to the second.
    pub certificate_expires: Option<SystemTime>,
    /// The newest results, `+` passed, `~` with cause for concern, `-` failed, `?` said nothing; the newest last.
    pub strip: Strip,
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

    fn note(&mut self, seen: &Observation, result: Option<&Seen>) {
        self.certificate_expires = seen.certificate_expires.or(self.certificate_expires);
        self.strip.push(match result {
            Some(Seen::Up) => b'+',
            Some(Seen::Doubtful(_)) => b'~',
            Some(Seen::Down(_)) => b'-',
            None => b'?',
        });
        match &seen.outcome {
            Outcome::Nothing(fault) => {
                self.said_nothing += 1;
                self.own_fault = Some(fault.clone());
                return;
            }
            Outcome::Up | Outcome::Doubtful(_) => self.passed += 1,
            Outcome::Down(reason) => {
                self.failed += 1;
                self.last_failure = Some((seen.at, reason.clone()));
            }
        }
        (self.last_at, self.last_latency, self.own_fault) = (Some(seen.at), Some(seen.elapsed), None);
        if seen.outcome.tells_speed() {
            self.latencies.push(seen.elapsed);
        }
    }
}

/// The newest results as letters, the newest last. In place: there is one for each of thousands of targets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Strip {
    letters: [u8; Strip::LENGTH],
    length: u8,
}

impl Strip {
    /// So many are kept.
    pub const LENGTH: usize = 20;

    fn push(&mut self, letter: u8) {
        let length = usize::from(self.length);
        match self.letters.get_mut(length) {
            Some(place) => (*place, self.length) = (letter, self.length + 1),
            None => {
                self.letters.rotate_left(1);
                self.letters[Strip::LENGTH - 1] = letter;
            }
        }
    }
}

impl fmt::Display for Strip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.letters[..usize::from(self.length)]
            .iter()
            .try_for_each(|letter| f.write_char(char::from(*letter)))
    }
}

/// What an observation came to.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Effect {
    /// What flipped: the target itself, and others of whom it was doubted that they failed.
    pub changes: Vec<(Arc<Target>, Change)>,
    /// Of whom something else is believed, or for another time: a level, how surely it is gone, or how many results more
    /// it takes to flip it. Whoever flipped is among them.
    pub moved: Vec<Arc<Target>>,
    /// It is the first result of the target.
    pub first: bool,
    /// This machine cannot ask the target, and could before.
    pub unasked: bool,
}

/// All verdicts.
#[derive(Debug, Default)]
pub struct Table {
    rows: HashMap<Arc<Target>, Row>,
    network: Network,
    /// Targets whose newest failure is doubted.
    doubted: HashSet<Arc<Target>>,
}

#[derive(Debug)]
struct Row {
    ladder: Ladder,
    tuning: Tuning,
    vouching: Vouching,
    facts: Facts,
    doubted: Option<Doubted>,
}

/// What may be the node's own network's fault.
#[derive(Debug)]
struct Doubted {
    /// The newest failure; `None`: it could not even be asked.
    failure: Option<Reason>,
    /// When the first attempt in a row began that failed, or that could not be made.
    began: Instant,
    /// When the first of all was over.
    since: Instant,
}

impl Doubted {
    /// A failure in doubt, after what was in doubt already.
    fn failed(reason: Reason, began: Instant, at: Instant, before: Option<Doubted>) -> Doubted {
        let since = before.as_ref().map_or(at, |before| before.since);
        let began = before.filter(|before| before.failure.is_some()).map_or(began, |before| before.began);
        Doubted { failure: Some(reason), began, since }
    }
}

impl Row {
    /// Whether its silence may be the node's own: only what is believed to be up can fall.
    fn can_be_doubted(&self) -> bool {
        self.vouching.needs && self.ladder.verdict().level.is_up()
    }

    /// Whether it is outside and was well, so that somebody notices if it cannot be asked.
    fn is_missed(&self) -> bool {
        self.vouching.gives.is_some() && self.doubted.is_none() && self.ladder.verdict().level.is_up()
    }

    /// What a probe says; `None`: nothing.
    fn judge(&self, seen: &Observation, wall: SystemTime) -> Option<Seen> {
        let Tuning { slow, certificate_warning, .. } = self.tuning;
        let slow = slow.filter(|slow| seen.elapsed > *slow);
        let ends = seen.certificate_expires.filter(|end| {
            let left = end.duration_since(wall).unwrap_or_default();
            certificate_warning.is_some_and(|warning| left <= warning)
        });
        match &seen.outcome {
            Outcome::Up => Some(match (slow, ends) {
                (Some(over), _) => Seen::Doubtful(Concern::Slow { took: seen.elapsed, over }),
                (None, Some(end)) => Seen::Doubtful(Concern::CertificateEnds(end)),
                (None, None) => Seen::Up,
            }),
            Outcome::Doubtful(concern) => Some(Seen::Doubtful(concern.clone())),
            Outcome::Down(reason) => Some(Seen::Down(reason.clone())),
            Outcome::Nothing(_) => None,
        }
    }
}

impl Table {
    /// Makes `wanted` the whole of what is believed about: new targets start unknown, those that stay keep
    /// verdict, run and facts (also with new thresholds), the rest are forgotten.
    ///
    /// Where several checks want one target, the smallest fall, the largest rise and the longest half-life apply: it
    /// leaves with the most impatient of them and comes back with the most careful.
    pub fn replace(&mut self, wanted: impl IntoIterator<Item = Wanted>, now: Instant) {
        let wanted = merge(wanted);
        self.rows.retain(|target, _| wanted.contains_key(target));
        self.doubted.retain(|target| wanted.contains_key(target));
        for (target, (tuning, vouching)) in wanted {
            match self.rows.entry(target) {
                Entry::Occupied(mut row) => {
                    let row = row.get_mut();
                    row.ladder.retune(tuning, now);
                    (row.tuning, row.vouching) = (tuning, vouching);
                }
                Entry::Vacant(row) => {
                    let (ladder, facts) = (Ladder::new(tuning, now), Facts::default());
                    row.insert(Row { ladder, tuning, vouching, facts, doubted: None });
                }
            }
        }
        self.settle();
    }

    /// Takes what a probe saw at `wall`, and says what came of it: an answer may settle what was doubted of others. An
    /// observation of a target that nobody wants any more changes nothing, and neither does one that says nothing.
    pub fn observe(&mut self, seen: &Observation, wall: SystemTime) -> Effect {
        let Some(row) = self.rows.get_mut(&seen.target) else { return Effect::default() };
        let (before, first) = (row.ladder.verdict().gist(), row.facts.last_at.is_none());
        let could_ask = row.facts.own_fault.is_none();
        let result = row.judge(seen, wall);
        row.facts.note(seen, result.as_ref());
        let Some(result) = result else { return self.unasked(seen, could_ask) };
        let answered = result.is_an_answer();
        let vouches = answered && row.vouching.gives.is_some();
        let began = seen.at.checked_sub(seen.elapsed).unwrap_or(seen.at);
        // Who was silent at last said something since it was asked, and perhaps not a moment later.
        let proves = if result.broke_off() { began } else { seen.at };
        let doubted = !answered && row.can_be_doubted() && !self.network.vouches(began);
        let mut effect = Effect { first, ..Effect::default() };
        match result {
            Seen::Down(reason) if doubted => {
                row.doubted = Some(Doubted::failed(reason, began, seen.at, row.doubted.take()));
                self.doubted.insert(Arc::clone(&seen.target));
                self.network.doubt(seen.at);
            }
            result => {
                if row.doubted.take().is_some() {
                    self.doubted.remove(&seen.target);
                }
                let change = row.ladder.observe(result, seen.at);
                effect.changes.extend(change.map(|change| (Arc::clone(&seen.target), change)));
            }
        }
        if row.ladder.verdict().gist() != before {
            effect.moved.push(Arc::clone(&seen.target));
        }
        if vouches {
            self.heard(proves, seen.at, &mut effect);
        }
        self.settle();
        effect
    }

    /// This machine could not ask. Where it has no network, and the target is outside and was well, the network is in
    /// doubt as it is by silence.
    fn unasked(&mut self, seen: &Observation, could_ask: bool) -> Effect {
        let no_network = matches!(seen.outcome, Outcome::Nothing(OwnFault::Network(_)));
        if let Some(row) = self.rows.get_mut(&seen.target).filter(|row| no_network && row.is_missed()) {
            let began = seen.at.checked_sub(seen.elapsed).unwrap_or(seen.at);
            row.doubted = Some(Doubted { failure: None, began, since: seen.at });
            self.doubted.insert(Arc::clone(&seen.target));
            self.network.doubt(seen.at);
        }
        Effect { unasked: could_ask, ..Effect::default() }
    }

    /// Somebody outside had answered by then, as is known at `now`: what was doubted and began earlier counts now, or never.
    fn heard(&mut self, proven: Instant, now: Instant, effect: &mut Effect) {
        let forget = self.network.heard(proven);
        let (rows, mut left) = (&mut self.rows, None::<Instant>);
        self.doubted.retain(|target| {
            let Some(row) = rows.get_mut(target) else { return false };
            let Some(doubted) = row.doubted.take_if(|doubted| doubted.began <= proven) else {
                let since = row.doubted.as_ref().map(|doubted| doubted.since);
                left = left.into_iter().chain(since).min();
                return true;
            };
            let Some(reason) = doubted.failure.filter(|_| !forget) else { return false };
            let change = row.ladder.observe(Seen::Down(reason), now);
            effect.moved.push(Arc::clone(target));
            effect.changes.extend(change.map(|change| (Arc::clone(target), change)));
            false
        });
        self.network.settle(left);
    }

    fn settle(&mut self) {
        if self.doubted.is_empty() {
            self.network.settle(None);
        }
    }

    /// What the node thinks of its own network.
    pub fn doubt(&self, now: Instant) -> Doubt {
        self.network.state(now)
    }

    /// Whom to ask at once, because something is doubted: one of each other group, somebody who is up if there is one.
    /// Who is silent is not asked for it, or one silence would count twice; nor is its group, unless there is no other.
    pub fn whom_to_ask(&mut self, now: Instant) -> Vec<Arc<Target>> {
        if !self.network.asks(now) {
            return Vec::new();
        }
        let group = |target| self.rows.get(target).and_then(|row: &Row| row.vouching.gives);
        let silent: BTreeSet<u32> = self.doubted.iter().filter_map(group).collect();
        let mut best: BTreeMap<u32, (bool, &Arc<Target>)> = BTreeMap::new();
        for (target, row) in self.rows.iter().filter(|(_, row)| row.doubted.is_none()) {
            let Some(group) = row.vouching.gives else { continue };
            let candidate = (!row.ladder.verdict().level.is_up(), target);
            let known = best.entry(group).or_insert(candidate);
            *known = candidate.min(*known);
        }
        let elsewhere = best.keys().any(|group| !silent.contains(group));
        best.retain(|group, _| !(elsewhere && silent.contains(group)));
        best.into_values().map(|(_, target)| Arc::clone(target)).collect()
    }

    /// Takes over what was believed of a target before a restart.
    pub fn believe(&mut self, target: &Target, before: Before<'_>) {
        if let Some(row) = self.rows.get_mut(target) {
            row.ladder.believe(before);
        }
    }

    /// What earlier falls of a target weigh; `None` for one that is not wanted.
    pub fn flaps(&self, target: &Target) -> Option<&Flaps> {
        self.rows.get(target).map(|row| row.ladder.flaps())
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

/// One tuning a target.
fn merge(wanted: impl IntoIterator<Item = Wanted>) -> HashMap<Arc<Target>, (Tuning, Vouching)> {
    let mut merged: HashMap<_, (Tuning, Vouching)> = HashMap::new();
    for Wanted { target, tuning, vouching } in wanted {
        let (all, stands) = merged.entry(target).or_insert((tuning, vouching));
        all.rise = all.rise.max(tuning.rise);
        all.fall = all.fall.min(tuning.fall);
        all.half_life = all.half_life.max(tuning.half_life);
        all.slow = least(all.slow, tuning.slow);
        all.certificate_warning = all.certificate_warning.max(tuning.certificate_warning);
        stands.gives = stands.gives.or(vouching.gives);
        stands.needs &= vouching.needs;
    }
    merged
}

fn least(one: Option<Duration>, other: Option<Duration>) -> Option<Duration> {
    one.into_iter().chain(other).min()
}

#[cfg(test)]
mod tests;
