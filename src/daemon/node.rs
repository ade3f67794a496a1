//! This machine, as far as a world needs to know it.

use crate::control::Node;

/// The host's name, and a cookie secret from the system's generator.
pub fn this_node() -> Result<Node, getrandom::Error> {
    let mut cookie_secret = [0; 16];
    getrandom::fill(&mut cookie_secret)?;
    let host_name = rustix::system::uname().nodename().to_string_lossy().into_owned();
    Ok(Node { host_name, cookie_secret })
}
