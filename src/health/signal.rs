//! Signals: what load balancers report of endpoints, by endpoint and source.
//!
//! ```text
//! a report         then
//! newer sequence   it is all that its source says, until its lifetime is over
//! older or equal   nothing: it was overtaken on its way
//! none for so long the source says nothing: a stale signal is absent, never zero
//! ```
//!
//! Sources of one kind add up; where several kinds tell of one signal, what was pushed counts before what a check's
//! answer said, and that before what was pulled. Like the ladder this takes `now` and does no I/O.

mod reading;
mod said;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

pub use reading::Reading;
pub use said::Signals;

use crate::model::{Signal, Subject, Target};

/// The time in which what was before weighs half as much in a smoothed value.
pub const HALF_LIFE: Duration = Duration::from_secs(10);

/// Sources that push of one endpoint. What is asked for is bounded by what is written.
pub const MOST_SOURCES: usize = 128;

/// For so long a source that says nothing any more is shown.
const REMEMBERED: Duration = Duration::from_secs(600);

/// An endpoint by its names: it outlasts a reload.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Whose {
    /// The service's name.
    pub service: String,
    /// The region's name.
    pub region: String,
}

impl Whose {
    /// As operators' words and the log name it.
    pub fn subject(self) -> Subject {
        Subject::Endpoint { service: self.service, region: self.region }
    }
}

/// Who reports. The first kind that tells of a signal counts.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Source {
    /// Whoever calls the API, by that name.
    Push(String),
    /// The answer to a probe.
    Check(Arc<Target>),
    /// Metrics that were scraped.
    Pull(Arc<Target>),
}

impl Source {
    /// The kind as it is written.
    pub fn kind(&self) -> &'static str {
        match self {
            Source::Push(_) => "push",
            Source::Check(_) => "check",
            Source::Pull(_) => "pull",
        }
    }

    /// The address that it speaks for; `None`: the endpoint as a whole.
    fn address(&self) -> Option<IpAddr> {
        match self {
            Source::Push(_) => None,
            Source::Check(target) | Source::Pull(target) => Some(target.address),
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::Push(name) => write!(f, "push by {name}"),
            Source::Check(target) => write!(f, "check {target}"),
            Source::Pull(target) => write!(f, "pull {target}"),
        }
    }
}

/// All that a source says at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// What it says.
    pub signals: Signals,
    /// Counts the source's reports; `None`: it does not count them.
    pub sequence: Option<u64>,
    /// For how long it may be believed.
    pub lifetime: Duration,
    /// What of it could not be read, in words.
    pub note: Option<Box<str>>,
}

/// What became of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It counts.
    New,
    /// It does not: one of this sequence counts already.
    Old(u64),
    /// It does not: the endpoint has too many sources.
    Full,
}

/// What one source said last.
#[derive(Debug)]
struct Row {
    at: Instant,
    lifetime: Duration,
    sequence: Option<u64>,
    signals: Signals,
    smoothed: Signals,
    note: Option<Box<str>>,
}

impl Row {
    fn is_fresh(&self, now: Instant) -> bool {
        self.age(now) < self.lifetime
    }

    fn age(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.at)
    }
}

/// How a source stands, for people.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceState {
    /// Which.
    pub source: String,
    /// How old its newest report is; `None`: it never made one.
    pub age: Option<Duration>,
    /// Whether that may still be believed.
    pub fresh: bool,
    /// Of its newest report.
    pub sequence: Option<u64>,
    /// What went wrong with it, in words.
    pub note: Option<Box<str>>,
}

/// Every endpoint's signals.
#[derive(Debug, Default)]
pub struct SignalTable {
    rows: HashMap<Whose, BTreeMap<Source, Row>>,
}

impl SignalTable {
    /// Takes a report of an endpoint.
    pub fn take(&mut self, whose: &Whose, source: Source, report: Report, now: Instant) -> Taken {
        let rows = self.of(whose);
        if !rows.contains_key(&source) && matches!(source, Source::Push(_)) && !make_room(rows, now) {
            return Taken::Full;
        }
        let before = rows.get(&source).filter(|row| row.is_fresh(now));
        if let Some(newest) = before.and_then(|row| row.sequence)
            && report.sequence.is_some_and(|sequence| sequence <= newest)
        {
            return Taken::Old(newest);
        }
        let smoothed = before.map_or_else(
            || report.signals.clone(),
            |row| row.smoothed.towards(&report.signals, now.saturating_duration_since(row.at)),
        );
        let Report { signals, sequence, lifetime, note } = report;
        let note = together([note.map(String::from), signals.doubt()]);
        rows.insert(source, Row { at: now, lifetime, sequence, signals, smoothed, note });
        Taken::New
    }

    /// Notes that a source could not be asked; what it said before grows old.
    pub fn miss(&mut self, whose: &Whose, source: Source, why: &str, now: Instant) {
        let rows = self.of(whose);
        if let Some(row) = rows.get_mut(&source) {
            row.note = Some(why.into());
        } else {
            let (signals, smoothed) = Default::default();
            let (at, lifetime, sequence, note) = (now, Duration::ZERO, None, Some(why.into()));
            rows.insert(source, Row { at, lifetime, sequence, signals, smoothed, note });
        }
    }

    /// A source says nothing any more; whether it did.
    pub fn silence(&mut self, whose: &Whose, source: &Source) -> bool {
        self.rows.get_mut(whose).is_some_and(|rows| rows.remove(source).is_some())
    }

    /// Whether whoever pushes by these names may report of an endpoint, all of them.
    pub fn has_room(&self, whose: &Whose, names: &BTreeSet<&str>, now: Instant) -> bool {
        let rows = self.rows.get(whose).into_iter().flatten();
        let others = rows.filter(|(source, row)| match source {
            Source::Push(name) => row.is_fresh(now) && !names.contains(name.as_str()),
            Source::Check(_) | Source::Pull(_) => false,
        });
        others.count() + names.len() <= MOST_SOURCES
    }

    fn of(&mut self, whose: &Whose) -> &mut BTreeMap<Source, Row> {
        self.rows.entry(whose.clone()).or_default()
    }

    /// Keeps what these endpoints' sources say, of those for which `wanted` says yes.
    pub fn retain(&mut self, wanted: impl Fn(&Whose, &Source) -> bool) {
        self.rows.retain(|whose, rows| {
            rows.retain(|source, _| wanted(whose, source));
            !rows.is_empty()
        });
    }

    /// Forgets sources that have been silent for long.
    pub fn forget(&mut self, now: Instant) {
        self.rows.retain(|_, rows| {
            rows.retain(|_, row| row.is_fresh(now) || row.age(now) < REMEMBERED);
            !rows.is_empty()
        });
    }

    /// What is known of one signal of an endpoint; `None`: nothing, or nothing that may still be believed.
    pub fn reading(&self, whose: &Whose, signal: Signal, now: Instant) -> Option<Reading> {
        let fresh = || self.rows.get(whose).into_iter().flatten().filter(|(_, row)| row.is_fresh(now));
        let tells = |(_, row): &(&Source, &Row)| row.signals.get(signal).is_some();
        let kind = fresh().find(tells)?.0.kind();
        Reading::of(signal, fresh().filter(|(source, _)| source.kind() == kind), now)
    }

    /// All that is known of an endpoint.
    pub fn readings(&self, whose: &Whose, now: Instant) -> Vec<Reading> {
        Signal::ALL.into_iter().filter_map(|signal| self.reading(whose, signal, now)).collect()
    }

    /// The sources of an endpoint.
    pub fn sources(&self, whose: &Whose, now: Instant) -> Vec<SourceState> {
        let rows = self.rows.get(whose).into_iter().flatten();
        let standing = |(source, row): (&Source, &Row)| SourceState {
            source: source.to_string(),
            age: (!row.lifetime.is_zero()).then(|| row.age(now)),
            fresh: row.is_fresh(now),
            sequence: row.sequence,
            note: row.note.clone(),
        };
        rows.map(standing).collect()
    }

    /// The addresses of an endpoint that wish to be sent nobody new; `None` among them stands for all of it.
    pub fn draining(&self, whose: &Whose, now: Instant) -> Vec<Option<IpAddr>> {
        let rows = self.rows.get(whose).into_iter().flatten();
        let wish = |(_, row): &(&Source, &Row)| row.is_fresh(now) && row.signals.is_draining();
        let mut addresses: Vec<_> = rows.filter(wish).map(|(source, _)| source.address()).collect();
        addresses.sort_unstable();
        addresses.dedup();
        addresses
    }

    /// The endpoints that any source has said something of.
    pub fn whose(&self) -> impl Iterator<Item = &Whose> {
        self.rows.keys()
    }
}

/// Makes room for one more that pushes, where need be in the place of whoever has been silent for longest; whether there is.
fn make_room(rows: &mut BTreeMap<Source, Row>, now: Instant) -> bool {
    let pushed = || rows.iter().filter(|(source, _)| matches!(source, Source::Push(_)));
    if pushed().count() < MOST_SOURCES {
        return true;
    }
    let silent = pushed().filter(|(_, row)| !row.is_fresh(now)).min_by_key(|(_, row)| row.at);
    let silent = silent.map(|(source, _)| source.clone());
    silent.is_some_and(|source| rows.remove(&source).is_some())
}

/// Several notes as one.
fn together<const COUNT: usize>(notes: [Option<String>; COUNT]) -> Option<Box<str>> {
    let notes: Vec<_> = notes.into_iter().flatten().collect();
    (!notes.is_empty()).then(|| notes.join("; ").into())
}

#[cfg(test)]
mod tests;
