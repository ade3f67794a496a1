//! From two scrapes in a row to signals: counters become rates.

use std::time::{Duration, Instant};

use super::Samples;
use super::samples::Sum;
use crate::health::Signals;
use crate::model::{Formula, Signal};

/// The last scrape of one target.
#[derive(Clone, Debug, Default)]
pub struct Rates {
    last: Option<(Instant, Samples)>,
}

impl Rates {
    /// What a new scrape, made at `now`, says. What is made of counters is known from the second on.
    pub fn take(&mut self, formulas: &[(Signal, Formula)], samples: Samples, now: Instant) -> Signals {
        let last = self.last.as_ref().filter(|(_, last)| last.sums.len() == samples.sums.len());
        let passed = last.map(|(at, _)| now.saturating_duration_since(*at));
        let mut signals = Signals::default();
        for (place, ((signal, formula), sums)) in formulas.iter().zip(&samples.sums).enumerate() {
            let before = last.and_then(|(_, last)| last.sums.get(place)).zip(passed);
            let Some(value) = value(formula, sums, before) else { continue };
            let value = if signal.is_share() { value.min(1.0) } else { value };
            let value = if *signal == Signal::Draining { f64::from(u8::from(value != 0.0)) } else { value };
            // Whatever cannot be, as a count below 0, is as good as absent.
            signals.set(*signal, value).unwrap_or_default();
        }
        self.last = Some((now, samples));
        signals
    }
}

type Before<'a> = Option<(&'a [Sum; 2], Duration)>;

fn value(formula: &Formula, [above, below]: &[Sum; 2], before: Before<'_>) -> Option<f64> {
    let of = |place: usize| before.map(|(before, passed)| (&before[place], passed));
    let value = match formula.below {
        None => amount(above, of(0))?,
        Some(_) => {
            let below = amount(below, of(1)).filter(|below| *below > 0.0)?;
            // A series that nothing has happened to yet may not be there.
            let above = if above.counters.is_empty() { above.gauges } else { growth(above, of(0)?)? };
            above / below
        }
    };
    Some(value * formula.factor)
}

/// The sum of gauges, or the growth of counters per second.
fn amount(sum: &Sum, before: Option<(&Sum, Duration)>) -> Option<f64> {
    match (sum.count, sum.counters.is_empty()) {
        (0, _) => None,
        (_, true) => Some(sum.gauges),
        (_, false) => growth(sum, before.filter(|(before, _)| before.count > 0)?),
    }
}

/// How much counters grew per second.
fn growth(sum: &Sum, (before, passed): (&Sum, Duration)) -> Option<f64> {
    (!passed.is_zero()).then(|| sum.growth(before) / passed.as_secs_f64())
}
