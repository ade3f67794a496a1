//! What is probed and how: checks, and the targets they come down to.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

/// The standing order to probe every address of a service. `None` instead of a probe: never probed, always
/// healthy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// What to ask, and where; `None` is the kind `none`.
    pub probe: Option<Probe>,
    /// From the start of one probe to the start of the next.
    pub interval: Duration,
    /// For one whole attempt: connect, handshake, request, response.
    pub timeout: Duration,
    /// Consecutive successes that lift an unhealthy target.
    pub rise: u32,
    /// Consecutive failures that bring a healthy target down.
    pub fall: u32,
}

/// A request and the port it goes to; with an address it is a [`Target`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Probe {
    /// TCP port on the endpoint's own address.
    pub port: u16,
    /// What is asked there.
    pub request: Request,
}

/// What one attempt asks. A closed set: one variant, one file in `health`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Request {
    /// HTTP/1.1, plain or inside TLS.
    Http(HttpRequest),
}

/// One GET, and what counts as a yes.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HttpRequest {
    /// Inside TLS, with the certificate verified against the system's roots for `host`.
    pub tls: bool,
    /// Origin-form: starts with `/`.
    pub path: String,
    /// `Host`, and the name for SNI and verification; `None`: the address itself.
    pub host: Option<String>,
    /// Statuses that count as healthy.
    pub expect: StatusSet,
}

/// A set of HTTP statuses as sorted, disjoint, inclusive ranges within 100…599.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StatusSet(pub Vec<(u16, u16)>);

impl StatusSet {
    /// Whether `status` is one of them.
    pub fn contains(&self, status: u16) -> bool {
        self.0.iter().any(|&(low, high)| (low..=high).contains(&status))
    }
}

impl Default for StatusSet {
    /// 200–299.
    fn default() -> Self {
        StatusSet(vec![(200, 299)])
    }
}

impl fmt::Display for StatusSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, &(low, high)) in self.0.iter().enumerate() {
            let comma = if i == 0 { "" } else { ", " };
            match (low, high) {
                _ if low == high => write!(f, "{comma}{low}")?,
                _ if low % 100 == 0 && high == low + 99 => write!(f, "{comma}{}xx", low / 100)?,
                _ => write!(f, "{comma}{low}-{high}")?,
            }
        }
        Ok(())
    }
}

/// What is probed: shared by every endpoint that wants the same, across services and reloads.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Target {
    /// The endpoint's own address.
    pub address: IpAddr,
    /// TCP port.
    pub port: u16,
    /// What is asked.
    pub request: Request,
}

impl fmt::Display for Target {
    /// As an operator would type it: `http://198.51.100.10:8080/healthz`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Request::Http(http) = &self.request;
        let scheme = if http.tls { "https" } else { "http" };
        write!(f, "{scheme}://{}{}", std::net::SocketAddr::new(self.address, self.port), http.path)
    }
}
