//! Is this node fit to be announced? And, in time, telling the announcer.
//!
//! [`fitness`] holds the latches of DESIGN 6 and says fit or why not; `/readyz` shows it. [`ask`] asks every
//! listener a real question over UDP and TCP once a second: a node that does not answer must not be announced.

pub mod ask;
pub mod fitness;

pub use fitness::{Fitness, Latches};
