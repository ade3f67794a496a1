//! Health: what is probed, what came of it, and what we therefore believe.
//!
//! ```text
//!  Standing ─▶ prober (schedule) ─▶ asker ─▶ http, tcp, …  one attempt at a time
//!                                     │
//!              table (ladder) ◀─ Observation               what is believed: a verdict a target
//! ```
//!
//! Read `observation` for the nouns, then `ladder`: how observations become a verdict. `table` holds a
//! ladder for every target and keeps it across reloads. `prober` is the task that asks, when `schedule`
//! says so and `budget` lets it; `asker` is the one `match` on what a request is, and there is one file for each kind: `http` (with
//! `http2`), `tcp`, `dns`, `grpc`, `icmp`, `command`. `line` is the way there that they share: deadline, connection,
//! `tls`; `meter` bounds what is read of it. `ttl` says how long a verdict may be believed.
//!
//! `signal` holds what load balancers report of endpoints: pushed, scraped (`scrape`), or told in the answer to a probe
//! (`told`). `passive` is when a signal speaks against its endpoint.
//!
//! Nothing here decides what is answered. The ladder, the schedule and the tables take `now` and do no I/O.

mod asker;
mod budget;
mod command;
mod dns;
mod flaps;
mod grpc;
mod http;
mod http2;
mod icmp;
mod ladder;
mod latencies;
mod line;
mod meter;
mod network;
mod observation;
mod passive;
mod prober;
mod reason;
mod schedule;
mod scrape;
mod signal;
mod table;
mod tcp;
#[cfg(test)]
mod tests;
mod tls;
mod told;
mod ttl;

pub use asker::{Ask, Asker};
pub use flaps::Flaps;
pub use ladder::{Before, Change, Ladder, Level, Seen, Tuning, Verdict, Why};
pub use latencies::{Latencies, Percentiles};
pub use network::Doubt;
pub use observation::{Attempt, Observation, Outcome, Told};
pub use passive::Watch;
pub use prober::{Orders, run};
pub use reason::{
    CommandFault, Concern, DnsFault, End, Fault, GrpcFault, OwnFault, Reason, Severity, Stage, TlsFault,
};
pub use schedule::{Confirm, Standing};
pub use scrape::{Rates, Samples, sum as sum_page};
pub use signal::{
    HALF_LIFE, MOST_SOURCES, Reading, Report, SignalTable, Signals, Source, SourceState, Taken, Whose,
};
pub use table::{Effect, Facts, Strip, Table, Vouching, Wanted};
pub use tls::TrustError;
pub use told::read as read_told;
pub use ttl::ttl;

/// How probes name themselves to targets.
const USER_AGENT: &str = concat!("meridian/", env!("CARGO_PKG_VERSION"));
