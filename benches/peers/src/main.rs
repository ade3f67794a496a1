//! Meridian beside its peers: one workload, one sitting, every answer verified.
//!
//! ```text
//! configurations ─▶ servers, each on processor 0 ─┐
//! queries made beforehand ─▶ generator, on 1 ─────┴─▶ rounds ─▶ results.jsonl ─▶ tables, docs/performance.md
//! ```
//!
//! To learn the code, read [`rounds`], the loop; then [`load`], the generator; then [`servers`], one file for
//! each. [`compare`] ties them together, [`report`] tells what came of it, [`targets`] what should have.

use std::process::ExitCode;

use clap::Parser;

mod alone;
mod backend;
mod cli;
mod compare;
mod database;
mod fence;
mod floor;
mod hickory;
mod histogram;
mod load;
mod machine;
mod outstanding;
mod process;
mod report;
mod results;
mod rounds;
mod servers;
mod socket;
mod stage;
mod statistics;
mod targets;
mod verify;
mod versions;
mod wire;
mod workload;
mod world;

fn main() -> ExitCode {
    match cli::Cli::parse().run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("peers: {error:#}");
            ExitCode::FAILURE
        }
    }
}
