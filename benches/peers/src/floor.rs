//! The floor: what the kernel asks for moving a query in and an answer out, and nothing else.
//!
//! `recvmmsg` and `sendmmsg` of as many datagrams as the server takes at once, one thread. A query becomes an "answer" by one bit, and by as many octets as the server's answer has more.

use std::net::{SocketAddr, UdpSocket};

use anyhow::{Context, Result};

use crate::fence::{FRAME, Frames, Wait};
use crate::socket;
use crate::wire::{FLAGS_AT, LABEL_AT, MISSING};

/// How an answer's length differs from its query's, in octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::Args)]
pub struct Growth {
    /// Octets that an answer has more than its query, where the name exists
    #[arg(long, default_value_t = 16, allow_hyphen_values = true)]
    pub grow: isize,
    /// The same where the name does not exist
    #[arg(long, default_value_t = 60, allow_hyphen_values = true)]
    pub grow_missing: isize,
}

impl Default for Growth {
    fn default() -> Self {
        Growth { grow: 16, grow_missing: 60 }
    }
}

impl Growth {
    /// Turns a query into what has the shape of its answer.
    fn answer(self, octets: &mut [u8; FRAME], length: &mut usize) {
        octets[FLAGS_AT] |= 0x80;
        let grow = if octets[LABEL_AT] == MISSING { self.grow_missing } else { self.grow };
        *length = length.saturating_add_signed(grow).min(FRAME);
    }
}

/// Echoes until it is ended from outside.
pub fn run(listen: SocketAddr, growth: Growth, batch: usize) -> Result<()> {
    let socket: UdpSocket = socket::serving(listen).with_context(|| format!("cannot bind {listen}"))?;
    let mut frames = Frames::new(batch);
    loop {
        // The timeout, and errors that answers brought back: the floor has nothing to say to them.
        let Ok(count) = frames.receive(&socket, Wait::ForOne) else { continue };
        for slot in 0..count {
            let (octets, length) = frames.slot(slot);
            growth.answer(octets, length);
        }
        frames.reply(&socket, count);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_have_the_length_that_was_asked_for() {
        let growth = Growth { grow: 16, grow_missing: -3 };
        for (label, before, after) in [(b'n', 40, 56), (MISSING, 40, 37), (b'n', FRAME - 1, FRAME)] {
            let (mut octets, mut length) = ([0; FRAME], before);
            octets[LABEL_AT] = label;
            growth.answer(&mut octets, &mut length);
            assert_eq!((length, octets[FLAGS_AT]), (after, 0x80));
        }
    }
}
