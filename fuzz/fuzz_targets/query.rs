//! A query from anybody, over either transport, answered from a small world in which names of every kind stand.
//!
//! Whatever comes: no panic, and a reply that is sent can be read, belongs to its query, and fits.
#![no_main]

use std::path::Path;
use std::sync::{Arc, OnceLock};

use hickory_proto::op::{Message, MessageType};
use libfuzzer_sys::fuzz_target;
use meridian::answer::{MAX_REPLY, Now, Peer, Reply, Worker, answer};
use meridian::control::{Node, load};
use meridian::model::Family;
use meridian::snapshot::Snapshot;
use meridian::steer::{Keep, Live, Tier, Word};
use meridian::telemetry::{Counters, Transport};

/// A header.
const SHORTEST: usize = 12;

/// The option of a client that is of no family.
const NOBODY: [u8; 8] = [0, 8, 0, 4, 0, 0, 0, 0];

/// What fits without EDNS (RFC 1035 §4.2.1), and what the world's configuration allows with it.
const PLAIN: usize = 512;
const PAYLOAD: usize = 1232;

fn world() -> &'static Snapshot {
    static WORLD: OnceLock<Snapshot> = OnceLock::new();
    WORLD.get_or_init(|| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("world/meridian.toml");
        let node = Node { host_name: "fuzz".into(), cookie_secret: [7; 16] };
        let (built, problems) = load(&path, &node);
        let world = built.unwrap_or_else(|| panic!("{problems}")).world;
        let live = world.endpoints().flat_map(|(id, service, position)| {
            Family::ALL.map(|family| {
                let count = service.endpoints[position].addresses_of(family).count();
                Live::new(word(id.index(), count))
            })
        });
        let live = live.collect();
        Snapshot::new(world, live, 1, 1)
    })
}

/// Endpoints of every kind: all is well, half of the clients, failing, draining, barred, soon over.
fn word(endpoint: usize, addresses: usize) -> Word {
    let fit = Word { tier: Tier::Fit, keep: Keep::ALL, ttl: 30, deadline: 0, mask: (1 << addresses) - 1 };
    match (addresses, endpoint % 6) {
        (0, _) => Word::ABSENT,
        (_, 1) => Word { keep: Keep::of_weights(50, 100), ..fit },
        (_, 2) => Word { tier: Tier::Failing, ..fit },
        (_, 3) => Word { tier: Tier::Idle, ..fit },
        (_, 4) => Word { tier: Tier::Barred, ..fit },
        (_, 5) => Word { deadline: 9, ..fit },
        _ => fit,
    }
}

fuzz_target!(|query: &[u8]| {
    let snapshot = world();
    let mut worker = Worker::new(0, 7, Arc::new(Counters::default()));
    let mut out = vec![0; MAX_REPLY];
    for transport in [Transport::Udp, Transport::Tcp] {
        let peer = Peer { address: "192.0.2.1:5353".parse().expect("an address"), transport };
        let reply = answer(snapshot, query, &peer, Now { unix: 1_790_000_000 }, &mut worker, &mut out);
        let Reply::Send(length) = reply else { continue };
        let reply = &out[..length];
        assert!(query.len() >= SHORTEST, "an answer to what is no query");
        assert_eq!(reply[..2], query[..2], "somebody else's answer");
        // hickory cannot read a client subnet of family 0, which RFC 7871 allows for a SOURCE of 0.
        if reply.windows(NOBODY.len()).any(|option| option == NOBODY) {
            continue;
        }
        let message = Message::from_vec(reply).expect("a reply that can be read");
        assert_eq!(message.metadata.message_type, MessageType::Response);
        if transport == Transport::Udp {
            let most = Message::from_vec(query)
                .ok()
                .and_then(|query| query.edns.as_ref().map(|edns| edns.max_payload()));
            let most = most.map_or(if message.edns.is_some() { PAYLOAD } else { PLAIN }, |most| {
                usize::from(most).clamp(PLAIN, PAYLOAD)
            });
            assert!(length <= most, "{length} octets where {most} are allowed");
        } else {
            assert!(!message.metadata.truncation, "truncated over TCP");
        }
    }
});
