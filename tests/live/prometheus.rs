//! The real Prometheus: it reads what a node counts, takes the rules that come with the source, and an alert fires.

use std::collections::BTreeSet;
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use rustls::pki_types::PrivateKeyDer;
use serde_json::Value;

use super::client::curl;
use super::node::{Node, Process, wait_for};
use super::scene::{Scene, free_port};

fn contrib(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("contrib").join(file)
}

/// What promtool says, and whether it is content; a missing one is said with its cure.
fn promtool(arguments: &[&str], input: &str) -> (bool, String) {
    let mut command = Command::new("promtool");
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("promtool: apt-get install prometheus");
    child.stdin.take().expect("its input").write_all(input.as_bytes()).expect("promtool reads");
    let output = child.wait_with_output().expect("our own child");
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&said).into_owned())
}

#[test]
fn promtool_takes_the_rules_and_their_tests() {
    let rules = contrib("prometheus/meridian.rules.yml");
    let tests = contrib("prometheus/meridian.rules.test.yml");
    for arguments in [["check", "rules", rules.to_str().unwrap()], ["test", "rules", tests.to_str().unwrap()]]
    {
        let (content, said) = promtool(&arguments, "");
        assert!(content && said.contains("SUCCESS"), "{arguments:?}: {said}");
    }
}

/// A node with everything that is counted: a webhook, an objective, a target by TLS that shows a certificate.
fn scene() -> Scene {
    let scene = Scene::new();
    let nobody = free_port(Ipv4Addr::LOCALHOST);
    let hook = format!("\n[[webhooks]]\nurl = \"http://127.0.0.1:{nobody}/\"\nname = \"nobody\"\n");
    scene.write("meridian.toml", &(scene.read("meridian.toml") + &hook));
    scene.edit("meridian.toml", "ttl = {", "latency_objective = \"200ms\"\nttl = {");
    let secure = serve_tls();
    let (address, port) = (secure.ip(), secure.port());
    let service = format!(
        "\n[services.secure]\nnames = [\"secure.gslb.example.\"]\n\
         check = {{ kind = \"tcp\", port = {port}, tls = true, verify = false, interval = \"500ms\", timeout = \"400ms\" }}\n\
         endpoints.eu-west.addresses = [\"{address}\"]\n"
    );
    scene.write("meridian.toml", &(scene.read("meridian.toml") + &service));
    scene
}

/// Somebody who shakes hands and shows a certificate, until the test is over.
fn serve_tls() -> SocketAddr {
    let made = rcgen::generate_simple_self_signed(["secure.gslb.example".into()]).expect("a certificate");
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).expect("a key");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.expect("versions").with_no_client_auth();
    let config = Arc::new(config.with_single_cert(vec![made.cert.der().clone()], key).expect("a pair"));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let address = listener.local_addr().expect("its address");
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut session = rustls::ServerConnection::new(Arc::clone(&config)).expect("a session");
            // A prober that goes away does not matter.
            while session.is_handshaking() && session.complete_io(&mut stream).is_ok() {}
        }
    });
    address
}

fn exposition(node: &Node) -> String {
    curl(&[], &format!("http://{}/metrics", node.api)).1
}

/// Names of the exposition's samples.
fn exposed(text: &str) -> BTreeSet<String> {
    let samples = text.lines().filter(|line| !line.starts_with('#'));
    let declared = text.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    // A family without a sample, as certificates of plain targets, is there nonetheless.
    let declared = declared.filter_map(|line| line.split_once(' ')).map(|(name, kind)| match kind {
        "counter" => format!("{name}_total"),
        "histogram" => format!("{name}_bucket"),
        _ => name.to_owned(),
    });
    let named = samples.filter_map(|line| line.split(['{', ' ']).next()).map(str::to_owned);
    named.chain(declared).collect()
}

/// Every metric of ours that a text names.
fn named(text: &str) -> BTreeSet<String> {
    let word = |c: char| c.is_ascii_lowercase() || c == '_' || c.is_ascii_digit();
    let words = text.split(|c| !word(c)).filter(|name| name.starts_with("meridian_"));
    words.map(str::to_owned).collect()
}

#[test]
fn what_board_and_rules_name_is_exposed() {
    let mut scene = scene();
    let node = Node::start(scene.path());
    // What failed is counted by its reason once something has.
    scene.stop("ap-northeast");
    let exposed = wait_for("a failure to be counted", || {
        let exposed = exposed(&exposition(&node));
        exposed.contains("meridian_probe_errors_total").then_some(exposed)
    });
    for file in
        ["grafana/meridian.json", "prometheus/meridian.rules.yml", "prometheus/meridian.rules.test.yml"]
    {
        let text = std::fs::read_to_string(contrib(file)).expect("a file of the source");
        let names = named(&text);
        assert!(names.len() > 7, "{file}: {names:?}");
        let missing: Vec<_> = names.difference(&exposed).collect();
        assert!(missing.is_empty(), "{file} names what nobody exposes: {missing:?}");
    }
    let board = std::fs::read_to_string(contrib("grafana/meridian.json")).expect("the board");
    let board: Value = serde_json::from_str(&board).expect("JSON");
    let panels = board["panels"].as_array().expect("panels");
    let ids: BTreeSet<_> = panels.iter().map(|panel| panel["id"].as_u64().expect("an id")).collect();
    assert!(ids.len() == panels.len() && panels.len() > 20, "{} panels", panels.len());
    node.stop();
}

/// Prometheus speaks OpenMetrics; `promtool check metrics` of Debian's version reads the older text format alone, in which
/// counters are declared under the names of their samples. Everything else is the same.
fn in_older_form(text: &str) -> String {
    let mut older = String::new();
    for line in text.lines().filter(|line| *line != "# EOF") {
        let words: Vec<_> = line.splitn(4, ' ').collect();
        let name = words.get(2).copied().unwrap_or_default();
        let is_counter = text.contains(&format!("# TYPE {name} counter\n"));
        let is_info = text.contains(&format!("# TYPE {name} info\n"));
        older += &match (words[0], is_counter, is_info) {
            ("#", true, _) => format!("# {} {name}_total {}", words[1], words[3]),
            ("#", _, true) => format!("# {} {name}_info {}", words[1], words[3].replace("info", "gauge")),
            _ => line.to_owned(),
        };
        older.push('\n');
    }
    older
}

#[test]
fn promtool_takes_the_exposition() {
    let scene = scene();
    let node = Node::start(scene.path());
    let text = exposition(&node);
    assert!(text.ends_with("# EOF\n"));
    let (content, said) = promtool(&["check", "metrics"], &in_older_form(&text));
    assert!(content && said.is_empty(), "{said}");
    node.stop();
}

/// A Prometheus on loopback, with the rules of the source, all of them at once: what takes minutes there takes seconds here.
fn prometheus(scene: &Scene, node: &Node) -> (Process, String) {
    let rules = std::fs::read_to_string(contrib("prometheus/meridian.rules.yml")).expect("the rules");
    scene.write("rules.yml", &rules.replace("for: 1m", "for: 1s").replace("for: 5m", "for: 1s"));
    let api = node.api;
    scene.write(
        "prometheus.yml",
        &format!(
            "global: {{ scrape_interval: 1s, evaluation_interval: 1s }}\nrule_files: [rules.yml]\n\
             scrape_configs: [{{ job_name: meridian, static_configs: [{{ targets: ['{api}'] }}] }}]\n"
        ),
    );
    let address = format!("127.0.0.1:{}", free_port(Ipv4Addr::LOCALHOST));
    let mut command = Command::new("prometheus");
    command.current_dir(scene.path()).args(["--config.file=prometheus.yml", "--storage.tsdb.path=tsdb"]);
    command.arg(format!("--web.listen-address={address}"));
    let process = Process::spawn(command);
    process.log.wait_for("Server is ready to receive web requests");
    (process, format!("http://{address}/api/v1/"))
}

fn ask(url: &str) -> Value {
    let (status, body) = curl(&[], url);
    assert_eq!(status, 200, "{url}: {body}");
    serde_json::from_str::<Value>(&body).expect("JSON")["data"].clone()
}

#[test]
fn a_real_prometheus_scrapes_a_node_and_fires_an_alert() {
    let mut scene = scene();
    let node = Node::start(scene.path());
    let (process, url) = prometheus(&scene, &node);
    wait_for("a scrape", || {
        let targets = ask(&format!("{url}targets"));
        let target = &targets["activeTargets"][0];
        assert_eq!(target["lastError"].as_str().unwrap_or_default(), "", "{target}");
        (target["health"] == "up").then_some(())
    });
    let value = |query: &str| ask(&format!("{url}query?query={query}"))["result"][0]["value"][1].clone();
    wait_for("a sample", || (value("meridian_ready") == "1").then_some(()));
    wait_for("counters by their OpenMetrics names", || {
        (value("meridian_queries_total").is_string()).then_some(())
    });
    for region in ["us-east", "eu-west", "ap-northeast", "sa-east"] {
        scene.stop(region);
    }
    let firing = |name: &str| {
        let alerts = ask(&format!("{url}alerts"));
        let all = alerts["alerts"].as_array().expect("alerts").clone();
        all.into_iter().find(|alert| alert["labels"]["alertname"] == name && alert["state"] == "firing")
    };
    let alert = wait_for("an alert", || firing("MeridianServiceWithoutFitEndpoint"));
    assert_eq!(alert["annotations"]["summary"], "www (IPv4) has no fit endpoint");
    wait_for("another", || firing("MeridianTargetDown"));
    assert!(firing("MeridianNodeNotReady").is_none());
    drop(process);
    node.stop();
}
