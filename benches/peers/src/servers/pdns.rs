//! PowerDNS: the geoip backend, every country sent to its nearest region, caches as they are by default.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Result;

use super::{Call, Seat, text, words};
use crate::verify::address;
use crate::wire;
use crate::workload::Size;
use crate::world::{World, four, write};

pub fn prepare(seat: &Seat, world: &World, place: &Path) -> Result<Call> {
    write(place, "zones.yaml", &zones(world, seat.size)?)?;
    let (address, port, directory) = (seat.address.ip(), seat.address.port(), text(place));
    let file = format!(
        "launch=geoip\ngeoip-zones-file={directory}/zones.yaml\ngeoip-database-files=mmdb:{}\n\
         local-address={address}\nlocal-port={port}\nreceiver-threads=1\ndistributor-threads=1\n\
         edns-subnet-processing=yes\nsocket-dir={directory}\nconfig-dir={directory}\nsetuid=\nsetgid=\n\
         loglevel=3\nsecurity-poll-suffix=\nversion-string=anonymous\n",
        text(&world.nested_file)
    );
    write(place, "pdns.conf", &file)?;
    let config = format!("--config-dir={directory}");
    Ok((PathBuf::from("pdns_server"), words(&[&config, "--guardian=no", "--daemon=no"])))
}

/// A record for every country, and every name as a service that asks for its country's.
fn zones(world: &World, size: Size) -> Result<String> {
    let (zone, regions) = (wire::zone(), four());
    let zone = zone.trim_end_matches('.');
    let mut file = format!(
        "domains:\n- domain: {zone}\n  ttl: 60\n  records:\n    {zone}:\n    \
         - soa: ns1.{zone} host.{zone} 1 3600 900 604800 300\n    - ns: ns1.{zone}\n"
    );
    let of = |code: &str, region: usize| format!("    {code}.pool.{zone}:\n    - a: {}\n", address(region));
    for country in &world.countries {
        file += &of(&country.code.to_lowercase(), country.nearest(&regions));
    }
    file += &of("unknown", 0);
    file += "  services:\n";
    for number in 0..size.names() {
        writeln!(file, "    {}: '%cc.pool.{zone}'", wire::name(number).trim_end_matches('.'))?;
    }
    Ok(file)
}
