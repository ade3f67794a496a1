//! The three servers, each with the same zones on a port of its own.

mod knot;
mod meridian;
mod nsd;

use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use domain::base::iana::Rtype;

use crate::process::{Launch, Process};
use crate::question::Question;
use crate::world::World;

/// A server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Server {
    /// Ours
    Meridian,
    /// NLnet Labs'
    Nsd,
    /// CZ.NIC's
    Knot,
}

impl Server {
    /// All, in the order of every report.
    pub const ALL: [Server; 3] = [Server::Meridian, Server::Nsd, Server::Knot];

    /// As reports call it.
    pub fn title(self) -> &'static str {
        match self {
            Server::Meridian => "Meridian",
            Server::Nsd => "NSD",
            Server::Knot => "Knot",
        }
    }
}

/// A server that runs.
pub struct Stand {
    /// Where it answers.
    pub address: SocketAddr,
    _process: Process,
}

/// What to start, and where.
struct Seat<'a> {
    address: SocketAddr,
    api: SocketAddr,
    /// A directory of its own.
    place: PathBuf,
    /// Where the zone files are.
    zones: &'a [(String, PathBuf)],
}

/// Starts a server with all zones, and waits until it has the last of them.
pub fn start(server: Server, meridian: &Path, directory: &Path, world: &World) -> Result<Stand> {
    let address = free_address()?;
    // The port tells a server from the one before it, which may still be ending.
    let place = directory.join(format!("{}-{}", server.title().to_lowercase(), address.port()));
    std::fs::create_dir_all(place.join("db")).with_context(|| format!("cannot make {place:?}"))?;
    let zones = zones(directory, world);
    let seat = Seat { address, api: free_address()?, place, zones: &zones };
    let (program, arguments) = match server {
        Server::Meridian => (meridian.to_owned(), meridian::prepare(&seat)?),
        Server::Nsd => (found("nsd"), nsd::prepare(&seat)?),
        Server::Knot => (found("knotd"), knot::prepare(&seat)?),
    };
    let launch = Launch { program, arguments, log: seat.place.join("log") };
    let process = Process::start(&launch, seat.address, &last(world))
        .with_context(|| format!("{} does not answer", server.title()))?;
    Ok(Stand { address: seat.address, _process: process })
}

/// Writes the zone files that all servers read.
pub fn write_zones(directory: &Path, world: &World) -> Result<()> {
    for ((_, path), zone) in zones(directory, world).iter().zip(&world.zones) {
        std::fs::write(path, zone.text()).with_context(|| format!("cannot write {path:?}"))?;
    }
    Ok(())
}

fn zones(directory: &Path, world: &World) -> Vec<(String, PathBuf)> {
    let file = |number| directory.join(format!("{number}.zone"));
    world.zones.iter().enumerate().map(|(number, zone)| (zone.apex.to_string(), file(number))).collect()
}

/// The question whose answer tells that all zones are there.
fn last(world: &World) -> Question {
    let name = world.zones.last().map(|zone| zone.apex.clone()).unwrap_or_default();
    Question { wire: name.wire(), name, rtype: Rtype::SOA, payload: Some(1232), recursion: false }
}

/// Loopback, and a port from 20000 that nobody has, neither for datagrams nor for streams.
fn free_address() -> Result<SocketAddr> {
    let free = |address: &SocketAddr| UdpSocket::bind(address).is_ok() && TcpListener::bind(address).is_ok();
    let ports = std::iter::repeat_with(|| fastrand::u16(20_000..32_000)).take(1000);
    ports.map(|port| SocketAddr::from(([127, 0, 0, 1], port))).find(free).context("no port is free")
}

/// Where a program is. Debian's daemons are not always in a user's path.
fn found(program: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let known = ["/usr/sbin", "/usr/local/sbin"].map(PathBuf::from);
    let mut places = std::env::split_paths(&path).chain(known);
    places.find_map(|place| Some(place.join(program)).filter(|path| path.is_file())).unwrap_or(program.into())
}

/// Writes a configuration; gives the path in words of arguments.
fn write(seat: &Seat, name: &str, text: &str) -> Result<String> {
    let path = seat.place.join(name);
    std::fs::write(&path, text).with_context(|| format!("cannot write {path:?}"))?;
    Ok(path.display().to_string())
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}
