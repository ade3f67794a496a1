//! From two scrapes in a row to signals: counters become rates.

use std::time::{Duration, Instant};

use super::Samples;
use super::counters::{Counters, Growth};
use super::samples::Sum;
use crate::health::Signals;
use crate::model::{Formula, Signal};

/// For so long counters are doubted that jumped forth and back.
const DOUBT: Duration = Duration::from_secs(600);

/// What is kept of the scrapes of one target.
#[derive(Clone, Debug, Default)]
pub struct Rates {
    /// When the last was, and whether its page was cut.
    last: Option<(Instant, bool)>,
    /// The counters of each formula, above the line and below it.
    counters: Vec<[Counters; 2]>,
    /// When a counter jumped last.
    jumped: Option<Instant>,
}

impl Rates {
    /// What a new scrape, made at `now`, says, and what is wrong with it, in words. What is made of counters is known
    /// from the second on.
    pub fn take(
        &mut self,
        formulas: &[(Signal, Formula)],
        samples: Samples,
        now: Instant,
    ) -> (Signals, Option<Box<str>>) {
        let mut notes = samples.notes(formulas);
        if self.counters.len() != samples.sums.len() {
            *self = Rates { counters: vec![Default::default(); samples.sums.len()], ..Rates::default() };
        }
        let in_doubt =
            |jumped: Option<Instant>| jumped.is_some_and(|at| now.saturating_duration_since(at) < DOUBT);
        let passed = self.last.map(|(at, _)| now.saturating_duration_since(at));
        let whole = !samples.cut && self.last.is_some_and(|(_, cut)| !cut);
        let doubted = in_doubt(self.jumped);
        let mut signals = Signals::default();
        for (((signal, formula), sums), counters) in
            formulas.iter().zip(&samples.sums).zip(&mut self.counters)
        {
            let [above, below] = [0, 1].map(|at: usize| {
                let growth = counters[at].take(&sums[at].counters, whole, doubted);
                Part { sum: &sums[at], growth, passed }
            });
            if [&above, &below].iter().any(|part| part.growth == Growth::Jumped) {
                self.jumped = Some(now);
            }
            let Some(value) = value(*signal, formula, &above, &below) else { continue };
            if let Err(valid) = signals.set(*signal, value) {
                let value = if value.abs() < 1e15 { value.to_string() } else { format!("{value:e}") };
                notes.push(format!("{} {value} is not {valid}", signal.name()));
            }
        }
        if in_doubt(self.jumped) {
            notes.push("counters jump forth and back: several processes seem to answer there".to_owned());
        }
        // Whoever is asked nothing has no errors and no latency, whatever a gauge remembers.
        if signals.get(Signal::Requests) == Some(0.0) {
            [Signal::Errors, Signal::Timeouts, Signal::Latency]
                .into_iter()
                .for_each(|one| signals.unset(one));
        }
        self.last = Some((now, samples.cut));
        (signals, (!notes.is_empty()).then(|| notes.join("; ").into()))
    }
}

/// What is known of one selector.
struct Part<'a> {
    sum: &'a Sum,
    growth: Growth,
    passed: Option<Duration>,
}

impl Part<'_> {
    /// How much its counters grew per second.
    fn growth(&self) -> Option<f64> {
        let seconds = self.passed.filter(|passed| !passed.is_zero())?.as_secs_f64();
        match self.growth {
            Growth::By(growth) | Growth::FromNothing(growth) => Some(growth / seconds),
            Growth::Jumped | Growth::Doubted => None,
        }
    }

    /// The sum of gauges, or the growth of counters per second, where some were there before.
    fn amount(&self) -> Option<f64> {
        match (self.sum.count(), self.sum.counters.is_empty(), self.growth) {
            (0, ..) | (_, false, Growth::FromNothing(_)) => None,
            (_, true, _) => Some(self.sum.gauges.values().sum()),
            (_, false, _) => self.growth(),
        }
    }
}

fn value(signal: Signal, formula: &Formula, above: &Part<'_>, below: &Part<'_>) -> Option<f64> {
    if above.sum.is_crowded() || below.sum.is_crowded() {
        return None;
    }
    let value = match formula.below {
        // Of several sources they are no sums either.
        None if signal.is_mean() && above.sum.counters.is_empty() => {
            above.amount()? / above.sum.count() as f64
        }
        None => above.amount()?,
        Some(_) => {
            let whole = below.amount().filter(|whole| *whole > 0.0)?;
            // A series that nothing has happened to yet may not be there.
            let part =
                if above.sum.counters.is_empty() { above.amount().unwrap_or(0.0) } else { above.growth()? };
            let share = part / whole;
            // Who counts them one after the other may be one ahead.
            if signal.is_share() { share.min(1.0) } else { share }
        }
    };
    let value = value * formula.factor;
    Some(if signal == Signal::Draining { f64::from(u8::from(value != 0.0)) } else { value })
}
