//! What is measured of one server at a time, outside the rounds.

mod agree;
mod api;
mod asker;
mod backend;
mod certificate;
mod dnsperf;
mod fleet;
mod kill;
mod probes;
mod reload;
mod start;
mod verdict;
mod victim;

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::Result;
use clap::ValueEnum;

use crate::floor::Growth;
use crate::process::Process;
use crate::results::Results;
use crate::servers::{Seat, Server};
use crate::stage::{Stage, start_often};
use crate::workload::{Size, Workload};
use crate::world::World;

/// Where the servers of this chapter answer.
const PORT: u16 = 15_800;

/// With all servers running: whether those that steer agree, and what dnsperf says of two of them.
pub fn beside(stage: &Stage, world: &World, results: &mut Results) -> Result<()> {
    if let (Ok(meridian), Ok(gdnsd)) =
        (stage.stand(Server::Meridian4, Workload::Subnets), stage.stand(Server::Gdnsd, Workload::Subnets))
    {
        results.note(agree::share(meridian.address, gdnsd.address)?)?;
    }
    dnsperf::run(stage, world, results)
}

/// A part of what is measured with nobody else running.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Part {
    /// How long a verdict takes to the next answer
    Verdict,
    /// What probing thousands of endpoints takes
    Probes,
    /// How long a backend's death takes to the next answer
    Kill,
    /// Reloads under load
    Reload,
    /// Starts with large databases
    Start,
}

impl Part {
    /// All, in the order in which they are measured.
    pub const ALL: [Part; 5] = [Part::Verdict, Part::Probes, Part::Kill, Part::Reload, Part::Start];

    /// As it is announced.
    fn title(self) -> &'static str {
        match self {
            Part::Verdict => "a verdict's way",
            Part::Probes => "probes of thousands of endpoints",
            Part::Kill => "a backend's death",
            Part::Reload => "reloads under load",
            Part::Start => "starts with large databases",
        }
    }

    fn run(self, world: &World, databases: &[PathBuf], results: &mut Results) -> Result<()> {
        match self {
            Part::Verdict => verdict::run(world, results),
            Part::Probes => probes::run(world, results),
            Part::Kill => kill::run(world, results),
            Part::Reload => reload::run(world, results),
            Part::Start => start::run(world, databases, results),
        }
    }
}

impl std::fmt::Display for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.to_possible_value().map_or(Ok(()), |value| f.write_str(value.get_name()))
    }
}

/// With nobody else running: these parts. Gives the number of those that failed.
pub fn run(parts: &[Part], world: &World, databases: &[PathBuf], results: &mut Results) -> Result<usize> {
    // What the rounds measured is not thrown away because one of these fails: the page says so, and the run fails at its end.
    let mut failed = 0;
    for part in Part::ALL.into_iter().filter(|part| parts.contains(part)) {
        let what = part.title();
        println!("  {what}");
        if let Err(error) = part.run(world, databases, results) {
            failed += 1;
            results.note(format!("Not measured: {what}: {error:#}."))?;
        }
    }
    Ok(failed)
}

/// Meridian with four regions and 1,000 names, and where its API is.
fn meridian(world: &World) -> Result<(Process, SocketAddr, SocketAddr)> {
    let address = SocketAddr::from(([127, 0, 0, 1], PORT));
    let seat = Seat { server: Server::Meridian4, size: Size::Small, address, growth: Growth::default() };
    let (process, _) = start_often(&seat, world, 1)?;
    Ok((process, address, crate::servers::api(address)))
}
