//! Measured latency as it is reported, and as it is shown.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Measurements: 1 to 1000 in one call, all taken or none.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct MeasurementsBody {
    /// What was measured.
    pub measurements: Vec<MeasurementBody>,
}

/// What was measured between one client network, or autonomous system, and one region.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct MeasurementBody {
    /// The clients' network, at most a /24 or a /48; or `asn`.
    pub network: Option<String>,
    /// The autonomous system that announces the clients; or `network`.
    pub asn: Option<u32>,
    /// The region.
    pub region: String,
    /// The mean round-trip time in milliseconds: above 0, at most 60000.
    pub rtt_ms: f64,
    /// Of how many samples: 1, which is the default, to 1000000.
    pub samples: Option<u32>,
}

/// What became of measurements.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct MeasuredBody {
    /// How many were taken: all. They steer within ten seconds or so.
    pub taken: usize,
}

/// Which rows are asked for.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct LatencyQuery {
    /// Of this network and of those in it.
    pub network: Option<String>,
    /// Of this autonomous system.
    pub asn: Option<u32>,
    /// To this region.
    pub region: Option<String>,
    /// The `next` of the page before.
    pub after: Option<String>,
    /// Rows in a page: 1 to 1000; 100 where it is left out.
    pub limit: Option<usize>,
}

/// A page of measured latency.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LatencyBody {
    /// IPv4 networks, then IPv6, then autonomous systems; of each the regions by name.
    pub rows: Vec<LatencyRowBody>,
    /// How many rows fit, on all pages.
    pub total: usize,
    /// For `after`; null: this is the last page.
    pub next: Option<String>,
}

/// The latency between one client network, or autonomous system, and one region.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LatencyRowBody {
    /// The clients' network.
    pub network: Option<String>,
    /// The autonomous system, where it is measured for a whole one.
    pub asn: Option<u32>,
    /// The region.
    pub region: String,
    /// The mean, weighted over time, in milliseconds.
    pub rtt_ms: f64,
    /// The samples that it stands for, those before the last half-life counting half.
    pub samples: f64,
    /// Whether they are enough to steer by.
    pub counts: bool,
    /// The region's place among those that are measured from there, in force: 1 is first.
    pub place: Option<usize>,
    /// When it was last reported; null: the file alone has it.
    pub reported_at: Option<String>,
    /// Whether the file of measurements has it.
    pub listed: bool,
}
