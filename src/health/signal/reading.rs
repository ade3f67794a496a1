//! One signal of one endpoint, out of what all sources of a kind say.

use std::time::{Duration, Instant};

use super::{Row, Signals, Source};
use crate::model::Signal;

/// One signal of one endpoint.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// Which.
    pub signal: Signal,
    /// As it was reported last.
    pub value: f64,
    /// Weighted over time, newer reports more.
    pub smoothed: f64,
    /// How old the oldest report is that went into it.
    pub age: Duration,
    /// Who reported it.
    pub sources: Vec<String>,
}

impl Reading {
    /// Of the sources of one kind that tell of it; `None` where none does.
    pub(super) fn of<'a>(
        signal: Signal,
        rows: impl Iterator<Item = (&'a Source, &'a Row)>,
        now: Instant,
    ) -> Option<Reading> {
        let rows: Vec<_> = rows.filter(|(_, row)| row.signals.get(signal).is_some()).collect();
        Some(Reading {
            signal,
            value: together(signal, rows.iter().map(|(_, row)| &row.signals))?,
            smoothed: together(signal, rows.iter().map(|(_, row)| &row.smoothed))?,
            age: rows.iter().map(|(_, row)| row.age(now)).max()?,
            sources: rows.iter().map(|(source, _)| source.to_string()).collect(),
        })
    }
}

/// What several sources say together.
//
// connections, requests, capacity   their sum
// errors, timeouts, latency         their mean, weighted by requests where all tell of them
// utilization                       their mean
// draining                          only if all of them are
fn together<'a>(signal: Signal, all: impl Iterator<Item = &'a Signals> + Clone) -> Option<f64> {
    let values = || all.clone().filter_map(|signals| signals.get(signal));
    let count = values().count();
    let sum = || values().sum::<f64>();
    let requests = || all.clone().map(|signals| signals.get(Signal::Requests));
    match signal {
        _ if count == 0 => None,
        Signal::Connections | Signal::Requests | Signal::Capacity => Some(sum()),
        Signal::Draining => values().reduce(f64::min),
        Signal::Utilization => Some(sum() / count as f64),
        Signal::Errors | Signal::Timeouts | Signal::Latency => {
            let weights: Option<f64> = requests().sum();
            let weighted = || values().zip(requests().flatten()).map(|(value, weight)| value * weight);
            match weights.filter(|weights| *weights > 0.0) {
                Some(weights) => Some(weighted().sum::<f64>() / weights),
                None => Some(sum() / count as f64),
            }
        }
    }
}
