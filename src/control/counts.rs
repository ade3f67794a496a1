//! What is counted of probes and verdicts, for metrics.
//!
//! By the kind of check, not by target: ten thousand targets and fourteen buckets would be 140,000 series, and a histogram of
//! each would say no more than its newest latency and its percentiles do. Kinds, reasons and levels are closed sets.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::health::{Level, Observation, Outcome};
use crate::model::Request;

/// All of it, since the node started.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Counts {
    /// Verdicts that moved, by what was and what is believed.
    pub transitions: BTreeMap<(&'static str, &'static str), u64>,
    /// Attempts that failed, by kind of check and of reason.
    pub errors: BTreeMap<(&'static str, &'static str), u64>,
    /// How long attempts took that said something of their target, by kind of check and outcome.
    pub latencies: BTreeMap<(&'static str, &'static str), Histogram>,
}

impl Counts {
    /// Counts a verdict that moved.
    pub fn transition(&mut self, from: Level, to: Level) {
        *self.transitions.entry((from.name(), to.name())).or_default() += 1;
    }

    /// Counts an attempt.
    pub fn probe(&mut self, seen: &Observation) {
        let kind = kind(&seen.target.request);
        let outcome = match &seen.outcome {
            Outcome::Up | Outcome::Doubtful(_) => "passed",
            Outcome::Down(reason) => {
                *self.errors.entry((kind, reason.kind())).or_default() += 1;
                "failed"
            }
            Outcome::Nothing(_) => {
                *self.errors.entry((kind, "own")).or_default() += 1;
                return;
            }
        };
        self.latencies.entry((kind, outcome)).or_default().add(seen.elapsed);
    }
}

/// As the configuration names it.
fn kind(request: &Request) -> &'static str {
    match request {
        Request::Http(request) if request.tls.is_some() => "https",
        Request::Http(_) => "http",
        Request::Tcp(_) => "tcp",
        Request::Dns(_) => "dns",
        Request::Grpc(_) => "grpc",
        Request::Icmp => "icmp",
        Request::Command(_) => "command",
        Request::Scrape(_) => "scrape",
    }
}

/// How often what took how long.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Histogram {
    /// By bound: those that took no longer, and longer than the bound before; the last took longer than all.
    counts: [u64; Histogram::BOUNDS.len() + 1],
    /// Seconds.
    pub sum: f64,
}

impl Histogram {
    /// Seconds: from a neighbour's answer to the longest timeout that anybody would wait for.
    pub const BOUNDS: [f64; 13] =
        [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

    fn add(&mut self, elapsed: Duration) {
        let seconds = elapsed.as_secs_f64();
        let at = Histogram::BOUNDS.iter().position(|bound| seconds <= *bound);
        self.counts[at.unwrap_or(Histogram::BOUNDS.len())] += 1;
        self.sum += seconds;
    }

    /// Upper bounds and how many took no longer than each, but longer than the one before; the last has no bound.
    pub fn buckets(&self) -> Vec<(f64, u64)> {
        Histogram::BOUNDS.into_iter().chain([f64::INFINITY]).zip(self.counts).collect()
    }

    /// All of them.
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_time_counts_in_one_bucket() {
        let mut histogram = Histogram::default();
        for millis in [0, 1, 2, 10, 11, 9_999, 10_000, 10_001, 60_000] {
            histogram.add(Duration::from_millis(millis));
        }
        let counts: Vec<_> = histogram.buckets().into_iter().map(|(_, count)| count).collect();
        assert_eq!(counts, [2, 1, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 2, 2]);
        assert_eq!(histogram.count(), 9);
        assert!((histogram.sum - 90.024).abs() < 1e-9);
    }
}
