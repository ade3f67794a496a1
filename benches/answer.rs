//! What one answer costs: the whole core, octets in and octets out, without a socket.
//!
//! 8 and 32 regions around the world, the shipped country database, 1,000 and 100,000 steered names, another name and
//! client network for every query. A batch of as many queries as UDP takes is answered at once; frames are filled
//! outside of what is timed, because on a server the system does that. One figure is for one query. `one at a time`
//! is a batch of one, as TCP has it, its copying included.

use std::fmt::Write as _;
use std::hint::black_box;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use criterion::{Criterion, criterion_group, criterion_main};
use meridian::answer::{Batch, Frames, Now, Peer, Worker, answer};
use meridian::control::{Node, Threads, load};
use meridian::model::Policy;
use meridian::server::udp::BATCH;
use meridian::snapshot::Snapshot;
use meridian::steer::{Tier, Word};
use meridian::telemetry::{Counters, Transport};

const NOW: Now = Now { unix: 1_790_000_000 };

/// Queries that are made beforehand and asked in turn.
const QUERIES: usize = 1 << 16;

/// A world in which every service has an endpoint in every region and `names` names in all.
fn world(regions: usize, names: usize) -> Snapshot {
    built(&configuration(regions, names))
}

fn built(text: &str) -> Snapshot {
    built_with(text, "")
}

/// The same with a file of measured latency.
fn built_with(text: &str, measured: &str) -> Snapshot {
    let directory = tempfile::tempdir().expect("a directory");
    let zone = "$TTL 1h\n@ SOA ns1 host 1 1h 15m 1w 5m\n  NS ns1\nns1 A 198.51.100.53\n";
    std::fs::write(directory.path().join("zone"), zone).expect("a zone");
    std::fs::write(directory.path().join("latency.txt"), measured).expect("measurements");
    let config = directory.path().join("meridian.toml");
    std::fs::write(&config, text).expect("a configuration");
    let node = Node { host_name: "bench".into(), cookie_secret: [7; 16] };
    let (built, problems) = load(&config, &node, Threads::One);
    built.unwrap_or_else(|| panic!("{problems}")).at_rest(SystemTime::now(), 1)
}

fn configuration(regions: usize, names: usize) -> String {
    let database = concat!(env!("CARGO_MANIFEST_DIR"), "/geoip/country.mmdb");
    let mut text =
        format!("[geo]\ndatabases = [\"{database}\"]\n[zones.\"bench.example.\"]\nfile = \"zone\"\n");
    for region in 0..regions {
        // Spread by the golden angle: no two alike, none clustered.
        let (lat, lon) = (
            region as f64 * 128.0 / regions as f64 - 60.0,
            (region as f64 * 137.508).rem_euclid(360.0) - 180.0,
        );
        writeln!(text, "[regions.r{region}]\nlocation = {{ lat = {lat:.3}, lon = {lon:.3} }}")
            .expect("a text");
    }
    let names: Vec<String> = (0..names).map(|name| format!("\"n{name}.bench.example.\"")).collect();
    writeln!(text, "[services.www]\nnames = [{}]\n[services.www.check]\nkind = \"none\"", names.join(",\n"))
        .expect("a text");
    for region in 0..regions {
        writeln!(text, "[services.www.endpoints.r{region}]\naddresses = [\"198.51.100.{}\"]", region + 1)
            .expect("a text");
    }
    text
}

/// A query for a steered name, or one that does not exist.
fn query(name: &str, options: &[u8]) -> Vec<u8> {
    let mut query = vec![0x12, 0x34, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1];
    for label in [name, "bench", "example"] {
        query.push(label.len() as u8);
        query.extend(label.as_bytes());
    }
    query.extend([0, 0, 1, 0, 1]);
    query.extend([0, 0, 41, 4, 208, 0, 0, 0, 0]);
    query.extend((options.len() as u16).to_be_bytes());
    query.extend(options);
    query
}

fn ecs(random: &mut fastrand::Rng) -> Vec<u8> {
    let prefix = [random.u8(1..224), random.u8(..), random.u8(..)];
    [&[0, 8, 0, 7, 0, 1, 24, 0][..], &prefix].concat()
}

fn queries(kind: &str, names: usize) -> Vec<Vec<u8>> {
    let mut random = fastrand::Rng::with_seed(7);
    let make = |_| {
        let name = format!("{}{}", if kind == "nxdomain" { "x" } else { "n" }, random.usize(..names));
        let mut options = Vec::new();
        if kind.starts_with("ecs") {
            options.extend(ecs(&mut random));
        }
        if kind == "ecs and cookie" {
            options.extend([0, 10, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8]);
        }
        query(&name, &options)
    };
    (0..QUERIES).map(make).collect()
}

/// Frames as a socket has them: a little more than a page apart.
struct Ring {
    octets: Vec<u8>,
    lengths: [usize; BATCH],
}

impl Ring {
    const ROOM: usize = 4096;
    const STRIDE: usize = Self::ROOM + 192;

    fn new() -> Ring {
        Ring { octets: vec![0; BATCH * Self::STRIDE], lengths: [0; BATCH] }
    }

    fn fill(&mut self, queries: &[Vec<u8>]) {
        for (index, query) in queries.iter().enumerate() {
            let start = index * Self::STRIDE;
            self.octets[start..start + query.len()].copy_from_slice(query);
            self.lengths[index] = query.len();
        }
    }
}

impl Frames for Ring {
    fn count(&self) -> usize {
        BATCH
    }

    fn peer(&self, _: usize) -> SocketAddr {
        PEER
    }

    fn frame(&mut self, index: usize) -> (&mut [u8], usize) {
        let start = index * Self::STRIDE;
        (&mut self.octets[start..start + Self::ROOM], self.lengths[index])
    }

    fn reply(&mut self, index: usize, length: usize) {
        assert_ne!(length, 0, "every query of the bench is answered");
        self.lengths[index] = length;
    }
}

const PEER: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::new(198, 51, 100, 7)), 5353);

/// How long it takes to answer so many queries, batch by batch.
fn time(count: u64, queries: &[Vec<u8>], turn: &mut usize, mut answer: impl FnMut(&mut Ring)) -> Duration {
    let (mut ring, mut spent, batches) = (Ring::new(), Duration::ZERO, count.div_ceil(BATCH as u64));
    for _ in 0..batches {
        *turn = (*turn + BATCH) % queries.len();
        ring.fill(&queries[*turn..*turn + BATCH]);
        let begun = Instant::now();
        answer(&mut ring);
        spent += begun.elapsed();
        black_box(&ring.octets);
    }
    spent.mul_f64(count as f64 / (batches * BATCH as u64) as f64)
}

fn core(criterion: &mut Criterion) {
    let mut worker = Worker::new(0, 7, Arc::new(Counters::default()));
    let mut batch = Batch::new(BATCH);
    for (regions, names) in [(8, 1_000), (32, 1_000), (8, 100_000), (32, 100_000)] {
        let snapshot = world(regions, names);
        for kind in ["plain", "ecs", "ecs and cookie", "nxdomain"] {
            let queries = queries(kind, names);
            let mut turn = 0;
            criterion.bench_function(&format!("answer/{kind}/{regions} regions/{names} names"), |bencher| {
                bencher.iter_custom(|count| {
                    time(count, &queries, &mut turn, |ring| {
                        batch.answer(&snapshot, ring, Transport::Udp, NOW, &mut worker);
                    })
                });
            });
        }
        one_at_a_time(criterion, &snapshot, &format!("{regions} regions/{names} names"), names);
    }
}

fn one_at_a_time(criterion: &mut Criterion, snapshot: &Snapshot, world: &str, names: usize) {
    let peer = Peer { address: PEER, transport: Transport::Udp };
    let mut worker = Worker::new(0, 7, Arc::new(Counters::default()));
    let (queries, mut out, mut turn) = (queries("ecs", names), vec![0; 4096], 0);
    criterion.bench_function(&format!("one at a time/ecs/{world}"), |bencher| {
        bencher.iter(|| {
            turn = (turn + 1) % QUERIES;
            black_box(answer(snapshot, &queries[turn], &peer, NOW, &mut worker, &mut out))
        });
    });
}

/// Every policy, with 32 regions and 1,000 names, random client networks, weights that differ, latency measured from every
/// other network; with all endpoints fit, and with one that fails.
fn policies(criterion: &mut Criterion) {
    let mut worker = Worker::new(0, 7, Arc::new(Counters::default()));
    let (mut batch, queries) = (Batch::new(BATCH), queries("ecs", 1_000));
    let measured = measured(&queries);
    for (policy, is_down) in Policy::presets().flat_map(|policy| [(policy.clone(), false), (policy, true)]) {
        let text = configuration(32, 1_000)
            .replace("[services.www.check]", &format!("policy = \"{}\"\n[services.www.check]", policy.name))
            .replace(".3\"]", ".3\"]\nweight = 50");
        let text = format!("{text}[latency]\nfile = \"latency.txt\"\n");
        let (snapshot, mut turn) = (built_with(&text, &measured), 0);
        if is_down {
            let place = &snapshot.live[2 * 7];
            place.store(Word { tier: Tier::Failing, ..place.load() });
        }
        let beside = if is_down { ", one fails" } else { "" };
        criterion.bench_function(
            &format!("policy/{}/32 regions/1000 names{beside}", policy.name),
            |bencher| {
                bencher.iter_custom(|count| {
                    time(count, &queries, &mut turn, |ring| {
                        batch.answer(&snapshot, ring, Transport::Udp, NOW, &mut worker);
                    })
                });
            },
        );
    }
}

/// Two regions that are fast from every other client's network.
fn measured(queries: &[Vec<u8>]) -> String {
    let networks = queries.iter().step_by(2).filter_map(|query| query.last_chunk::<3>());
    let networks: std::collections::BTreeSet<_> = networks.collect();
    let mut text = String::new();
    for (at, [a, b, c]) in networks.into_iter().enumerate() {
        let (one, other) = (at % 32, (at + 5) % 32);
        writeln!(text, "{a}.{b}.{c}.0/24 r{one} 20\n{a}.{b}.{c}.0/24 r{other} 30").expect("a text");
    }
    text
}

criterion_group!(benches, core, policies);
criterion_main!(benches);
