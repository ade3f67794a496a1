//! The world in which queries are answered: names of every kind, endpoints in every state, clients from everywhere.

use std::path::Path;

use meridian::control::{Node, Threads, load};
use meridian::model::Family;
use meridian::snapshot::Snapshot;
use meridian::steer::{Keep, Live, Tier, Word};

use crate::mmdb::{Layout, Precision, Record, Writer};

/// What it is made of, each with the path where the configuration looks for it.
const FILES: [(&str, &str); 5] = [
    ("meridian.toml", include_str!("../world/meridian.toml")),
    ("gslb.example.zone", include_str!("../../zones/gslb.example.zone")),
    ("large.example.zone", include_str!("../world/large.example.zone")),
    ("inner.large.example.zone", include_str!("../world/inner.large.example.zone")),
    ("names.example.zone", include_str!("../world/names.example.zone")),
];

/// Networks with their countries: beside one another, inside one another, and where IPv6 holds IPv4.
const NETWORKS: &str = include_str!("../world/networks.txt");

/// What the configuration says of cookies, to be replaced by what [`with_cookies`] wants.
const COOKIES: &str = r#"cookies = { secrets = ["0123456789abcdef0123456789abcdef"] }"#;

/// The world as it is written.
pub fn world() -> Snapshot {
    with_cookies(COOKIES)
}

/// The same where everybody who sends a cookie has to hold a good one, made with one of these secrets.
pub fn demanding(secrets: &[&str]) -> Snapshot {
    with_cookies(&format!("cookies = {{ secrets = {secrets:?}, require = true }}"))
}

fn with_cookies(cookies: &str) -> Snapshot {
    let directory = tempfile::tempdir().expect("a directory");
    for (path, text) in FILES {
        let text = text.replace(COOKIES, cookies);
        std::fs::write(directory.path().join(path), text).expect("a file");
    }
    std::fs::write(directory.path().join("geo.mmdb"), database()).expect("a file");
    compiled(&directory.path().join("meridian.toml"))
}

fn database() -> Vec<u8> {
    let mut writer = Writer::new(true, 28);
    for row in NETWORKS.lines().filter(|row| !row.starts_with('#')) {
        let (network, country) = row.split_once(' ').expect("a network and a country");
        let record = Record { country: Some(country), ..Record::default() };
        writer.insert(network, &record.value(Layout::Nested, Precision::Double));
    }
    // As MaxMind's own databases do.
    for prefix in ["2002::/16", "::ffff:0:0/96", "2001::/32"] {
        writer.alias(prefix);
    }
    writer.finish()
}

fn compiled(path: &Path) -> Snapshot {
    let node = Node { host_name: "fuzz".into(), cookie_secret: [7; 16] };
    let (built, problems) = load(path, &node, Threads::One);
    let world = built.unwrap_or_else(|| panic!("{problems}")).world;
    let live = world.endpoints().flat_map(|(id, service, position)| {
        Family::ALL.map(|family| {
            let count = service.endpoints[position].addresses_of(family).count();
            Live::new(word(id.index(), count))
        })
    });
    let live = live.collect();
    Snapshot::new(world, live, 1, 1)
}

/// Endpoints in every state: all is well, half of the clients, failing, draining, barred, soon over.
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
