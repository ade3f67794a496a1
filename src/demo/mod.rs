//! The main job on one machine: four regions as small HTTP servers of our own, the zone and the database that
//! come with the source, and lines to paste.

mod backends;
mod files;
mod guide;

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use tokio::time::timeout;

use crate::control::with_causes;
use crate::daemon::{Daemon, Options, ServeError, runtime};
use crate::telemetry::say;
use backends::{BackendError, Backends};

/// How long to wait for the first verdicts before printing anyway.
const FIRST_VERDICTS: Duration = Duration::from_secs(5);

/// The four regions, in the order of the configuration: name, city, loopback address.
pub(crate) const REGIONS: [(&str, &str, [u8; 4]); 4] = [
    ("us-east", "Ashburn", [127, 0, 0, 11]),
    ("eu-west", "Dublin", [127, 0, 0, 12]),
    ("ap-northeast", "Tokyo", [127, 0, 0, 13]),
    ("sa-east", "São Paulo", [127, 0, 0, 14]),
];

/// Where the demo listens and keeps its files.
#[derive(Clone, Debug, clap::Args)]
pub struct DemoArgs {
    /// Where DNS is answered, UDP and TCP.
    #[arg(long, default_value = "127.0.0.1:5300", value_name = "ADDRESS:PORT")]
    dns: SocketAddr,
    /// Where the API is served; loopback only.
    #[arg(long, default_value = "127.0.0.1:8053", value_name = "ADDRESS:PORT")]
    api: SocketAddr,
    /// The port on which every region's backend serves HTTP.
    #[arg(long, default_value_t = 8080, value_name = "PORT")]
    backend_port: u16,
    /// Where backends are stopped and started.
    #[arg(long, default_value = "127.0.0.1:8054", value_name = "ADDRESS:PORT")]
    switch: SocketAddr,
    /// Where the demo keeps its configuration and what you tell it [default: ~/.local/state/meridian-demo].
    #[arg(long, value_name = "DIRECTORY")]
    directory: Option<PathBuf>,
}

/// Why there is no demo.
#[derive(Debug, thiserror::Error)]
enum DemoError {
    #[error(transparent)]
    Files(#[from] files::FilesError),
    #[error(transparent)]
    Backends(#[from] BackendError),
    #[error(transparent)]
    Serve(#[from] ServeError),
    #[error("cannot start")]
    System(#[from] std::io::Error),
}

/// Runs the demo until it is interrupted.
pub fn main(arguments: &DemoArgs) -> ExitCode {
    let ran = runtime().map_err(DemoError::System).and_then(|runtime| runtime.block_on(run(arguments)));
    match ran {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say::err(with_causes(&error));
            ExitCode::from(if let DemoError::Serve(error) = &error { error.exit_code() } else { 1 })
        }
    }
}

async fn run(arguments: &DemoArgs) -> Result<(), DemoError> {
    let directory = files::Directory::take(arguments)?;
    let config = directory.lay_out(arguments)?;
    let backends = Backends::start(arguments.backend_port, arguments.switch).await?;
    let mut daemon = Daemon::start(&Options { config: config.clone() }).await?;
    // A verdict that does not come is shown by the demo itself.
    let _ = timeout(FIRST_VERDICTS, daemon.latches.wait_for(|latches| latches.fitness().is_fit())).await;
    // Nobody may be reading; the demo goes on for whoever asks it.
    let _ = say::out(guide::text(arguments, &config));
    daemon.run().await?;
    backends.stop().await;
    Ok(())
}

impl DemoArgs {
    /// A backend's address.
    fn backend(&self, address: [u8; 4]) -> SocketAddr {
        SocketAddr::new(IpAddr::from(address), self.backend_port)
    }
}
