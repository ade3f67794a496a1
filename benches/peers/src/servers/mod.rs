//! The servers beside each other: who they are, what they can, and how each is started with one worker.

mod bind;
mod floor;
mod gdnsd;
mod hickory;
mod knot;
mod meridian;
mod nsd;
mod pdns;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use crate::floor::Growth;
use crate::process::Launch;
use crate::verify::{self, Expect};
use crate::workload::{Size, Workload};
use crate::world::World;

pub use meridian::Extra;
pub use meridian::{
    api, configuration as meridian_configuration, head as meridian_head, launch as meridian_launch,
};

/// A server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Server {
    /// The echo: what the kernel asks for
    Floor,
    /// Meridian, 4 regions
    #[value(name = "meridian-4")]
    #[serde(rename = "meridian-4")]
    Meridian4,
    /// Meridian, 32 regions
    #[value(name = "meridian-32")]
    #[serde(rename = "meridian-32")]
    Meridian32,
    /// gdnsd, geoip plugin, 4 regions by coordinates
    Gdnsd,
    /// Knot DNS, mod-geoip, 4 regions by country
    KnotGeoip,
    /// Knot DNS, a static zone
    Knot,
    /// NSD, a static zone
    Nsd,
    /// BIND, a static zone
    Bind,
    /// PowerDNS, geoip backend, 4 regions by country
    Pdns,
    /// hickory-server, a handler that always says the same
    Hickory,
}

/// What to start, and where.
#[derive(Clone, Copy, Debug)]
pub struct Seat {
    /// Who.
    pub server: Server,
    /// Holding how many names.
    pub size: Size,
    /// Where it answers.
    pub address: SocketAddr,
    /// How the floor's answers grow; nothing to anybody else.
    pub growth: Growth,
}

impl Server {
    /// All, in the order of the tables.
    pub const ALL: [Server; 10] = [
        Server::Floor,
        Server::Meridian4,
        Server::Meridian32,
        Server::Gdnsd,
        Server::KnotGeoip,
        Server::Knot,
        Server::Nsd,
        Server::Bind,
        Server::Pdns,
        Server::Hickory,
    ];

    /// As tables call it.
    pub fn title(self) -> &'static str {
        match self {
            Server::Floor => "echo (the floor)",
            Server::Meridian4 => "Meridian, 4 regions",
            Server::Meridian32 => "Meridian, 32 regions",
            Server::Gdnsd => "gdnsd, geoip, 4 regions",
            Server::KnotGeoip => "Knot, mod-geoip, 4 regions",
            Server::Knot => "Knot, static",
            Server::Nsd => "NSD, static",
            Server::Bind => "BIND, static",
            Server::Pdns => "PowerDNS, geoip, 4 regions",
            Server::Hickory => "hickory-server, one record",
        }
    }

    /// As `--servers` and the results call it.
    pub fn key(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }

    /// What its answers are to look like.
    pub fn expect(self) -> Expect {
        let network = verify::NETWORK;
        let expect = |addresses, subnet, cookie| Expect { network, addresses, subnet, cookie, missing: true };
        match self {
            Server::Floor => Expect { missing: false, ..expect(0, false, false) },
            Server::Meridian4 => expect(4, true, true),
            Server::Meridian32 => expect(32, true, true),
            Server::Gdnsd => expect(4, true, true),
            Server::KnotGeoip | Server::Pdns => expect(4, true, false),
            Server::Knot => expect(1, false, false),
            Server::Nsd | Server::Bind => expect(1, false, true),
            Server::Hickory => Expect { missing: false, ..expect(1, true, false) },
        }
    }

    /// Whether it takes part in a workload: configurations that name every country for every name would be
    /// gigabytes at 100,000 names.
    pub fn takes(self, workload: Workload) -> bool {
        workload.size() == Size::Small || !matches!(self, Server::KnotGeoip | Server::Pdns)
    }

    /// Whether the floor's answers have to grow as this one's.
    pub fn is_floor(self) -> bool {
        self == Server::Floor
    }

    /// Whether it is Meridian.
    pub fn is_meridian(self) -> bool {
        matches!(self, Server::Meridian4 | Server::Meridian32)
    }

    /// The program, and the Debian packages that bring it.
    pub fn program(self) -> Option<(&'static str, &'static str)> {
        match self {
            Server::Floor | Server::Meridian4 | Server::Meridian32 | Server::Hickory => None,
            Server::Gdnsd => Some(("gdnsd", "gdnsd")),
            Server::KnotGeoip => Some(("knotd", "knot knot-module-geoip")),
            Server::Knot => Some(("knotd", "knot")),
            Server::Nsd => Some(("nsd", "nsd")),
            Server::Bind => Some(("named", "bind9")),
            Server::Pdns => Some(("pdns_server", "pdns-server pdns-backend-geoip")),
        }
    }

    /// The package whose version tells what is measured.
    pub fn package(self) -> Option<&'static str> {
        self.program().and_then(|(_, packages)| packages.split(' ').next())
    }

    /// Where its program is, if it is there. Debian's daemons are not always in a user's path.
    pub fn found(self) -> Option<PathBuf> {
        let (program, _) = self.program()?;
        let path = std::env::var_os("PATH").unwrap_or_default();
        let known = ["/usr/sbin", "/usr/bin", "/usr/local/sbin"].map(PathBuf::from);
        let mut places = std::env::split_paths(&path).chain(known);
        places.find_map(|place| Some(place.join(program)).filter(|path| path.is_file()))
    }
}

impl Seat {
    /// Writes the server's files and says what to run.
    pub fn prepare(&self, world: &World) -> Result<Launch> {
        let place = world.place(&format!("{}-{}", self.server.key(), self.address.port()))?;
        let (program, arguments) = match self.server {
            Server::Floor => floor::prepare(self)?,
            Server::Meridian4 | Server::Meridian32 => meridian::prepare(self, world, &place)?,
            Server::Gdnsd => gdnsd::prepare(self, world, &place)?,
            Server::KnotGeoip | Server::Knot => knot::prepare(self, world, &place)?,
            Server::Nsd => nsd::prepare(self, &place)?,
            Server::Bind => bind::prepare(self, &place)?,
            Server::Pdns => pdns::prepare(self, world, &place)?,
            Server::Hickory => hickory::prepare(self)?,
        };
        let program = self.server.found().unwrap_or(program);
        Ok(Launch { program, arguments, log: place.join("log"), pinned: true })
    }
}

impl std::fmt::Display for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.key())
    }
}

/// A program and its arguments.
type Call = (PathBuf, Vec<String>);

/// The same program as this one.
fn own(arguments: &[&str]) -> Result<Call> {
    Ok((std::env::current_exe()?, words(arguments)))
}

fn words(arguments: &[&str]) -> Vec<String> {
    arguments.iter().map(|argument| (*argument).to_owned()).collect()
}

/// A path as configurations write it.
fn text(path: &Path) -> String {
    path.display().to_string()
}
