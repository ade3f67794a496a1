//! What operators say, and how they are answered.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An override as it is asked for: `state` or `weight`, and why.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WordBody {
    /// `up`, `down`, `drain`, `weight` beside a weight, or `ramp` with `from`, `to` and `over`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// Of an endpoint, in place of the configured one: 0…10,000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<u64>,
    /// Of a ramp: the share of the configured weight that it begins with, like `1%`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Of a ramp: the share that it ends with, and stays at, like `100%`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Of a ramp: how long it takes: `30m`; from 1s to 365d.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub over: Option<String>,
    /// Of a ramp that climbs: when it goes back by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guard: Option<GuardBody>,
    /// Why: 1 to 1,000 characters on one line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// For how long: `30m`, `1h30m`; from 1s to 365d.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in: Option<String>,
    /// Until when, in RFC 3339; in place of `expires_in`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
}

/// When a ramp goes back by itself, beside when its endpoint's verdict worsens or a passive rule speaks against it.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GuardBody {
    /// For how long after its end: `10m`, which is the default; up to 1d.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub watch: Option<String>,
    /// A larger share of requests answered with 5xx, like `2%`; without it one over 5 % that is also twice the mean of the
    /// service's other endpoints.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_errors: Option<String>,
}

/// Why something is done, where nothing else is said.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReasonBody {
    /// 1 to 1,000 characters on one line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// An override in force.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct OverrideBody {
    /// `up`, `down`, `drain`, `weight` or `ramp`.
    pub state: String,
    /// With the state `weight`.
    pub weight: Option<u16>,
    /// With the state `ramp`.
    #[serde(default)]
    pub ramp: Option<RampBody>,
    /// Why, in the operator's words.
    pub reason: String,
    /// The token's name, or `local`.
    pub who: String,
    /// When it was said.
    pub since: String,
    /// When it ends by itself; null: when it is lifted.
    pub expires_at: Option<String>,
    /// For `If-Match`.
    pub revision: u64,
}

/// A ramp in force.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RampBody {
    /// `moving`, `arrived`, or `rolled_back`: it went back by itself, and stays until an operator says something else.
    pub stage: String,
    /// The share of the configured weight now: 0…1.
    pub share: f64,
    /// The share that it began with.
    pub from: String,
    /// The share that it ends with.
    pub to: String,
    /// How long it takes.
    pub over_seconds: u64,
    /// When it is, or was to be, at its end.
    pub arrives_at: String,
    /// Until when it may go back by itself; null: it does not.
    pub watched_until: Option<String>,
    /// The share of errors that brings it back; null: the default.
    pub max_errors: Option<String>,
    /// When and why it went back.
    pub rolled_back: Option<RolledBackBody>,
}

/// A ramp went back by itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RolledBackBody {
    /// When.
    pub at: String,
    /// Why, in words.
    pub reason: String,
}

/// Values of an ACME challenge as they are asked for.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ValuesBody {
    /// What the authority is to find: 1 to 8 values of 1 to 255 visible ASCII characters.
    pub values: Vec<String>,
    /// Whether the values that are there already stay, with the new end; else these take their place.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub add: bool,
    /// For how long: `10m`, which is the default; from 1s to 1d.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in: Option<String>,
    /// Until when, in RFC 3339; in place of `expires_in`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
}

/// A challenge in force.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ChallengeBody {
    /// The name that a certificate is for.
    pub name: String,
    /// The name that has the values, as TXT records.
    pub record: String,
    /// What the authority is to find.
    pub values: Vec<String>,
    /// The token's name, or `local`.
    pub who: String,
    /// When it was set.
    pub since: String,
    /// When it ends by itself.
    pub expires_at: String,
    /// Of the command that set it.
    pub revision: u64,
}

/// What a reload came to.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ReloadBody {
    /// When it was done.
    pub at: String,
    /// Whether the new world is in force; else the old one goes on.
    pub swapped: bool,
    /// The generation in force.
    pub generation: u64,
    /// Errors and warnings, by place.
    pub problems: Vec<RemarkBody>,
}

/// Something to mend, or to know.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct RemarkBody {
    /// `file:line:column`.
    pub place: String,
    /// What is wrong, and what would be valid.
    pub text: String,
    /// Whether it only warns.
    pub warning: bool,
}

/// One of several things that are wrong.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FaultBody {
    /// The field that it is about, like `measurements[3].region`.
    pub field: String,
    /// What is wrong there, and what would be valid.
    pub detail: String,
}

/// A refusal (RFC 9457).
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct ProblemBody {
    /// A URN that scripts may compare.
    #[serde(rename = "type")]
    pub kind: String,
    /// The same, for people.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What is wrong here.
    pub detail: String,
    /// The field that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// What would be valid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known: Option<Vec<String>>,
    /// Where several things may be wrong at once: each of them, the first fifty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub errors: Option<Vec<FaultBody>>,
    /// The revision in force; 0: nothing is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current_revision: Option<u64>,
}
