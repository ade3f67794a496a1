//! The command line.

use std::path::PathBuf;

use clap::Parser;

use crate::world::Kind;

/// Meridian, NSD and Knot: the same zones, the same questions, every difference explained
///
/// Ends with 1 if a difference is left that nothing explains.
#[derive(Clone, Debug, Parser)]
#[command(version)]
pub struct Cli {
    /// How many questions
    #[arg(long, default_value_t = 100_000)]
    pub questions: usize,
    /// How many zones
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub zones: u16,
    /// What zones and questions are made from [default: another one each time]
    #[arg(long)]
    pub seed: Option<u64>,
    /// Kinds of data to leave out
    #[arg(long, value_delimiter = ',')]
    pub without: Vec<Kind>,
    /// Leave zones, configurations and logs, and say where
    #[arg(long)]
    pub keep: bool,
    /// How many differences are shown in full
    #[arg(long, default_value_t = 20)]
    pub show: usize,
    /// Meridian's program [default: target/debug/meridian]
    #[arg(long)]
    pub meridian: Option<PathBuf>,
}
