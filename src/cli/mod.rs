//! The command line: what an operator types, and the exit code that scripts see.
//!
//! 0: done. 1: something failed while running. 2: the configuration, or the command line, is to be mended.

mod check;
mod token;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

use crate::control::with_causes;
use crate::daemon::{Daemon, LogFormat, Options, runtime, start_log};
use crate::demo;
use crate::telemetry::say;

/// An authoritative DNS server that decides which region a client should go to.
#[derive(Debug, Parser)]
#[command(name = "meridian", version, propagate_version = true, arg_required_else_help = true)]
struct Arguments {
    /// What is logged: a level (error, warn, info, debug) or tracing directives.
    #[arg(long, env = "MERIDIAN_LOG", default_value = "info", global = true, value_name = "FILTER")]
    log: String,
    /// How a line of the log looks.
    #[arg(long, env = "MERIDIAN_LOG_FORMAT", default_value = "text", global = true)]
    log_format: LogFormat,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve DNS as the configuration says, until SIGTERM.
    Serve(ConfigFile),
    /// Load exactly what `serve` would load, and say everything that is wrong with it.
    Check(ConfigFile),
    /// Show how an answer is decided for one client, filter by filter.
    Explain(check::Explain),
    /// Show the main job on this machine: four regions, real geography, health, and an operator's word.
    Demo(demo::DemoArgs),
    /// Talk to a running node over its API.
    Ctl(crate::ctl::CtlArgs),
    /// Print the JSON Schema of the configuration, for editors.
    Schema,
    /// Print a completion script for a shell.
    Completions {
        /// Which shell.
        shell: clap_complete::Shell,
    },
    /// Make a token for the API: the secret for its bearer, the digest for the configuration.
    Token(token::TokenArgs),
}

/// Where the configuration is.
#[derive(Debug, clap::Args)]
pub struct ConfigFile {
    /// The configuration file.
    #[arg(short, long, env = "MERIDIAN_CONFIG", default_value = "meridian.toml", value_name = "FILE")]
    pub config: PathBuf,
}

/// Runs a command line.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    start_log(&arguments.log, arguments.log_format);
    match arguments.command {
        Command::Serve(file) => serve(file),
        Command::Check(file) => check::check(&file.config),
        Command::Explain(explain) => check::explain(&explain),
        Command::Demo(demo) => demo::main(&demo),
        Command::Ctl(ctl) => talk(ctl),
        Command::Schema => schema(),
        Command::Completions { shell } => completions(shell),
        Command::Token(token) => token::main(&token),
    }
}

fn serve(file: ConfigFile) -> ExitCode {
    let options = Options { config: file.config };
    let run = || -> Result<(), crate::daemon::ServeError> {
        runtime()?.block_on(async { Daemon::start(&options).await?.run().await })
    };
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say::err(with_causes(&error));
            ExitCode::from(error.exit_code())
        }
    }
}

fn talk(ctl: crate::ctl::CtlArgs) -> ExitCode {
    let talked = runtime().map(|runtime| runtime.block_on(crate::ctl::run(ctl)));
    match talked {
        Ok(Ok(())) => ExitCode::SUCCESS,
        Ok(Err(error)) => failed(&error),
        Err(error) => failed(&error),
    }
}

/// One line, and exit code 1.
pub(crate) fn failed(error: &dyn std::error::Error) -> ExitCode {
    say::err(with_causes(error));
    ExitCode::FAILURE
}

fn schema() -> ExitCode {
    say::out(format_args!("{:#}", crate::config::schema()))
}

fn completions(shell: clap_complete::Shell) -> ExitCode {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "meridian", &mut script);
    say::out(String::from_utf8_lossy(&script).trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Arguments::command().debug_assert();
    }
}
