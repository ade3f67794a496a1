//! What is known: status, regions, services.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{OverrideBody, PointBody, ReloadBody, RuleBody, SignalBody, SourceBody};

/// How the node is.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct StatusBody {
    /// What the node calls itself.
    pub identity: String,
    /// Of the program.
    pub version: String,
    /// Since when it serves.
    pub started: String,
    /// For how long.
    pub uptime_seconds: u64,
    /// Counts reloads, from 1.
    pub generation: u64,
    /// When the world in force was loaded.
    pub loaded: String,
    /// Of the last command.
    pub revision: u64,
    /// Whether clients may be sent here.
    pub ready: bool,
    /// What is missing for that, in words.
    pub missing: Vec<String>,
    /// Zones' origins.
    pub zones: Vec<String>,
    /// Names in all zones and services.
    pub names: usize,
    /// How many regions there are.
    pub regions: usize,
    /// How many services.
    pub services: usize,
    /// How many endpoints of all services.
    pub endpoints: usize,
    /// What geography came to.
    pub geo: GeoBody,
    /// Overrides of what the configuration does not know any more; `DELETE` lifts them.
    pub dangling: Vec<DanglingBody>,
    /// The last reload.
    pub last_reload: Option<ReloadBody>,
    /// Reloads that swapped the world.
    pub reloads_swapped: u64,
    /// Reloads that changed nothing, because something was wrong.
    pub reloads_failed: u64,
    /// Verdicts that flipped since the start.
    pub transitions: u64,
    /// Old worlds that some worker still holds.
    pub retired: usize,
}

/// Compiled geography.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct GeoBody {
    /// In the order in which they refine each other.
    pub databases: Vec<DatabaseBody>,
    /// Sets of client networks with one order and one place.
    pub cells: usize,
    /// Distinct orders of regions.
    pub orders: usize,
    /// IPv4 blocks that are told apart.
    pub leaves_ipv4: usize,
    /// IPv6 blocks that are told apart.
    pub leaves_ipv6: usize,
    /// Memory of all of it.
    pub bytes: usize,
}

/// A geographic database.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct DatabaseBody {
    /// Its file.
    pub path: String,
    /// As it calls itself.
    pub kind: String,
    /// When its maker built it.
    pub built: String,
    /// How long ago that was.
    pub age_seconds: u64,
}

/// An override without its object.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct DanglingBody {
    /// Of this service's endpoint, or of the whole region.
    pub service: Option<String>,
    /// The region.
    pub region: String,
    /// The word.
    #[serde(rename = "override")]
    pub word: OverrideBody,
}

/// One region.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct RegionBody {
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub location: Option<PointBody>,
    /// In the unit that its services report; null: no limit known.
    pub capacity: Option<u64>,
    /// −99…99.
    pub bias: i8,
    /// `up`, `down`, `drain`, `ramp`, or `none` where no override is in force.
    pub state: String,
    /// The operator's word.
    #[serde(rename = "override")]
    pub word: Option<OverrideBody>,
    /// What stands in it.
    pub services: Vec<EndpointBody>,
}

/// One service.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ServiceBody {
    /// Its name.
    pub name: String,
    /// The names that it answers.
    pub names: Vec<String>,
    /// How one endpoint is chosen.
    pub policy: String,
    /// How fast it is to answer its probes; null: nobody said.
    #[serde(default)]
    pub latency_objective_ms: Option<f64>,
    /// Client networks that hold one of its answers; null: its capacity does not count demand.
    #[serde(default)]
    pub demand: Option<f64>,
    /// In the written order of regions.
    pub endpoints: Vec<EndpointBody>,
}

/// What came of looking up a name in whose place its addresses are answered.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ResolvedBody {
    /// When it was last looked up without a fault; null: not since the node started.
    pub at: Option<String>,
    /// What went wrong since; what it stood for before goes on.
    pub error: Option<String>,
    /// How often looking it up has failed since the node started.
    pub failures: u64,
}

/// One service in one region.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct EndpointBody {
    /// Its service.
    pub service: String,
    /// Its region.
    pub region: String,
    /// The service that answers in its place; null: it has addresses.
    #[serde(default)]
    pub inner: Option<String>,
    /// The name that it stands for; null: it has addresses of its own.
    #[serde(default)]
    pub cname: Option<String>,
    /// What came of looking it up, where clients get its addresses instead of it; null: they get the name.
    #[serde(default)]
    pub resolved: Option<ResolvedBody>,
    /// Configured, 0…10,000.
    pub weight: u16,
    /// The operator's word on this endpoint alone.
    #[serde(rename = "override")]
    pub word: Option<OverrideBody>,
    /// The operator's word on its whole region; the more restrictive of the two wins.
    #[serde(rename = "region_override")]
    pub region_word: Option<OverrideBody>,
    /// Since when and why it stays out until somebody resumes it; null: it does not.
    #[serde(default)]
    pub parked: Option<ParkedBody>,
    /// The part of its capacity that is in use: 1.0 is full, and more is possible; null: not known.
    #[serde(default)]
    pub utilization: Option<f64>,
    /// Whether that is as much as its service calls `hard`: healthy, but full.
    #[serde(default)]
    pub full: bool,
    /// The share of its clients that it keeps for its load: 0.0…1.0.
    #[serde(default = "whole")]
    pub load_factor: f64,
    /// Those that it has addresses of.
    pub families: Vec<FamilyBody>,
    /// What its load balancers report, as far as it may still be believed.
    #[serde(default)]
    pub signals: Vec<SignalBody>,
    /// Who reports it.
    #[serde(default)]
    pub signal_sources: Vec<SourceBody>,
    /// Whether it, or one of its addresses, wishes to be sent nobody new.
    #[serde(default)]
    pub draining: bool,
    /// How its service's passive rules stand with it.
    #[serde(default)]
    pub passive: Vec<RuleBody>,
}

/// All of it.
fn whole() -> f64 {
    1.0
}

/// An endpoint that fell and stays out until somebody resumes it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ParkedBody {
    /// When it fell.
    pub since: String,
    /// Why.
    pub reason: String,
    /// For `If-Match`; 0 until it is on disk, which takes a second.
    pub revision: u64,
}

/// One endpoint and address family.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct FamilyBody {
    /// `IPv4` or `IPv6`.
    pub family: String,
    /// `fit`, `unknown`, `idle`, `failing` or `barred`: the first with anything in it answers.
    pub tier: String,
    /// The fraction of its own clients that it keeps: 0.0…1.0.
    pub keep: f64,
    /// Whether it failed softly, and stays only because `max_ejected` lets no more of its service's capacity go.
    pub kept: bool,
    /// What an answer would carry now, as far as this endpoint has a say.
    pub ttl_seconds: u32,
    /// Handed out since the start.
    pub answers: u64,
    /// Of all answers of its service and family: 0.0…1.0.
    pub share: f64,
    /// Until when an answer may be cached somewhere.
    pub cached_until: Option<String>,
    /// What is believed of each.
    pub addresses: Vec<AddressBody>,
}

/// One address and what is believed of it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct AddressBody {
    /// Itself.
    pub address: String,
    /// What is probed; null: nothing is, and it counts as healthy.
    pub target: Option<String>,
    /// `healthy`, `degraded`, `unhealthy` or `unknown`.
    pub verdict: String,
    /// Why, in words.
    pub reason: String,
    /// For how long it has been believed.
    pub age_seconds: Option<f64>,
    /// Results still needed to flip it.
    pub remaining: u32,
    /// Results needed in all.
    pub threshold: u32,
    /// The newest results, the newest last: `+` passed, `~` passed with cause for concern, `-` failed, `?` said nothing.
    pub recent: String,
    /// What earlier falls weigh: 1,000 each when they happened, halving with the check's `flap_half_life`.
    pub flap_penalty: f64,
    /// For how long a recovery is held back because of them; null: it is not.
    pub held_for_seconds: Option<f64>,
    /// How old the newest result is.
    pub staleness_seconds: Option<f64>,
    /// How long the newest probe took.
    pub latency_ms: Option<f64>,
    /// How long the newest 64 probes took that passed, or were too slow; null: there is none yet.
    #[serde(default)]
    pub latency_percentiles_ms: Option<PercentilesBody>,
    /// When the certificate that was last shown ends.
    pub certificate_expires: Option<String>,
    /// Probes that passed.
    pub passed: u64,
    /// Probes that failed.
    pub failed: u64,
    /// Which of several checks all this is of: the first that decides; empty where there is one alone.
    #[serde(default)]
    pub check: String,
    /// Each of several checks by itself; without it where there is one alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(no_recursion)]
    pub checks: Vec<AddressBody>,
}

/// So many hundredths of some probes took no longer, in milliseconds.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
pub struct PercentilesBody {
    /// Half.
    pub p50: f64,
    /// Nine tenths.
    pub p90: f64,
    /// Ninety-nine hundredths: of fewer than a hundred probes, the slowest.
    pub p99: f64,
}

/// Whether clients may be sent here.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ReadyBody {
    /// Whether they may.
    pub ready: bool,
    /// What is missing, in words.
    pub missing: Vec<String>,
    /// What is wrong with a node that is ready nonetheless, in words.
    #[serde(default)]
    pub degraded: Vec<String>,
}
