//! What one attempt asks, by kind, and what counts as a yes.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::net::IpAddr;
use std::sync::Arc;

use super::{Name, Pattern, Rcode, RecordType, ScrapeRequest, StatusSet};

/// What one attempt asks. A closed set: one variant, one file in `health`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Request {
    /// HTTP/1.1 or HTTP/2, plain or inside TLS.
    Http(HttpRequest),
    /// A connection, and perhaps a few bytes each way.
    Tcp(TcpRequest),
    /// One question over UDP, again over TCP where the answer is cut.
    Dns(DnsRequest),
    /// The standard health protocol of gRPC.
    Grpc(GrpcRequest),
    /// An ICMP echo.
    Icmp,
    /// A program of the operator's.
    Command(CommandRequest),
    /// The metrics of a load balancer, for its signals; never a check.
    Scrape(ScrapeRequest),
}

//------------ HTTP ----------------------------------------------------------

/// One request without a body, and what counts as a yes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HttpRequest {
    /// Inside TLS; `None`: plain.
    pub tls: Option<Trust>,
    /// HTTP/2: by ALPN inside TLS, else by prior knowledge (RFC 9113 §3.3).
    pub http2: bool,
    /// What is done to the path.
    pub method: Method,
    /// Origin-form: starts with `/`.
    pub path: String,
    /// `Host`, and the name for SNI and verification; `None`: the address itself.
    pub host: Option<String>,
    /// Sent as they are, by name in lower case.
    pub headers: Vec<Header>,
    /// Statuses that count as healthy.
    pub expect: StatusSet,
    /// What the first 5 KiB of the body must contain.
    pub body: Option<Pattern>,
}

/// A method that changes nothing, or that an operator knows to change nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Method {
    /// The whole answer.
    #[default]
    Get,
    /// Its head alone.
    Head,
    /// With an empty body.
    Post,
    /// What the target can do.
    Options,
}

impl Method {
    /// As it stands in a request.
    pub fn name(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Head => "HEAD",
            Method::Post => "POST",
            Method::Options => "OPTIONS",
        }
    }

    /// The name and a blank; nothing for the method that everybody expects.
    pub(super) fn prefix(self) -> &'static str {
        match self {
            Method::Get => "",
            Method::Head => "HEAD ",
            Method::Post => "POST ",
            Method::Options => "OPTIONS ",
        }
    }
}

/// A field of a request; its value may be secret and reaches no log.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Header {
    /// In lower case.
    pub name: String,
    /// Visible ASCII and blanks.
    pub value: String,
}

impl fmt::Debug for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Header({}: …)", self.name)
    }
}

//------------ TLS -----------------------------------------------------------

/// Whose certificates are accepted.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Trust {
    /// Those that an authority of this machine's has signed.
    System,
    /// Those that one of these has signed, and no other.
    Only(Authorities),
    /// Anybody's: nothing about a certificate is verified.
    Anybody,
}

/// Certificates of authorities in DER, shared by all that were given the same file.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Authorities(pub Arc<[Vec<u8>]>);

impl Hash for Authorities {
    /// By length: a target is hashed with every result, and a file of authorities can be long.
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.len().hash(state);
        self.0.iter().for_each(|certificate| certificate.len().hash(state));
    }
}

impl fmt::Debug for Authorities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Authorities({})", self.0.len())
    }
}

//------------ The other kinds -----------------------------------------------

/// A connection, and what is said over it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TcpRequest {
    /// Inside TLS; `None`: plain.
    pub tls: Option<Trust>,
    /// The name for SNI and verification; `None`: the address itself.
    pub host: Option<String>,
    /// What is sent first; empty: nothing.
    pub send: Vec<u8>,
    /// What must come within the first 5 KiB; `None`: nothing is waited for.
    pub receive: Option<Pattern>,
}

/// One question, and what counts as an answer.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DnsRequest {
    /// Whom it is about.
    pub name: Name,
    /// What is asked of it.
    pub record_type: RecordType,
    /// The code that counts as healthy.
    pub rcode: Rcode,
    /// One of these must come; empty: whatever comes is fine.
    pub answers: Vec<IpAddr>,
}

impl Default for DnsRequest {
    fn default() -> Self {
        let (record_type, rcode) = (RecordType::default(), Rcode::default());
        DnsRequest { name: Name::root(), record_type, rcode, answers: Vec::new() }
    }
}

/// `grpc.health.v1.Health/Check`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GrpcRequest {
    /// Inside TLS; `None`: plain.
    pub tls: Option<Trust>,
    /// `:authority`, and the name for SNI and verification; `None`: the address itself.
    pub host: Option<String>,
    /// The service that is asked about; empty: the server as a whole.
    pub service: String,
}

/// A program, run without a shell.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CommandRequest {
    /// The program by its absolute path, then its arguments, `{address}` and `{port}` not yet filled in.
    pub arguments: Vec<String>,
}

impl CommandRequest {
    /// The path of the program.
    pub fn program(&self) -> &str {
        self.arguments.first().map_or("", String::as_str)
    }

    /// The arguments for one target.
    pub fn filled(&self, address: IpAddr, port: u16) -> Vec<String> {
        let (address, port) = (address.to_string(), port.to_string());
        let fill = |word: &String| word.replace("{address}", &address).replace("{port}", &port);
        self.arguments.iter().skip(1).map(fill).collect()
    }
}

impl fmt::Debug for CommandRequest {
    /// Arguments may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Command({}, …)", self.program())
    }
}
