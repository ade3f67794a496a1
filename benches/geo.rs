//! What a compile of geography costs, and what a look-up costs afterwards.
//!
//! City-level databases are never committed: name them, separated by colons, in `MERIDIAN_GEO_DATABASES`.
//! Regions are 32 large cities, and 8 of them. Addresses are drawn from the databases' own networks, each equally
//! likely, in random order and none twice: no cache holds what so many of them lead to.

use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::Path;
use std::time::Instant;

use criterion::{Criterion, Throughput};
use maxminddb::WithinOptions;
use meridian::geo::{self, Database, Input, Table, Threads};
use meridian::model::{Location, Region, unfold};

const VARIABLE: &str = "MERIDIAN_GEO_DATABASES";

const CITIES: [(f64, f64); 32] = [
    (39.0, -77.5),
    (40.0, -83.0),
    (37.4, -122.0),
    (45.8, -119.7),
    (45.5, -73.6),
    (43.7, -79.4),
    (51.0, -114.1),
    (20.6, -100.4),
    (-23.6, -46.6),
    (-33.4, -70.7),
    (53.3, -6.3),
    (51.5, -0.1),
    (48.9, 2.4),
    (50.1, 8.7),
    (47.4, 8.5),
    (45.5, 9.2),
    (40.4, -3.7),
    (59.3, 18.1),
    (52.2, 21.0),
    (32.1, 34.8),
    (26.1, 50.5),
    (25.2, 55.3),
    (19.1, 72.9),
    (17.4, 78.5),
    (1.3, 103.8),
    (-6.2, 106.8),
    (22.3, 114.2),
    (37.6, 127.0),
    (35.7, 139.7),
    (34.7, 135.5),
    (-33.9, 151.2),
    (-33.9, 18.4),
];

/// Which cities stand for eight regions: some on every continent.
const EIGHT: [usize; 8] = [0, 2, 8, 10, 13, 22, 24, 28];

/// Addresses of a family that are looked up in one go.
const ADDRESSES: usize = 1 << 20;

/// How many walk side by side: a full batch of a worker.
const BATCH: usize = 64;

fn main() {
    let Ok(paths) = std::env::var(VARIABLE) else {
        println!("geo: skipped, because {VARIABLE} names no databases (.mmdb files, separated by colons)");
        return;
    };
    let open = |path: &str| Database::open(Path::new(path)).unwrap_or_else(|error| panic!("{error}"));
    let databases: Vec<_> = paths.split(':').map(open).collect();
    let thirty_two: Vec<_> = CITIES.iter().map(region).collect();
    let eight: Vec<_> = EIGHT.iter().map(|&city| region(&CITIES[city])).collect();
    // Compiled before anything else takes memory, so that the peaks are theirs.
    let tables = [(8, compile(&databases, &eight)), (32, compile(&databases, &thirty_two))];

    let addresses = [networks(&paths, "0.0.0.0/0"), networks(&paths, "2000::/3")];
    let mut criterion = Criterion::default().configure_from_args().sample_size(20);
    for (regions, table) in &tables {
        for (family, addresses) in ["ipv4", "ipv6"].into_iter().zip(&addresses) {
            one_by_one(&mut criterion, &format!("find/{family}/{regions} regions"), table, addresses);
            side_by_side(&mut criterion, &format!("walk/{family}/{regions} regions"), table, addresses);
        }
    }
    criterion.final_summary();
}

fn compile(databases: &[Database], regions: &[Region]) -> Table {
    let input = Input {
        databases,
        regions,
        rules: &[],
        service_rules: &[],
        fences: &[],
        measured: false,
        threads: Threads::One,
    };
    let before = cpu_seconds();
    let started = Instant::now();
    let table = geo::compile(&input).unwrap_or_else(|error| panic!("{error}"));
    let (wall, cpu) = (started.elapsed().as_secs_f64(), cpu_seconds() - before);
    println!("compile: {} regions, {wall:.2} s, {cpu:.2} s of CPU", regions.len());
    println!("peak memory so far, the databases included: {} MB; {:?}", peak_megabytes(), table.size());
    table
}

fn region(&(lat, lon): &(f64, f64)) -> Region {
    let location = Location::new(lat, lon);
    Region { location, ..Region::default() }
}

/// One look-up after the other, each at another address.
fn one_by_one(criterion: &mut Criterion, name: &str, table: &Table, addresses: &[IpAddr]) {
    let mut all = addresses.iter().cycle();
    criterion.bench_function(name, |bencher| {
        bencher.iter(|| all.next().map(|&address| black_box(table.find(black_box(address)))));
    });
}

/// Batches of look-ups that wait together, as a worker makes them, up to the order; per address.
fn side_by_side(criterion: &mut Criterion, name: &str, table: &Table, addresses: &[IpAddr]) {
    let mut batches = addresses.chunks_exact(BATCH).cycle();
    let mut group = criterion.benchmark_group(name);
    group.throughput(Throughput::Elements(BATCH as u64));
    group.bench_function("64 at once", |bencher| {
        bencher.iter(|| batches.next().map(|batch| black_box(orders(table, batch))));
    });
    group.finish();
}

fn orders(table: &Table, batch: &[IpAddr]) -> usize {
    let mut walks = [table.walk(batch[0]); BATCH];
    for (walk, &address) in walks.iter_mut().zip(batch) {
        *walk = table.walk(address);
    }
    while walks.iter_mut().fold(false, |others, walk| table.step(walk) | others) {}
    let cells = walks.map(|walk| table.found(&walk).cell);
    cells.iter().for_each(|&cell| table.prefetch_cell(cell));
    let orders = cells.map(|cell| table.cell(cell).order);
    orders.iter().for_each(|&order| table.prefetch_order(order.into()));
    orders.iter().map(|&order| table.order(order).len()).sum()
}

/// A random address in each of many random networks that the databases have data for.
fn networks(paths: &str, within: &str) -> Vec<IpAddr> {
    let mut random = fastrand::Rng::with_seed(4);
    let mut addresses = Vec::new();
    for path in paths.split(':') {
        let reader = maxminddb::Reader::open_readfile(path).unwrap_or_else(|error| panic!("{path}: {error}"));
        // A file of the other family has none of these.
        let Ok(networks) = reader.within(within.parse().unwrap(), WithinOptions::default()) else { continue };
        for network in networks.filter_map(Result::ok).filter(|network| network.has_data()) {
            let Ok(network) = network.network() else { continue };
            addresses.push(somewhere(network.ip(), network.prefix(), &mut random));
        }
    }
    // Those in which IPv4 is embedded are unfolded before anybody looks them up.
    addresses.retain(|&address| unfold(address).0 == address);
    random.shuffle(&mut addresses);
    addresses.truncate(ADDRESSES);
    assert!(addresses.len() >= BATCH, "{paths}: too few networks in {within}");
    addresses
}

fn somewhere(first: IpAddr, length: u8, random: &mut fastrand::Rng) -> IpAddr {
    match first {
        IpAddr::V4(four) => {
            let host = random.u32(..).checked_shr(length.into()).unwrap_or(0);
            Ipv4Addr::from_bits(four.to_bits() | host).into()
        }
        IpAddr::V6(six) => {
            let host = random.u128(..).checked_shr(length.into()).unwrap_or(0);
            Ipv6Addr::from_bits(six.to_bits() | host).into()
        }
    }
}

/// CPU time of this process so far, threads that have ended included, in the hundredths that the kernel counts.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // Behind the name in parentheses: utime and stime are the 14th and 15th field of the line.
    let fields = stat.rsplit(") ").next().unwrap_or_default().split(' ');
    fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}

fn peak_megabytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|text| text.trim().trim_end_matches(" kB").parse::<u64>().ok()).unwrap_or(0) / 1024
}
