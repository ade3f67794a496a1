//! The truth and its only writer: commands, verdicts and reloads in; snapshots and live words out.
//!
//! [`compile`] turns text into a world; `check`, `serve` and `explain` share it. [`state`] is what operators
//! said and the pure function that changes it; [`store`] keeps the log of it on disk. [`words`] folds verdicts
//! and operators' words into live words. [`task`] is the one task that does all of this, `operate` its requests and `swap`
//! its reloads, and [`handle`] is how the API talks to it; [`report`] is what it tells. [`memory`] is what outlasts a
//! restart beside commands, [`judge`] what is believed of more than a target, [`course`] what control itself holds for or
//! against endpoints. [`counts`] is what is counted of probes, [`events`] what happened, for whoever follows; `publish`
//! makes events of what control does, `parking` keeps out who fell until somebody says so, `ramps` moves operators' ramps and
//! `canary` judges them. `challenges` sets what certificate authorities are to find. [`signals`] takes what load balancers report,
//! and `loads` is what of it policies compare endpoints by. `inside` is what endpoints are worth that another service answers
//! for. `resolving` gives endpoints the addresses of other names. [`demand`] is what clients come to, [`shedding`] how much of
//! them each endpoint keeps, and `capacity` has both looked at. [`latency`] is what was measured from clients' networks, and
//! `measure` has it steer.

mod canary;
mod capacity;
mod challenges;
pub mod compile;
pub mod counts;
pub mod course;
pub mod demand;
pub mod events;
pub mod handle;
mod inside;

pub mod judge;
pub mod latency;
mod loads;
mod measure;
pub mod memory;
mod operate;
mod parking;
pub mod plan;
mod publish;
mod ramps;
pub mod reload;
pub mod report;
pub mod resolving;
pub mod shedding;
pub mod signals;
pub mod state;
pub mod store;
mod swap;
pub mod task;
mod tell;
pub mod totals;
pub mod words;

pub use crate::geo::Threads;
pub use compile::{Built, DatabaseFacts, Node, load, with_causes};
pub use events::{Event, Following};
pub use handle::{Handle, Refusal, Request};
pub use state::{Command, Parked, Revised, State};
pub use store::{Store, StoreError};
pub use task::{Control, Parts, Wiring};
