//! Where a UDP worker's datagrams come from and replies go: the one seam between answering and the network.
//!
//! A link hands out its frames in place and takes lengths back; whoever answers never sees a socket. On Linux it is
//! a socket with a batch a call ([`batched`]), elsewhere a socket with one datagram a call (`plain`).

#[cfg(target_os = "linux")]
pub mod batched;
#[cfg(any(test, not(target_os = "linux")))]
pub mod plain;

use std::io;

use crate::answer::Frames;

#[cfg(target_os = "linux")]
pub use batched::Batched as System;
#[cfg(not(target_os = "linux"))]
pub use plain::Plain as System;

/// The longest query that is read, and the longest reply: what configuration allows as payload.
pub const ROOM: usize = 4096;

/// Frames that are filled by a network.
pub trait Link: Frames {
    /// Waits for a query, no longer than [`IDLE_WAKE`](super::bind::IDLE_WAKE), and takes those that are there
    /// with it. The frames of the batch before are gone.
    fn receive(&mut self) -> io::Result<()>;

    /// Sends the replies, each to where its query came from and from the address that was asked, and forgets
    /// their lengths. `refused` is told of every frame whose reply could not be sent; the others are.
    fn send(&mut self, refused: impl FnMut(usize, io::Error));
}

#[cfg(all(test, target_os = "linux"))]
mod tests;
