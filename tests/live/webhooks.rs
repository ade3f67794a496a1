//! Webhooks, to a real listener: again until they are taken, in order, signed, and none lost.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use aws_lc_rs::hmac;
use serde_json::Value;

use super::client::curl;
use super::node::{Node, PATIENCE, wait_for};
use super::scene::Scene;

/// A request that came.
struct Came {
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Came {
    fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.as_str())
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }

    /// As docs/webhooks.md says that a receiver should.
    fn is_signed_with(&self, secret: &[u8]) -> bool {
        let signature = self.header("meridian-signature");
        let (moment, sum) = signature.split_once(",v1=").expect("a moment and a sum");
        let moment = moment.strip_prefix("t=").expect("a moment");
        let signed = [moment.as_bytes(), b".", &self.body].concat();
        let sum = hex::decode(sum).expect("hex");
        hmac::verify(&hmac::Key::new(hmac::HMAC_SHA256, secret), &signed, &sum).is_ok()
    }
}

/// Answers these statuses one after another, then 200; a status of 0 hangs up.
fn listen(statuses: &'static [u16]) -> (SocketAddr, Receiver<Came>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("its address");
    let (tell, told) = channel();
    std::thread::spawn(move || {
        let mut statuses = statuses.iter();
        for stream in listener.incoming().flatten() {
            // A sender that goes away does not matter, and a test that has ended neither.
            if serve(stream, &mut statuses, &tell).is_none() {
                continue;
            }
        }
    });
    (address, told)
}

/// Answers the requests of one connection.
fn serve(mut stream: TcpStream, statuses: &mut std::slice::Iter<'_, u16>, tell: &Sender<Came>) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    loop {
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).ok()? == 0 {
                return None;
            }
            if line.trim().is_empty() {
                break;
            }
            lines.push(line.trim().to_owned());
        }
        let field = |line: &String| {
            line.split_once(": ").map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        };
        let headers: Vec<_> = lines[1..].iter().filter_map(field).collect();
        let path = lines[0].split(' ').nth(1)?.to_owned();
        let mut came = Came { path, headers, body: Vec::new() };
        came.body = vec![0; came.header("content-length").parse().ok()?];
        reader.read_exact(&mut came.body).ok()?;
        tell.send(came).ok()?;
        let status = statuses.next().copied().unwrap_or(200);
        if status == 0 {
            return None;
        }
        let head = format!("HTTP/1.1 {status} x\r\ncontent-length: 0\r\nlocation: /elsewhere\r\n\r\n");
        stream.write_all(head.as_bytes()).ok()?;
    }
}

fn next(told: &Receiver<Came>) -> Came {
    told.recv_timeout(PATIENCE).expect("a message")
}

/// Sets and lifts an override: two events.
fn set_and_lift(node: &Node) {
    let url = format!("http://{}/v1/regions/sa-east/override", node.api);
    let body = r#"{"weight":null,"state":"drain","reason":"drill"}"#;
    assert_eq!(curl(&["-X", "PUT", "-H", "content-type: application/json", "-d", body], &url).0, 200);
    assert_eq!(curl(&["-X", "DELETE"], &url).0, 204);
}

fn metric(node: &Node, name: &str) -> Option<f64> {
    let (_, text) = curl(&[], &format!("http://{}/metrics", node.api));
    text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok())
}

#[test]
fn messages_arrive_in_order_and_signed_although_the_receiver_fails_at_first() {
    let (address, told) = listen(&[500, 0]);
    let scene = Scene::new();
    scene.write("secret", "0123456789abcdef\n");
    let text = scene.read("meridian.toml");
    let hook = format!(
        "[[webhooks]]\nurl = \"http://{address}/path-of-the-receiver\"\nname = \"pager\"\n\
         events = [\"override\"]\nsecret_file = \"secret\"\n"
    );
    scene.write("meridian.toml", &(text + &hook));
    let node = Node::start(scene.path());
    for _ in 0..15 {
        set_and_lift(&node);
    }
    // The first one comes three times, the same but for its signature's moment.
    let first = [next(&told), next(&told), next(&told)];
    for came in &first {
        assert_eq!((came.path.as_str(), &came.body), ("/path-of-the-receiver", &first[0].body));
        assert_eq!(came.header("idempotency-key"), format!("live-{}", came.json()["id"]));
        assert!(came.is_signed_with(b"0123456789abcdef") && !came.is_signed_with(b"0123456789abcdeg"));
    }
    let mut all = vec![first[0].json()];
    all.extend((1..30).map(|_| next(&told).json()));
    let ids: Vec<_> = all.iter().map(|event| event["id"].as_u64().expect("an id")).collect();
    assert!(ids.is_sorted_by(|one, other| one < other), "{ids:?}");
    let changes: Vec<_> = all.iter().map(|event| event["change"].as_str().expect("a change")).collect();
    assert_eq!(changes, ["set", "lifted"].repeat(15));
    assert!(told.recv_timeout(Duration::from_millis(300)).is_err(), "none comes twice that was taken");
    let attempts =
        |outcome| format!("meridian_webhook_attempts_total{{webhook=\"pager\",outcome=\"{outcome}\"}}");
    wait_for("the metrics", || (metric(&node, &attempts("delivered")) == Some(30.0)).then_some(()));
    assert_eq!(metric(&node, &attempts("failed")), Some(2.0));
    assert_eq!(metric(&node, "meridian_webhook_dropped_total{webhook=\"pager\"}"), Some(0.0));
    // Another secret counts from the next message on.
    let count = node.process.log.count();
    scene.write("secret", "another secret\n");
    node.process.log.wait_after(count, "reloaded generation=2");
    set_and_lift(&node);
    assert!(next(&told).is_signed_with(b"another secret"));
    let log = node.stop().join("\n");
    assert!(log.contains("a webhook takes no message; trying again") && log.contains("takes messages again"));
    for secret in ["0123456789abcdef", "another secret", "path-of-the-receiver"] {
        assert!(!log.contains(secret), "{secret} is in the log");
    }
}

#[test]
fn slack_is_told_in_its_own_form_of_what_its_service_is_about() {
    // A redirect is no delivery, and what is refused for good holds nobody up.
    let (address, told) = listen(&[302, 400]);
    let mut scene = Scene::new();
    let text = scene.read("meridian.toml");
    let hook =
        format!("[[webhooks]]\nurl = \"http://{address}/\"\nformat = \"slack\"\nservices = [\"www\"]\n");
    scene.write("meridian.toml", &(text + &hook));
    let node = Node::start(scene.path());
    // First verdicts are no news.
    assert!(told.recv_timeout(Duration::from_millis(500)).is_err());
    scene.stop("ap-northeast");
    let text = |came: &Came| came.json()["text"].as_str().expect("a text").to_owned();
    let first = [next(&told), next(&told)];
    for came in &first {
        assert!(came.path == "/" && text(came).starts_with("live: http://"), "{} {}", came.path, text(came));
    }
    assert_eq!(text(&next(&told)), "live: www in ap-northeast (IPv4) is failing, was fit");
    let refused = format!("meridian_webhook_attempts_total{{webhook=\"{address}\",outcome=\"refused\"}}");
    wait_for("the metrics", || (metric(&node, &refused) == Some(1.0)).then_some(()));
    node.stop();
}
