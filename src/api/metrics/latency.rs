//! Measured latency.

use std::time::SystemTime;

use super::Sheet;
use crate::control::latency::LatencyCounts;

/// How much is known, and what became of what was reported.
pub fn put(sheet: &mut Sheet, counts: &LatencyCounts, now: SystemTime) {
    let one = |number: usize| [(vec![], number as f64)];
    sheet.gauge(
        "latency_rows",
        "Measured latency: client networks or systems, times regions",
        one(counts.rows),
    );
    let help = "Client networks and systems with an order of their own by measured latency";
    sheet.gauge("latency_orders", help, one(counts.orders));
    sheet.counter("latency_reports", "Measurements that were taken", [(vec![], counts.reports)]);
    let dropped = [("expired", counts.expired), ("crowded", counts.crowded)];
    let dropped = dropped.map(|(why, count)| (vec![("why", why.to_owned())], count));
    let help = "Rows that went: nobody reported them any more, or there were too many";
    sheet.counter("latency_dropped_rows", help, dropped);
    let help = "Tables that were compiled because some order moved";
    sheet.counter("latency_moves", help, [(vec![], counts.moves)]);
    let age = counts.newest.map(|newest| now.duration_since(newest).unwrap_or_default().as_secs_f64());
    let help = "How old the newest measurement is; absent before the first";
    sheet.gauge("latency_report_age_seconds", help, age.map(|age| (vec![], age)));
}
