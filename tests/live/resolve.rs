//! Endpoints behind a provider's name, whose addresses a real resolver fetches from a real server: another node.

use std::path::Path;

use rustix::process::Signal;

use super::client::dig;
use super::node::{Node, wait_for};

fn write(directory: &Path, file: &str, text: &str) {
    std::fs::write(directory.join(file), text).expect("a file");
}

/// The provider's zone: an alias, and behind it addresses that last for no time.
fn provider(directory: &Path, addresses: &str) {
    let zone = "$TTL 1h\n@ SOA ns1 host 1 1h 15m 1w 5m\n @ NS ns1\nns1 A 198.51.100.53\nlb CNAME pool\n";
    let records: String = addresses
        .split_whitespace()
        .map(|one| format!("pool 1 {} {one}\n", if one.contains(':') { "AAAA" } else { "A" }))
        .collect();
    write(directory, "zone", &format!("{}{records}", zone.replace(" @ NS", "@ NS")));
}

const PROVIDER: &str = "\
[server]
listen = [\"127.0.0.1:0\"]
[api]
listen = \"127.0.0.1:0\"
[zones.\"example.net.\"]
file = \"zone\"
";

fn front(provider: &Node) -> String {
    let server = provider.dns;
    format!(
        "{}[resolver]
servers = [\"{server}\"]
[regions.here]
[services.shop]
names = [\"shop.example.org.\"]
ttl = {{ min = \"1s\", max = \"10s\" }}
endpoints.here = {{ cname = \"lb.example.net.\", resolve = true }}
",
        PROVIDER.replace("example.net", "example.org")
    )
}

fn shop(node: &Node) -> (Vec<String>, Vec<String>) {
    let ask = |kind: &str| {
        let all = dig(node.dns, &format!("shop.example.org {kind}")).answer;
        all.iter().filter_map(|record| record.rsplit(' ').next().map(str::to_owned)).collect::<Vec<_>>()
    };
    (ask("A"), ask("AAAA"))
}

#[test]
fn addresses_follow_the_provider_s_name_and_outlast_its_servers() {
    let (there, here) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    write(there.path(), "meridian.toml", PROVIDER);
    provider(there.path(), "198.51.100.72 198.51.100.71 2001:db8:7::1");
    let behind = Node::start(there.path());
    write(here.path(), "meridian.toml", &front(&behind));
    write(here.path(), "zone", "$TTL 1h\n@ SOA ns1 host 1 1h 15m 1w 5m\n@ NS ns1\nns1 A 198.51.100.53\n");
    let node = Node::start(here.path());
    // Ready means that the name was looked up.
    let four = ["198.51.100.71".to_owned(), "198.51.100.72".to_owned()];
    wait_for("the world with its addresses", || (shop(&node).0 == four).then_some(()));
    assert_eq!(shop(&node).1, ["2001:db8:7::1"]);

    provider(there.path(), "198.51.100.79");
    behind.process.signal(Signal::HUP);
    wait_for("the new address", || (shop(&node).0 == ["198.51.100.79"]).then_some(()));
    assert!(shop(&node).1.is_empty(), "a family that is gone is gone");

    behind.stop();
    node.process.log.wait_for("a name cannot be looked up; what it stood for goes on");
    assert_eq!(shop(&node).0, ["198.51.100.79"], "stale is better than nothing");
    node.stop();
    let again = Node::start(here.path());
    assert_eq!(shop(&again).0, ["198.51.100.79"], "and over a restart");
    again.stop();
}
