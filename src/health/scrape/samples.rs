//! What is kept of a scrape: for each formula the sum of its gauges, and its counters one by one.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::{Kind, Sample};
use crate::health::reason::quote;
use crate::model::{Formula, Selector, Signal};

/// Series of one selector: of more, nothing is known, since they would not be the same ones the next time.
pub(super) const MOST_SERIES: usize = 10_000;

/// What one scrape found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Samples {
    /// In the order of the formulas: above the line, and below it.
    pub(super) sums: Vec<[Sum; 2]>,
    /// The page went on.
    pub(super) cut: bool,
    note: Option<String>,
}

/// What one selector found.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Sum {
    /// Those that are gauges, by a hash of name and labels: what is there twice counts once.
    pub(super) gauges: BTreeMap<u64, f64>,
    /// Those that are counters, alike: each is reset on its own.
    pub(super) counters: BTreeMap<u64, f64>,
}

impl Samples {
    /// Nothing found yet.
    pub fn new(formulas: &[(Signal, Formula)]) -> Samples {
        Samples { sums: vec![Default::default(); formulas.len()], cut: false, note: None }
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

    /// Notes lines that could not be read, and the first of them.
    pub fn note_unreadable(&mut self, lines: usize, first: &[u8]) {
        let first = quote(String::from_utf8_lossy(first).trim(), 40);
        match lines {
            0 => {}
            1 => self.note(&format!("one line of the page cannot be read: '{first}'")),
            _ => self.note(&format!("{lines} lines of the page cannot be read; the first: '{first}'")),
        }
    }

    /// Notes what went wrong; the first note stays.
    pub fn note(&mut self, text: &str) {
        self.note.get_or_insert_with(|| text.to_owned());
    }

    /// What went wrong, in words: also which formulas found nothing, or too much.
    pub fn notes(&self, formulas: &[(Signal, Formula)]) -> Vec<String> {
        let of = |fits: fn(&Formula, &[Sum; 2]) -> bool| {
            let mut all = formulas.iter().zip(&self.sums);
            all.find(|((_, formula), sums)| fits(formula, sums)).map(|(formula, _)| formula)
        };
        let missing = of(|formula, [above, below]| {
            let whole = if formula.below.is_some() { below } else { above };
            whole.count() == 0
        });
        let crowded = of(|_, sums| sums.iter().any(Sum::is_crowded));
        let missing = missing.map(|(signal, formula)| {
            format!("nothing there is '{}' for {}", formula.as_str(), signal.name())
        });
        let crowded = crowded.map(|(signal, formula)| {
            let (formula, signal) = (formula.as_str(), signal.name());
            format!("more than {MOST_SERIES} series are '{formula}' for {signal}; narrow it by labels")
        });
        self.note.iter().cloned().chain(missing).chain(crowded).collect()
    }
}

impl Sum {
    fn add(&mut self, selector: &Selector, sample: &Sample<'_>) {
        let matches = selector.metric == sample.metric
            && selector.matchers.iter().all(|matcher| matcher.holds(&sample.label(&matcher.label)));
        if !matches || self.is_crowded() {
            return;
        }
        let mut hasher = DefaultHasher::new();
        (sample.metric, sample.labels).hash(&mut hasher);
        let series = if sample.kind == Kind::Gauge { &mut self.gauges } else { &mut self.counters };
        series.insert(hasher.finish(), sample.value);
    }

    /// Series that match.
    pub(super) fn count(&self) -> usize {
        self.gauges.len() + self.counters.len()
    }

    /// Whether more match than are kept.
    pub(super) fn is_crowded(&self) -> bool {
        self.count() > MOST_SERIES
    }
}
