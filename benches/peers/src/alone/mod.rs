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

/// With nobody else running: a verdict's way, a reload under load, starts with large databases.
pub fn run(world: &World, databases: &[PathBuf], results: &mut Results) -> Result<()> {
    println!("  a verdict's way");
    verdict::run(world, results)?;
    println!("  reloads under load");
    reload::run(world, results)?;
    println!("  starts with large databases");
    start::run(world, databases, results)
}

/// Meridian with four regions and 1,000 names, and where its API is.
fn meridian(world: &World) -> Result<(Process, SocketAddr, SocketAddr)> {
    let address = SocketAddr::from(([127, 0, 0, 1], PORT));
    let seat = Seat { server: Server::Meridian4, size: Size::Small, address, growth: Growth::default() };
    let (process, _) = start_often(&seat, world, 1)?;
    Ok((process, address, crate::servers::api(address)))
}
