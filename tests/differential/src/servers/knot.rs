//! Knot DNS.

use anyhow::Result;

use super::{Seat, words, write};

pub(super) fn prepare(seat: &Seat) -> Result<Vec<String>> {
    let (address, port, place) = (seat.address.ip(), seat.address.port(), seat.place.display());
    let mut file = format!(
        "server:\n  rundir: {place}\n  listen: {address}@{port}\n  udp-workers: 1\n  tcp-workers: 1\n  \
         background-workers: 1\nlog:\n  - target: stderr\n    any: warning\ndatabase:\n  storage: {place}/db\nzone:\n"
    );
    for (name, path) in seat.zones {
        file += &format!(
            "  - domain: {name}\n    file: {}\n    zonefile-sync: -1\n    journal-content: none\n",
            path.display()
        );
    }
    let path = write(seat, "knot.conf", &file)?;
    Ok(words(&["-c", &path]))
}
