//! What one source says at one moment: a number for each signal, or none.

use std::time::Duration;

use super::HALF_LIFE;
use crate::model::Signal;

/// More than anything on earth has of anything; what reports add up to stays a number.
const MOST: f64 = 1e18;
/// Seconds from a request to its answer that nobody waits for on average.
const LONG: f64 = 60.0;
/// So many times its capacity nobody has in use.
const CROWDED: f64 = 10.0;

/// A number for each signal that is known.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Signals([Option<f64>; Signal::ALL.len()]);

impl Signals {
    /// The number, where it is known.
    pub fn get(&self, signal: Signal) -> Option<f64> {
        self.0[signal.index()]
    }

    /// Sets a number; where it cannot be, says what could.
    pub fn set(&mut self, signal: Signal, value: f64) -> Result<(), &'static str> {
        let fine = (0.0..=MOST).contains(&value);
        match signal {
            Signal::Draining if value != 0.0 && value != 1.0 => return Err("true or false"),
            _ if signal.is_share() && !(fine && value <= 1.0) => return Err("a share from 0 to 1"),
            _ if !fine => return Err("a number from 0 to 1e18"),
            _ => {}
        }
        self.0[signal.index()] = Some(value);
        Ok(())
    }

    /// Reads a word, as `12`, `0.05` or `true`; where it cannot be, says what could.
    pub fn read(&mut self, signal: Signal, word: &str) -> Result<(), &'static str> {
        let value = match (signal, word) {
            // Not every language writes it small.
            (Signal::Draining, word) if word.eq_ignore_ascii_case("true") => 1.0,
            (Signal::Draining, word) if word.eq_ignore_ascii_case("false") => 0.0,
            _ => word.parse().unwrap_or(f64::NAN),
        };
        self.set(signal, value)
    }

    /// A signal is not known any more.
    pub fn unset(&mut self, signal: Signal) {
        self.0[signal.index()] = None;
    }

    /// What can be, but is likelier to be in another unit, in words.
    pub fn doubt(&self) -> Option<String> {
        let of = |signal, limit| self.get(signal).filter(|value| *value > limit);
        if let Some(latency) = of(Signal::Latency, LONG) {
            return Some(format!("latency is in seconds: are {latency} milliseconds?"));
        }
        let utilization = of(Signal::Utilization, CROWDED)?;
        Some(format!("a utilization of 1 is full: are {utilization} percent?"))
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(Option::is_none)
    }

    /// Whether it wishes to be sent nobody new.
    pub fn is_draining(&self) -> bool {
        self.get(Signal::Draining) == Some(1.0)
    }

    /// Exponentially weighted over time: what was before loses half its weight with every half-life that passed. What
    /// is new, or was absent before, counts as it is; a wish is not smoothed.
    pub fn towards(&self, new: &Signals, passed: Duration) -> Signals {
        let weight = (-passed.as_secs_f64() / HALF_LIFE.as_secs_f64()).exp2();
        let smooth = |signal: Signal| match (self.get(signal), new.get(signal)) {
            (Some(before), Some(now)) if signal != Signal::Draining => Some(now + (before - now) * weight),
            (_, now) => now,
        };
        Signals(Signal::ALL.map(smooth))
    }
}
