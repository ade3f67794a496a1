//! gdnsd: the geoip plugin with regions by coordinates, client subnets on (its default), nothing monitored.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Result;

use super::{Call, Seat, text, words};
use crate::verify::address;
use crate::wire;
use crate::world::{World, four, write, zone};

pub fn prepare(seat: &Seat, world: &World, place: &Path) -> Result<Call> {
    let zones = place.join("zones");
    std::fs::create_dir_all(&zones)?;
    let records = zone(seat.size, |label| format!("{label} 60 DYNA geoip!www"));
    write(&zones, wire::zone().trim_end_matches('.'), &records)?;
    write(place, "config", &configuration(seat, &world.nested_file, place)?)?;
    Ok((PathBuf::from("gdnsd"), words(&["-c", &text(place), "start"])))
}

/// The main file.
fn configuration(seat: &Seat, database: &Path, place: &Path) -> Result<String> {
    let (mut names, mut points, mut addresses) = (Vec::new(), String::new(), String::new());
    for (index, region) in four().iter().enumerate() {
        names.push(region.name.clone());
        write!(points, "{} => [{}, {}], ", region.name, region.lat, region.lon)?;
        write!(addresses, "{} => {}, ", region.name, address(index))?;
    }
    let (listen, place, database, names) = (seat.address, text(place), text(database), names.join(", "));
    Ok(format!(
        "options => {{\n  listen => {{ {listen} => {{ udp_threads = 1, tcp_threads = 1 }} }}\n  \
         run_dir = {place}/run\n  state_dir = {place}/state\n}}\n\
         plugins => {{ geoip => {{\n  maps => {{ world => {{\n    geoip2_db => {database}\n    \
         datacenters => [{names}]\n    auto_dc_coords => {{ {points} }}\n  }} }}\n  \
         resources => {{ www => {{\n    map => world\n    service_types => up\n    \
         dcmap => {{ {addresses} }}\n  }} }}\n}} }}\n"
    ))
}
