//! What was measured of a client's network, and what the filter `fast` makes of it.

use crate::control::latency::RowReport;
use crate::geo::FastId;
use crate::model::Vantage;

use super::candidates::Case;
use super::filters::whereabouts;

/// What the filter does.
pub fn said_of(case: &Case<'_>) -> String {
    if case.resolved.ruled {
        return "a rule lists regions for this client, so that measured latency does not count".to_owned();
    }
    "orders by measured latency, the fastest first".to_owned()
}

/// What was measured of one endpoint's region; where nothing was, how far it is.
pub fn of(case: &Case<'_>, position: usize) -> String {
    let far = whereabouts(case, position);
    if case.resolved.ruled {
        return far;
    }
    let region = &case.region(position).name;
    let row = case.question.latency.iter().find(|row| *row.region == **region);
    match row {
        Some(row) if row.counts => format!("{} ms ({})", rounded(row.rtt_ms), evidence(row)),
        Some(row) => format!("too few samples ({}): by distance, {far}", evidence(row)),
        None => format!("nothing measured: by distance, {far}"),
    }
}

/// Why the regions stand in their order, where latency has a say in it.
pub fn order_by(case: &Case<'_>) -> Option<String> {
    let measured = case.by_latency && case.resolved.fast != FastId::UNKNOWN;
    let from = case.question.latency.first().map_or_else(String::new, |row| format!(" from {}", place(row)));
    measured.then(|| format!("measured latency{from}, then "))
}

/// A tenth of a millisecond is as fine as it is measured.
pub fn rounded(number: f64) -> f64 {
    (number * 10.0).round() / 10.0
}

fn evidence(row: &RowReport) -> String {
    format!("{} samples, {}", rounded(row.samples), place(row))
}

fn place(row: &RowReport) -> String {
    match row.vantage {
        Vantage::Network(network) => format!("network {network}"),
        asn => asn.to_string(),
    }
}
