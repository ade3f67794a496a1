//! NSD, one server process.

use anyhow::Result;

use super::{Seat, words, write};

pub(super) fn prepare(seat: &Seat) -> Result<Vec<String>> {
    let (address, port, place) = (seat.address.ip(), seat.address.port(), seat.place.display());
    let mut file = format!(
        "server:\n  ip-address: {address}@{port}\n  server-count: 1\n  username: \"\"\n  chroot: \"\"\n  \
         zonesdir: \"{place}\"\n  database: \"\"\n  pidfile: \"{place}/pid\"\n  xfrdfile: \"{place}/xfrd\"\n  \
         zonelistfile: \"{place}/zones\"\n  xfrdir: \"{place}\"\n  rrl-ratelimit: 0\n  \
         rrl-whitelist-ratelimit: 0\n  tcp-count: 200\nremote-control:\n  control-enable: no\n"
    );
    for (name, path) in seat.zones {
        file += &format!("zone:\n  name: \"{name}\"\n  zonefile: \"{}\"\n", path.display());
    }
    let path = write(seat, "nsd.conf", &file)?;
    Ok(words(&["-d", "-c", &path]))
}
