//! What autoscalers read of Prometheus.

use super::{Labels, Sheet};
use crate::api::scale::Scale;
use crate::control::report::ServiceReport;

/// Every endpoint whose service has an objective.
pub fn put(sheet: &mut Sheet, services: &[ServiceReport]) {
    let all: Vec<_> = Scale::all(services).filter(|scale| scale.objective.is_some()).collect();
    let each = |read: &dyn Fn(&Scale<'_>) -> Option<f64>| -> Vec<(Labels, f64)> {
        all.iter().filter_map(|scale| Some((labels(scale), read(scale)?))).collect()
    };
    let factors = each(&|scale| Some(scale.factor));
    sheet.gauge("scale_factor", "By how much an endpoint should grow, by latency and objective", factors);
    let latencies = each(&|scale| scale.latency.map(|latency| latency.as_secs_f64()));
    sheet.gauge("scale_latency_seconds", "What nine tenths of an endpoint's newest probes took", latencies);
    let objectives = each(&|scale| scale.objective.map(|objective| objective.as_secs_f64()));
    sheet.gauge("scale_objective_seconds", "What that should be at most", objectives);
}

fn labels(scale: &Scale<'_>) -> Labels {
    vec![("service", scale.service.to_owned()), ("region", scale.region.to_owned())]
}
