//! What one source says at one moment: a number for each signal, or none.

use std::time::Duration;

use super::HALF_LIFE;
use crate::model::Signal;

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
        let fine = value.is_finite() && value >= 0.0;
        match signal {
            Signal::Draining if value != 0.0 && value != 1.0 => return Err("true or false"),
            _ if signal.is_share() && !(fine && value <= 1.0) => return Err("a share from 0 to 1"),
            _ if !fine => return Err("a number of at least 0"),
            _ => {}
        }
        self.0[signal.index()] = Some(value);
        Ok(())
    }

    /// Reads a word, as `12`, `0.05` or `true`; where it cannot be, says what could.
    pub fn read(&mut self, signal: Signal, word: &str) -> Result<(), &'static str> {
        let value = match (signal, word) {
            (Signal::Draining, "true") => 1.0,
            (Signal::Draining, "false") => 0.0,
            _ => word.parse().unwrap_or(f64::NAN),
        };
        self.set(signal, value)
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
