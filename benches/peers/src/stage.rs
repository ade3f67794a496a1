//! All servers at once, each on a port of its own, idle but for the one that is asked.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::floor::Growth;
use crate::process::{Process, ask};
use crate::results::Facts;
use crate::rounds::Plan;
use crate::servers::{Seat, Server};
use crate::wire;
use crate::workload::{Size, Workload};
use crate::world::World;

/// The first port; each server has ten.
const FIRST_PORT: u16 = 15_300;

/// How often each server is started; the last one stays.
const STARTS: usize = 3;

/// A server that runs.
pub struct Stand {
    /// Who.
    pub server: Server,
    /// Holding how many names.
    pub size: Size,
    /// The floor alone: for which workload.
    pub workload: Option<Workload>,
    /// Where it answers.
    pub address: SocketAddr,
    /// Its process.
    pub process: Process,
    /// Milliseconds of each start.
    pub starts: Vec<f64>,
}

/// Those that run.
#[derive(Default)]
pub struct Stage {
    stands: Vec<Stand>,
}

impl Stage {
    /// Starts all that a plan needs; the floor last, because its answers are as long as Meridian's.
    pub fn set(plan: &Plan, world: &World) -> Result<Stage> {
        let mut stage = Stage::default();
        let workloads = plan.all_workloads();
        for server in plan.servers.iter().filter(|server| !server.is_floor()) {
            for size in [Size::Small, Size::Large] {
                if workloads.iter().any(|workload| workload.size() == size && server.takes(*workload)) {
                    stage.start(world, *server, size, None, Growth::default())?;
                }
            }
        }
        if plan.servers.contains(&Server::Floor) {
            for workload in workloads {
                let growth = stage.growth(workload);
                stage.start(world, Server::Floor, workload.size(), Some(workload), growth)?;
            }
        }
        Ok(stage)
    }

    fn start(
        &mut self,
        world: &World,
        server: Server,
        size: Size,
        workload: Option<Workload>,
        growth: Growth,
    ) -> Result<()> {
        let port = FIRST_PORT + 10 * self.stands.len() as u16;
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let seat = Seat { server, size, address, growth };
        let (process, starts) = start_often(&seat, world, STARTS)?;
        let name = workload.map_or(format!("{} names", size.names()), |of| of.title().to_owned());
        println!("  {} ({name}) answers at {address} after {:.0} ms", server.title(), starts[0]);
        self.stands.push(Stand { server, size, workload, address, process, starts });
        Ok(())
    }

    /// The stand of a server that a workload goes to.
    pub fn stand(&self, server: Server, workload: Workload) -> Result<&Stand> {
        let fits = |stand: &&Stand| {
            stand.server == server
                && stand.workload.map_or(stand.size == workload.size(), |only| only == workload)
        };
        self.stands.iter().find(fits).with_context(|| format!("{} does not run", server.title()))
    }

    /// What is known of every server, after its runs.
    pub fn facts(&self, world: &World) -> Vec<Facts> {
        let facts = |stand: &Stand| {
            let (memory, peak) = stand.process.memory();
            Facts {
                server: stand.server,
                size: stand.size,
                workload: stand.workload,
                version: crate::versions::of(stand.server, world),
                starts: stand.starts.clone(),
                memory,
                peak,
            }
        };
        self.stands.iter().map(facts).collect()
    }

    /// How much longer Meridian's answers of a workload are than their queries; without Meridian, as they were
    /// when this was written.
    fn growth(&self, workload: Workload) -> Growth {
        let Ok(stand) = self.stand(Server::Meridian32, workload) else { return Growth::default() };
        let grown = |there| {
            let subnet = workload.subnet().then_some([192, 0, 2]);
            let query = wire::query(1, &wire::label(1, there), subnet, workload.cookie());
            let answer = ask(stand.address, &query, Duration::from_secs(1))?;
            Some(answer.len() as isize - query.len() as isize)
        };
        let usual = Growth::default();
        Growth {
            grow: grown(true).unwrap_or(usual.grow),
            grow_missing: grown(false).unwrap_or(usual.grow_missing),
        }
    }
}

/// Starts a server so many times, and keeps the last; with the milliseconds that each start took.
pub fn start_often(seat: &Seat, world: &World, times: usize) -> Result<(Process, Vec<f64>)> {
    let launch = seat.prepare(world)?;
    let mut starts = Vec::new();
    let mut last = None;
    for _ in 0..times {
        // Its port has to be free before the next one comes.
        drop(last.take());
        let process = Process::start(&launch, seat.address, seat.server.expect())
            .with_context(|| format!("{} does not answer", seat.server.title()))?;
        starts.push(process.start.as_secs_f64() * 1e3);
        last = Some(process);
    }
    match last {
        Some(process) => Ok((process, starts)),
        None => bail!("nothing was to be started"),
    }
}
