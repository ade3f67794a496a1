//! What is probed and how: checks, and the targets they come down to.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use super::{Request, ScrapeRequest, ServiceId};

/// The standing order to probe every address of a service, or to look at what is believed of another service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// As the operator calls it among several; empty: it is the only one.
    pub name: String,
    /// Nothing is probed: what is believed of this service in the same region counts.
    pub of_service: Option<ServiceId>,
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
    /// From the start of one probe to the start of the next while a failure is being confirmed.
    pub fast_interval: Option<Duration>,
    /// The time in which what earlier falls weigh halves; zero: flapping is not damped.
    pub flap_half_life: Duration,
    /// A success that takes longer is slow; `None`: none is.
    pub slow: Option<Duration>,
    /// How long before its end a certificate is worth a warning; `None`: never.
    pub certificate_warning: Option<Duration>,
}

/// How much may be probed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProbeBudget {
    /// Attempts at once; at least 1. Each holds a socket and, at most, a response head. If every target hangs, the sum of
    /// timeout ÷ interval over all targets is what keeps the beat; with less, probes queue, first come first served.
    pub in_flight: usize,
    /// Attempts begun in a second, of all targets; 0: no limit.
    pub per_second: u32,
    /// Attempts begun in a second at one address, of all its ports and requests; 0: no limit.
    pub per_address: u32,
}

impl Default for ProbeBudget {
    fn default() -> Self {
        ProbeBudget { in_flight: 1024, per_second: 5000, per_address: 100 }
    }
}

/// Somebody outside, whose answers prove that this node's own network works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Witness {
    /// As the operator wrote it; unique.
    pub name: String,
    /// Who is probed.
    pub address: IpAddr,
    /// How; never of the kind `none`.
    pub check: Check,
}

/// A request and the port it goes to; with an address it is a [`Target`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Probe {
    /// The port that an endpoint without a `probe_port` is asked at, UDP for `dns`, else TCP; 0 where the request
    /// knows no port.
    pub port: u16,
    /// What is asked there.
    pub request: Request,
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
    /// The endpoint's own address, or the one that it is probed by.
    pub address: IpAddr,
    /// UDP port for `dns`, else TCP; 0 where the request knows no port.
    pub port: u16,
    /// What is asked.
    pub request: Request,
}

impl fmt::Display for Target {
    /// As an operator would type it: `http://198.51.100.10:8080/healthz`. Headers, what is sent, and arguments are
    /// left out: they may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = SocketAddr::new(self.address, self.port);
        match &self.request {
            Request::Http(http) | Request::Scrape(ScrapeRequest { http, .. }) => {
                let scheme = if http.tls.is_some() { "https" } else { "http" };
                write!(f, "{}{scheme}://{at}{}", http.method.prefix(), http.path)
            }
            Request::Tcp(tcp) if tcp.tls.is_some() => write!(f, "tls://{at}"),
            Request::Tcp(_) => write!(f, "tcp://{at}"),
            // RFC 4501 §3.
            Request::Dns(dns) => write!(f, "dns://{at}/{}?type={}", dns.name, dns.record_type),
            Request::Grpc(grpc) => {
                let scheme = if grpc.tls.is_some() { "grpcs" } else { "grpc" };
                write!(f, "{scheme}://{at}/{}", grpc.service)
            }
            Request::Icmp => match self.address {
                IpAddr::V4(four) => write!(f, "icmp://{four}"),
                IpAddr::V6(six) => write!(f, "icmp://[{six}]"),
            },
            Request::Command(command) if self.port == 0 => {
                write!(f, "command:{} {}", command.program(), self.address)
            }
            Request::Command(command) => write!(f, "command:{} {at}", command.program()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{CommandRequest, DnsRequest, GrpcRequest, HttpRequest, Method, TcpRequest, Trust};
    use super::*;

    #[test]
    fn targets_read_as_an_operator_would_type_them() {
        let http = HttpRequest { path: "/healthz".into(), ..HttpRequest::default() };
        let head = HttpRequest { method: Method::Head, tls: Some(Trust::System), ..http.clone() };
        let grpc = GrpcRequest { service: "api.Users".into(), ..GrpcRequest::default() };
        let arguments = ["/bin/check", "--password", "secret"].map(str::to_owned).to_vec();
        let rows = [
            ("192.0.2.1", 80, Request::Http(http), "http://192.0.2.1:80/healthz"),
            ("2001:db8::1", 443, Request::Http(head), "HEAD https://[2001:db8::1]:443/healthz"),
            ("192.0.2.1", 22, Request::Tcp(TcpRequest::default()), "tcp://192.0.2.1:22"),
            ("192.0.2.1", 53, Request::Dns(DnsRequest::default()), "dns://192.0.2.1:53/.?type=A"),
            ("192.0.2.1", 9, Request::Grpc(grpc), "grpc://192.0.2.1:9/api.Users"),
            ("2001:db8::1", 0, Request::Icmp, "icmp://[2001:db8::1]"),
            (
                "192.0.2.1",
                0,
                Request::Command(CommandRequest { arguments: arguments.clone() }),
                "command:/bin/check 192.0.2.1",
            ),
            (
                "192.0.2.1",
                7,
                Request::Command(CommandRequest { arguments }),
                "command:/bin/check 192.0.2.1:7",
            ),
        ];
        for (address, port, request, shown) in rows {
            let target = Target { address: address.parse().unwrap(), port, request };
            assert_eq!(target.to_string(), shown);
        }
    }
}
