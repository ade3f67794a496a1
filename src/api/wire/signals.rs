//! Signals as they are pushed, and as they are shown.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Signals of an endpoint. All that its source says: what is left out is not known any more.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct SignalsBody {
    /// The service.
    pub service: String,
    /// The region, or a list of regions for which the same is true.
    #[schema(value_type = String)]
    pub region: serde_json::Value,
    /// Who reports, where one token's holder speaks for several; else the token's name, or `local`.
    pub source: Option<String>,
    /// Counts the source's reports: one that is not greater than the newest is ignored.
    pub sequence: Option<u64>,
    /// For how long it may be believed: `30s`, which is the default; from 1s to 1h.
    pub lifetime: Option<String>,
    /// Open connections.
    pub connections: Option<f64>,
    /// Requests per second.
    pub requests: Option<f64>,
    /// The share of requests answered with 5xx: 0.0…1.0.
    pub errors: Option<f64>,
    /// The share of requests that were not answered in time: 0.0…1.0.
    pub timeouts: Option<f64>,
    /// Seconds from a request to its answer, on average.
    pub latency: Option<f64>,
    /// The part of its capacity that is in use; 1.0 is full.
    pub utilization: Option<f64>,
    /// How much it takes, in the service's capacity unit.
    pub capacity: Option<f64>,
    /// Whether it wishes to be sent nobody new.
    pub draining: Option<bool>,
}

/// What became of signals that were pushed.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct TakenBody {
    /// The service.
    pub service: String,
    /// The region.
    pub region: String,
    /// Whether they count; if not, newer ones do.
    pub taken: bool,
    /// The sequence that counts in their place.
    pub newest: Option<u64>,
}

/// One signal of an endpoint, as far as it may still be believed.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct SignalBody {
    /// `connections`, `requests`, `errors`, `timeouts`, `latency`, `utilization`, `capacity` or `draining`.
    pub signal: String,
    /// As it was reported last: per second, a share, seconds, or 1 for yes.
    pub value: f64,
    /// Weighted over time: what was before counts half after 10 s.
    pub smoothed: f64,
    /// How old the oldest report is that went into it.
    pub age_seconds: f64,
    /// Who reported it; several of one kind add up.
    pub sources: Vec<String>,
}

/// A source of signals.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct SourceBody {
    /// Which: `push by …`, `check …` or `pull …`.
    pub source: String,
    /// How old its newest report is; null: it made none yet.
    pub age_seconds: Option<f64>,
    /// Whether that may still be believed.
    pub fresh: bool,
    /// Of its newest report.
    pub sequence: Option<u64>,
    /// What is wrong with it, in words.
    pub note: Option<String>,
}

/// How a passive rule stands with an endpoint.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct RuleBody {
    /// `errors`, `timeouts`, `latency` or `utilization`.
    pub signal: String,
    /// Its smoothed value; null: it is not known.
    pub value: Option<f64>,
    /// Above that it is bad.
    pub over: f64,
    /// Below that it is good again.
    pub under: f64,
    /// For so long it has to be.
    pub for_seconds: f64,
    /// What the endpoint then is: `degraded` or `unhealthy`.
    pub then: String,
    /// `quiet`, `rising`, `in force` or `easing`.
    pub state: String,
    /// For how long it has spoken against the endpoint; null: it does not.
    pub in_force_seconds: Option<f64>,
    /// The same in words, where it does.
    pub reason: Option<String>,
}
