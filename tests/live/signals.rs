//! Signals of real load balancers: HAProxy before nginx, traffic through both, nginx' exporter beside them, and what the
//! API then shows.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::Value;

use super::client::curl;
use super::node::{Node, Process, wait_for};
use super::scene::{Scene, free_port};

/// Where everything is: HAProxy with its metrics, and nginx behind it with its exporter.
struct Places {
    haproxy: SocketAddr,
    metrics: SocketAddr,
    nginx: SocketAddr,
    exporter: SocketAddr,
}

impl Places {
    fn of(scene: &Scene) -> Places {
        let at = |region: &str| {
            let address: std::net::Ipv4Addr = scene.address(region).parse().expect("an address");
            SocketAddr::from((address, free_port(address)))
        };
        let other = |region: &str, than: SocketAddr| {
            std::iter::repeat_with(|| at(region)).find(|place| *place != than).expect("another port")
        };
        let (haproxy, nginx) = (at("us-east"), at("eu-west"));
        let (metrics, exporter) = (other("us-east", haproxy), other("eu-west", nginx));
        Places { haproxy, metrics, nginx, exporter }
    }
}

/// A daemon of Debian's, which stands where a user's path may not lead.
fn daemon(name: &str, arguments: &[&str]) -> Process {
    let path = std::env::var("PATH").unwrap_or_default();
    let mut command = Command::new(name);
    command.args(arguments).env("PATH", format!("{path}:/usr/sbin"));
    let is_there = Command::new(name).arg("-v").env("PATH", format!("{path}:/usr/sbin")).output();
    assert!(is_there.is_ok(), "{name} is missing: apt-get install {name}");
    Process::spawn(command)
}

/// What the documentation shows for a load balancer.
fn example(language: &str) -> String {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/health.md"));
    let page = page.expect("the page on health");
    let block = page.split(&format!("```{language}\n")).nth(1).expect("an example");
    block.split("```").next().expect("its end").to_owned()
}

/// nginx, which is slow with one page, says no to another, and tells of itself.
fn nginx(scene: &Scene, places: &Places) -> Process {
    let directory = scene.path().display().to_string();
    let text = format!(
        "daemon off; master_process off; pid nginx.pid; error_log stderr;\nevents {{}}\nhttp {{\n\
         access_log off; client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3; uwsgi_temp_path t4;\n\
         scgi_temp_path t5;\nserver {{\nlisten {};\nroot .;\nlocation = /slow {{ limit_rate 1k; }}\n\
         location = /bad {{ return 503; }}\nlocation = /ok {{ return 200; }}\nlocation = /stub_status {{ stub_status; }}\n\
         {}\n}}\n}}\n",
        places.nginx,
        example("nginx")
    );
    scene.write("nginx.conf", &text);
    scene.write("slow", &"x".repeat(1 << 20));
    daemon("nginx", &["-p", &directory, "-c", "nginx.conf", "-e", "stderr"])
}

/// HAProxy, whose health page tells how busy its backend is, and that it is degraded.
fn haproxy(scene: &Scene, places: &Places) -> Process {
    let Places { haproxy, metrics, nginx, .. } = places;
    let text = format!(
        "global\n maxconn 1000\ndefaults\n mode http\n timeout connect 5s\n timeout client 60s\n timeout server 60s\n\
         frontend in\n bind {haproxy}\n\
         {}\n default_backend www\nbackend www\n server one {nginx}\n\
         frontend metrics\n bind {metrics}\n http-request use-service prometheus-exporter if {{ path /metrics }}\n",
        example("haproxy")
    );
    scene.write("haproxy.cfg", &text);
    let path = scene.path().join("haproxy.cfg").display().to_string();
    daemon("haproxy", &["-db", "-f", &path])
}

/// nginx' exporter for Prometheus, which does not start without nginx.
fn exporter(places: &Places) -> Process {
    let scrape = format!("--nginx.scrape-uri=http://{}/stub_status", places.nginx);
    daemon("prometheus-nginx-exporter", &[&scrape, &format!("--web.listen-address={}", places.exporter)])
}

fn configuration(scene: &Scene, places: &Places) {
    let (text, _) = scene.read("meridian.toml").split_once("[services.www]").map_or_else(
        || panic!("the scene has a service"),
        |(before, after)| (before.to_owned(), after.to_owned()),
    );
    let service = |name: &str, keys: &str, address: SocketAddr| {
        let ip = address.ip();
        format!(
            "[services.{name}]\nnames = [\"{name}.gslb.example.\"]\n{keys}\n[services.{name}.endpoints.eu-west]\naddresses = [\"{ip}\"]\n"
        )
    };
    let check = |place: SocketAddr, kind: &str| {
        format!(
            "check = {{ kind = \"{kind}\", port = {}, interval = \"500ms\", timeout = \"400ms\"",
            place.port()
        )
    };
    let pull = |place: SocketAddr, signals: &str| {
        let (check, port) = (check(place, "tcp"), place.port());
        format!("{check} }}\nsignals = {{ port = {port}, interval = \"1s\", {signals} }}")
    };
    let told = |place: SocketAddr| format!("{}, path = \"/healthz\" }}", check(place, "http"));
    let services = [
        service(
            "haproxy",
            &pull(places.metrics, "preset = \"haproxy\", labels = 'proxy=\"www\"'"),
            places.haproxy,
        ),
        service("nginx", &pull(places.nginx, "preset = \"nginx\""), places.nginx),
        service("exporter", &pull(places.exporter, "preset = \"nginx-exporter\""), places.exporter),
        service("haproxy-told", &told(places.haproxy), places.haproxy),
        service("nginx-told", &told(places.nginx), places.nginx),
        service(
            "nowhere",
            &pull(places.nginx, "preset = \"prometheus\", metrics = { capacity = \"a\" }"),
            places.nginx,
        ),
    ];
    scene.write("meridian.toml", &format!("{text}[regions.eu-west]\n{}", services.concat()));
}

//------------ Traffic -------------------------------------------------------

/// Sends a request and leaves the connection open.
fn open(at: SocketAddr, path: &str) -> TcpStream {
    let mut stream = TcpStream::connect(at).expect("a load balancer that listens");
    stream.set_read_timeout(Some(Duration::from_secs(10))).expect("a socket");
    write!(stream, "GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").expect("a request");
    stream
}

/// About forty requests a second, every fourth in vain, until it is dropped.
struct Traffic(Arc<AtomicBool>, Option<JoinHandle<()>>);

impl Traffic {
    fn through(at: SocketAddr) -> Traffic {
        let stopped = Arc::new(AtomicBool::new(false));
        let stop = Arc::clone(&stopped);
        let thread = std::thread::spawn(move || {
            for path in ["/ok", "/ok", "/bad", "/ok"].into_iter().cycle() {
                if stop.load(Ordering::SeqCst) {
                    return;
                }
                // Whatever comes back is counted by whoever sent it.
                drop(open(at, path).read_to_end(&mut Vec::new()));
                std::thread::sleep(Duration::from_millis(25));
            }
        });
        Traffic(stopped, Some(thread))
    }
}

impl Drop for Traffic {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
        drop(self.1.take().map(JoinHandle::join));
    }
}

//------------ What is shown -------------------------------------------------

fn endpoint(node: &Node, service: &str) -> Value {
    let (status, body) = curl(&[], &format!("http://{}/v1/services/{service}", node.api));
    assert_eq!(status, 200, "{body}");
    let service: Value = serde_json::from_str(&body).expect("JSON");
    service["endpoints"][0].clone()
}

/// The newest value of a signal.
fn signal(node: &Node, service: &str, name: &str) -> Option<f64> {
    let endpoint = endpoint(node, service);
    let mut signals = endpoint["signals"].as_array().expect("a list").iter();
    signals.find(|one| one["signal"] == name).and_then(|one| one["value"].as_f64())
}

fn wait_for_signal(node: &Node, service: &str, name: &str, fine: impl Fn(f64) -> bool) {
    wait_for(&format!("{name} of {service}"), || signal(node, service, name).filter(|value| fine(*value)));
}

#[test]
fn what_haproxy_nginx_and_its_exporter_report_is_shown() {
    let scene = Scene::new();
    let places = Places::of(&scene);
    let _nginx = nginx(&scene, &places);
    let _haproxy = haproxy(&scene, &places);
    for place in [places.haproxy, places.metrics, places.nginx] {
        wait_for("the load balancers", || TcpStream::connect(place).ok());
    }
    let _exporter = exporter(&places);
    wait_for("the exporter", || TcpStream::connect(places.exporter).ok());
    configuration(&scene, &places);
    let node = Node::start(scene.path());
    let held: Vec<_> = (0..3).map(|_| open(places.haproxy, "/slow")).collect();
    let traffic = Traffic::through(places.haproxy);
    // Three that are held, and perhaps one that passes by.
    for service in ["haproxy", "haproxy-told"] {
        wait_for_signal(&node, service, "connections", |value| (3.0..=5.0).contains(&value));
    }
    wait_for_signal(&node, "haproxy", "requests", |value| (5.0..=60.0).contains(&value));
    wait_for_signal(&node, "haproxy", "errors", |value| (0.1..=0.4).contains(&value));
    wait_for_signal(&node, "haproxy", "latency", |value| value < 10.0);
    wait_for_signal(&node, "haproxy", "utilization", |value| value > 0.002 && value < 0.1);
    for service in ["nginx", "exporter"] {
        wait_for_signal(&node, service, "connections", |value| value >= 3.0);
        wait_for_signal(&node, service, "requests", |value| (5.0..=60.0).contains(&value));
    }
    wait_for_signal(&node, "nginx-told", "connections", |value| value >= 3.0);
    let told = endpoint(&node, "haproxy-told");
    let address = &told["families"][0]["addresses"][0];
    assert_eq!(address["verdict"], "degraded", "{told}");
    assert_eq!(address["reason"], "passes its check, but says that it is degraded: servers left: 1");
    let nowhere = endpoint(&node, "nowhere");
    assert_eq!(nowhere["signals"], serde_json::json!([]));
    wait_for("a scrape of what has no metrics", || {
        let note = endpoint(&node, "nowhere")["signal_sources"][0]["note"].as_str().map(str::to_owned);
        note.filter(|note| note.contains("answered 404"))
    });
    // All is quiet: rates fall to what scrapes and checks make, shares are not known.
    drop((traffic, held));
    wait_for_signal(&node, "haproxy", "connections", |value| value == 0.0);
    wait_for_signal(&node, "haproxy", "requests", |value| value == 0.0);
    assert_eq!(signal(&node, "haproxy", "errors"), None);
    assert_eq!(signal(&node, "haproxy", "latency"), None, "an average of what is long past");
    node.stop();
}
