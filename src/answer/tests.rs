//! Properties of the whole core over a small, fixed world: what holds for any packet, and for any client.

mod batches;
mod hints;
#[path = "../../tests/common/mmdb.rs"]
#[allow(clippy::duplicate_mod, reason = "rooms do not reach into each other's tests")]
mod mmdb;
mod packets;
mod subnets;

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

use domain::base::name::ParsedName;
use domain::base::opt::UnknownOptData;
use domain::rdata::AllRecordData;

use super::*;
use crate::control::words::Truth;
use crate::control::{Node, State, Threads, load};
use crate::health;
use crate::telemetry::Counters;
use mmdb::{Layout, Precision, Record, Writer};

const NOW: Now = Now { unix: 1_790_000_000 };

const CONFIG: &str = r#"
[server]
identity = "node"
whoami = "whoami.example."
[server.cookies]
secrets = ["0123456789abcdef0123456789abcdef"]
[geo]
databases = ["geo.mmdb"]
[[geo.override]]
networks = ["77.1.0.0/18", "2a10:77::/36"]
regions = ["sa"]
[[geo.override]]
networks = ["99.0.0.0/10"]
regions = []
[zones."example."]
file = "example.zone"
[regions.us]
location = { lat = 39.04, lon = -77.49 }
[regions.eu]
location = { lat = 53.35, lon = -6.26 }
[regions.ap]
location = { lat = 35.68, lon = 139.69 }
[regions.sa]
location = { lat = -23.55, lon = -46.63 }
[services.plain]
names = ["plain.example.", "*.wild.example."]
endpoints.us = { addresses = ["198.51.100.10", "198.51.100.11", "198.51.100.12", "2001:db8:1::1", "2001:db8:1::2"] }
endpoints.eu = { addresses = ["198.51.100.20", "2001:db8:2::1"] }
endpoints.ap = { addresses = ["198.51.100.30", "2001:db8:3::1"] }
endpoints.sa = { addresses = ["198.51.100.40", "2001:db8:4::1"] }
[services.parts]
names = ["parts.example."]
endpoints.us = { addresses = ["198.51.100.10"], weight = 100 }
endpoints.eu = { addresses = ["198.51.100.20"], weight = 50 }
endpoints.ap = { addresses = ["198.51.100.30"], weight = 7 }
endpoints.sa = { addresses = ["198.51.100.40"], weight = 0 }
[services.ruled]
names = ["ruled.example."]
endpoints.us = { addresses = ["198.51.100.10"] }
endpoints.eu = { addresses = ["198.51.100.20"], weight = 60 }
endpoints.ap = { addresses = ["198.51.100.30"] }
endpoints.sa = { addresses = ["198.51.100.40"] }
[[services.ruled.override]]
networks = ["20.16.0.0/13", "20.17.3.128/27", "2600:8000::/22"]
regions = ["ap", "sa"]
[[services.ruled.override]]
networks = ["20.18.0.0/21"]
regions = []
[[services.ruled.override]]
countries = ["GB"]
location = { lat = 0.0, lon = 100.0 }
[services.nested]
names = ["nested.example."]
endpoints.us.service = "inner"
endpoints.eu = { service = "ruled", weight = 60 }
endpoints.ap = { addresses = ["198.51.100.39"] }
[services.inner]
policy = "failover"
ttl.max = "20s"
endpoints.sa.service = "parts"
[services.unknown]
names = ["unknown.example."]
check.kind = "http"
endpoints.eu = { addresses = ["198.51.100.21"], weight = 40 }
endpoints.ap = { addresses = ["198.51.100.31"] }
"#;

const ZONE: &str = "\
$TTL 1h
@ SOA ns hm 1 2h 1h 2w 5m
@ NS ns
@ MX 10 many
ns A 192.0.2.1
many A 192.0.2.2
$GENERATE 3-60 many A 192.0.2.$
alias CNAME twice
twice CNAME plain
loop CNAME pool
pool CNAME loop
lost CNAME nope
*.any TXT \"anything\"
cut NS ns.cut
ns.cut A 192.0.2.70
deep.ent TXT \"below\"
plain HTTPS 1 . alpn=h2,h3 port=8443 ech=AAAA dohpath=/q{?dns}
plain HTTPS 0 elsewhere
ruled HTTPS 1 RULED no-default-alpn alpn=h3
nested HTTPS 2 . key9=x
nested HTTPS 3 other.example.net. alpn=h2
*.wild HTTPS 1 . alpn=h2
";

/// Networks that the database knows, as `network country`; the countries' centroids do the rest. They lie
/// beside one another, inside one another, and where IPv6 holds IPv4.
const NETWORKS: &str = "\
16.0.0.0/8 US\n20.0.0.0/10 US\n20.16.0.0/12 GB\n20.17.3.0/24 JP\n20.17.3.128/25 BR\n20.64.0.0/10 JP\n\
77.0.0.0/8 BR\n77.1.32.0/19 US\n80.0.0.0/7 GB\n99.0.0.0/8 JP\n127.255.255.0/24 GB\n128.0.0.0/24 BR\n\
223.255.255.240/28 US\n255.255.255.255/32 GB\n0.0.0.0/24 JP\n\
2600::/16 US\n2600:8000::/20 BR\n2a10::/24 GB\n2a10:77:1000::/37 JP\n2001:400::/23 US\n2003::/18 GB\n\
2000::/16 JP\nfd00::/8 BR\n64:ff9b:1::/48 US\n2001:db8::/32 BR";

/// The world, compiled once from the text above as a server would.
fn snapshot() -> &'static Snapshot {
    static SNAPSHOT: OnceLock<Snapshot> = OnceLock::new();
    SNAPSHOT.get_or_init(compiled)
}

/// The same for one test alone, whose tallies nobody else writes.
fn compiled() -> Snapshot {
    let directory = tempfile::tempdir().unwrap();
    let at = |file: &str| directory.path().join(file);
    std::fs::write(at("meridian.toml"), CONFIG).unwrap();
    std::fs::write(at("example.zone"), ZONE).unwrap();
    std::fs::write(at("geo.mmdb"), database()).unwrap();
    let node = Node { host_name: "host".into(), cookie_secret: [7; 16] };
    let (built, problems) = load(&at("meridian.toml"), &node, Threads::Many);
    let built = built.unwrap_or_else(|| panic!("{problems}"));
    let (verdicts, state) = (health::Table::default(), State::default());
    let course = Default::default();
    let truth = Truth::new(&verdicts, &state, &course, SystemTime::UNIX_EPOCH);
    let live = truth.words(&built.world, &built.plan);
    Snapshot::new(built.world, live, 2, 1)
}

fn database() -> Vec<u8> {
    let mut writer = Writer::new(true, 28);
    for row in NETWORKS.lines() {
        let (network, country) = row.split_once(' ').unwrap();
        let record = Record { country: Some(country), ..Record::default() };
        writer.insert(network, &record.value(Layout::Nested, Precision::Double));
    }
    // As MaxMind's own databases do.
    for prefix in ["2002::/16", "::ffff:0:0/96", "2001::/32"] {
        writer.alias(prefix);
    }
    writer.finish()
}

fn worker(index: usize) -> Worker {
    Worker::new(index, 77 + index as u64, Arc::new(Counters::default()))
}

fn peer(address: &str, transport: Transport) -> Peer {
    Peer { address: SocketAddr::new(address.parse().unwrap(), 5353), transport }
}

/// What one worker says to a query.
fn ask(query: &[u8], peer: &Peer, worker: &mut Worker) -> Option<Vec<u8>> {
    let mut out = vec![0xa5; if peer.transport == Transport::Tcp { MAX_REPLY } else { 4096 }];
    match answer(snapshot(), query, peer, NOW, worker, &mut out) {
        Reply::Send(length) => Some(out[..length].to_vec()),
        Reply::Drop(_) => None,
    }
}

/// A query with these EDNS options, each a code and data.
fn query(name: &str, qtype: u16, options: Option<&[(u16, &[u8])]>) -> Vec<u8> {
    let mut bytes = vec![0x5e, 0xed, 0, 0, 0, 1, 0, 0, 0, 0, 0, u8::from(options.is_some())];
    for label in name.split_terminator('.').filter(|label| !label.is_empty()) {
        bytes.push(label.len() as u8);
        bytes.extend(label.as_bytes());
    }
    bytes.push(0);
    bytes.extend(qtype.to_be_bytes());
    bytes.extend([0, 1]);
    let Some(options) = options else { return bytes };
    bytes.extend([0, 0, 41, 0x04, 0xd0, 0, 0, 0, 0]);
    let length: usize = options.iter().map(|(_, data)| 4 + data.len()).sum();
    bytes.extend((length as u16).to_be_bytes());
    for (code, data) in options {
        bytes.extend(code.to_be_bytes());
        bytes.extend((data.len() as u16).to_be_bytes());
        bytes.extend(*data);
    }
    bytes
}

/// ECS data for an address and SOURCE; bits past it cleared.
fn subnet(address: IpAddr, source: u8) -> Vec<u8> {
    let network = ipnet::IpNet::new(address, source).unwrap();
    let (family, octets) = match network.network() {
        IpAddr::V4(four) => (1, four.octets().to_vec()),
        IpAddr::V6(six) => (2, six.octets().to_vec()),
    };
    [&[0, family, source, 0], &octets[..usize::from(source).div_ceil(8)]].concat()
}

/// A reply's records by section, as text and sorted, and its options: as `domain` reads them, to the end.
#[derive(Debug, PartialEq, Eq)]
struct Parts {
    header: [u8; 12],
    records: Vec<String>,
    options: Vec<(u16, Vec<u8>)>,
}

/// Data as text, the addresses of each hint sorted: they are turned as address records are.
fn sorted(data: &str) -> String {
    let word = |word: &str| match word.split_once("hint=") {
        Some((family, addresses)) => {
            let mut addresses: Vec<_> = addresses.split(',').collect();
            addresses.sort_unstable();
            format!("{family}hint={}", addresses.join(","))
        }
        None => word.to_owned(),
    };
    data.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

fn parts(reply: &[u8]) -> Result<Parts, String> {
    let shown = |error: &dyn std::fmt::Display| format!("{error}: {}", hex::encode(reply));
    let message = domain::base::Message::from_octets(reply).map_err(|error| shown(&error))?;
    let mut records = Vec::new();
    for record in message.iter() {
        let (record, section) = record.map_err(|error| shown(&error))?;
        let record =
            record.to_any_record::<AllRecordData<_, ParsedName<_>>>().map_err(|error| shown(&error))?;
        let data = sorted(&record.data().to_string());
        records.push(format!("{section:?} {} {} {data}", record.owner(), record.ttl().as_secs()));
    }
    records.sort();
    let mut options = Vec::new();
    for option in message.opt().iter().flat_map(|opt| opt.opt().iter::<UnknownOptData<_>>()) {
        let option = option.map_err(|error| shown(&error))?;
        options.push((option.code().to_int(), option.as_slice().to_vec()));
    }
    Ok(Parts { header: *reply.first_chunk().ok_or("short")?, records, options })
}
