//! What happened.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// One event. Fields that say nothing of its kind are absent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct EventBody {
    /// Grows with every event of a node, over restarts too; of a node alone.
    pub id: u64,
    /// When it was noticed, to the millisecond.
    pub at: String,
    /// What the node calls itself.
    pub node: String,
    /// `transition`, `endpoint`, `override`, `signal`, `parked`, `ramp`, `challenge`, `reload`, `cut` or `ready`.
    pub kind: String,
    /// What happened, in words.
    pub text: String,
    /// The services that it is about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<String>,
    /// The regions that it is about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub regions: Vec<String>,
    /// So many more services and regions are not listed.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub more: usize,
    /// Of a transition: what is probed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Of a transition the verdict, of an endpoint the tier that it had; of a ramp the share that it begins with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Of a transition the verdict, of an endpoint the tier that it has now, of a signal what it makes of the
    /// endpoint, of a ramp the share that it ends with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Of an endpoint: `IPv4` or `IPv6`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub family: Option<String>,
    /// Of a signal: which.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signal: Option<String>,
    /// Of a signal: its smoothed value, per second, a share, or seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// Of a transition, of an override that was set, of `parked`, of a ramp that went back: why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Of an override and a challenge: `set`, `lifted` or `ended`. Of a reload: `swapped` or `failed`. Of `cut`: `cut` or
    /// `healed`. Of `ready`: `ready` or `unready`. Of `signal`: `speaks` or `eased` of a passive rule, `draining` or
    /// `willing` of an endpoint's own wish. Of `parked`: `parked` or `resumed`. Of `ramp`: `arrived` or
    /// `rolled_back`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub change: Option<String>,
    /// Of an override and a ramp: `region`, or `endpoint` where it is about one service there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// Of an override that was set: `up`, `down`, `drain`, `weight` or `ramp`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// The weight, where that is what was set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight: Option<u16>,
    /// Whose doing it was: the name of a token, or `local`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub who: Option<String>,
    /// When an override that was set ends by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
    /// Of a challenge: the name that a certificate is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Of a reload: the generation in force.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub generation: Option<u64>,
    /// Of a reload: how many errors and warnings it found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problems: Option<usize>,
    /// Of a node that is not ready any more: what is missing, in words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
}

fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// Events that a listener did not get.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct LostBody {
    /// So many: it was too slow, or away for too long.
    pub lost: u64,
}

/// Which events.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EventsQuery {
    /// Kinds, with commas between them; without it all.
    pub kind: Option<String>,
    /// Events about this service alone; without it all, and those about the node.
    pub service: Option<String>,
}
