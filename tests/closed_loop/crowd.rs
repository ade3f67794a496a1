//! 100,000 client networks in forty cities, behind resolvers that cache.
//!
//! Sixty of a hundred sit behind resolvers that send their subnet, and have a cached answer of their own; the others share
//! one among twenty. Each is worth half to one and a half connections. A resolver asks again when its answer has run out
//! and somebody wants one, some seconds later.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use meridian::answer::{Peer, Reply};
use meridian::telemetry::Transport;

use crate::scenario::query;
use crate::scenario::world::World;

/// Client networks.
pub const NETWORKS: usize = 100_000;

/// Cities with some of the world's people: latitude, longitude, and how many of them, in any unit.
const CITIES: [(f64, f64, u32); 40] = [
    (40.7, -74.0, 20),
    (34.0, -118.2, 13),
    (41.9, -87.6, 9),
    (29.8, -95.4, 7),
    (33.7, -84.4, 6),
    (47.6, -122.3, 4),
    (43.7, -79.4, 6),
    (19.4, -99.1, 12),
    (4.7, -74.1, 6),
    (-12.0, -77.0, 5),
    (-33.4, -70.7, 4),
    (-34.6, -58.4, 8),
    (-23.5, -46.6, 14),
    (-22.9, -43.2, 7),
    (51.5, -0.1, 12),
    (53.3, -6.3, 3),
    (48.9, 2.4, 11),
    (40.4, -3.7, 7),
    (38.7, -9.1, 3),
    (52.4, 4.9, 5),
    (50.1, 8.7, 6),
    (52.5, 13.4, 5),
    (45.5, 9.2, 6),
    (41.9, 12.5, 5),
    (59.3, 18.1, 3),
    (52.2, 21.0, 4),
    (41.0, 29.0, 8),
    (55.8, 37.6, 9),
    (30.0, 31.2, 6),
    (-26.2, 28.0, 5),
    (6.5, 3.4, 5),
    (25.2, 55.3, 4),
    (19.1, 72.9, 11),
    (28.6, 77.2, 11),
    (13.1, 80.3, 5),
    (1.3, 103.8, 5),
    (-6.2, 106.8, 8),
    (14.6, 121.0, 7),
    (35.7, 139.7, 14),
    (-33.9, 151.2, 5),
];

/// Networks behind one resolver that does not send subnets.
const BEHIND_ONE: usize = 20;

/// One cached answer, and the networks that live by it.
pub struct Cache {
    query: Vec<u8>,
    peer: Peer,
    /// Connections.
    pub worth: f64,
    /// When it asks again, in seconds.
    due: u64,
    /// The region that it was sent to.
    pub region: Option<usize>,
}

/// All of them.
pub struct Crowd {
    pub caches: Vec<Cache>,
    /// Who asks in which second.
    agenda: Vec<Vec<u32>>,
    generator: fastrand::Rng,
    out: Vec<u8>,
}

/// Rows of a geographic database: a network of `/14` for each city.
pub fn geography() -> String {
    let row = |(city, (lat, lon, _)): (usize, &(f64, f64, u32))| format!("{}/14 XX {lat} {lon}", base(city));
    CITIES.iter().enumerate().map(row).collect::<Vec<_>>().join("\n")
}

fn base(city: usize) -> Ipv4Addr {
    Ipv4Addr::from_bits(u32::from(Ipv4Addr::new(20, 0, 0, 0)) + ((city as u32) << 18))
}

impl Crowd {
    /// Everybody, with caches that run out at any time within the first `ttl` seconds.
    pub fn new(seconds: u64, ttl: u64) -> Crowd {
        let mut generator = fastrand::Rng::with_seed(20);
        let people: u32 = CITIES.iter().map(|(_, _, people)| people).sum();
        let mut caches = Vec::new();
        for (city, (_, _, of_all)) in CITIES.iter().enumerate() {
            let networks = NETWORKS * *of_all as usize / people as usize;
            let mut number = 0;
            let mut one = |count: usize, ecs: bool, generator: &mut fastrand::Rng| {
                let worth = (0..count).map(|_| 0.5 + generator.f64()).sum();
                let network = Ipv4Addr::from_bits(base(city).to_bits() + (number << 8));
                number += 1;
                caches.push(Cache::new(network, ecs, worth, generator.u64(..ttl)));
            };
            let with_subnets = networks * 3 / 5;
            (0..with_subnets).for_each(|_| one(1, true, &mut generator));
            (0..(networks - with_subnets) / BEHIND_ONE).for_each(|_| one(BEHIND_ONE, false, &mut generator));
        }
        let mut agenda = vec![Vec::new(); seconds as usize + 1];
        caches.iter().zip(0..).for_each(|(cache, at)| agenda[cache.due as usize].push(at));
        Crowd { caches, agenda, generator, out: vec![0; 1_232] }
    }

    /// Whoever has to asks in this second. `regions` are the last octets of the regions' addresses.
    pub fn ask(&mut self, second: u64, world: &mut World) {
        for at in std::mem::take(&mut self.agenda[second as usize]) {
            let cache = &mut self.caches[at as usize];
            let Reply::Send(length) = world.put(&cache.query, &cache.peer, &mut self.out) else {
                panic!("no reply")
            };
            let (region, ttl) = read(&self.out[..length], cache.query_length());
            cache.region = Some(region);
            // Somebody wants it a moment later, seldom much later.
            let pause = -2.0 * (1.0 - self.generator.f64()).ln();
            let next = second + u64::from(ttl) + pause as u64;
            if let Some(agenda) = self.agenda.get_mut(next as usize) {
                agenda.push(at);
            }
        }
    }

    /// Connections by region.
    pub fn load(&self, regions: usize) -> Vec<f64> {
        let mut load = vec![0.0; regions];
        for cache in &self.caches {
            if let Some(region) = cache.region {
                load[region] += cache.worth;
            }
        }
        load
    }

    /// Connections in all.
    pub fn worth(&self) -> f64 {
        self.caches.iter().map(|cache| cache.worth).sum()
    }
}

impl Cache {
    fn new(network: Ipv4Addr, ecs: bool, worth: f64, due: u64) -> Cache {
        let subnet = format!("{network}/24");
        let words: &[&str] =
            if ecs { &["www.gslb.example.", "A", "ecs", &subnet] } else { &["www.gslb.example.", "A"] };
        let query = query::build(words, None).expect("a query").bytes;
        let resolver = if ecs { Ipv4Addr::new(20, 255, 0, 1) } else { network };
        let address = SocketAddr::new(IpAddr::V4(resolver), 5_353);
        let peer = Peer { address, transport: Transport::Udp };
        Cache { query, peer, worth, due, region: None }
    }

    /// Octets of header and question.
    fn query_length(&self) -> usize {
        12 + "\u{3}www\u{4}gslb\u{7}example\0".len() + 4
    }
}

/// Region and TTL of a reply's first address, whose owner is two octets.
fn read(reply: &[u8], at: usize) -> (usize, u32) {
    let ttl = u32::from_be_bytes(reply[at + 6..at + 10].try_into().expect("four"));
    (usize::from(reply[at + 15]) - 1, ttl)
}
