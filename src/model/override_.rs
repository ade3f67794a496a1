//! An operator's word on a region or an endpoint: with who, why, and until when.

use std::fmt;
use std::time::SystemTime;

/// What an override is about, by name: it outlives the configuration that knows the name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Subject {
    /// A whole region, in every service.
    Region(String),
    /// One service in one region.
    Endpoint {
        /// The service's name.
        service: String,
        /// The region's name.
        region: String,
    },
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Subject::Region(region) => write!(f, "region {region}"),
            Subject::Endpoint { service, region } => write!(f, "service {service} in {region}"),
        }
    }
}

/// What the operator wants believed. The most restrictive of region and endpoint wins: down, then drain, then
/// the smaller weight, then up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OverrideState {
    /// Fit, whatever its probes say.
    Up,
    /// Never answered, from any tier.
    Down,
    /// Answered only when nothing fit or unknown is left.
    Drain,
    /// This weight (0…10,000) in place of the configured one; of endpoints only.
    Weight(u16),
}

impl OverrideState {
    /// As the API names it.
    pub fn name(self) -> &'static str {
        match self {
            OverrideState::Up => "up",
            OverrideState::Down => "down",
            OverrideState::Drain => "drain",
            OverrideState::Weight(_) => "weight",
        }
    }
}

impl fmt::Display for OverrideState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OverrideState::Weight(weight) => write!(f, "weight {weight}"),
            other => f.write_str(other.name()),
        }
    }
}

/// The word itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Override {
    /// What is to be believed.
    pub state: OverrideState,
    /// The token's name, or `local` where there are no tokens.
    pub who: String,
    /// Why, in the operator's words; never empty.
    pub reason: String,
    /// When it was said, to the second.
    pub since: SystemTime,
    /// When it ends by itself; `None`: when it is lifted.
    pub until: Option<SystemTime>,
}

impl Override {
    /// Whether it still counts at `now`.
    pub fn in_force(&self, now: SystemTime) -> bool {
        self.until.is_none_or(|until| now < until)
    }
}
