//! How others talk to control: requests over a channel, answers over one of their own.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::SystemTime;

use tokio::sync::{mpsc, oneshot};

use super::events::{Following, What};
use super::latency::{RowReport, RowsWanted};
use super::reload::Reloaded;
use super::report::{RegionReport, ServiceReport, StatusReport};
use super::state::Revised;
use crate::health::{Report, Taken, Whose};
use crate::model::{Challenge, Lookup, Measured, Name, OverrideState, Subject, Vantage};
use crate::snapshot::Shared;

/// How many requests may wait.
const WAITING: usize = 64;

/// An override as it is asked for.
#[derive(Clone, Debug)]
pub struct Wish {
    /// Of what.
    pub subject: Subject,
    /// What is to be believed; `None` lifts the word.
    pub word: Option<WishedWord>,
    /// The token's name, or `local`.
    pub who: String,
    /// The revision that the asker saw; `None` asks for no comparison.
    pub if_match: Option<u64>,
}

/// The word of a wish.
#[derive(Clone, Debug)]
pub struct WishedWord {
    /// What is to be believed.
    pub state: OverrideState,
    /// Why; not empty.
    pub reason: String,
    /// When it ends by itself.
    pub until: Option<SystemTime>,
}

/// Values of an ACME challenge as they are asked for.
#[derive(Clone, Debug)]
pub struct ChallengeWish {
    /// The name that a certificate is for, as [`Challenge::subject`] gives it.
    pub name: Name,
    /// What is to be found there; `None` takes all of it away.
    pub values: Option<WishedValues>,
    /// The token's name, or `local`.
    pub who: String,
}

/// The values of a wish.
#[derive(Clone, Debug)]
pub struct WishedValues {
    /// Within the bounds of a [`Challenge`], as many as they are.
    pub values: Vec<String>,
    /// Whether those that are there already stay, too; they get the new end.
    pub add: bool,
    /// When they end.
    pub until: SystemTime,
}

/// Signals of one endpoint as they are pushed.
#[derive(Clone, Debug)]
pub struct SignalWish {
    /// Of which.
    pub whose: Whose,
    /// By whom.
    pub source: String,
    /// What is said.
    pub report: Report,
}

/// A measurement of latency as it is reported.
#[derive(Clone, Debug, PartialEq)]
pub struct LatencyWish {
    /// From where.
    pub vantage: Vantage,
    /// To which region.
    pub region: String,
    /// What was measured.
    pub measured: Measured,
}

/// An endpoint that fell is to be answered again.
#[derive(Clone, Debug)]
pub struct ResumeWish {
    /// Which.
    pub whose: Whose,
    /// The token's name, or `local`.
    pub who: String,
    /// Why; not empty.
    pub reason: String,
    /// The revision that the asker saw; `None` asks for no comparison.
    pub if_match: Option<u64>,
}

/// What can be asked of control.
#[derive(Debug)]
pub enum Request {
    /// Set or lift an override; the answer is the word in force afterwards.
    Override(Wish, oneshot::Sender<Result<Option<Revised>, Refusal>>),
    /// Set or clear a challenge; the answer is what is in force afterwards.
    Challenge(ChallengeWish, oneshot::Sender<Result<Option<Revised<Arc<Challenge>>>, Refusal>>),
    /// All challenges.
    Challenges(oneshot::Sender<Vec<Revised<Arc<Challenge>>>>),
    /// Take signals, all or none; the answer is what became of each.
    Signals(Vec<SignalWish>, oneshot::Sender<Result<Vec<Taken>, Refusal>>),
    /// Take measurements of latency, all or none; the answer is how many.
    MeasureLatency(Vec<LatencyWish>, oneshot::Sender<Result<usize, Refusal>>),
    /// Rows of measured latency, and how many fit in all.
    Latency(RowsWanted, oneshot::Sender<(Vec<RowReport>, usize)>),
    /// The rows that decide for an address, with whoever announces it.
    LatencyAt(IpAddr, Option<u32>, oneshot::Sender<Vec<RowReport>>),
    /// Let an endpoint back in that is parked; the answer is whether it was.
    Resume(ResumeWish, oneshot::Sender<Result<bool, Refusal>>),
    /// Load everything anew.
    Reload(oneshot::Sender<Reloaded>),
    /// All regions, or one.
    Regions(Option<String>, oneshot::Sender<Vec<RegionReport>>),
    /// All services, or one.
    Services(Option<String>, oneshot::Sender<Vec<ServiceReport>>),
    /// How the node is.
    Status(oneshot::Sender<StatusReport>),
    /// What came after the event of that id, and what comes next.
    Follow(Option<u64>, oneshot::Sender<Following>),
    /// A name was looked up.
    LookedUp(Lookup),
    /// Something happened to the node that control does not see by itself.
    Happened(What),
}

/// Why a wish was not granted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no such region, service or endpoint.
    #[error("no {kind} is called '{name}'; {kind}s: {}", known.join(", "))]
    Unknown {
        /// `region`, `service` or `endpoint`.
        kind: &'static str,
        /// What was asked for.
        name: String,
        /// What there is.
        known: Vec<String>,
    },
    /// Somebody else was faster.
    #[error("the {what} is at revision {current} now, not {asked}")]
    Revision {
        /// `override` or `parking`.
        what: &'static str,
        /// In force.
        current: u64,
        /// What `If-Match` said.
        asked: u64,
    },
    /// No service answers this name, so nobody needs a certificate for it here.
    #[error("no service answers '{name}'; names: {}", known.join(", "))]
    Unsteered {
        /// What was asked for.
        name: Name,
        /// The names of services.
        known: Vec<String>,
    },
    /// Values at this name would never be seen.
    #[error("'{owner}' {why}")]
    Unseen {
        /// Where they would stand.
        owner: Name,
        /// What stands there instead, and what to do.
        why: String,
    },
    /// There are too many values, or too many names that have some.
    #[error("{0}")]
    Full(String),
    /// It could not be made durable, so it was not done.
    #[error("it could not be stored: {0}")]
    Store(String),
    /// The node is going down.
    #[error("the node is stopping")]
    Stopping,
}

/// A way to control; clones talk to the same task.
#[derive(Clone, Debug)]
pub struct Handle {
    requests: mpsc::Sender<Request>,
    /// What queries see.
    pub shared: Shared,
}

impl Handle {
    /// A handle and the end that control listens on.
    pub fn new(shared: Shared) -> (Handle, mpsc::Receiver<Request>) {
        let (requests, listen) = mpsc::channel(WAITING);
        (Handle { requests, shared }, listen)
    }

    /// Sets or lifts an override. When this returns a word, it is on disk and in force.
    pub async fn wish(&self, wish: Wish) -> Result<Option<Revised>, Refusal> {
        self.ask(|answer| Request::Override(wish, answer)).await?
    }

    /// Sets or clears a challenge. When this returns one, it is on disk, and answered from now on.
    pub async fn challenge(&self, wish: ChallengeWish) -> Result<Option<Revised<Arc<Challenge>>>, Refusal> {
        self.ask(|answer| Request::Challenge(wish, answer)).await?
    }

    /// All challenges in force, in the order of names.
    pub async fn challenges(&self) -> Result<Vec<Revised<Arc<Challenge>>>, Refusal> {
        self.ask(Request::Challenges).await
    }

    /// Takes signals of endpoints; when this returns, they count.
    pub async fn signals(&self, wish: Vec<SignalWish>) -> Result<Vec<Taken>, Refusal> {
        self.ask(|answer| Request::Signals(wish, answer)).await?
    }

    /// Takes measurements of latency, all or none; when this returns they are kept, and steer within ten seconds or so. How
    /// many there were.
    pub async fn measure_latency(&self, wish: Vec<LatencyWish>) -> Result<usize, Refusal> {
        self.ask(|answer| Request::MeasureLatency(wish, answer)).await?
    }

    /// Rows of measured latency, sorted, and how many fit in all.
    pub async fn latency(&self, wanted: RowsWanted) -> Result<(Vec<RowReport>, usize), Refusal> {
        self.ask(|answer| Request::Latency(wanted, answer)).await
    }

    /// The rows that decide for an unfolded address; none where nothing was measured.
    pub async fn latency_at(&self, address: IpAddr, asn: Option<u32>) -> Result<Vec<RowReport>, Refusal> {
        self.ask(|answer| Request::LatencyAt(address, asn, answer)).await
    }

    /// Lets an endpoint back in that is parked. When this returns, that is on disk and in force; whether it was parked.
    pub async fn resume(&self, wish: ResumeWish) -> Result<bool, Refusal> {
        self.ask(|answer| Request::Resume(wish, answer)).await?
    }

    /// Loads everything anew, and says what came of it.
    pub async fn reload(&self) -> Result<Reloaded, Refusal> {
        self.ask(Request::Reload).await
    }

    /// All regions, or the one of this name.
    pub async fn regions(&self, name: Option<String>) -> Result<Vec<RegionReport>, Refusal> {
        self.ask(|answer| Request::Regions(name, answer)).await
    }

    /// All services, or the one of this name.
    pub async fn services(&self, name: Option<String>) -> Result<Vec<ServiceReport>, Refusal> {
        self.ask(|answer| Request::Services(name, answer)).await
    }

    /// How the node is.
    pub async fn status(&self) -> Result<StatusReport, Refusal> {
        self.ask(Request::Status).await
    }

    /// What came after the event of that id, as far as it is kept, and what comes next.
    pub async fn follow(&self, after: Option<u64>) -> Result<Following, Refusal> {
        self.ask(|answer| Request::Follow(after, answer)).await
    }

    /// What came of looking up a name.
    pub async fn looked_up(&self, lookup: Lookup) -> Result<(), Refusal> {
        self.requests.send(Request::LookedUp(lookup)).await.map_err(|_| Refusal::Stopping)
    }

    /// Tells whoever follows that something happened to the node.
    pub async fn happened(&self, what: What) -> Result<(), Refusal> {
        self.requests.send(Request::Happened(what)).await.map_err(|_| Refusal::Stopping)
    }

    async fn ask<T>(&self, request: impl FnOnce(oneshot::Sender<T>) -> Request) -> Result<T, Refusal> {
        let (answer, answered) = oneshot::channel();
        self.requests.send(request(answer)).await.map_err(|_| Refusal::Stopping)?;
        answered.await.map_err(|_| Refusal::Stopping)
    }
}
