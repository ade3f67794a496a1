//! A whole node but for its sockets: control, the router, and workers' answers.

mod challenged;
mod desired;
mod doors;
mod explained;
mod followed;
mod measured;
mod ramped;
mod resumed;
mod scaled;
mod served;
mod shown;
mod signalled;
mod wire_shapes;

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, header};
use hyper::service::Service;
use hyper_util::service::TowerToHyperService;
use serde_json::Value;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use super::{Context, router};
use crate::answer::{Now, Peer, Reply, Worker, answer};
use crate::anycast::Latches;
use crate::control::{Control, Handle, Parts, Store, Threads, Wiring, load};
use crate::health::{Observation, Outcome, Reason};
use crate::model::Target;
use crate::telemetry::{Counters, Transport};

const ZONE: &str = "$ORIGIN gslb.example.\n$TTL 1h\n@ SOA ns1 host 1 1h 15m 1w 30s\n@ NS ns1\nns1 A 192.0.2.53\n\
                    shop CNAME www\nfar NS ns.example.net.\n\
                    _acme-challenge.new CNAME elsewhere.example.\n_acme-challenge.old NS ns.example.net.\n";

const CONFIG: &str = r#"
[server]
listen = ["127.0.0.1:5399"]
identity = "lhr1"
[geo]
databases = []
[[geo.override]]
networks = ["203.0.113.0/24"]
regions = ["ap", "eu"]
[zones."gslb.example."]
file = "gslb.zone"
[regions.eu]
location = { lat = 53.35, lon = -6.26 }
capacity = 4000
[regions.ap]
location = { lat = 35.68, lon = 139.69 }
[services.www]
names = ["www.gslb.example.", "*.cust.gslb.example.", "old.gslb.example.", "new.gslb.example."]
[services.www.check]
kind = "http"
port = 8080
path = "/healthz"
interval = "5s"
timeout = "2s"
fall = 3
[services.www.endpoints.eu]
addresses = ["198.51.100.10", "2001:db8:1::10"]
[services.www.endpoints.ap]
addresses = ["198.51.100.20"]
"#;

/// The tokens of [`Node::with_tokens`]: `reader-secret`, `oncall-secret`, `root-secret`, `haproxy-secret`,
/// `certbot-secret`.
fn tokens() -> String {
    use sha2::{Digest, Sha256};
    let token = |(name, role): (&str, &str)| {
        let digest = hex::encode(Sha256::digest(format!("{name}-secret")));
        format!("[[api.tokens]]\nname = \"{name}\"\nsha256 = \"{digest}\"\nrole = \"{role}\"\n")
    };
    [
        ("reader", "read"),
        ("oncall", "operate"),
        ("root", "admin"),
        ("haproxy", "signals"),
        ("certbot", "acme"),
    ]
    .map(token)
    .concat()
}

/// A node in a directory of its own.
struct Node {
    directory: tempfile::TempDir,
    router: Router,
    context: Context,
    latches: watch::Sender<Latches>,
    observations: mpsc::Sender<Observation>,
    worker: Worker,
    control: tokio::task::JoinHandle<()>,
}

/// What came back.
struct Said {
    status: u16,
    headers: HeaderMap,
    text: String,
}

impl Said {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    fn header(&self, name: header::HeaderName) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

impl Node {
    async fn new() -> Node {
        Node::with(CONFIG.to_owned())
    }

    async fn with_tokens() -> Node {
        Node::with(format!("{CONFIG}{}", tokens()))
    }

    fn with(config: String) -> Node {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("meridian.toml"), config).unwrap();
        std::fs::write(directory.path().join("gslb.zone"), ZONE).unwrap();
        Node::start(directory)
    }

    fn start(directory: tempfile::TempDir) -> Node {
        let node = crate::control::Node { host_name: "host".into(), cookie_secret: [7; 16] };
        let (built, problems) = load(&directory.path().join("meridian.toml"), &node, Threads::Many);
        let built = built.unwrap_or_else(|| panic!("{problems}"));
        let (store, state) = Store::open(&directory.path().join("state"), SystemTime::now()).unwrap();
        let clock: crate::control::task::Clock = Arc::new(SystemTime::now);
        let parts = Parts { built, state, store, node, workers: 1, clock: Arc::clone(&clock) };
        let (observations, observed) = mpsc::channel(16);
        let (latches, latched) = watch::channel(Latches::default());
        let counters = vec![Arc::new(Counters::default())];
        let worker = Worker::new(0, 1, Arc::clone(&counters[0]));
        let hooks = watch::channel(Default::default()).1;
        let mut context = None;
        let control = Control::new(parts, |shared, config| {
            let (handle, requests) = Handle::new(shared.clone());
            let (config_sent, config) = watch::channel(Arc::new(config.clone()));
            context =
                Some(Context { handle, config, latches: latched, counters, hooks, clock, version: "1.2.3" });
            Wiring {
                observations: observed,
                requests,
                standing: watch::channel(Arc::from([])).0,
                hurry: watch::channel(Arc::from([])).0,
                budget: watch::channel(Default::default()).0,
                scrapes: watch::channel(Arc::from([])).0,
                cut_off: watch::channel(None).0,
                first_verdicts: watch::channel(false).0,
                config: config_sent,
                shutdown: CancellationToken::new(),
            }
        });
        let context = context.unwrap();
        let control = tokio::spawn(control.run());
        let router = router(context.clone());
        Node { directory, router, context, latches, observations, worker, control }
    }

    /// As a crash would, and up again.
    async fn restart(self) -> Node {
        let Node { directory, control, .. } = self;
        control.abort();
        assert!(control.await.is_err_and(|error| error.is_cancelled()));
        Node::start(directory)
    }

    async fn send(&self, request: Request<Body>) -> Said {
        let response = TowerToHyperService::new(self.router.clone()).call(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, 16 << 20).await.unwrap();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        Said { status: parts.status.as_u16(), headers: parts.headers, text }
    }

    /// `headers`: `name: value`; a Host is added where none is given.
    async fn ask(&self, method: &str, path: &str, headers: &[&str], body: &str) -> Said {
        let mut request = Request::builder().method(method).uri(path);
        let split = |line: &str| {
            let (name, value) = line.split_once(": ").unwrap();
            (name.to_owned(), value.to_owned())
        };
        let mut headers: Vec<_> = headers.iter().map(|line| split(line)).collect();
        if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
            headers.push(("Host".into(), "127.0.0.1:8053".into()));
        }
        for (name, value) in headers {
            request = request.header(name, value);
        }
        self.send(request.body(Body::from(body.to_owned())).unwrap()).await
    }

    async fn get(&self, path: &str) -> Said {
        self.ask("GET", path, &[], "").await
    }

    async fn put(&self, path: &str, body: &str) -> Said {
        self.ask("PUT", path, &["Content-Type: application/json"], body).await
    }

    /// What a probe of the endpoint's address saw.
    async fn observe(&self, address: &str, up: bool) {
        let snapshot = self.context.handle.shared.load();
        let probe = snapshot.world.written[0].checks[0].probe.clone().unwrap();
        let target = Target { address: address.parse().unwrap(), port: probe.port, request: probe.request };
        let outcome = if up { Outcome::Up } else { Outcome::Down(Reason::Refused) };
        let (at, elapsed) = (Instant::now(), Duration::from_millis(7));
        let (target, told) = (Arc::new(target), Default::default());
        let seen = Observation { target, at, outcome, elapsed, certificate_expires: None, told };
        self.observations.send(seen).await.unwrap();
        // Control takes requests first: one that is answered after the channel is empty comes after the probe.
        while self.observations.capacity() < self.observations.max_capacity() {
            tokio::task::yield_now().await;
        }
        self.context.handle.status().await.unwrap();
    }

    /// What a resolver at `from` gets to a question of class IN, and the length of header and question.
    fn query(&mut self, from: &str, name: &str, qtype: u16) -> (Vec<u8>, usize) {
        let mut query = vec![0, 7, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0];
        for label in name.split('.') {
            query.push(label.len() as u8);
            query.extend(label.as_bytes());
        }
        query.extend(qtype.to_be_bytes());
        query.extend([0, 1]);
        let (mut out, snapshot) = (vec![0; 4096], self.context.handle.shared.load());
        let peer = Peer {
            address: (from.parse::<std::net::IpAddr>().unwrap(), 53_000).into(),
            transport: Transport::Udp,
        };
        let now = Now { unix: crate::control::words::seconds(SystemTime::now()) };
        let Reply::Send(length) = answer(&snapshot, &query, &peer, now, &mut self.worker, &mut out) else {
            panic!("dropped")
        };
        out.truncate(length);
        (out, query.len())
    }

    /// The IPv4 addresses that a resolver at `from` gets for www.
    fn answers(&mut self, from: &str) -> Vec<std::net::Ipv4Addr> {
        let (out, start) = self.query(from, "www.gslb.example.", 1);
        // Header and question, then records of 16 octets: a pointer, type, class, TTL, length, address.
        let answers = out[start..].chunks(16).take(usize::from(out[7]));
        answers.map(|record| <[u8; 4]>::try_from(&record[12..16]).unwrap().into()).collect()
    }
}
