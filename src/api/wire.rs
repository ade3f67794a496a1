//! Every shape that leaves or enters by HTTP: a promise, while the inside is ours to change.
//!
//! The words are those of the glossary. Times are RFC 3339 in UTC, durations are seconds and say so in their
//! name. [`report`] is what is known, [`say`] what operators say and how they are refused, [`explain`] one
//! decision, [`event`] what happened, [`scale`] what autoscalers read, [`signals`] what load balancers report,
//! [`latency`] what is measured from clients' networks.

pub mod event;
pub mod explain;
pub mod latency;
pub mod report;
pub mod say;
pub mod scale;
pub mod signals;

pub use event::{EventBody, EventsQuery, LostBody};
pub use explain::{
    CandidateBody, ClientBody, DecisionBody, DistanceBody, ExplainQuery, Explanation, FilterBody,
    OutcomeBody, PointBody,
};
pub use latency::{
    LatencyBody, LatencyQuery, LatencyRowBody, MeasuredBody, MeasurementBody, MeasurementsBody,
};
pub use report::{
    AddressBody, DanglingBody, DatabaseBody, EndpointBody, FamilyBody, GeoBody, ParkedBody, PercentilesBody,
    ReadyBody, RegionBody, ResolvedBody, ServiceBody, StatusBody,
};
pub use say::{
    ChallengeBody, FaultBody, GuardBody, OverrideBody, ProblemBody, RampBody, ReasonBody, ReloadBody,
    RemarkBody, RolledBackBody, ValuesBody, WordBody,
};
pub use scale::{ScaleBody, ScaleQuery};
pub use signals::{RuleBody, SignalBody, SignalsBody, SourceBody, TakenBody};
