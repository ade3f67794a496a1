//! The whole comparison, from the first file to the page.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::cli::Compare;
use crate::machine::Machine;
use crate::results::{self, Line, Results, Sorted};
use crate::rounds::{self, Plan, Rings, minutes};
use crate::servers::Server;
use crate::stage::Stage;
use crate::world::{World, countries};
use crate::{alone, database, process, report};

/// Runs what was asked for, or only tells of the last run.
pub fn run(wanted: &Compare) -> Result<()> {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize()?;
    let path = repository.join("target/peers/results.jsonl");
    let page = wanted.page.clone().unwrap_or_else(|| repository.join("docs/performance.md"));
    let (mut wrong, mut failed) = (0, 0);
    let lines = if wanted.report_only {
        results::read(&path)?
    } else {
        let mut results = Results::create(&path)?;
        (wrong, failed) = measure(wanted, &repository, &mut results)?;
        results.lines
    };
    let sorted = Sorted::new(&lines);
    println!("\n{}", report::tables(&sorted));
    report::write_page(&sorted, &page)?;
    println!("written: {}\nkept: {}", page.display(), path.display());
    ensure!(wrong == 0, "{wrong} answers were wrong: the figures of whoever gave them say nothing");
    ensure!(failed == 0, "{failed} parts of what Meridian does alone were not measured");
    Ok(())
}

/// Measures everything, and says how many answers were wrong, and how many parts of what Meridian does alone failed.
fn measure(wanted: &Compare, repository: &Path, results: &mut Results) -> Result<(u64, usize)> {
    let plan = plan(wanted)?;
    let machine = Machine::here(plan.rounds, plan.time.as_secs_f64(), plan.outstanding, plan.rate);
    results.add(Line::Machine(machine))?;
    process::pin_generator()?;
    let directory = tempfile::Builder::new().prefix("meridian-peers-").tempdir()?;
    let world = world(wanted, repository, directory.path())?;
    let (mut wrong, mut failed) = (0, 0);
    if !wanted.no_rounds {
        println!("{} rounds: about {}", plan.rounds, minutes(plan.estimate() + overhead(wanted)));
        wrong = side_by_side(wanted, &plan, &world, results)?;
    }
    // From here on, nobody else runs.
    if !wanted.no_alone && plan.servers.iter().any(|server| server.is_meridian()) {
        println!("Meridian alone");
        failed = alone::run(&wanted.alone, &world, &wanted.databases, results)?;
    }
    Ok((wrong, failed))
}

/// All servers in all rounds; says how many answers were wrong.
fn side_by_side(wanted: &Compare, plan: &Plan, world: &World, results: &mut Results) -> Result<u64> {
    let rings = Rings::new(&plan.all_workloads());
    println!("starting");
    let stage = Stage::set(plan, world)?;
    println!("verifying");
    rounds::verify(plan, &stage, &rings)?;
    if !wanted.no_alone {
        alone::beside(&stage, world, results)?;
    }
    println!("measuring");
    let wrong = rounds::run(plan, &stage, &rings, results)?;
    for facts in stage.facts(world) {
        results.add(Line::Server(facts))?;
    }
    Ok(wrong)
}

/// What takes its time apart from the rounds.
fn overhead(wanted: &Compare) -> Duration {
    Duration::from_secs(if wanted.no_alone { 40 } else { 330 })
}

/// What was asked for, as far as it is installed.
fn plan(wanted: &Compare) -> Result<Plan> {
    let mut servers = Vec::new();
    for server in Server::ALL.into_iter().filter(|server| wanted.servers.contains(server)) {
        match server.program() {
            Some((program, packages)) if server.found().is_none() => {
                println!("without {}: no {program}; apt-get install {packages}", server.title());
            }
            _ => servers.push(server),
        }
    }
    ensure!(!servers.is_empty(), "nobody takes part");
    let (rounds, rate) = (if wanted.no_rounds { 0 } else { wanted.rounds as usize }, wanted.rate);
    let (time, workloads) = (Duration::from_secs_f64(wanted.seconds), wanted.workloads.clone());
    Ok(Plan { servers, workloads, rounds, time, outstanding: wanted.outstanding, rate })
}

fn world(wanted: &Compare, repository: &Path, directory: &Path) -> Result<World> {
    let built = || repository.join("target/release/meridian");
    let meridian: PathBuf = wanted.meridian.clone().unwrap_or_else(built);
    ensure!(meridian.is_file(), "there is no {meridian:?}: cargo build --release --locked");
    let countries_file = repository.join("geoip/country.mmdb");
    let flat = std::fs::read(&countries_file).with_context(|| format!("cannot read {countries_file:?}"))?;
    let countries = countries(repository)?;
    let nested_file = directory.join("nested.mmdb");
    std::fs::write(&nested_file, database::nested(&flat, &countries)?)?;
    let (repository, directory) = (repository.to_owned(), directory.to_owned());
    Ok(World { repository, directory, countries_file, nested_file, countries, meridian })
}
