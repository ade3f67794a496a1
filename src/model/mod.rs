//! The nouns that every room shares: what an operator writes, once it cannot be nonsense.
//!
//! Nothing here does I/O, and nothing here knows another room. The words are those of the glossary in
//! `ARCHITECTURE.md`: one word per thing, in code, configuration, API and logs alike.

mod address;
mod capacity;
mod challenge;
mod check;
mod closest;
mod dns;
mod duration;
mod event;
mod fence;
mod formula;
mod id;
mod latency;
mod location;
mod lookup;
mod name;
mod order_rule;
mod override_;
mod pattern;
mod policy;
mod problem;
mod ramp;
mod region;
mod request;
mod service;
mod signal;
mod webhook;

pub use address::{Family, Network, ScopeOffset, unfold, unusable};
pub use capacity::{Capacity, CapacityUnit};
pub use challenge::Challenge;
pub use check::{Check, Probe, ProbeBudget, StatusSet, Target, Witness};
pub use closest::{did_you_mean, listed};
pub use dns::{Rcode, RecordType};
pub use duration::{parse_duration, print_duration};
pub use event::EventKind;
pub use fence::{Clients, Fence};
pub use formula::{Formula, Matcher, Must, Selector, check_matchers};
pub use id::{EndpointId, RegionId, ServiceId};
pub use latency::{LatencyRow, LatencyRules, Measured, Vantage};
pub use location::Location;
pub use lookup::{Lookup, Resolutions, resolve};
pub use name::{Name, NameError};
pub use order_rule::{OrderRule, Steer};
pub use override_::{Override, OverrideState, Subject};
pub use pattern::Pattern;
pub use policy::{BadPolicy, Filter, Grouping, Policy};
pub use problem::{Place, Problem, Problems};
pub use ramp::{Ramp, RolledBack, Share, Stage};
pub use region::Region;
pub use request::{
    Authorities, CommandRequest, DnsRequest, GrpcRequest, Header, HttpRequest, Method, Request, TcpRequest,
    Trust,
};
pub use service::{Endpoint, Families, OnAllDown, Service, TtlRange};
pub use signal::{MetricsFormat, PassiveRule, Scrape, ScrapeRequest, Signal, Then};
pub use webhook::{Secret, Webhook, WebhookFormat};
