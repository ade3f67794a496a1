//! Builds everything, spawns it, waits, drains.
//!
//! ```text
//! start:  load → bind → open the store → answer static data → first verdicts, own query → ready
//! stop:   unready → wait for announcers and resolvers to notice → finish TCP → exit 0
//! ```
//!
//! Threads: one a UDP socket, one for TCP, and a small pool for the rest (control, probes, API).

mod log;
mod node;
mod ready;
mod serve;
mod watch;

pub use log::{LogFormat, start_log};
pub use node::{raise_descriptors, this_node};
pub use serve::{Daemon, Options, ServeError, runtime};
