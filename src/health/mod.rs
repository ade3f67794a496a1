//! Health: what is probed, what came of it, and what we therefore believe.
//!
//! ```text
//!  Standing ─▶ prober (schedule) ─▶ asker ─▶ http, tls     one attempt at a time
//!                                     │
//!              table (ladder) ◀─ Observation               what is believed: a verdict a target
//! ```
//!
//! Read `observation` for the nouns, then `ladder`: how observations become a verdict. `table` holds a
//! ladder for every target and keeps it across reloads. `prober` is the task that asks, when `schedule`
//! says so; `asker` is the one `match` on what a request is, and `http` with `tls` the only kind so far.
//! `ttl` says how long a verdict may be believed.
//!
//! Nothing here decides what is answered. The ladder, the schedule and the table take `now` and do no I/O.

mod asker;
mod http;
mod ladder;
mod observation;
mod prober;
mod reason;
mod schedule;
mod table;
mod tls;
mod ttl;

pub use asker::{Ask, Asker};
pub use ladder::{Change, Ladder, Level, Verdict, Why};
pub use observation::{Attempt, Observation, Outcome};
pub use prober::{Limits, run};
pub use reason::{Fault, OwnFault, Reason, Severity, Stage, TlsFault};
pub use schedule::Standing;
pub use table::{Facts, Table, Wanted};
pub use tls::TrustError;
pub use ttl::ttl;
