//! Asking for a name: the one file that holds a resolver.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{
    ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig, ResolverOpts,
};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::{Name as AskedName, RData, RecordType};

use super::book::Found;
use crate::model::Name;

/// For one server to answer.
const TIMEOUT: Duration = Duration::from_secs(2);

/// Whom names are asked of.
pub struct Ask(TokioResolver);

impl Ask {
    /// Asks these servers; without any, those of `/etc/resolv.conf`.
    pub fn new(servers: &[SocketAddr]) -> Result<Ask, String> {
        let runtime = TokioRuntimeProvider::default();
        let mut builder = match servers {
            [] => TokioResolver::builder(runtime).map_err(|error| error.to_string())?,
            _ => {
                let servers = servers.iter().map(|server| name_server(*server)).collect();
                TokioResolver::builder_with_config(ResolverConfig::from_name_servers(servers), runtime)
            }
        };
        options(builder.options_mut(), servers.is_empty());
        builder.build().map(Ask).map_err(|error| error.to_string())
    }

    /// IPv4 and IPv6 of a name, aliases followed.
    pub async fn name(&self, name: &Name) -> [Found; 2] {
        let Ok(mut asked) = AskedName::from_ascii(name.to_string()) else {
            return [Found::Nothing, Found::Nothing];
        };
        // Whole as it is: nobody's search list is tried.
        asked.set_fqdn(true);
        let (four, six) =
            tokio::join!(self.family(&asked, RecordType::A), self.family(&asked, RecordType::AAAA));
        [four, six]
    }

    async fn family(&self, name: &AskedName, kind: RecordType) -> Found {
        let lookup = match self.0.lookup(name.clone(), kind).await {
            Ok(lookup) => lookup,
            Err(error) if error.is_no_records_found() => return Found::Nothing,
            Err(error) => return Found::Failed(error.to_string()),
        };
        let addresses: Vec<_> = lookup
            .answers()
            .iter()
            .filter_map(|record| match &record.data {
                RData::A(four) => Some(four.0.into()),
                RData::AAAA(six) => Some(six.0.into()),
                _ => None,
            })
            .collect();
        let lasts = lookup.valid_until().saturating_duration_since(Instant::now());
        if addresses.is_empty() { Found::Nothing } else { Found::Addresses(addresses, lasts) }
    }
}

fn name_server(server: SocketAddr) -> NameServerConfig {
    let at = |mut connection: ConnectionConfig| {
        connection.port = server.port();
        connection
    };
    let connections = vec![at(ConnectionConfig::udp()), at(ConnectionConfig::tcp())];
    NameServerConfig::new(server.ip(), true, connections)
}

fn options(options: &mut ResolverOpts, system: bool) {
    options.timeout = TIMEOUT;
    options.edns0 = true;
    options.try_tcp_on_error = true;
    // `book` keeps what was found, and asks again when it is time.
    options.cache_size = 0;
    options.use_hosts_file = if system { ResolveHosts::Auto } else { ResolveHosts::Never };
}
