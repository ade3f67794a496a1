//! The demo's files, laid out in a directory of its own: the same that an operator would write.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use super::DemoArgs;

const CONFIG: &str = include_str!("meridian.toml");
const ZONE: &str = include_str!("../../zones/gslb.example.zone");
const DATABASE: &[u8] = include_bytes!("../../geoip/country.mmdb");

/// The directory's name below the user's state.
const DIRECTORY: &str = "meridian-demo";

/// A file that cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    /// It cannot be written.
    #[error("cannot write {}; choose another place with --directory", .0.display())]
    Write(PathBuf, #[source] std::io::Error),
    /// Another demo works there: its files must not change under it.
    #[error("another demo uses {}; end it, or choose another place with --directory", .0.display())]
    Taken(PathBuf),
}

/// The demo's directory, for as long as this demo lives.
pub struct Directory {
    path: PathBuf,
    /// Locked; the lock ends with the process, however that ends.
    _lock: File,
}

impl Directory {
    /// Takes the directory, or says that it is taken.
    pub fn take(arguments: &DemoArgs) -> Result<Directory, FilesError> {
        let path = arguments.directory.clone().unwrap_or_else(default_directory);
        let failed = |error| FilesError::Write(path.clone(), error);
        std::fs::create_dir_all(&path).map_err(failed)?;
        let lock = File::create(path.join("lock")).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => Ok(Directory { path, _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(FilesError::Taken(path)),
            Err(TryLockError::Error(error)) => Err(failed(error)),
        }
    }

    /// Writes what is not there yet or differs, and returns the configuration's path. What operators said before
    /// is kept: it is state, not a file of the demo.
    pub fn lay_out(&self, arguments: &DemoArgs) -> Result<PathBuf, FilesError> {
        let config = self.path.join("meridian.toml");
        write(&config, configuration(arguments).as_bytes())?;
        write(&self.path.join("zones/gslb.example.zone"), ZONE.as_bytes())?;
        write(&self.path.join("geoip/country.mmdb"), DATABASE)?;
        Ok(config)
    }
}

/// The embedded configuration with the addresses that were asked for.
fn configuration(arguments: &DemoArgs) -> String {
    CONFIG
        .replace("\"127.0.0.1:5300\"", &format!("\"{}\"", arguments.dns))
        .replace("\"127.0.0.1:8053\"", &format!("\"{}\"", arguments.api))
        .replace("= 8080\n", &format!("= {}\n", arguments.backend_port))
}

/// Below the user's own state, never in a directory that others may write to.
fn default_directory() -> PathBuf {
    let absolute = |name| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let state = absolute("XDG_STATE_HOME").or_else(|| absolute("HOME").map(|home| home.join(".local/state")));
    state.unwrap_or_else(|| PathBuf::from(".")).join(DIRECTORY)
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), FilesError> {
    let failed = |error| FilesError::Write(path.to_owned(), error);
    if std::fs::read(path).is_ok_and(|there| there == bytes) {
        return Ok(());
    }
    if let Some(directory) = path.parent() {
        std::fs::create_dir_all(directory).map_err(failed)?;
    }
    std::fs::write(path, bytes).map_err(failed)
}
