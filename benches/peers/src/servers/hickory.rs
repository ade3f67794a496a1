//! hickory-server's loop runs inside this program.

use anyhow::Result;

use super::{Call, Seat, own};

pub fn prepare(seat: &Seat) -> Result<Call> {
    own(&["hickory", "--listen", &seat.address.to_string()])
}
