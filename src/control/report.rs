//! What control tells the API: everything by name, nothing shared.

use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use super::compile::DatabaseFacts;
use super::counts::Counts;
use super::latency::LatencyCounts;
use super::reload::Reloaded;
use super::resolving::Known;
use super::state::{Parked, Revised};
use crate::health::{Level, Percentiles, Reading, SourceState};
use crate::model::{Family, PassiveRule, Subject};
use crate::steer::Word;

/// One region.
#[derive(Clone, Debug)]
pub struct RegionReport {
    /// Its name.
    pub name: String,
    /// Latitude and longitude.
    pub location: Option<(f64, f64)>,
    /// In the unit that its services report.
    pub capacity: Option<u64>,
    /// −99…99.
    pub bias: i8,
    /// The operator's word.
    pub word: Option<Revised>,
    /// Its endpoints, by service.
    pub endpoints: Vec<EndpointReport>,
}

/// One service.
#[derive(Clone, Debug)]
pub struct ServiceReport {
    /// Its name.
    pub name: String,
    /// The names it answers.
    pub names: Vec<String>,
    /// How one endpoint is chosen.
    pub policy: &'static str,
    /// How fast it is to answer its probes.
    pub latency_objective: Option<Duration>,
    /// Client networks that hold one of its answers, where its capacity counts demand.
    pub demand: Option<f64>,
    /// Its endpoints, in the written order of regions.
    pub endpoints: Vec<EndpointReport>,
}

/// One endpoint.
#[derive(Clone, Debug)]
pub struct EndpointReport {
    /// Its service.
    pub service: String,
    /// Its region.
    pub region: String,
    /// The service that answers in its place; `None`: it has addresses.
    pub inner: Option<String>,
    /// The name that it stands for; `None`: it has addresses of its own.
    pub cname: Option<String>,
    /// What came of looking it up, where clients get its addresses instead of it.
    pub resolved: Option<Known>,
    /// Configured.
    pub weight: u16,
    /// The operator's word on this endpoint alone.
    pub word: Option<Revised>,
    /// The operator's word on its whole region.
    pub region_word: Option<Revised>,
    /// By family; absent families have no addresses.
    pub families: Vec<FamilyReport>,
    /// Since when and why it stays out until somebody resumes it.
    pub parked: Option<Revised<Parked>>,
    /// The part of its capacity that is in use: 1.0 is full, and more is possible; `None`: not known.
    pub used: Option<f64>,
    /// Whether that is as much as its service calls `hard`.
    pub full: bool,
    /// The share of its clients that it keeps for its load, beside its weight: 0.0…1.0.
    pub load_factor: f64,
    /// What its load balancers report.
    pub signals: EndpointSignals,
}

/// The signals of one endpoint, and what they come to.
#[derive(Clone, Debug, Default)]
pub struct EndpointSignals {
    /// What may be believed, in the order of [`crate::model::Signal::ALL`].
    pub readings: Vec<Reading>,
    /// Who reports.
    pub sources: Vec<SourceState>,
    /// Whether it, or one of its addresses, wishes to be sent nobody new.
    pub draining: bool,
    /// How the service's passive rules stand with it.
    pub rules: Vec<RuleReport>,
}

/// How a passive rule stands with an endpoint.
#[derive(Clone, Debug)]
pub struct RuleReport {
    /// Which.
    pub rule: PassiveRule,
    /// `quiet`, `rising`, `in force` or `easing`.
    pub state: &'static str,
    /// For how long it has spoken against the endpoint; `None`: it does not.
    pub in_force: Option<Duration>,
    /// The smoothed value that it is held against.
    pub value: Option<f64>,
}

/// One endpoint and family.
#[derive(Clone, Debug)]
pub struct FamilyReport {
    /// Which.
    pub family: Family,
    /// What queries see.
    pub live: Word,
    /// The TTL that an answer would carry now, as far as this endpoint has a say.
    pub ttl: u32,
    /// It failed softly, and stays: more must not go.
    pub kept: bool,
    /// Answers handed out since the node started.
    pub answers: u64,
    /// Of all answers of this service and family: 0.0…1.0.
    pub share: f64,
    /// The latest moment until which an answer may be cached.
    pub cached_until: Option<SystemTime>,
    /// Its addresses and what is believed of them.
    pub addresses: Vec<AddressReport>,
}

/// One address.
#[derive(Clone, Debug)]
pub struct AddressReport {
    /// Itself.
    pub address: IpAddr,
    /// What is probed, as an operator would type it; `None`: nothing is.
    pub target: Option<String>,
    /// What is believed.
    pub level: Level,
    /// Why, in words.
    pub reason: String,
    /// For how long it has been believed.
    pub age: Option<Duration>,
    /// Results still needed to flip, and how many it takes in all.
    pub remaining: (u32, u32),
    /// The newest results as letters, the newest last: see [`crate::health::Strip`].
    pub strip: String,
    /// What earlier falls weigh, 1,000 each when they happened.
    pub flap_penalty: f64,
    /// For how long a recovery is held back because of them.
    pub held_for: Option<Duration>,
    /// How old the newest result is.
    pub staleness: Option<Duration>,
    /// How long the newest attempt took.
    pub latency: Option<Duration>,
    /// How long the newest attempts took.
    pub percentiles: Option<Percentiles>,
    /// When the certificate that was last shown ends.
    pub certificate_expires: Option<SystemTime>,
    /// Attempts that passed, and that failed.
    pub probes: (u64, u64),
    /// Which check all this is of, by its name among several; empty: there is but one.
    pub check: String,
    /// Each of several checks by itself.
    pub checks: Vec<AddressReport>,
}

impl AddressReport {
    /// An address that nobody checks.
    pub fn of(address: IpAddr) -> AddressReport {
        AddressReport {
            address,
            target: None,
            level: Level::Healthy,
            reason: "is not checked".into(),
            age: None,
            remaining: (0, 0),
            strip: String::new(),
            flap_penalty: 0.0,
            held_for: None,
            staleness: None,
            latency: None,
            percentiles: None,
            certificate_expires: None,
            probes: (0, 0),
            check: String::new(),
            checks: Vec::new(),
        }
    }
}

/// How the node is.
#[derive(Clone, Debug)]
pub struct StatusReport {
    /// What the node calls itself.
    pub identity: String,
    /// Counts reloads, from 1.
    pub generation: u64,
    /// Of the last command.
    pub revision: u64,
    /// Since when it serves.
    pub started: SystemTime,
    /// When the world in force was loaded.
    pub loaded: SystemTime,
    /// Whether every target has its first verdict, or the time for that is over.
    pub first_verdicts: bool,
    /// Geographic databases.
    pub databases: Vec<DatabaseFacts>,
    /// What geography came to.
    pub geo: crate::geo::Size,
    /// Zones' origins.
    pub zones: Vec<String>,
    /// Names, zones' and services', in the table.
    pub names: usize,
    /// Regions, services, endpoints.
    pub counts: (usize, usize, usize),
    /// Words on what the configuration does not know any more.
    pub dangling: Vec<(Subject, Revised)>,
    /// The last reload.
    pub last_reload: Option<Reloaded>,
    /// Reloads that swapped, and that changed nothing.
    pub reloads: (u64, u64),
    /// Verdicts that flipped since the start.
    pub transitions: u64,
    /// What is counted of probes and verdicts.
    pub probed: Counts,
    /// What is known and counted of measured latency.
    pub latency: LatencyCounts,
    /// Old snapshots that some worker still holds.
    pub retired: usize,
}
