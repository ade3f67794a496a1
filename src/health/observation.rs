//! What one probe saw.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use super::reason::Fault;
use super::{Concern, OwnFault, Reason, Samples, Severity, Signals};
use crate::model::Target;

/// What a probe says about its target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It answers as its check expects.
    Up,
    /// It does, with cause for concern.
    Doubtful(Concern),
    /// It does not.
    Down(Reason),
    /// Nothing at all: this machine could not ask.
    Nothing(OwnFault),
}

impl Outcome {
    /// Whether the time that it took says how fast the target is: it passed, or was too slow.
    pub fn tells_speed(&self) -> bool {
        match self {
            Outcome::Up | Outcome::Doubtful(_) => true,
            Outcome::Down(reason) => reason.severity() == Severity::Soft,
            Outcome::Nothing(_) => false,
        }
    }
}

impl From<Result<(), Fault>> for Outcome {
    fn from(result: Result<(), Fault>) -> Outcome {
        match result {
            Ok(()) => Outcome::Up,
            Err(Fault::Theirs(reason)) => Outcome::Down(reason),
            Err(Fault::Ours(fault)) => Outcome::Nothing(fault),
        }
    }
}

/// What an [`Asker`](super::Asker) brings back from one attempt.
#[derive(Clone, Debug, PartialEq)]
pub struct Attempt {
    /// What it says about the target.
    pub outcome: Outcome,
    /// When the certificate that was shown ends, to the second; also of one that had expired.
    pub certificate_expires: Option<SystemTime>,
    /// What the answer says beside yes or no.
    pub told: Told,
}

/// One attempt at one target, and when.
#[derive(Clone, Debug, PartialEq)]
pub struct Observation {
    /// Who was asked.
    pub target: Arc<Target>,
    /// When the result was in.
    pub at: Instant,
    /// What it says.
    pub outcome: Outcome,
    /// From the start of the attempt to its result.
    pub elapsed: Duration,
    /// When the certificate that was shown ends, to the second.
    pub certificate_expires: Option<SystemTime>,
    /// What the answer says beside yes or no.
    pub told: Told,
}

/// What an answer says beside yes or no.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Told {
    /// Nothing.
    #[default]
    Nothing,
    /// Signals, or what of them could not be read.
    Signals(Box<(Signals, Option<Box<str>>)>),
    /// What a scrape found.
    Samples(Box<Samples>),
}
