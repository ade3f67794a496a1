//! A configuration that cannot hold nonsense: what is left once every problem is gone.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use crate::model::{
    LatencyRow, LatencyRules, Name, OrderRule, Place, ProbeBudget, Region, RegionId, Service, Webhook,
    Witness,
};

/// All that the file says, names resolved, defaults applied, places kept for checks that span rooms.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// The file, as the operator named it.
    pub path: PathBuf,
    /// What this node serves.
    pub server: Server,
    /// The HTTP API.
    pub api: Api,
    /// How an address becomes a place.
    pub geo: Geo,
    /// How measured latency steers.
    pub latency: Latency,
    /// In written order, no origin twice.
    pub zones: Vec<ZoneFile>,
    /// In written order, at most [`Config::MAX_REGIONS`]; [`RegionId`] is an index here.
    pub regions: Vec<Region>,
    /// In written order, at most [`Config::MAX_SERVICES`]; none of their names is written twice.
    pub services: Vec<Service>,
    /// Who is probed for nothing but the proof that this node's own network works.
    pub witnesses: Vec<Witness>,
    /// How much may be probed.
    pub probes: ProbeBudget,
    /// Who is asked for the names of endpoints, none twice, at most [`Config::MAX_NAME_SERVERS`]; empty: the system knows.
    pub resolver: Vec<SocketAddr>,
    /// Who is told of events; no name twice.
    pub webhooks: Vec<Webhook>,
    /// The directory of what must last.
    pub state: PathBuf,
    /// Files of networks that were read into order rules: to be watched like the configuration itself.
    pub networks_files: Vec<PathBuf>,
    /// Files of measurements that were read: to be watched likewise.
    pub latency_files: Vec<PathBuf>,
    /// Files of authorities that were read into checks: to be watched likewise.
    pub authority_files: Vec<PathBuf>,
    /// Files of secrets that were read into webhooks: to be watched likewise.
    pub secret_files: Vec<PathBuf>,
}

impl Config {
    /// Regions that one configuration may hold.
    pub const MAX_REGIONS: usize = 1024;
    /// Services that one configuration may hold.
    pub const MAX_SERVICES: usize = 10_000;
    /// Witnesses that one configuration may hold.
    pub const MAX_WITNESSES: usize = 16;
    /// Webhooks that one configuration may hold.
    pub const MAX_WEBHOOKS: usize = 64;
    /// Servers that names are asked of.
    pub const MAX_NAME_SERVERS: usize = 8;
    /// Different names that are looked up for endpoints.
    pub const MAX_RESOLVED: usize = 1000;
    /// Endpoints that one service may have: as many as one query consults.
    pub const MAX_ENDPOINTS: usize = 64;
    /// Cookie secrets: the one that signs, the next, and two on their way out (RFC 9018 §5 needs two in all).
    pub const MAX_SECRETS: usize = 4;
}

/// What this node serves and how it calls itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Server {
    /// UDP and TCP; at least one, none twice.
    pub listen: Vec<SocketAddr>,
    /// Threads that answer UDP; 0: one per CPU.
    pub workers: usize,
    /// NSID, logs, metrics; `None`: the host name.
    pub identity: Option<String>,
    /// Where this node itself stands.
    pub region: Option<RegionId>,
    /// The first signs, all are accepted; empty: no cookies.
    pub cookies: Vec<CookieSecret>,
    /// Whether who sends a cookie over UDP has to hold a good one.
    pub cookie_required: bool,
    /// What `version.bind` tells; `None`: nothing.
    pub version: Option<String>,
    /// What `id.server` tells; `None`: nothing.
    pub chaos_id: Option<String>,
    /// Where resolvers report errors; never the root.
    pub error_reports: Option<(Name, Place)>,
    /// A name that tells askers what the server knows of them, and where it is written.
    pub whoami: Option<(Name, Place)>,
    /// The largest UDP payload to send and to announce, 512…4096 octets.
    pub payload: u16,
    /// How long to wait for first verdicts before serving without them, at most 10 minutes.
    pub start_timeout: Duration,
    /// From unready to closing, at most an hour.
    pub drain: Duration,
    /// Whether the node is unready while its own network seems cut.
    pub unready_when_cut: bool,
}

impl Default for Server {
    fn default() -> Self {
        Server {
            listen: vec![(Ipv4Addr::LOCALHOST, 5300).into(), (Ipv6Addr::LOCALHOST, 5300).into()],
            workers: 0,
            identity: None,
            region: None,
            cookies: Vec::new(),
            cookie_required: false,
            version: None,
            chaos_id: None,
            error_reports: None,
            whoami: None,
            payload: 1232,
            start_timeout: Duration::from_secs(10),
            drain: Duration::from_secs(5),
            unready_when_cut: false,
        }
    }
}

/// A secret of the server's cookies (RFC 9018 §4.4): 128 bits that never reach a log.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct CookieSecret(pub [u8; 16]);

impl fmt::Debug for CookieSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CookieSecret(…)")
    }
}

/// The HTTP API.
#[derive(Clone, Debug, PartialEq)]
pub struct Api {
    /// Loopback, unless there are tokens.
    pub listen: SocketAddr,
    /// Names and digests unique; empty: whoever can connect may do everything.
    pub tokens: Vec<Token>,
}

impl Default for Api {
    fn default() -> Self {
        Api { listen: (IpAddr::from(Ipv4Addr::LOCALHOST), 8053).into(), tokens: Vec::new() }
    }
}

/// One caller of the API.
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    /// What the log calls the caller.
    pub name: String,
    /// Of the token.
    pub sha256: [u8; 32],
    /// What the caller may do.
    pub role: Role,
    /// The names for which it may set challenges, as [`crate::model::Challenge::subject`] gives them; none: all.
    pub names: Vec<Name>,
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // An operator may have pasted the token where its digest belongs.
        write!(f, "Token({}, {:?})", self.name, self.role)
    }
}

/// What a caller of the API may do; from `Read` on, each includes the ones before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Set and clear ACME challenges, and see them; nothing else.
    Acme,
    /// Report signals and measured latency; nothing else.
    Signals,
    /// Look.
    Read,
    /// Set and lift overrides and challenges.
    Operate,
    /// Everything.
    Admin,
}

/// How an address becomes a place.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Geo {
    /// MaxMind-format files, later ones refining earlier ones, and where each is written.
    pub databases: Vec<(PathBuf, Place)>,
    /// The operator's word, which beats every database.
    pub rules: Vec<OrderRule>,
}

/// How measured latency steers the services whose policy has the filter `fast`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Latency {
    /// How measurements become an order of regions.
    pub rules: LatencyRules,
    /// What the file says: no vantage and region twice, no more than [`LatencyRules::max_entries`].
    pub rows: Vec<LatencyRow>,
}

/// A zone of static records.
#[derive(Clone, Debug, PartialEq)]
pub struct ZoneFile {
    /// The zone's apex.
    pub origin: Name,
    /// Its master file.
    pub file: PathBuf,
    /// Where the origin is written.
    pub place: Place,
}
