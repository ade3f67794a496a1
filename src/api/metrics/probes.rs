//! Probes and verdicts, by kind.

use std::collections::BTreeMap;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;

use super::{Labels, Sheet};
use crate::control::counts::{Counts, Histogram};

/// What control counts.
pub fn put(sheet: &mut Sheet, counts: &Counts) {
    let transitions = pairs(&counts.transitions, ["from", "to"]);
    sheet.counter("transitions", "Verdicts that moved, by what was and what is believed", transitions);
    let errors = pairs(&counts.errors, ["kind", "reason"]);
    let help = "Probes that failed, by kind of check and of reason; own: this machine could not ask";
    sheet.counter("probe_errors", help, errors);
    let latencies = pairs(&counts.latencies, ["kind", "outcome"]);
    sheet.histogram(
        "probe_duration_seconds",
        "How long probes took, by kind of check and outcome",
        latencies,
    );
}

fn pairs<T: Clone>(
    rows: &BTreeMap<(&'static str, &'static str), T>,
    names: [&'static str; 2],
) -> Vec<(Labels, T)> {
    let labels = |(one, other): (&str, &str)| vec![(names[0], one.to_owned()), (names[1], other.to_owned())];
    rows.iter().map(|(key, value)| (labels(*key), value.clone())).collect()
}

impl Sheet {
    /// Times that were sorted into buckets elsewhere.
    fn histogram(&mut self, name: &'static str, help: &'static str, rows: Vec<(Labels, Histogram)>) {
        self.0.register_collector(Box::new(Histograms { name: format!("meridian_{name}"), help, rows }));
    }
}

/// The histograms of one name.
#[derive(Debug)]
struct Histograms {
    name: String,
    help: &'static str,
    rows: Vec<(Labels, Histogram)>,
}

impl Collector for Histograms {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), std::fmt::Error> {
        let mut family = encoder.encode_descriptor(&self.name, self.help, None, MetricType::Histogram)?;
        for (labels, histogram) in &self.rows {
            let mut metric = family.encode_family(labels)?;
            metric.encode_histogram::<NoLabelSet>(
                histogram.sum,
                histogram.count(),
                &histogram.buckets(),
                None,
            )?;
        }
        Ok(())
    }
}
