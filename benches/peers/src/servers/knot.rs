//! Knot DNS: a static zone, and the same under mod-geoip, every country sent to its nearest region.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Result;

use super::{Call, Seat, Server, text, words};
use crate::verify::address;
use crate::wire;
use crate::workload::Size;
use crate::world::{World, four, static_zone, write};

pub fn prepare(seat: &Seat, world: &World, place: &Path) -> Result<Call> {
    write(place, "zone", &static_zone(seat.size))?;
    let steers = seat.server == Server::KnotGeoip;
    if steers {
        write(place, "geo", &views(world, seat.size)?)?;
    }
    let path = write(place, "knot.conf", &configuration(seat, &world.nested_file, place, steers))?;
    Ok((PathBuf::from("knotd"), words(&["-c", &text(&path)])))
}

fn configuration(seat: &Seat, database: &Path, place: &Path, steers: bool) -> String {
    let (address, port, place) = (seat.address.ip(), seat.address.port(), text(place));
    let (subnet, module, of_zone) = if steers {
        let module = format!(
            "mod-geoip:\n  - id: geo\n    config-file: {place}/geo\n    ttl: 60\n    mode: geodb\n    \
             geodb-file: {}\n    geodb-key: country/iso_code\n",
            text(database)
        );
        ("on", module, "    module: mod-geoip/geo\n")
    } else {
        ("off", String::new(), "")
    };
    format!(
        "server:\n  rundir: {place}\n  listen: {address}@{port}\n  udp-workers: 1\n  tcp-workers: 1\n  \
         background-workers: 1\n  edns-client-subnet: {subnet}\nlog:\n  - target: stderr\n    any: warning\n\
         database:\n  storage: {place}/db\n{module}zone:\n  - domain: {}\n    file: {place}/zone\n    \
         zonefile-sync: -1\n    journal-content: none\n{of_zone}",
        wire::zone()
    )
}

/// For every name, every country and its address.
fn views(world: &World, size: Size) -> Result<String> {
    let regions = four();
    let mut countries = String::new();
    for country in &world.countries {
        let region = country.nearest(&regions);
        writeln!(countries, "  - geo: \"{}\"\n    A: {}", country.code, address(region))?;
    }
    let names = (0..size.names()).map(|number| format!("{}:\n{countries}", wire::name(number)));
    Ok(names.collect())
}
