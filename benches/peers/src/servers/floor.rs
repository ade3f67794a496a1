//! The floor is this program itself.

use anyhow::Result;

use super::{Call, Seat, own};

/// Datagrams in one call: as many as Meridian takes.
const BATCH: &str = "64";

pub fn prepare(seat: &Seat) -> Result<Call> {
    let (listen, grow, missing) =
        (seat.address.to_string(), seat.growth.grow.to_string(), seat.growth.grow_missing.to_string());
    own(&["floor", "--listen", &listen, "--grow", &grow, "--grow-missing", &missing, "--batch", BATCH])
}
