//! The log: transitions and troubles, never queries.

use std::io::{self, IsTerminal, Stderr, Write};

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::time::SystemTime;

/// How a line of the log looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// For machines: one object a line.
    Json,
}

/// A log that cannot be written must not stop what is logged: the reader may be gone, the disk full.
struct Deaf(Stderr);

impl Write for Deaf {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        // Whatever happened to it, the line is done with.
        let _ = self.0.write_all(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let _ = self.0.flush();
        Ok(())
    }
}

/// Strangers' answers to a resolver could fill the log: what came of a look-up, we say ourselves. Whoever wants more writes a
/// directive for these crates.
const QUIET: &str = "hickory_net=error,hickory_resolver=error,hickory_proto=error";

/// Starts logging to standard error. `filter` is a level or tracing directives; nonsense falls back to `info`.
pub fn start_log(filter: &str, format: LogFormat) {
    let filter = EnvFilter::try_new(format!("{QUIET},{filter}"));
    let filter = filter.unwrap_or_else(|_| EnvFilter::new(format!("{QUIET},info")));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(|| Deaf(std::io::stderr()))
        .log_internal_errors(false)
        .with_timer(SystemTime)
        .with_target(false)
        .with_ansi(std::io::stderr().is_terminal());
    // A second start, in tests, keeps the first.
    let _ = match format {
        LogFormat::Text => log.try_init(),
        LogFormat::Json => log.json().try_init(),
    };
}
