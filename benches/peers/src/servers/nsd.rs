//! NSD: a static zone, one server process.

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
        "server:\n  ip-address: {address}@{port}\n  server-count: 1\n  username: \"\"\n  chroot: \"\"\n  \
         zonesdir: \"{directory}\"\n  database: \"\"\n  pidfile: \"{directory}/pid\"\n  \
         xfrdfile: \"{directory}/xfrd\"\n  zonelistfile: \"{directory}/zones\"\n  \
         xfrdir: \"{directory}\"\n  rrl-ratelimit: 0\n  rrl-whitelist-ratelimit: 0\n  \
         answer-cookie: yes\n\
         remote-control:\n  control-enable: no\nzone:\n  name: \"{zone}\"\n  zonefile: \"zone\"\n"
    );
    let path = write(place, "nsd.conf", &file)?;
    Ok((PathBuf::from("nsd"), words(&["-d", "-c", &text(&path)])))
}
