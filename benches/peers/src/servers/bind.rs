//! BIND: a static zone, one worker, one listener.

use std::path::{Path, PathBuf};

use anyhow::Result;

use super::{Call, Seat, text, words};
use crate::wire;
use crate::world::{static_zone, write};

pub fn prepare(seat: &Seat, place: &Path) -> Result<Call> {
    write(place, "zone", &static_zone(seat.size))?;
    let (address, port, directory, zone) =
        (seat.address.ip(), seat.address.port(), text(place), wire::zone());
    let file = format!(
        "options {{\n  directory \"{directory}\";\n  pid-file \"pid\";\n  session-keyfile \"session.key\";\n  \
         lock-file none;\n  listen-on port {port} {{ {address}; }};\n  listen-on-v6 {{ none; }};\n  \
         recursion no;\n  allow-query {{ any; }};\n  minimal-responses yes;\n  dnssec-validation no;\n  \
         notify no;\n}};\ncontrols {{ }};\nzone \"{zone}\" {{ type primary; file \"zone\"; }};\n"
    );
    let path = write(place, "named.conf", &file)?;
    Ok((PathBuf::from("named"), words(&["-c", &text(&path), "-f", "-n", "1", "-U", "1"])))
}
