//! What is kept of a scrape: for each formula the sum of its gauges, and its counters one by one.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::{Kind, Sample};
use crate::model::{Formula, Selector, Signal};

/// Counters of one selector: more would be kept for nobody's good.
const MOST_SERIES: usize = 10_000;

/// What one scrape found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Samples {
    /// In the order of the formulas: above the line, and below it.
    pub(super) sums: Vec<[Sum; 2]>,
    note: Option<String>,
}

/// What one selector found.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Sum {
    /// Series that match.
    pub(super) count: usize,
    /// The sum of those that are gauges.
    pub(super) gauges: f64,
    /// Those that are counters, by a hash of name and labels: each is reset on its own.
    pub(super) counters: HashMap<u64, f64>,
}

impl Samples {
    /// Nothing found yet.
    pub fn new(formulas: &[(Signal, Formula)]) -> Samples {
        Samples { sums: vec![Default::default(); formulas.len()], note: None }
    }

    /// Adds a series wherever a formula wants it.
    pub fn add(&mut self, formulas: &[(Signal, Formula)], sample: &Sample<'_>) {
        for ((_, formula), [above, below]) in formulas.iter().zip(&mut self.sums) {
            above.add(&formula.above, sample);
            if let Some(selector) = &formula.below {
                below.add(selector, sample);
            }
        }
    }

    /// Notes lines that could not be read.
    pub fn note_unreadable(&mut self, lines: usize) {
        match lines {
            0 => {}
            1 => self.note("one line of the page cannot be read"),
            _ => self.note(&format!("{lines} lines of the page cannot be read")),
        }
    }

    /// Notes what went wrong; the first note stays.
    pub fn note(&mut self, text: &str) {
        self.note.get_or_insert_with(|| text.to_owned());
    }

    /// What went wrong, in words: also which formulas found nothing.
    pub fn notes(&self, formulas: &[(Signal, Formula)]) -> Option<Box<str>> {
        let found_nothing = |((_, formula), [above, below]): &(&(Signal, Formula), &[Sum; 2])| {
            let whole = if formula.below.is_some() { below } else { above };
            whole.count == 0
        };
        let mut missing = formulas.iter().zip(&self.sums).filter(found_nothing);
        let missing = missing.next().map(|((signal, formula), _)| {
            format!("nothing there is '{}' for {}", formula.as_str(), signal.name())
        });
        let notes: Vec<_> = self.note.iter().cloned().chain(missing).collect();
        (!notes.is_empty()).then(|| notes.join("; ").into())
    }
}

impl Sum {
    fn add(&mut self, selector: &Selector, sample: &Sample<'_>) {
        let matches = selector.metric == sample.metric
            && selector.matchers.iter().all(|matcher| matcher.holds(&sample.label(&matcher.label)));
        if !matches {
            return;
        }
        self.count += 1;
        if sample.kind == Kind::Gauge {
            self.gauges += sample.value;
        } else if self.counters.len() < MOST_SERIES {
            let mut hasher = DefaultHasher::new();
            (sample.metric, sample.labels).hash(&mut hasher);
            self.counters.insert(hasher.finish(), sample.value);
        }
    }

    /// How much its counters grew, each on its own: one that is smaller than before began anew, and one that was not
    /// there before began since.
    pub(super) fn growth(&self, before: &Sum) -> f64 {
        let growth = |(series, now): (&u64, &f64)| match before.counters.get(series) {
            Some(before) if before <= now => now - before,
            _ => *now,
        };
        self.counters.iter().map(growth).sum()
    }
}
