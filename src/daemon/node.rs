//! This machine, as far as a world needs to know it.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::control::Node;

/// Linux host names are this long at most, and so is an identity.
const MAX_NAME: usize = 64;

/// File descriptors that are enough for every limit of ours: connections, probes, files.
const DESCRIPTORS: u64 = 65_536;

/// The host's name, and a cookie secret from the system's generator.
pub fn this_node() -> Result<Node, getrandom::Error> {
    let mut cookie_secret = [0; 16];
    getrandom::fill(&mut cookie_secret)?;
    let host_name = rustix::system::uname().nodename().to_string_lossy().chars().take(MAX_NAME).collect();
    Ok(Node { host_name, cookie_secret })
}

/// Raises this process's limit of file descriptors as far as it may, and says how many there are. The usual soft
/// limit of 1024 is for programs that call `select`, and strangers with that many connections would use it up.
pub fn raise_descriptors() -> u64 {
    let limit = getrlimit(Resource::Nofile);
    let most = limit.maximum.unwrap_or(DESCRIPTORS).min(DESCRIPTORS);
    let current = limit.current.unwrap_or(DESCRIPTORS);
    if current >= most {
        return current;
    }
    let raised = Rlimit { current: Some(most), maximum: limit.maximum };
    if setrlimit(Resource::Nofile, raised).is_ok() { most } else { current }
}
