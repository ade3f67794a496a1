//! Signals: what an endpoint's own load balancer reports, where it is asked for, and what is made of it.

use std::time::Duration;

use super::{Formula, HttpRequest};

/// One kind of signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Signal {
    /// Open connections.
    Connections,
    /// Requests per second.
    Requests,
    /// The share of requests answered with 5xx: 0…1.
    Errors,
    /// The share of requests that were not answered in time: 0…1.
    Timeouts,
    /// Seconds from a request to its answer, on average.
    Latency,
    /// The part of its capacity that is in use: 1 is full, and more is possible.
    Utilization,
    /// How much it takes, in the service's capacity unit.
    Capacity,
    /// Whether it wishes to be sent nobody new: 1, or 0.
    Draining,
}

impl Signal {
    /// All of them, in the order of their indices.
    pub const ALL: [Signal; 8] = [
        Signal::Connections,
        Signal::Requests,
        Signal::Errors,
        Signal::Timeouts,
        Signal::Latency,
        Signal::Utilization,
        Signal::Capacity,
        Signal::Draining,
    ];

    /// As it is written everywhere.
    pub fn name(self) -> &'static str {
        match self {
            Signal::Connections => "connections",
            Signal::Requests => "requests",
            Signal::Errors => "errors",
            Signal::Timeouts => "timeouts",
            Signal::Latency => "latency",
            Signal::Utilization => "utilization",
            Signal::Capacity => "capacity",
            Signal::Draining => "draining",
        }
    }

    /// The signal of that name.
    pub fn named(name: &str) -> Option<Signal> {
        Signal::ALL.into_iter().find(|signal| signal.name() == name)
    }

    /// Its place in [`Signal::ALL`].
    pub fn index(self) -> usize {
        self as usize
    }

    /// Whether several together are their mean, and not their sum.
    pub fn is_mean(self) -> bool {
        matches!(self, Signal::Errors | Signal::Timeouts | Signal::Latency | Signal::Utilization)
    }

    /// Whether it is a part of a whole: 0…1.
    pub fn is_share(self) -> bool {
        matches!(self, Signal::Errors | Signal::Timeouts)
    }
}

//------------ Pull ----------------------------------------------------------

/// Where the load balancer of every endpoint of a service is asked for its signals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scrape {
    /// The TCP port, on the address that is probed.
    pub port: u16,
    /// What is asked there, and what is read out of the answer.
    pub request: ScrapeRequest,
    /// From the start of one scrape to the start of the next.
    pub interval: Duration,
    /// For one whole scrape.
    pub timeout: Duration,
}

/// One request for metrics, and what is read out of the answer.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ScrapeRequest {
    /// What is asked.
    pub http: HttpRequest,
    /// How the answer is written.
    pub format: MetricsFormat,
    /// What each signal is made of; at most one for each.
    pub formulas: Vec<(Signal, Formula)>,
}

/// How a load balancer writes its metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum MetricsFormat {
    /// Prometheus' text format, or OpenMetrics.
    #[default]
    Exposition,
    /// The page of nginx' `stub_status`.
    StubStatus,
}

//------------ Passive rules -------------------------------------------------

/// When a signal speaks against an endpoint.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PassiveRule {
    /// Which signal: errors, timeouts, latency or utilization; its smoothed value counts.
    pub signal: Signal,
    /// Above that it is bad.
    pub over: f64,
    /// Below that it is good again; at most `over`.
    pub under: f64,
    /// It has to stay so for that long, either way.
    pub lasting: Duration,
    /// What the endpoint then is.
    pub then: Then,
}

/// What a passive rule makes of an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Then {
    /// Up, with cause for concern.
    Degraded,
    /// Out, as far as the budget for soft failures goes.
    Unhealthy,
}

impl Then {
    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Then::Degraded => "degraded",
            Then::Unhealthy => "unhealthy",
        }
    }
}
