//! Meridian, NSD and Knot: the same zones, the same questions, every difference explained.
//!
//! ```text
//! seed ─▶ zones ─▶ three servers ─┐
//!   └───▶ questions ──────────────┴─▶ three replies ─▶ verdict on each facet ─▶ counts, differences in full
//! ```
//!
//! To learn the code, read [`compare`], what a difference is; then [`explain`], which of them are none; then
//! [`world`], what is served, and [`question`], what is asked. [`run`] ties them together.

use std::process::ExitCode;

use clap::Parser;

mod ask;
mod cli;
mod compare;
mod explain;
mod follow;
mod name;
mod process;
mod question;
mod reply;
mod report;
mod run;
mod servers;
mod spoil;
mod tally;
mod world;

fn main() -> ExitCode {
    match run::run(&cli::Cli::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("differential: {error:#}");
            ExitCode::FAILURE
        }
    }
}
