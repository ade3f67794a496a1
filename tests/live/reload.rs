//! New files while serving: what loads is in force, what does not changes nothing.

use rustix::process::Signal;

use super::client::{dig, steer};
use super::node::{Node, wait_for};
use super::scene::{Scene, TOKYO};

const ZONE: &str = "zones/gslb.example.zone";

fn static_address(node: &Node) -> Vec<String> {
    dig(node.dns, "static.gslb.example A").answer
}

const OLD: &str = "static.gslb.example. IN A 198.51.100.90";
const NEW: &str = "static.gslb.example. IN A 198.51.100.91";

fn hang_up(node: &Node) {
    node.process.signal(Signal::HUP);
}

#[test]
fn a_hang_up_loads_a_changed_zone() {
    let scene = Scene::new();
    let node = Node::start(scene.path());
    assert_eq!(static_address(&node), [OLD]);
    scene.edit(ZONE, "198.51.100.90", "198.51.100.91");
    hang_up(&node);
    wait_for("the new address", || (static_address(&node) == [NEW]).then_some(()));
    // What is steered goes on as before.
    assert_eq!(steer(node.dns, "www.gslb.example", TOKYO), [scene.address("ap-northeast")]);
    node.stop();
}

#[test]
fn a_changed_file_is_noticed_by_itself() {
    let scene = Scene::new();
    let node = Node::start(scene.path());
    scene.edit(ZONE, "198.51.100.90", "198.51.100.91");
    wait_for("the new address", || (static_address(&node) == [NEW]).then_some(()));
    node.process.log.wait_for("a file changed; reloading path=");
    // Written in place, as an editor without care does.
    let text = scene.read(ZONE).replace("198.51.100.91", "198.51.100.90");
    std::fs::write(scene.path().join(ZONE), text).unwrap();
    wait_for("the old address", || (static_address(&node) == [OLD]).then_some(()));
    scene.edit("meridian.toml", "\"*.cust.gslb.example.\"", "\"new.gslb.example.\"");
    wait_for("the new name", || {
        (steer(node.dns, "new.gslb.example", TOKYO) == [scene.address("ap-northeast")]).then_some(())
    });
    assert_eq!(dig(node.dns, "one.cust.gslb.example A").status, "NXDOMAIN");
}

#[test]
fn a_file_that_kept_a_load_from_succeeding_is_watched_too() {
    let scene = Scene::new();
    let node = Node::start(scene.path());
    let zone = "$TTL 1h\n@ SOA ns1 host 1 1h 15m 1w 5m\n  NS ns1\nns1 A 198.51.100.530\n";
    scene.write("new.zone", zone);
    let text = scene.read("meridian.toml") + "\n[zones.\"new.example.\"]\nfile = \"new.zone\"\n";
    scene.write("meridian.toml", &text);
    node.process.log.wait_for("new.zone:4:7");
    assert_eq!(dig(node.dns, "ns1.new.example A").status, "REFUSED");
    scene.edit("new.zone", "198.51.100.530", "198.51.100.53");
    wait_for("the mended zone", || (dig(node.dns, "ns1.new.example A").status == "NOERROR").then_some(()));
}

#[test]
fn a_broken_zone_changes_nothing_and_says_where() {
    let scene = Scene::new();
    let node = Node::start(scene.path());
    let line = scene.read(ZONE).lines().position(|line| line.starts_with("static")).unwrap() + 1;
    scene.edit(ZONE, "198.51.100.90", "198.51.100.900");
    hang_up(&node);
    let said = node.process.log.wait_for("198.51.100.900");
    assert!(said.contains(&format!("{ZONE}:{line}:25: ")), "{said}");
    assert_eq!(static_address(&node), [OLD]);
    assert_eq!(steer(node.dns, "www.gslb.example", TOKYO), [scene.address("ap-northeast")]);
    // Mended, it loads.
    scene.edit(ZONE, "198.51.100.900", "198.51.100.91");
    hang_up(&node);
    wait_for("the new address", || (static_address(&node) == [NEW]).then_some(()));
    node.stop();
}

#[test]
fn a_new_region_is_served_without_a_restart() {
    let mut scene = Scene::new();
    let node = Node::start(scene.path());
    let whole = scene.read("meridian.toml");
    let (without, sa_east) = whole.split_at(whole.find("[regions.sa-east]").unwrap());
    let from = "143.107.0.0/24";
    scene.write("meridian.toml", without);
    hang_up(&node);
    wait_for("São Paulo to be gone", || {
        (steer(node.dns, "www.gslb.example", from) == [scene.address("us-east")]).then_some(())
    });
    // A verdict of what stayed is kept over the reload that brings São Paulo back.
    scene.stop("ap-northeast");
    wait_for("Tokyo to fall", || {
        (steer(node.dns, "www.gslb.example", TOKYO) == [scene.address("eu-west")]).then_some(())
    });
    scene.write("meridian.toml", &format!("{without}{sa_east}"));
    hang_up(&node);
    wait_for("São Paulo to be back", || {
        assert_eq!(steer(node.dns, "www.gslb.example", TOKYO), [scene.address("eu-west")]);
        (steer(node.dns, "www.gslb.example", from) == [scene.address("sa-east")]).then_some(())
    });
}
