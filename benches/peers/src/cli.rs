//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use clap::{Args, Parser, Subcommand};

use crate::alone::Part;
use crate::floor::Growth;
use crate::load::{Generator, Pace};
use crate::servers::Server;
use crate::workload::{Ring, Workload};
use crate::{backend, compare, floor, hickory, process};

/// Meridian beside the echo floor and its peers: one workload, one sitting, every answer verified
///
/// Prints tables, keeps what was measured in target/peers/results.jsonl, and writes docs/performance.md.
#[derive(Debug, Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    compare: Compare,
}

/// What to compare, and how long.
#[derive(Clone, Debug, Args)]
pub struct Compare {
    /// How often everything runs; 6 and more make intervals of 95 %
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub rounds: u32,
    /// Seconds of each run
    #[arg(long, default_value_t = 0.5, value_parser = seconds)]
    pub seconds: f64,
    /// Who takes part; those that are not installed are left out
    #[arg(long, value_delimiter = ',', default_values_t = Server::ALL, hide_default_value = true)]
    pub servers: Vec<Server>,
    /// What is asked
    #[arg(long, value_delimiter = ',', default_values_t = Workload::ALL)]
    pub workloads: Vec<Workload>,
    /// Queries outstanding at saturation
    #[arg(long, default_value_t = 128)]
    pub outstanding: usize,
    /// Queries a second where latency is measured
    #[arg(long, default_value_t = 50_000)]
    pub rate: u32,
    /// What is measured of Meridian alone, after the rounds
    #[arg(long, value_delimiter = ',', default_values_t = Part::ALL)]
    pub alone: Vec<Part>,
    /// Leave out what is measured of Meridian alone, and dnsperf
    #[arg(long, conflicts_with = "alone")]
    pub no_alone: bool,
    /// Leave out the rounds, and all other servers with them
    #[arg(long, conflicts_with = "no_alone")]
    pub no_rounds: bool,
    /// Run nothing: make the tables and the page again from what the last run kept
    #[arg(long)]
    pub report_only: bool,
    /// The release build of Meridian [default: target/release/meridian]
    #[arg(long)]
    pub meridian: Option<PathBuf>,
    /// Write the page there instead [default: docs/performance.md]
    #[arg(long)]
    pub page: Option<PathBuf>,
    /// City databases for starts, as Meridian reads them, the first also in MaxMind's layout
    #[arg(long, env = "MERIDIAN_GEO_DATABASES", value_delimiter = ':')]
    pub databases: Vec<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Ask a server, verify every answer, and print what came of it
    Load(Load),
    /// Be the echo
    Floor {
        #[arg(long)]
        listen: SocketAddr,
        #[command(flatten)]
        growth: Growth,
        /// Datagrams in one call
        #[arg(long, default_value_t = 64)]
        batch: usize,
    },
    /// Be a backend that is well
    Backend {
        #[arg(long)]
        listen: SocketAddr,
        /// Connections that may wait for it
        #[arg(long, default_value_t = 1024)]
        backlog: i32,
    },
    /// Be hickory-server with a handler that always says the same
    Hickory {
        #[arg(long)]
        listen: SocketAddr,
    },
}

/// What to ask of whom.
#[derive(Debug, Args)]
struct Load {
    /// Where it answers
    #[arg(long)]
    to: SocketAddr,
    /// Whose answers are expected
    #[arg(long)]
    expect: Server,
    /// What is asked
    #[arg(long, default_value_t = Workload::Subnets)]
    workload: Workload,
    /// Seconds
    #[arg(long, default_value_t = 5.0, value_parser = seconds)]
    seconds: f64,
    /// Queries outstanding at saturation
    #[arg(long, default_value_t = 128)]
    outstanding: usize,
    /// Queries a second, instead of saturation
    #[arg(long)]
    rate: Option<u32>,
}

fn seconds(text: &str) -> Result<f64, String> {
    let seconds: f64 = text.parse().map_err(|_| format!("'{text}' is no number"))?;
    if (0.05..=60.0).contains(&seconds) { Ok(seconds) } else { Err("0.05 to 60 seconds".into()) }
}

impl Cli {
    /// Does what was asked for.
    pub fn run(self) -> Result<()> {
        match self.command {
            None => compare::run(&self.compare),
            Some(Command::Load(load)) => load.run(),
            Some(Command::Floor { listen, growth, batch }) => floor::run(listen, growth, batch),
            Some(Command::Backend { listen, backlog }) => backend::run(listen, backlog),
            Some(Command::Hickory { listen }) => hickory::run(listen),
        }
    }
}

impl Load {
    fn run(&self) -> Result<()> {
        process::pin_generator()?;
        let ring = Ring::new(self.workload, 7);
        let mut generator = Generator::new(self.to, &ring, self.expect.expect())?;
        let pace = self.rate.map_or(Pace::Saturated(self.outstanding), Pace::Steady);
        let tally = generator.run(pace, Duration::from_secs_f64(self.seconds))?;
        println!("{}", serde_json::to_string_pretty(&tally)?);
        tally.verified().map(drop)
    }
}
