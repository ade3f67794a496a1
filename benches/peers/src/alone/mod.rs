//! What is measured of one server at a time, outside the rounds.

mod agree;
mod api;
mod backend;
mod dnsperf;
mod reload;
mod start;
mod verdict;

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::Result;

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

/// With nobody else running: a verdict's way, a reload under load, starts with large databases. Gives the number of
/// those that failed.
pub fn run(world: &World, databases: &[PathBuf], results: &mut Results) -> Result<usize> {
    // What the rounds measured is not thrown away because one of these fails: the page says so, and the run fails at its end.
    let mut failed = Vec::new();
    let mut part = |what: &str, outcome: Result<()>| {
        if let Err(error) = outcome {
            println!("  {what}: {error:#}");
            failed.push(format!("{what}: {error:#}"));
        }
    };
    println!("  a verdict's way");
    part("a verdict's way", verdict::run(world, results));
    println!("  reloads under load");
    part("reloads under load", reload::run(world, results));
    println!("  starts with large databases");
    part("starts with large databases", start::run(world, databases, results));
    failed.iter().try_for_each(|what| results.note(format!("Not measured: {what}.")))?;
    Ok(failed.len())
}

/// Meridian with four regions and 1,000 names, and where its API is.
fn meridian(world: &World) -> Result<(Process, SocketAddr, SocketAddr)> {
    let address = SocketAddr::from(([127, 0, 0, 1], PORT));
    let seat = Seat { server: Server::Meridian4, size: Size::Small, address, growth: Growth::default() };
    let (process, _) = start_often(&seat, world, 1)?;
    Ok((process, address, crate::servers::api(address)))
}
