//! A node whose own network is cut: a link to a network of its own, where another Meridian stands for the world.

use std::process::Command;
use std::time::Duration;

use super::network::inside;
use super::node::{Node, meridian, wait_for};
use super::scene::Scene;

/// What the node asks, five times a second, and what it may take.
const CHECK: &str =
    "{ kind = \"tcp\", port = 5300, interval = \"200ms\", timeout = \"200ms\", rise = 1, fall = 2 }";

/// The far side begins first, waits for its end of the link, and dies with the node.
const NETWORKS: &str = "ip link set lo up && ip link add near type veth peer name far && \
     { setpriv --pdeathsig KILL unshare --net sh -c 'ip link set lo up; echo $$ >far.pid; \
         until ip link set far up 2>/dev/null; do sleep 0.02; done; \
         ip address add 198.51.100.20/24 dev far && ip address add 198.51.100.10/24 dev far && \
         exec \"$0\" serve --config far/meridian.toml >far.log 2>&1' \"$0\" & } && \
     until test -s far.pid; do sleep 0.02; done && ip link set far netns \"$(cat far.pid)\" && \
     ip address add 198.51.100.1/24 dev near && ip link set near up && exec \"$0\" serve";

fn start(scene: &Scene) -> Node {
    let zone = "$TTL 60\n@ SOA ns hm 1 2h 1h 2w 5m\n@ NS ns\nns A 198.51.100.1\n";
    let zones = "[zones.\"gslb.example.\"]\nfile = \"zone\"\n";
    scene.write(
        "meridian.toml",
        &format!(
            "[server]\nlisten = [\"127.0.0.1:0\"]\nstate = \"state\"\n[api]\nlisten = \"127.0.0.1:0\"\n{zones}\
             [regions.one]\n[regions.two]\n[services.www]\nnames = [\"www.gslb.example.\"]\ncheck = {CHECK}\n\
             endpoints.one = {{ addresses = [\"198.51.100.10\"] }}\nendpoints.two = {{ addresses = [\"198.51.100.20\"] }}\n"
        ),
    );
    scene.write("zone", zone);
    std::fs::create_dir(scene.path().join("far")).expect("a directory");
    let listen = "[server]\nlisten = [\"198.51.100.10:5300\", \"198.51.100.20:5300\"]\n[api]\nlisten = \"127.0.0.1:0\"\n";
    scene.write("far/meridian.toml", &format!("{listen}{zones}"));
    scene.write("far/zone", zone);
    let binary = meridian(scene.path(), &[]);
    let mut command = Command::new("unshare");
    command.args(["--map-root-user", "--net", "sh", "-c", NETWORKS]).arg(binary.get_program());
    command.current_dir(scene.path());
    Node::start_as(command)
}

/// The addresses in an answer, and the words of `/readyz`.
fn seen(node: &Node) -> (String, String) {
    let dig = format!("dig +short @127.0.0.1 -p {} www.gslb.example A +tries=1 +timeout=5", node.dns.port());
    (inside(node, &dig), inside(node, &format!("curl -s http://{}/readyz", node.api)))
}

fn far(scene: &Scene, command: &str) {
    let id = std::fs::read_to_string(scene.path().join("far.pid")).expect("the far side's id");
    let mut entered = Command::new("nsenter");
    entered.args(["--user", "--net", "--preserve-credentials", "--target", id.trim()]);
    let status = entered.args(command.split(' ')).status().expect("nsenter runs");
    assert!(status.success(), "{command}");
}

fn metrics(node: &Node) -> String {
    inside(node, &format!("curl -s http://{}/metrics", node.api))
}

fn healthy(node: &Node) -> usize {
    let metrics = metrics(node);
    metrics
        .lines()
        .filter(|line| line.starts_with("meridian_target_healthy{") && line.ends_with(" 1.0"))
        .count()
}

fn transitions(node: &Node) -> String {
    let metrics = metrics(node);
    let line = metrics.lines().find(|line| line.starts_with("meridian_transitions_total"));
    line.expect("a count of transitions").to_owned()
}

/// Long enough for every verdict to fall several times, were it not for the guard.
fn wait() {
    std::thread::sleep(Duration::from_secs(4));
}

#[test]
fn a_cut_of_the_node_s_own_network_changes_no_answer() {
    let scene = Scene::new();
    let node = start(&scene);
    wait_for("both regions", || (healthy(&node) == 2).then_some(()));
    let (first, ready) = seen(&node);
    assert_eq!((first.as_str(), ready.as_str()), ("198.51.100.10\n", "ready\n"));
    let before = transitions(&node);

    // The far end goes: packets vanish, and nobody says why.
    far(&scene, "ip link set far down");
    wait();
    let (answer, ready) = seen(&node);
    assert_eq!(answer, first);
    assert!(ready.starts_with("ready\ndegraded: nobody outside answers"), "{ready}");
    far(&scene, "ip link set far up");
    wait_for("the end of the cut", || (seen(&node).1 == "ready\n").then_some(()));

    // The near end goes, and the routes with it: the system itself says that there is no network.
    inside(&node, "ip link set near down");
    wait();
    let (answer, ready) = seen(&node);
    assert_eq!(answer, first);
    assert!(ready.starts_with("ready\ndegraded: nobody outside answers"), "{ready}");
    inside(&node, "ip link set near up");
    wait();
    assert_eq!((seen(&node), transitions(&node)), ((first, "ready\n".to_owned()), before));

    // A real death is seen at once, because the other one answers.
    far(&scene, "ip address delete 198.51.100.10/24 dev far");
    wait_for("the other region", || (seen(&node).0 == "198.51.100.20\n").then_some(()));
    node.stop();
}
