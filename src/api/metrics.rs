//! `/metrics`: OpenMetrics text, made anew for every scrape from what is counted elsewhere.
//!
//! Nothing is counted here, so nothing can be counted twice. Labels are names of the configuration, closed sets
//! and paths, never what a stranger sent: there are as many series as the configuration has objects. Of an
//! endpoint's tiers only the one that it is in is shown, as `1`.

mod hooks;
mod latency;
mod probes;
mod queries;
mod ramps;
mod scale;
mod signals;
mod steering;

use std::sync::atomic::AtomicU64;
use std::time::SystemTime;

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

use super::Context;
use super::problem::Problem;
use crate::anycast::Latches;
use crate::control::report::StatusReport;

/// OpenMetrics 1.0.
pub const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The exposition.
pub async fn text(context: &Context) -> Result<String, Problem> {
    let handle = &context.handle;
    let (status, services) = (handle.status().await?, handle.services(None).await?);
    let regions = handle.regions(None).await?;
    let latches = context.latches.borrow().clone();
    let mut sheet = Sheet::new();
    queries::put(&mut sheet, &context.counters);
    steering::put(&mut sheet, &services, &regions, status.dangling.len());
    ramps::put(&mut sheet, &services, &regions, (context.clock)());
    probes::put(&mut sheet, &status.probed);
    scale::put(&mut sheet, &services);
    signals::put(&mut sheet, &services);
    latency::put(&mut sheet, &status.latency, (context.clock)());
    hooks::put(&mut sheet, &context.hooks.borrow());
    network(&mut sheet, &latches);
    node(&mut sheet, &status, context.version);
    sheet.text()
}

fn network(sheet: &mut Sheet, latches: &Latches) {
    let flag = |truth: bool| [(vec![], f64::from(u8::from(truth)))];
    sheet.gauge("ready", "Whether clients may be sent here", flag(latches.fitness().is_fit()));
    sheet.gauge(
        "network_cut",
        "Whether nobody outside answers, so that the node's own network seems cut",
        flag(latches.cut_off),
    );
}

fn node(sheet: &mut Sheet, status: &StatusReport, version: &str) {
    let identity = status.identity.clone();
    sheet.info("build", "The program", vec![("version", version.to_owned()), ("identity", identity)]);
    sheet.plain(
        "process_start_time_seconds",
        "When the process began to serve, in Unix time",
        unix(status.started),
    );
    let (swapped, failed) = status.reloads;
    let rows = [("swapped", swapped), ("failed", failed)];
    let reloads = rows.map(|(outcome, count)| (vec![("outcome", outcome.to_owned())], count));
    sheet.counter("reloads", "Reloads, by what came of them: a failed one changes nothing", reloads);
    let last = status.last_reload.as_ref().is_none_or(|reloaded| reloaded.swapped);
    sheet.gauge(
        "last_reload_successful",
        "Whether the last reload swapped the world; 1 before the first",
        [(vec![], f64::from(u8::from(last)))],
    );
    let loaded = [(vec![], unix(status.loaded))];
    sheet.gauge("last_reload_success_timestamp_seconds", "When the world in force was loaded", loaded);
    sheet.gauge("generation", "Counts worlds, from 1", [(vec![], status.generation as f64)]);
    sheet.gauge(
        "retired_snapshots",
        "Old worlds that some worker still holds",
        [(vec![], status.retired as f64)],
    );
    sheet.gauge("names", "Names in all zones and services", [(vec![], status.names as f64)]);
    geo(sheet, status);
}

fn geo(sheet: &mut Sheet, status: &StatusReport) {
    let size = &status.geo;
    sheet.gauge(
        "geo_cells",
        "Sets of client networks with one order and one place",
        [(vec![], size.cells as f64)],
    );
    sheet.gauge("geo_orders", "Distinct orders of regions", [(vec![], size.orders as f64)]);
    sheet.gauge("geo_bytes", "Memory of compiled geography", [(vec![], size.bytes as f64)]);
    let row =
        |facts: &crate::control::DatabaseFacts| (vec![("path", facts.path.clone())], facts.built as f64);
    let built = status.databases.iter().map(row);
    sheet.gauge("geo_database_build_timestamp_seconds", "When the maker of a database built it", built);
}

fn unix(at: SystemTime) -> f64 {
    at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}

//------------ Sheet ---------------------------------------------------------

/// Names and values of one series.
pub type Labels = Vec<(&'static str, String)>;

/// A value of any kind.
type Value = Gauge<f64, AtomicU64>;

/// One scrape under construction.
pub struct Sheet(Registry);

impl Sheet {
    fn new() -> Sheet {
        Sheet(Registry::default())
    }

    fn ours(&mut self) -> &mut Registry {
        self.0.sub_registry_with_prefix("meridian")
    }

    /// A count that only grows; `_total` is added to its name. One row without labels is a metric by itself.
    pub fn counter(&mut self, name: &str, help: &str, rows: impl IntoIterator<Item = (Labels, u64)>) {
        let (family, alone) = (Family::<Labels, Counter>::default(), Counter::<u64>::default());
        let mut is_family = true;
        for (labels, count) in rows {
            is_family = !labels.is_empty();
            if is_family {
                family.get_or_create(&labels).inc_by(count)
            } else {
                alone.inc_by(count)
            };
        }
        match is_family {
            true => self.ours().register(name, help, family),
            false => self.ours().register(name, help, alone),
        }
    }

    /// A value that may fall again.
    pub fn gauge(&mut self, name: &str, help: &str, rows: impl IntoIterator<Item = (Labels, f64)>) {
        let (family, alone) = (Family::<Labels, Value>::default(), Value::default());
        let mut is_family = true;
        for (labels, value) in rows {
            is_family = !labels.is_empty();
            if is_family {
                family.get_or_create(&labels).set(value)
            } else {
                alone.set(value)
            };
        }
        match is_family {
            true => self.ours().register(name, help, family),
            false => self.ours().register(name, help, alone),
        }
    }

    fn info(&mut self, name: &str, help: &str, labels: Labels) {
        self.ours().register(name, help, Info::new(labels));
    }

    /// A name that every process shares, without our prefix.
    fn plain(&mut self, name: &str, help: &str, value: f64) {
        let gauge = Value::default();
        gauge.set(value);
        self.0.register(name, help, gauge);
    }

    fn text(self) -> Result<String, Problem> {
        let mut text = String::new();
        let failed =
            |_| Problem::new(axum::http::StatusCode::INTERNAL_SERVER_ERROR, "metrics", "cannot be written");
        encode(&mut text, &self.0).map_err(failed)?;
        Ok(text)
    }
}
