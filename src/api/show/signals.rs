//! Signals, as they leave.

use super::super::wire::{RuleBody, SignalBody, SourceBody};
use super::seconds;
use crate::control::report::RuleReport;
use crate::health::{Reading, SourceState};

/// Six digits are more than anybody measures.
fn rounded(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}

/// One signal.
pub fn signal(reading: &Reading) -> SignalBody {
    SignalBody {
        signal: reading.signal.name().to_owned(),
        value: rounded(reading.value),
        smoothed: rounded(reading.smoothed),
        age_seconds: seconds(reading.age),
        sources: reading.sources.clone(),
    }
}

/// One source.
pub fn source(state: &SourceState) -> SourceBody {
    SourceBody {
        source: state.source.clone(),
        age_seconds: state.age.map(seconds),
        fresh: state.fresh,
        sequence: state.sequence,
        note: state.note.as_deref().map(str::to_owned),
    }
}

/// One rule.
pub fn rule(report: &RuleReport) -> RuleBody {
    let RuleReport { rule, state, in_force, value } = report;
    let (signal, over, lasting) = (rule.signal.name(), rule.over, seconds(rule.lasting));
    let reason = format!("{signal} were over {over} for {lasting} s");
    RuleBody {
        signal: signal.to_owned(),
        value: value.map(rounded),
        over,
        under: rounded(rule.under),
        for_seconds: lasting,
        then: rule.then.name().to_owned(),
        state: (*state).to_owned(),
        in_force_seconds: in_force.map(seconds),
        reason: in_force
            .map(|_| if signal.ends_with('s') { reason } else { reason.replacen("were", "was", 1) }),
    }
}
