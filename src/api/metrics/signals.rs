//! Signals of endpoints.

use super::{Labels, Sheet};
use crate::control::report::{EndpointReport, ServiceReport};
use crate::health::Reading;

/// What may be believed of every endpoint, and how old it is.
pub fn put(sheet: &mut Sheet, services: &[ServiceReport]) {
    let endpoints = || services.iter().flat_map(|service| &service.endpoints);
    let each = |read: fn(&Reading) -> f64| -> Vec<(Labels, f64)> {
        let readings =
            endpoints().flat_map(|one| one.signals.readings.iter().map(move |reading| (one, reading)));
        readings.map(|(endpoint, reading)| (labels(endpoint, reading.signal.name()), read(reading))).collect()
    };
    let help = "What load balancers report of an endpoint; absent where nothing may be believed";
    sheet.gauge("signal", help, each(|reading| reading.value));
    let ages = each(|reading| reading.age.as_secs_f64());
    sheet.gauge("signal_age_seconds", "How old the oldest report is that went into a signal", ages);
    let lowered = endpoints().flat_map(|endpoint| {
        let rules = endpoint.signals.rules.iter();
        rules.map(move |rule| {
            let mut labels = labels(endpoint, rule.rule.signal.name());
            labels.push(("then", rule.rule.then.name().to_owned()));
            (labels, f64::from(u8::from(rule.in_force.is_some())))
        })
    });
    sheet.gauge("passive_rule", "Whether a signal speaks against an endpoint", lowered);
}

fn labels(endpoint: &EndpointReport, signal: &str) -> Labels {
    vec![
        ("service", endpoint.service.clone()),
        ("region", endpoint.region.clone()),
        ("signal", signal.to_owned()),
    ]
}
