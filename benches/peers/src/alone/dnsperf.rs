//! The second opinion: dnsperf, one run against Meridian and one against gdnsd.
//!
//! It is no faster than they are, so its rate says little of theirs; that nothing is lost and that both are as
//! fast is what counts.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context, Result};

use crate::process::GENERATOR_PROCESSOR;
use crate::results::Results;
use crate::servers::Server;
use crate::stage::Stage;
use crate::versions::said;
use crate::wire;
use crate::workload::{Size, Workload};
use crate::world::{World, write};

/// Seconds of each run.
const SECONDS: &str = "3";

pub fn run(stage: &Stage, world: &World, results: &mut Results) -> Result<()> {
    let mut text = String::new();
    for number in 0..Size::Small.names() {
        writeln!(text, "{} A", wire::name(number))?;
    }
    let queries = write(&world.directory, "queries", &text)?;
    for server in [Server::Meridian32, Server::Gdnsd] {
        let Ok(stand) = stage.stand(server, Workload::Names) else { continue };
        let port = stand.address.port().to_string();
        match ask(&port, &queries) {
            Ok(told) => results.note(format!("dnsperf on {}: {told}.", server.title()))?,
            Err(error) => results.note(format!("dnsperf on {} failed: {error:#}.", server.title()))?,
        }
    }
    Ok(())
}

fn ask(port: &str, queries: &Path) -> Result<String> {
    let processor = GENERATOR_PROCESSOR.to_string();
    let queries = queries.display().to_string();
    let arguments = [
        "-c",
        &processor,
        "dnsperf",
        "-s",
        "127.0.0.1",
        "-p",
        port,
        "-d",
        &queries,
        "-l",
        SECONDS,
        "-c",
        "1",
        "-T",
        "1",
        "-q",
        "128",
        "-e",
    ];
    let told = said("taskset", &arguments).context("dnsperf did not run (Debian: dnsperf)")?;
    let field = |name: &str| {
        let line = told.lines().find_map(|line| line.trim().strip_prefix(name));
        line.map(str::trim).with_context(|| format!("it does not tell '{name}'"))
    };
    let rate: f64 = field("Queries per second:")?.parse().context("no rate")?;
    Ok(format!(
        "{:.0} queries a second, lost {}, response codes {}",
        rate,
        field("Queries lost:")?,
        field("Response codes:")?
    ))
}
