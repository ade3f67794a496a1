//! A query from anybody, over either transport, answered from a small world in which names of every kind stand.
//!
//! Whatever comes: no panic; a reply that is sent can be read to its end, belongs to its query, and fits; and UDP says
//! what TCP says, as far as it was not cut.
#![no_main]

use std::net::{IpAddr, Ipv4Addr};
use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use meridian::snapshot::Snapshot;
use meridian::telemetry::Transport;
use meridian_fuzz::{ask, reply, world};

const NOW: u64 = 1_790_000_000;
const RESOLVER: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));

fn snapshot() -> &'static Snapshot {
    static WORLD: OnceLock<Snapshot> = OnceLock::new();
    WORLD.get_or_init(world::world)
}

fuzz_target!(|query: &[u8]| {
    let said = [Transport::Udp, Transport::Tcp].map(|transport| {
        let reply = ask(snapshot(), query, RESOLVER, transport, NOW)?;
        Some(reply::check(query, &reply, transport))
    });
    match said {
        [Some(udp), Some(tcp)] => reply::agree(&udp, &tcp),
        [udp, tcp] => assert_eq!(udp, tcp, "one transport alone answers"),
    }
});
