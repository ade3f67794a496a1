//! Meridian as `serve` runs it: one worker, counters, cookies and every check of a query on.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::Result;

use super::{Call, Seat, Server, text, words};
use crate::process::Launch;
use crate::verify::{NETWORK, address_in};
use crate::wire;
use crate::workload::Size;
use crate::world::{Region, World, ZONE_HEAD, four, thirty_two, write};

/// What differs from one start to another.
#[derive(Clone, Debug)]
pub struct Extra {
    /// Where the API is.
    pub api: SocketAddr,
    /// Databases, in the order in which they are read.
    pub databases: Vec<PathBuf>,
    /// The network that endpoints are in.
    pub network: [u8; 3],
    /// The service's check: the inside of a TOML table.
    pub check: String,
}

impl Extra {
    /// No probes, as wherever only answering is measured.
    pub fn unchecked(api: SocketAddr, databases: Vec<PathBuf>) -> Extra {
        Extra { api, databases, network: NETWORK, check: "kind = \"none\"".to_owned() }
    }
}

pub fn prepare(seat: &Seat, world: &World, place: &Path) -> Result<Call> {
    let regions = if seat.server == Server::Meridian4 { four() } else { thirty_two() };
    let extra = Extra::unchecked(api(seat.address), vec![world.countries_file.clone()]);
    let path = configuration(place, seat.address, seat.size, &regions, &extra)?;
    Ok((world.meridian.clone(), words(&["serve", "--config", &text(&path)])))
}

/// The API of a server at an address: the port above it.
pub fn api(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip(), address.port() + 1)
}

/// Writes a configuration and its zone, and says where.
pub fn configuration(
    place: &Path,
    listen: SocketAddr,
    size: Size,
    regions: &[Region],
    extra: &Extra,
) -> Result<PathBuf> {
    write(place, "zone", ZONE_HEAD)?;
    let mut file = head(place, listen, extra.api, &extra.databases)?;
    for Region { name, lat, lon } in regions {
        writeln!(file, "[regions.{name}]\nlocation = {{ lat = {lat:.3}, lon = {lon:.3} }}")?;
    }
    let names: Vec<String> = (0..size.names()).map(|number| format!("\"{}\"", wire::name(number))).collect();
    writeln!(file, "[services.www]\nnames = [\n{}\n]", names.join(",\n"))?;
    writeln!(file, "[services.www.check]\n{}", extra.check)?;
    for (index, region) in regions.iter().enumerate() {
        let address = address_in(extra.network, index);
        writeln!(file, "[services.www.endpoints.{}]\naddresses = [\"{address}\"]", region.name)?;
    }
    write(place, "meridian.toml", &file)
}

/// What every configuration begins with: one worker, and the zone of all names, whose file stands beside it.
pub fn head(place: &Path, listen: SocketAddr, api: SocketAddr, databases: &[PathBuf]) -> Result<String> {
    let databases: Vec<String> = databases.iter().map(|path| format!("{:?}", text(path))).collect();
    let state = text(&place.join("state"));
    let mut file = String::new();
    writeln!(file, "[server]\nlisten = [\"{listen}\"]\nworkers = 1\nstate = {state:?}\ndrain = \"0s\"")?;
    writeln!(file, "[server.cookies]\nsecrets = [\"0123456789abcdef0123456789abcdef\"]")?;
    writeln!(file, "[api]\nlisten = \"{api}\"")?;
    writeln!(file, "[geo]\ndatabases = [{}]", databases.join(", "))?;
    writeln!(file, "[zones.\"{}\"]\nfile = \"zone\"", wire::zone())?;
    Ok(file)
}

/// Serves a configuration that is written already.
pub fn launch(world: &World, configuration: &Path) -> Launch {
    let arguments = words(&["serve", "--config", &text(configuration)]);
    let log = configuration.with_file_name("log");
    Launch { program: world.meridian.clone(), arguments, log, pinned: true }
}
