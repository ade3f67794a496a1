//! A network of the node's own, with an address more and a link that carries little: replies leave from the address
//! that was asked, and never in fragments.

use std::process::Command;

use super::node::{Node, meridian};
use super::scene::Scene;

/// What is asked in each family: the address beside loopback's own.
const FAMILIES: [(&str, &str); 2] = [("0.0.0.0:0", "198.51.100.53"), ("[::]:0", "fd00::53")];

/// A node in a network of its own, whose only link carries 1,280 octets at once.
fn start(scene: &Scene, listen: &str) -> Node {
    let allowed = Command::new("unshare").args(["--map-root-user", "--net", "true"]).status();
    let cure =
        "these tests make a network of their own: allow unprivileged user namespaces, or run them as root";
    assert!(allowed.expect("unshare runs").success(), "{cure}");
    let text = format!(
        "[server]\nlisten = [\"{listen}\"]\nstate = \"state\"\npayload = 4096\n[api]\nlisten = \"127.0.0.1:0\"\n\
         [zones.\"gslb.example.\"]\nfile = \"zone\"\n[regions.here]\n[services.www]\nnames = [\"www.gslb.example.\"]\n\
         check.kind = \"none\"\nendpoints.here = {{ addresses = [\"198.51.100.1\", \"2001:db8::1\"] }}\n"
    );
    scene.write("meridian.toml", &text);
    let long = "\"0123456789012345678901234567890123456789\" ".repeat(50);
    scene.write(
        "zone",
        &format!("$TTL 60\n@ SOA ns hm 1 2h 1h 2w 5m\n@ NS ns\nns A 198.51.100.53\nlong TXT {long}\n"),
    );
    let network = "ip link set lo up mtu 1280 && ip address add 198.51.100.53/32 dev lo && \
                   ip address add fd00::53/128 dev lo nodad && exec \"$0\" serve";
    let binary = meridian(scene.path(), &[]);
    let mut command = Command::new("unshare");
    command.args(["--map-root-user", "--net", "sh", "-c", network]).arg(binary.get_program());
    command.current_dir(scene.path());
    Node::start_as(command)
}

/// What a command prints that runs in the node's network.
pub fn inside(node: &Node, command: &str) -> String {
    let mut entered = Command::new("nsenter");
    entered.args(["--user", "--net", "--preserve-credentials", "--target", &node.process.id().to_string()]);
    let output = entered.args(command.split(' ')).output().expect("nsenter runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{command}: {text}{}", String::from_utf8_lossy(&output.stderr));
    text
}

fn dig(node: &Node, at: &str, question: &str) -> String {
    // dig itself refuses a reply from another address than it asked.
    inside(node, &format!("dig @{at} -p {} {question} +tries=1 +timeout=5", node.dns.port()))
}

#[test]
fn a_wildcard_answers_from_the_address_that_was_asked() {
    for (listen, at) in FAMILIES {
        let scene = Scene::new();
        let node = start(&scene, listen);
        for transport in ["+notcp", "+tcp"] {
            let shown = dig(&node, at, &format!("www.gslb.example AAAA {transport}"));
            assert!(shown.contains("2001:db8::1"), "{shown}");
        }
        node.stop();
    }
}

#[test]
fn a_reply_too_long_for_the_link_is_cut_and_not_fragmented() {
    for (listen, at) in FAMILIES {
        let scene = Scene::new();
        let node = start(&scene, listen);
        let shown = dig(&node, at, "long.gslb.example TXT +notcp +ignore +bufsize=4096");
        assert!(shown.contains(" tc"), "{shown}");
        let shown = dig(&node, at, "long.gslb.example TXT +bufsize=4096");
        assert!(shown.contains("0123456789") && shown.contains("(TCP)"), "{shown}");
        let metrics = inside(&node, &format!("curl -s http://{}/metrics", node.api));
        assert!(metrics.contains("meridian_shortened_replies_total 2\n"), "{metrics}");
        assert_eq!(fragments(&node), [0, 0]);
        node.stop();
    }
}

/// Fragments that were made in the node's network, of IPv4 and of IPv6.
fn fragments(node: &Node) -> [u64; 2] {
    let four = inside(node, "cat /proc/net/snmp");
    let mut lines = four.lines().filter(|line| line.starts_with("Ip: ")).map(|line| line.split(' '));
    let (names, values) = (lines.next().expect("names"), lines.next().expect("values"));
    let four = names.zip(values).find(|(name, _)| *name == "FragCreates").expect("a count").1;
    let six = inside(node, "cat /proc/net/snmp6");
    let six = six.lines().find_map(|line| line.strip_prefix("Ip6FragCreates")).expect("a count");
    [four, six].map(|count| count.trim().parse().expect("a number"))
}
