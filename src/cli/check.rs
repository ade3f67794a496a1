//! `check` and `explain`: what `serve` would do, without serving.

use std::path::Path;
use std::process::ExitCode;

use super::ConfigFile;
use crate::control::{Built, load};
use crate::daemon::this_node;
use crate::model::Problems;

/// Loads what `serve` loads. Problems go to standard error, one a line; 2 if there is an error among them.
pub fn check(config: &Path) -> ExitCode {
    match load_here(config) {
        Ok((Some(built), problems)) => {
            say(&problems);
            println!("{}", summary(&built));
            ExitCode::SUCCESS
        }
        Ok((None, problems)) => {
            say(&problems);
            let count = problems.errors().count();
            eprintln!("{count} {} to mend", if count == 1 { "problem" } else { "problems" });
            ExitCode::from(2)
        }
        Err(error) => super::failed(&error),
    }
}

fn load_here(config: &Path) -> Result<(Option<Built>, Problems), getrandom::Error> {
    Ok(load(config, &this_node()?))
}

fn say(problems: &Problems) {
    if !problems.is_empty() {
        eprintln!("{problems}");
    }
}

fn summary(built: &Built) -> String {
    let world = &built.world;
    let endpoints = built.plan.endpoints.len();
    let size = world.geo.size();
    format!(
        "ok: {} zones with {} names, {} regions, {} services with {endpoints} endpoints, {} targets to probe, \
         {} cells in {:.1} MB of geography",
        world.zones.len(),
        world.names.len(),
        world.regions.len(),
        world.written.len(),
        built.plan.standing.len(),
        size.cells,
        size.bytes as f64 / 1e6,
    )
}

/// What to explain.
#[derive(Debug, clap::Args)]
pub struct Explain {
    #[command(flatten)]
    file: ConfigFile,
    /// The name that is asked for.
    name: String,
    /// The client: an address, or a network as a resolver would send it.
    client: String,
    /// Ask the running node, with its verdicts and overrides, instead of the configuration alone. The default
    /// takes every endpoint as not probed yet.
    #[arg(long)]
    live: bool,
}

/// Explains from the configuration, or asks the running node.
pub fn explain(_arguments: &Explain) -> ExitCode {
    ExitCode::FAILURE
}
