//! Signals: pushed, told in answers, scraped; what they come to for clients; and who may push them.

use super::*;
use crate::health::{Signals, Told};
use crate::model::Signal;

const SIGNALS: &str = "/v1/signals";

impl Node {
    async fn push(&self, body: &str) -> Said {
        self.ask("POST", SIGNALS, &["Content-Type: application/json"], body).await
    }

    /// An endpoint of www, by its place.
    async fn endpoint(&self, place: usize) -> Value {
        self.get("/v1/services/www").await.json()["endpoints"][place].clone()
    }

    /// What a probe of the endpoint's address was told.
    async fn tell(&self, address: &str, words: &[(Signal, f64)]) {
        let mut signals = Signals::default();
        words.iter().for_each(|(signal, value)| signals.set(*signal, *value).unwrap());
        let told = if words.is_empty() { Told::Nothing } else { Told::Signals(Box::new((signals, None))) };
        let snapshot = self.context.handle.shared.load();
        let probe = snapshot.world.written[0].checks[0].probe.clone().unwrap();
        let target = Target { address: address.parse().unwrap(), port: probe.port, request: probe.request };
        let (target, at, elapsed) = (Arc::new(target), Instant::now(), Duration::from_millis(7));
        let seen = Observation { target, at, outcome: Outcome::Up, elapsed, certificate_expires: None, told };
        self.observations.send(seen).await.unwrap();
        while self.observations.capacity() < self.observations.max_capacity() {
            tokio::task::yield_now().await;
        }
        self.context.handle.status().await.unwrap();
    }
}

/// The signals of an endpoint, as `connections=12 …`.
fn shown(endpoint: &Value) -> String {
    let one = |signal: &Value| format!("{}={}", signal["signal"].as_str().unwrap(), signal["value"]);
    endpoint["signals"].as_array().unwrap().iter().map(one).collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn what_is_pushed_is_shown_with_source_value_and_age() {
    let node = Node::new().await;
    let said = node
        .push(r#"{"service":"www","region":"eu","connections":12,"errors":0.25,"draining":false,"sequence":3,"lifetime":"30s"}"#)
        .await;
    assert_eq!(said.status, 200, "{}", said.text);
    assert_eq!(said.json(), serde_json::json!([{"service":"www","region":"eu","taken":true,"newest":null}]));
    let endpoint = node.endpoint(0).await;
    assert_eq!(shown(&endpoint), "connections=12.0 errors=0.25 draining=0.0");
    let first = &endpoint["signals"][0];
    assert_eq!((&first["smoothed"], &first["sources"][0]), (&12.0.into(), &"push by local".into()));
    assert!(first["age_seconds"].as_f64().unwrap() < 10.0);
    let source = &endpoint["signal_sources"][0];
    assert_eq!((&source["fresh"], &source["sequence"]), (&true.into(), &3.into()));
    assert_eq!(shown(&node.endpoint(1).await), "", "the other has none");
    // Overtaken on the way.
    let said = node.push(r#"{"service":"www","region":"eu","connections":99,"sequence":3}"#).await;
    assert_eq!((&said.json()[0]["taken"], &said.json()[0]["newest"]), (&false.into(), &3.into()));
    assert_eq!(shown(&node.endpoint(0).await), "connections=12.0 errors=0.25 draining=0.0");
    let metrics = node.get("/metrics").await.text;
    let series = "meridian_signal{service=\"www\",region=\"eu\",signal=\"connections\"} 12.0\n";
    assert!(metrics.contains(series), "{metrics}");
    assert!(
        metrics.contains("meridian_signal_age_seconds{service=\"www\",region=\"eu\",signal=\"errors\"} ")
    );
    assert!(!metrics.contains("region=\"ap\",signal="));
}

#[tokio::test]
async fn one_call_may_tell_of_many_and_counts_whole_or_not_at_all() {
    let node = Node::new().await;
    let said = node.push(r#"{"service":"www","region":["eu","ap"],"requests":5,"source":"lb1"}"#).await;
    assert_eq!(said.json().as_array().unwrap().len(), 2, "{}", said.text);
    let list = r#"[{"service":"www","region":"eu","requests":7,"source":"lb2"},{"service":"www","region":"us","requests":1}]"#;
    let said = node.push(list).await;
    assert_eq!(said.status, 404);
    assert_eq!(said.json()["type"], "urn:meridian:problem:unknown-endpoint");
    assert_eq!(said.json()["known"], serde_json::json!(["eu", "ap"]));
    assert_eq!(shown(&node.endpoint(0).await), "requests=5.0");
    node.push(&list.replace("us", "ap")).await;
    assert_eq!(shown(&node.endpoint(0).await), "requests=12.0", "sources add up");
    assert_eq!(node.push(r#"{"service":"shop","region":"eu","requests":7}"#).await.json()["known"][0], "www");
    let one =
        |number: usize| format!(r#"{{"service":"www","region":"ap","requests":1,"source":"{number}"}}"#);
    let many = (0..126).map(one).collect::<Vec<_>>().join(",");
    assert_eq!(node.push(&format!("[{many}]")).await.status, 200);
    assert_eq!(node.push(&one(126)).await.status, 409, "two, and 126 more");
    assert_eq!(node.push(&one(125)).await.status, 200, "who is known already");
}

#[tokio::test]
async fn what_cannot_be_is_refused_by_field() {
    let node = Node::new().await;
    let rows = [
        (r#""region":"eu","connections":1"#, 422, "service"),
        (r#""service":"www","connections":1"#, 422, "region"),
        (r#""service":"www","region":7,"connections":1"#, 422, "region"),
        (r#""service":"www","region":[],"connections":1"#, 422, "region"),
        (r#""service":"www","region":"eu","connections":-1"#, 422, "connections"),
        (r#""service":"www","region":"eu","connections":"12"#, 400, ""),
        (r#""service":"www","region":"eu","connections":"12""#, 422, "connections"),
        (r#""service":"www","region":"eu","errors":5"#, 422, "errors"),
        (r#""service":"www","region":"eu","draining":1"#, 422, "draining"),
        (r#""service":"www","region":"eu","conections":1"#, 422, "conections"),
        (r#""service":"www","region":"eu","requests":1,"sequence":-1"#, 422, "sequence"),
        (r#""service":"www","region":"eu","requests":1,"lifetime":"2h"#, 400, ""),
        (r#""service":"www","region":"eu","requests":1,"lifetime":"2h""#, 422, "lifetime"),
        (r#""service":"www","region":"eu","requests":1,"lifetime":30"#, 422, "lifetime"),
        (r#""service":"www","region":"eu","requests":1,"source":"a b""#, 422, "source"),
        (r#""service":"www","region":"eu""#, 400, ""),
    ];
    for (fields, status, field) in rows {
        let said = node.push(&format!("{{{fields}}}")).await;
        assert_eq!(said.status, status, "{fields}: {}", said.text);
        assert_eq!(said.json()["field"].as_str().unwrap_or_default(), field, "{fields}");
    }
    for body in ["", "7", "[]", "[7]", "{"] {
        assert_eq!(node.push(body).await.status, 400, "{body}");
    }
    let long = format!("{{\"source\":\"{}\"}}", "a".repeat(70_000));
    assert_eq!(node.push(&long).await.status, 413);
    assert_eq!(node.ask("POST", SIGNALS, &["Content-Type: text/plain"], "{}").await.status, 415);
    assert_eq!(node.get(SIGNALS).await.status, 405);
}

#[tokio::test]
async fn a_token_of_the_role_signals_may_do_nothing_else() {
    let node = Node::with_tokens().await;
    let body = r#"{"service":"www","region":"eu","connections":12}"#;
    let push = async |token: &str| {
        let bearer = format!("Authorization: Bearer {token}-secret");
        node.ask("POST", SIGNALS, &["Content-Type: application/json", &bearer], body).await.status
    };
    assert_eq!(push("haproxy").await, 200);
    assert_eq!(push("oncall").await, 200);
    assert_eq!((push("reader").await, push("certbot").await, push("nobody").await), (403, 403, 401));
    let bearer = ["Authorization: Bearer haproxy-secret"];
    for path in ["/v1/status", "/v1/services/www", "/v1/acme", "/metrics"] {
        assert_eq!(node.ask("GET", path, &bearer, "").await.status, 403, "{path}");
    }
    let said = node.ask("GET", "/v1/services/www", &["Authorization: Bearer reader-secret"], "").await;
    assert_eq!(
        said.json()["endpoints"][0]["signals"][0]["sources"],
        serde_json::json!(["push by haproxy", "push by oncall"])
    );
}

#[tokio::test]
async fn an_answer_that_wishes_to_drain_drains_until_it_does_not() {
    let mut node = Node::new().await;
    node.observe("198.51.100.10", true).await;
    node.observe("198.51.100.20", true).await;
    let eu: std::net::Ipv4Addr = "198.51.100.10".parse().unwrap();
    assert_eq!(node.answers("192.0.2.1"), [eu]);
    node.tell("198.51.100.10", &[(Signal::Draining, 1.0), (Signal::Connections, 40.0)]).await;
    assert_ne!(node.answers("192.0.2.1"), [eu]);
    let endpoint = node.endpoint(0).await;
    assert_eq!((&endpoint["draining"], &endpoint["families"][0]["tier"]), (&true.into(), &"idle".into()));
    assert_eq!(endpoint["families"][0]["addresses"][0]["verdict"], "healthy", "the verdict is as it was");
    assert_eq!(endpoint["signals"][0]["sources"][0], "check http://198.51.100.10:8080/healthz");
    // The operator's word is stronger than the endpoint's.
    let word = "/v1/services/www/endpoints/eu/override";
    node.put(word, r#"{"state":"up","reason":"it must"}"#).await;
    assert_eq!(node.answers("192.0.2.1"), [eu]);
    node.ask("DELETE", word, &[], "").await;
    assert_ne!(node.answers("192.0.2.1"), [eu]);
    // The next answer says nothing of it.
    node.tell("198.51.100.10", &[]).await;
    assert_eq!(node.answers("192.0.2.1"), [eu]);
    let endpoint = node.endpoint(0).await;
    assert_eq!((&endpoint["draining"], shown(&endpoint).as_str()), (&false.into(), ""));
}

/// Both endpoints are up, and a share of errors over 10 % takes one out at once.
async fn with_a_rule(max_ejected: &str) -> Node {
    let rule = format!(
        "max_ejected = \"{max_ejected}\"\n[[services.www.passive]]\nsignal = \"errors\"\nover = 0.1\nfor = \"0s\"\nthen = \"unhealthy\"\n"
    );
    let config = CONFIG.replace("[services.www.check]", &format!("{rule}[services.www.check]"));
    let node = Node::with(config);
    node.observe("198.51.100.10", true).await;
    node.observe("198.51.100.20", true).await;
    node
}

async fn errors(node: &Node, region: &str, share: f64) {
    let body = format!(r#"{{"service":"www","region":"{region}","errors":{share},"source":"{share}"}}"#);
    assert_eq!(node.push(&body).await.status, 200);
}

#[tokio::test]
async fn a_passive_rule_takes_out_and_never_the_last() {
    for max_ejected in ["50%", "100%"] {
        let mut node = with_a_rule(max_ejected).await;
        let [eu, ap]: [std::net::Ipv4Addr; 2] =
            ["198.51.100.10", "198.51.100.20"].map(|text| text.parse().unwrap());
        assert_eq!(node.answers("192.0.2.1"), [eu]);
        errors(&node, "eu", 0.5).await;
        assert_eq!(node.answers("192.0.2.1"), [ap]);
        let endpoint = node.endpoint(0).await;
        assert_eq!(endpoint["families"][0]["tier"], "failing");
        let rule = &endpoint["passive"][0];
        assert_eq!((&rule["state"], &rule["value"]), (&"in force".into(), &0.5.into()));
        assert_eq!((&rule["under"], &rule["reason"]), (&0.08.into(), &"errors were over 0.1 for 0 s".into()));
        let metrics = node.get("/metrics").await.text;
        let series =
            "meridian_passive_rule{service=\"www\",region=\"eu\",signal=\"errors\",then=\"unhealthy\"} 1.0\n";
        assert!(metrics.contains(series), "{metrics}");
        // All of them alike: the last stays, whatever the budget.
        errors(&node, "ap", 0.9).await;
        assert_eq!(node.answers("192.0.2.1"), [ap], "{max_ejected}");
        assert_eq!(node.endpoint(1).await["families"][0]["kept"], true);
        assert_eq!(node.endpoint(1).await["families"][0]["tier"], "fit");
    }
}

#[tokio::test]
async fn a_rule_that_was_taken_away_speaks_against_nobody() {
    let mut node = with_a_rule("50%").await;
    errors(&node, "eu", 0.5).await;
    let eu: std::net::Ipv4Addr = "198.51.100.10".parse().unwrap();
    assert_ne!(node.answers("192.0.2.1"), [eu]);
    let path = node.directory.path().join("meridian.toml");
    let config = std::fs::read_to_string(&path).unwrap();
    // A reload that keeps it keeps what it came to.
    assert_eq!(node.ask("POST", "/v1/reload", &[], "").await.status, 200);
    assert_ne!(node.answers("192.0.2.1"), [eu]);
    std::fs::write(&path, config.replace("over = 0.1", "over = 0.6")).unwrap();
    assert_eq!(node.ask("POST", "/v1/reload", &[], "").await.status, 200);
    assert_eq!(node.answers("192.0.2.1"), [eu]);
    assert_eq!(shown(&node.endpoint(0).await), "errors=0.5", "signals stay");
}
