//! What autoscalers read.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// What an autoscaler should know of a service in a region: flat, so that one path leads to each number.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ScaleBody {
    /// The region.
    pub region: String,
    /// The service; where none was asked for, the one that asks for most.
    pub service: String,
    /// What nine tenths of its newest probes took, the mean over its targets; null: not probed yet.
    pub latency_ms: Option<f64>,
    /// What it should be at most; null: nobody said.
    pub latency_objective_ms: Option<f64>,
    /// Of its capacity: 0.0 and up; null: not known.
    pub utilization: Option<f64>,
    /// By how much it should grow: 0.5…2.0; 1 where nothing is known.
    pub factor: f64,
}

/// Of which service.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ScaleQuery {
    /// One service; without it the one that asks for most.
    pub service: Option<String>,
}
