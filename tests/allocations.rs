//! Answering allocates nothing: an allocator that counts says so.
//!
//! The one file of tests with unsafe code: a global allocator cannot be without.
#![allow(missing_docs, reason = "a test")]
#![allow(unsafe_code, reason = "GlobalAlloc is an unsafe trait")]

#[path = "common/mmdb.rs"]
mod mmdb;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use meridian::answer::{Batch, Frames, Now, Peer, Reply, Worker, answer};
use meridian::control::{Node, Threads, load};
use meridian::model::{Challenge, Policy};
use meridian::server::udp::BATCH;
use meridian::snapshot::{Challenges, Snapshot};
use meridian::telemetry::{Counters, Transport};

/// The system's allocator, counting calls by thread.
struct Counting;

thread_local! {
    static CALLS: Cell<u64> = const { Cell::new(0) };
}

fn note() {
    // A thread that is ending has no counter any more, and nobody to read it.
    let _ = CALLS.try_with(|calls| calls.set(calls.get() + 1));
}

// SAFETY: every call goes to the system's allocator with what the caller gave.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        note();
        // SAFETY: the caller's promise is ours.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        note();
        // SAFETY: likewise.
        unsafe { System.dealloc(memory, layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        note();
        // SAFETY: likewise.
        unsafe { System.realloc(memory, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const NOW: u64 = 1_790_000_000;

const CONFIG: &str = r#"
[server]
whoami = "whoami.example."
[geo]
databases = ["geo.mmdb"]
[zones."example."]
file = "example.zone"
[regions.eu]
location = { lat = 53.35, lon = -6.26 }
[regions.ap]
location = { lat = 35.68, lon = 139.69 }
[services.www]
names = ["www.example."]
endpoints.eu = { addresses = ["198.51.100.20", "198.51.100.21"], weight = 30 }
endpoints.ap = { addresses = ["198.51.100.30"] }
[latency]
file = "rtt.txt"
[[services.www.override]]
networks = ["12.1.0.0/16"]
regions = ["ap"]
"#;

const ZONE: &str = "\
$TTL 1h
@ SOA ns hm 1 2h 1h 2w 5m
@ NS ns
@ MX 10 many
ns A 192.0.2.1
$GENERATE 2-200 many A 192.0.2.$
one CNAME two
two CNAME three
three CNAME www
_acme-challenge.one CNAME _acme-challenge.www
www HTTPS 1 . alpn=h2 port=443 dohpath=/q{?dns}
cut NS ns.cut
ns.cut A 192.0.2.9
";

/// A service for every policy, of 40 endpoints: more than any sort keeps on the stack by itself.
fn policies() -> String {
    let regions = (0..40).map(|at| format!("[regions.r{at}]\n")).collect::<String>();
    let service = |policy: String, name: &str| {
        let weight = |at: usize| if at.is_multiple_of(3) { 100 } else { 10 + at };
        let one = |at: usize| {
            format!("endpoints.r{at} = {{ addresses = [\"198.51.101.{at}\"], weight = {} }}\n", weight(at))
        };
        let endpoints = (0..40).map(one).collect::<String>();
        format!("[services.{name}]\nnames = [\"{name}.example.\"]\npolicy = {policy}\n{endpoints}")
    };
    let presets = Policy::presets().map(|preset| service(format!("'{}'", preset.name), preset.name));
    let long = "['healthy', 'priority', 'near', 'listed', 'weighted', 'hash', 'rotate', 'shuffle', 'least(errors)', \
                'two-choices(errors)', 'spill', 'first(9)']";
    let named = "[services.named]\nnames = [\"named.example.\"]\nendpoints.eu.cname = \"www.example.\"\n\
                 endpoints.ap.cname = \"lb.example.net.\"\n";
    let nested = "[services.nested]\nnames = [\"nested.example.\"]\ncapacity_unit = \"demand\"\n\
                  endpoints.eu = { service = \"weighted\", capacity = 7 }\nendpoints.ap.service = \"long\"\n";
    let fast = service("['healthy', 'near', 'fast', 'spill', 'first(3)']".to_owned(), "fast");
    regions + &presets.collect::<String>() + &service(long.to_owned(), "long") + &fast + nested + named
}

fn snapshot() -> Snapshot {
    let directory = tempfile::tempdir().unwrap();
    let at = |file: &str| directory.path().join(file);
    let record = mmdb::Record { country: Some("GB"), ..mmdb::Record::default() };
    let value = record.value(mmdb::Layout::Nested, mmdb::Precision::Double);
    std::fs::write(at("geo.mmdb"), mmdb::Writer::new(true, 24).insert("12.0.0.0/8", &value).finish())
        .unwrap();
    std::fs::write(at("meridian.toml"), format!("{CONFIG}{}", policies())).unwrap();
    std::fs::write(at("example.zone"), ZONE).unwrap();
    std::fs::write(at("rtt.txt"), "12.1.0.0/16 r7 5\n12.1.3.0/24 r9 8\n12.1.3.0/24 r8 5\n").unwrap();
    let node = Node { host_name: "host".into(), cookie_secret: [7; 16] };
    let (built, problems) = load(&at("meridian.toml"), &node, Threads::One);
    let built = built.unwrap_or_else(|| panic!("{problems}"));
    built
        .at_rest(SystemTime::UNIX_EPOCH, 1)
        .with(Challenges::new(["www.example.", "one.example."].map(challenge)))
}

fn challenge(name: &str) -> Arc<Challenge> {
    let (values, who) = ([1, 2].map(|n| n.to_string().repeat(43)).into(), "local".into());
    let [since, until] = [NOW, NOW + 600].map(|unix| SystemTime::UNIX_EPOCH + Duration::from_secs(unix));
    Arc::new(Challenge { name: name.parse().unwrap(), values, who, since, until })
}

/// A query; `options` as they stand in an OPT record, `None` for no OPT.
fn query(name: &str, qtype: u16, options: Option<&[u8]>) -> Vec<u8> {
    let mut bytes = vec![0x5e, 0xed, 0, 0, 0, 1, 0, 0, 0, 0, 0, u8::from(options.is_some())];
    for label in name.split('.') {
        bytes.push(label.len() as u8);
        bytes.extend(label.as_bytes());
    }
    bytes.extend([&qtype.to_be_bytes()[..], &[0, 1]].concat());
    if let Some(options) = options {
        bytes.extend([0, 0, 41, 0x04, 0xd0, 0, 0, 0, 0]);
        bytes.extend((options.len() as u16).to_be_bytes());
        bytes.extend(options);
    }
    bytes
}

#[test]
fn answering_allocates_nothing() {
    let snapshot = snapshot();
    let ecs: &[u8] = &[0, 8, 0, 7, 0, 1, 24, 0, 12, 1, 3];
    let cookie: &[u8] = &[0, 10, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8];
    let nsid: &[u8] = &[0, 3, 0, 0];
    let all = [ecs, cookie, nsid].concat();
    let rows = [
        ("plain", query("www.example.", 1, None), Transport::Udp, 0),
        ("ECS", query("www.example.", 1, Some(ecs)), Transport::Udp, 0),
        ("ECS, cookie and NSID", query("www.example.", 1, Some(&all)), Transport::Udp, 0),
        ("NXDOMAIN", query("nope.example.", 1, Some(&all)), Transport::Udp, 3),
        ("NODATA", query("www.example.", 28, Some(&all)), Transport::Udp, 0),
        ("aliases", query("one.example.", 1, Some(&all)), Transport::Udp, 0),
        ("too long", query("many.example.", 1, Some(&all)), Transport::Udp, 0),
        ("TCP", query("many.example.", 1, Some(&all)), Transport::Tcp, 0),
        ("additional records", query("example.", 15, Some(&all)), Transport::Tcp, 0),
        ("referral", query("www.cut.example.", 1, Some(&all)), Transport::Udp, 0),
        ("whoami", query("whoami.example.", 16, Some(&all)), Transport::Udp, 0),
        ("challenge", query("_acme-challenge.www.example.", 16, Some(&all)), Transport::Udp, 0),
        ("no address of a challenge", query("_acme-challenge.www.example.", 1, None), Transport::Udp, 0),
        ("alias to a challenge", query("_acme-challenge.one.example.", 16, Some(&all)), Transport::Tcp, 0),
        ("hints", query("www.example.", 65, Some(&all)), Transport::Udp, 0),
        ("refused", query("www.test.", 1, Some(&all)), Transport::Udp, 5),
        ("malformed", query("www.example.", 1, Some(&[0, 8, 0, 1, 0])), Transport::Udp, 1),
        ("not a query", vec![0xff; 40], Transport::Udp, 0),
    ];
    let names = Policy::presets().map(|preset| preset.name).chain(["long", "fast", "nested", "named"]);
    let steered =
        names.map(|name| (name, query(&format!("{name}.example."), 1, Some(&all)), Transport::Udp, 0));
    let rows: Vec<_> = rows.into_iter().chain(steered).collect();
    let mut worker = Worker::new(0, 7, Arc::new(Counters::default()));
    let mut out = vec![0; 65_535];
    for (what, query, transport, rcode) in &rows {
        let peer = Peer { address: SocketAddr::from(([12, 9, 9, 9], 5353)), transport: *transport };
        let mut once = || answer(&snapshot, query, &peer, Now { unix: NOW }, &mut worker, &mut out);
        let first = once();
        let before = CALLS.get();
        let again = (0..100).fold(first, |_, _| once());
        let calls = CALLS.get() - before;
        assert_eq!(calls, 0, "{what}");
        assert_eq!(matches!(again, Reply::Drop(_)), query[2] == 0xff, "{what}");
        assert!(query[2] == 0xff || out[3] & 15 == *rcode, "{what}: {}", out[3] & 15);
        let fastest = out.windows(6).any(|data| data == [0, 4, 198, 51, 101, 8]);
        assert!(*what != "latency" || fastest, "what was measured decides");
    }
}

/// Frames in memory, filled again for every batch.
struct Held {
    octets: Vec<u8>,
    lengths: [usize; BATCH],
    from: SocketAddr,
}

impl Held {
    const ROOM: usize = 4096;

    fn fill(&mut self, queries: &[Vec<u8>]) {
        for (index, length) in self.lengths.iter_mut().enumerate() {
            let query = &queries[index % queries.len()];
            self.octets[index * Self::ROOM..][..query.len()].copy_from_slice(query);
            *length = query.len();
        }
    }
}

impl Frames for Held {
    fn count(&self) -> usize {
        BATCH
    }

    fn peer(&self, _: usize) -> SocketAddr {
        self.from
    }

    fn frame(&mut self, index: usize) -> (&mut [u8], usize) {
        (&mut self.octets[index * Self::ROOM..][..Self::ROOM], self.lengths[index])
    }

    fn reply(&mut self, index: usize, length: usize) {
        self.lengths[index] = length;
    }
}

/// As UDP does it: many at once, of every kind, and one of them shortened afterwards.
#[test]
fn a_batch_allocates_nothing() {
    let (snapshot, now) = (snapshot(), Now { unix: NOW });
    let all: &[u8] = &[0, 8, 0, 7, 0, 1, 24, 0, 12, 1, 3, 0, 10, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8, 0, 3, 0, 0];
    let names = ["www", "nope", "one", "many", "www.cut", "whoami", "a.b.c.d.e.f", "_acme-challenge.www"];
    let mut queries: Vec<_> = names
        .iter()
        .flat_map(|name| [None, Some(all)].map(|all| query(&format!("{name}.example."), 1, all)))
        .collect();
    queries.push(vec![0xff; 40]);
    let from = SocketAddr::from(([12, 9, 9, 9], 5353));
    let mut held = Held { octets: vec![0; BATCH * Held::ROOM], lengths: [0; BATCH], from };
    let mut worker = Worker::new(0, 7, Arc::new(Counters::default()));
    let mut batch = Batch::new(BATCH);
    for round in 0..10 {
        held.fill(&queries);
        let before = CALLS.get();
        batch.answer(&snapshot, &mut held, Transport::Udp, now, &mut worker);
        batch.shorten(round, &snapshot, &mut held, now, &mut worker);
        assert_eq!(CALLS.get() - before, 0);
        let dropped = held.lengths.iter().filter(|length| **length == 0).count();
        assert_eq!(dropped, BATCH / queries.len(), "all but responses are answered");
    }
}

/// The counter counts: without this the test above could not fail.
#[test]
fn the_counter_counts() {
    let before = CALLS.get();
    drop(std::hint::black_box(vec![0u8; 100]));
    assert_eq!(CALLS.get() - before, 2);
}
