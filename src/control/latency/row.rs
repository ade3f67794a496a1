//! One row: what is known of the latency between one vantage and one region.

use std::time::{Duration, SystemTime};

use crate::model::{LatencyRules, Measured};

/// What a file says of it and what was reported, and whether that is enough to count.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Row {
    /// What the file says; it does not grow old.
    pub listed: Option<Measured>,
    /// What was reported.
    pub told: Option<Told>,
    /// Whether its samples are enough: once they are, until half of them are gone.
    pub counts: bool,
}

/// Reports, each weighing half as much after every half-life.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Told {
    /// The weighted mean, in milliseconds.
    pub rtt_ms: f64,
    /// The samples it stands for, as of `at`.
    pub samples: f64,
    /// When the newest report came.
    pub at: SystemTime,
}

impl Told {
    /// The samples that are left of it.
    pub fn samples_at(&self, now: SystemTime, half_life: Duration) -> f64 {
        let age = now.duration_since(self.at).unwrap_or_default();
        self.samples * 0.5_f64.powf(age.as_secs_f64() / half_life.as_secs_f64())
    }
}

impl Row {
    /// Takes a report.
    pub fn take(&mut self, report: Measured, now: SystemTime, rules: &LatencyRules) {
        let more = f64::from(report.samples);
        let before = self.told.map_or(0.0, |told| told.samples_at(now, rules.half_life));
        let mean = self.told.map_or(report.rtt_ms, |told| told.rtt_ms);
        let samples = before + more;
        let rtt_ms = (mean * before + report.rtt_ms * more) / samples;
        self.told = Some(Told { rtt_ms, samples, at: now });
        self.weigh(now, rules);
    }

    /// Lets time pass: reports that are too old are dropped, and whether it counts may change. Whether anything expired.
    pub fn age(&mut self, now: SystemTime, rules: &LatencyRules) -> bool {
        let is_old = |told: &Told| now.duration_since(told.at).is_ok_and(|age| age >= rules.expires);
        let expired = self.told.take_if(|told| is_old(told)).is_some();
        self.weigh(now, rules);
        expired
    }

    /// Whether nothing is known any more.
    pub fn is_empty(&self) -> bool {
        self.listed.is_none() && self.told.is_none()
    }

    /// The samples that it stands for: those of the file, and what is left of those that were reported.
    pub fn samples(&self, now: SystemTime, half_life: Duration) -> f64 {
        let listed = self.listed.map_or(0.0, |listed| f64::from(listed.samples));
        listed + self.told.map_or(0.0, |told| told.samples_at(now, half_life))
    }

    /// The mean of all of them, in milliseconds.
    pub fn rtt_ms(&self, now: SystemTime, half_life: Duration) -> f64 {
        let listed = self.listed.map(|listed| (listed.rtt_ms, f64::from(listed.samples)));
        match (listed, self.told) {
            (None, None) => 0.0,
            (Some((rtt_ms, _)), None) => rtt_ms,
            (None, Some(told)) => told.rtt_ms,
            (Some((rtt_ms, weight)), Some(told)) => {
                let left = told.samples_at(now, half_life);
                (rtt_ms * weight + told.rtt_ms * left) / (weight + left)
            }
        }
    }

    // samples          counts
    // min_samples up   yes
    // half of it up    as before: else a report that is just enough would count for a moment
    // fewer            no
    fn weigh(&mut self, now: SystemTime, rules: &LatencyRules) {
        let (samples, enough) = (self.samples(now, rules.half_life), f64::from(rules.min_samples));
        self.counts = samples >= enough || self.counts && samples >= enough / 2.0;
    }
}
