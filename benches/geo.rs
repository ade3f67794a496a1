//! What a compile of geography costs, and what a look-up costs afterwards.
//!
//! City-level databases are never committed: name them, separated by colons, in `MERIDIAN_GEO_DATABASES`.
//! Regions are 32 large cities' coordinates. Addresses are random over all of IPv4; for IPv6 they are taken from
//! random blocks, so that a look-up goes as deep as real ones do.

use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::Path;

use criterion::Criterion;
use meridian::geo::{self, Database, Input, Table};
use meridian::model::{Location, Place, Region};

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

fn main() {
    let Ok(paths) = std::env::var(VARIABLE) else {
        println!("geo: skipped, because {VARIABLE} names no databases (.mmdb files, separated by colons)");
        return;
    };
    let open = |path: &str| Database::open(Path::new(path)).unwrap_or_else(|error| panic!("{error}"));
    let databases: Vec<_> = paths.split(':').map(open).collect();
    let regions: Vec<_> = CITIES.iter().map(region).collect();
    let input = Input { databases: &databases, regions: &regions, rules: &[], service_rules: &[] };

    let before = cpu_seconds();
    let table = geo::compile(&input).unwrap_or_else(|error| panic!("{error}"));
    println!("compile: {:.2} s of CPU, peak memory {} MB", cpu_seconds() - before, peak_megabytes());
    println!("{:?}", table.size());

    let mut criterion = Criterion::default().configure_from_args().sample_size(20);
    look_up(&mut criterion, "find/ipv4", &table, &fours());
    look_up(&mut criterion, "find/ipv6", &table, &sixes(&table));
    criterion.final_summary();
}

fn region(&(lat, lon): &(f64, f64)) -> Region {
    let location = Location::new(lat, lon);
    Region { name: String::new(), location, capacity: None, bias: 0, place: Place::default() }
}

/// One look-up at a time, each at another random address: every step misses the cache if it can.
fn look_up(criterion: &mut Criterion, name: &str, table: &Table, addresses: &[IpAddr]) {
    let mut all = addresses.iter().cycle();
    criterion.bench_function(name, |bencher| {
        bencher.iter(|| all.next().map(|&address| black_box(table.find(black_box(address)))));
    });
}

fn fours() -> Vec<IpAddr> {
    let mut random = fastrand::Rng::with_seed(4);
    (0..1 << 20).map(|_| Ipv4Addr::from_bits(random.u32(..)).into()).collect()
}

/// The first addresses of random blocks: random addresses would nearly all lie in a few vast ones.
fn sixes(table: &Table) -> Vec<IpAddr> {
    let mut starts = Vec::new();
    let mut at = 0x2_u128 << 124;
    while at >> 125 == 1 {
        let address = IpAddr::from(Ipv6Addr::from_bits(at));
        starts.push(address);
        at += 1 << (128 - table.find(address).depth);
    }
    fastrand::Rng::with_seed(6).shuffle(&mut starts);
    starts
}

/// CPU time of this thread so far.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    stat.split(' ').next().and_then(|text| text.parse::<f64>().ok()).unwrap_or(f64::NAN) / 1e9
}

fn peak_megabytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|text| text.trim().trim_end_matches(" kB").parse::<u64>().ok()).unwrap_or(0) / 1024
}
