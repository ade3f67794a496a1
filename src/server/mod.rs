//! Sockets, framing and limits around the one answer core.
//!
//! [`udp`] is plain threads, each with a [`link`] of its own to the network; [`tcp`] is one thread with an event
//! loop. Both read the time, hand frames to [`crate::answer`], and send what comes back. Neither knows what a zone
//! is.

pub mod bind;
pub mod link;
mod open;
pub mod tcp;
pub mod udp;

use std::time::{SystemTime, UNIX_EPOCH};

use crate::answer::Now;

pub use bind::{BindError, Bound, Listeners};

/// The wall clock, as the answer core wants it.
pub fn now() -> Now {
    Now { unix: SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()) }
}
