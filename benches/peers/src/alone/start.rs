//! How long a start takes with large databases: process to first right answer.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::floor::Growth;
use crate::process::{Launch, Process};
use crate::results::{Alone, Limit, Line, Results};
use crate::servers::{self, Extra, Seat, Server};
use crate::workload::Size;
use crate::world::{World, four, thirty_two};

/// How often.
const STARTS: usize = 7;

/// The target: milliseconds.
const LIMIT: Limit = Limit::Median(700.0);

pub fn run(world: &World, databases: &[PathBuf], results: &mut Results) -> Result<()> {
    let Some(first) = databases.first() else {
        return results.note(
            "No city database was given (MERIDIAN_GEO_DATABASES), so no start with one was measured."
                .to_owned(),
        );
    };
    for server in [Server::Meridian4, Server::Meridian32] {
        measure(server, world, databases, Some(LIMIT), results)?;
    }
    if Server::Gdnsd.found().is_some() {
        let nested = World { nested_file: first.clone(), ..world.clone() };
        if let Err(error) = measure(Server::Gdnsd, &nested, databases, None, results) {
            results.note(format!(
                "gdnsd does not start with this database, which is not in MaxMind's layout: {}",
                error.root_cause().to_string().lines().last().unwrap_or_default()
            ))?;
        }
    }
    Ok(())
}

fn measure(
    server: Server,
    world: &World,
    databases: &[PathBuf],
    limit: Option<Limit>,
    results: &mut Results,
) -> Result<()> {
    let address = std::net::SocketAddr::from(([127, 0, 0, 1], super::PORT));
    let seat = Seat { server, size: Size::Small, address, growth: Growth::default() };
    // Nobody asks yet, so both processors are there to start with, as on any machine.
    let launch = Launch { pinned: false, ..seat.prepare(world)? };
    if server.is_meridian() {
        with_databases(&launch, &seat, databases)?;
    }
    let (mut samples, mut peak) = (Vec::new(), 0);
    for _ in 0..STARTS {
        let process = Process::start(&launch, address, server.expect())?;
        samples.push(process.start.as_secs_f64() * 1e3);
        peak = process.memory().1.max(peak);
    }
    let what = format!("start until the first answer with a city database, {}", server.title());
    let remark = format!("{}; {} MB at the most", names(databases, server), peak >> 20);
    results.add(Line::Alone(Alone { what, unit: "ms".into(), samples, limit, remark }))
}

/// The same configuration with other databases.
fn with_databases(launch: &Launch, seat: &Seat, databases: &[PathBuf]) -> Result<()> {
    let place = launch.log.parent().unwrap_or(Path::new("."));
    let regions = if seat.server == Server::Meridian4 { four() } else { thirty_two() };
    let extra = Extra::unchecked(servers::api(seat.address), databases.to_vec());
    servers::meridian_configuration(place, seat.address, seat.size, &regions, &extra).map(drop)
}

/// The databases that a server reads, without their directories.
fn names(databases: &[PathBuf], server: Server) -> String {
    let most = if server.is_meridian() { databases.len() } else { 1 };
    let name = |path: &PathBuf| path.file_name().map_or_else(String::new, |name| name.display().to_string());
    databases.iter().take(most).map(name).collect::<Vec<_>>().join(", ")
}
