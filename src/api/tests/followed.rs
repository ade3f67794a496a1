//! Events: what is told, to whom, from where on, and what happens to those who do not listen.

use futures_util::StreamExt;

use super::*;

/// A stream of events and what came of it so far.
struct Stream {
    body: axum::body::BodyDataStream,
    text: String,
}

impl Stream {
    async fn open(node: &Node, query: &str, after: Option<u64>) -> Result<Stream, u16> {
        let mut request =
            Request::builder().uri(format!("/v1/events{query}")).header(header::HOST, "127.0.0.1:8053");
        if let Some(after) = after {
            request = request.header("last-event-id", after.to_string());
        }
        let request = request.body(Body::empty()).unwrap();
        let response = TowerToHyperService::new(node.router.clone()).call(request).await.unwrap();
        if response.status() != 200 {
            return Err(response.status().as_u16());
        }
        assert_eq!(response.headers()[header::CONTENT_TYPE], "text/event-stream");
        Ok(Stream { body: response.into_body().into_data_stream(), text: String::new() })
    }

    /// The next event: id, kind, body.
    async fn next(&mut self) -> Option<(u64, String, Value)> {
        while !self.text.contains("\n\n") {
            let piece = self.body.next().await?.unwrap();
            self.text += std::str::from_utf8(&piece).unwrap();
        }
        let (message, rest) = self.text.split_once("\n\n").unwrap();
        let field = |name: &str| {
            let lines = message.lines();
            lines.filter_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).next().unwrap_or_default()
        };
        let id = field("id").parse().unwrap_or(0);
        let event = (id, field("event").to_owned(), serde_json::from_str(field("data")).unwrap());
        self.text = rest.to_owned();
        Some(event)
    }

    async fn kinds(&mut self, count: usize) -> Vec<String> {
        let mut kinds = Vec::new();
        while kinds.len() < count {
            kinds.push(self.next().await.unwrap().1);
        }
        kinds
    }
}

const DOWN: &str = r#"{"state":"down","reason":"fire drill","expires_in":"1h"}"#;

#[tokio::test]
async fn what_happens_is_told_as_it_happens() {
    let node = Node::new().await;
    let mut stream = Stream::open(&node, "", None).await.unwrap();
    node.observe("198.51.100.20", true).await;
    for _ in 0..3 {
        node.observe("198.51.100.20", false).await;
    }
    // Unknown to healthy, fit; healthy to unhealthy, failing.
    assert_eq!(stream.kinds(2).await, ["transition", "endpoint"]);
    let (id, kind, body) = stream.next().await.unwrap();
    assert_eq!((body["id"].as_u64(), body["kind"].as_str()), (Some(id), Some(kind.as_str())));
    let rows = [
        ("kind", "transition"),
        ("node", "lhr1"),
        ("from", "healthy"),
        ("to", "unhealthy"),
        ("reason", "connection refused"),
    ];
    for (field, value) in rows {
        assert_eq!(body[field], value, "{body}");
    }
    assert_eq!((&body["services"][0], &body["regions"][0]), (&"www".into(), &"ap".into()));
    assert!(body["text"].as_str().unwrap().ends_with(" is unhealthy, was healthy: connection refused"));
    assert!(body["weight"].is_null() && !body.to_string().contains("null"), "{body}");
    let (next, _, body) = stream.next().await.unwrap();
    assert_eq!((next, &body["to"], &body["family"]), (id + 1, &"failing".into(), &"IPv4".into()));

    node.put("/v1/regions/eu/override", DOWN).await;
    let (_, kind, body) = stream.next().await.unwrap();
    assert_eq!(
        (kind.as_str(), &body["subject"], &body["who"]),
        ("override", &"region".into(), &"local".into())
    );
    assert!(body["expires_at"].is_string() && body["state"] == "down" && body["change"] == "set", "{body}");
    assert_eq!(stream.kinds(2).await, ["endpoint", "endpoint"]);
    node.ask("DELETE", "/v1/regions/eu/override", &[], "").await;
    let (_, kind, body) = stream.next().await.unwrap();
    assert_eq!((kind.as_str(), &body["change"]), ("override", &"lifted".into()));
    assert_eq!(stream.kinds(2).await, ["endpoint", "endpoint"]);
    node.put("/v1/acme/www.gslb.example", r#"{"values":["x"]}"#).await;
    node.ask("POST", "/v1/reload", &[], "").await;
    let ready = crate::control::events::What::Ready { ready: true, missing: vec![] };
    node.context.handle.happened(ready).await.unwrap();
    assert_eq!(stream.kinds(3).await, ["challenge", "reload", "ready"]);
}

#[tokio::test]
async fn who_comes_back_gets_what_was_missed_and_who_asks_for_less_gets_less() {
    let node = Node::new().await;
    let mut stream = Stream::open(&node, "", None).await.unwrap();
    node.put("/v1/regions/ap/override", DOWN).await;
    let (first, kind, _) = stream.next().await.unwrap();
    assert_eq!(kind, "override");
    drop(stream);
    node.put("/v1/acme/www.gslb.example", r#"{"values":["x"]}"#).await;
    let mut stream = Stream::open(&node, "", Some(first)).await.unwrap();
    assert_eq!(stream.kinds(2).await, ["endpoint", "challenge"]);
    let mut stream = Stream::open(&node, "?kind=challenge,override", Some(0)).await.unwrap();
    assert_eq!(stream.kinds(2).await, ["override", "challenge"]);
    // The challenge is not about the service's endpoints.
    let mut stream = Stream::open(&node, "?service=www", Some(0)).await.unwrap();
    assert_eq!(stream.kinds(2).await, ["override", "endpoint"]);
    for query in ["?kind=nonsense", "?kind=", "?since=1"] {
        assert_eq!(Stream::open(&node, query, None).await.err(), Some(400), "{query}");
    }
    assert_eq!(Stream::open(&node, "?service=ftp", None).await.err(), Some(404));
}

#[tokio::test]
async fn what_signals_do_and_who_is_parked_is_told() {
    let rule =
        "[[services.www.passive]]\nsignal = \"errors\"\nover = 0.1\nfor = \"0s\"\nthen = \"unhealthy\"";
    let with_rule = CONFIG.replace("[services.www.check]", &format!("{rule}\n[services.www.check]"));
    let node = Node::with(with_rule.replace("[services.www]\n", "[services.www]\nmanual_resume = true\n"));
    node.observe("198.51.100.10", true).await;
    let mut stream = Stream::open(&node, "?kind=signal,parked", None).await.unwrap();
    node.observe("198.51.100.20", true).await;
    let push = |errors: f64, draining: bool| {
        format!(r#"{{"service":"www","region":"ap","errors":{errors},"draining":{draining}}}"#)
    };
    let json = ["Content-Type: application/json"];
    node.ask("POST", "/v1/signals", &json, &push(0.5, false)).await;
    let (_, kind, body) = stream.next().await.unwrap();
    assert_eq!(
        (kind.as_str(), &body["change"], &body["to"]),
        ("signal", &"speaks".into(), &"unhealthy".into())
    );
    assert_eq!((&body["signal"], &body["value"]), (&"errors".into(), &0.5.into()));
    let said = "service www in ap is unhealthy by its signals: errors 0.500, over 0.1";
    assert_eq!(body["text"], said);
    node.ask("POST", "/v1/signals", &json, &push(0.5, true)).await;
    let told = [stream.next().await.unwrap().2, stream.next().await.unwrap().2];
    let changes = told.each_ref().map(|body| body["change"].as_str().unwrap());
    assert!(changes.contains(&"draining") && changes.contains(&"parked"), "{changes:?}");
    let why = r#"{"reason":"mended"}"#;
    node.ask("POST", "/v1/services/www/endpoints/ap/resume", &json, why).await;
    let body = stream.next().await.unwrap().2;
    assert_eq!(
        (&body["change"], &body["who"], &body["reason"]),
        (&"resumed".into(), &"local".into(), &"mended".into())
    );
}

#[tokio::test]
async fn a_ramp_is_told_when_it_begins_arrives_and_goes_back() {
    let node = Node::new().await;
    let mut stream = Stream::open(&node, "?kind=override,ramp", None).await.unwrap();
    let path = "/v1/services/www/endpoints/eu/override";
    node.put(path, r#"{"state":"ramp","from":"1%","to":"50%","over":"1s","reason":"release"}"#).await;
    let (_, kind, body) = stream.next().await.unwrap();
    assert_eq!(
        (kind.as_str(), &body["state"], &body["from"], &body["to"]),
        ("override", &"ramp".into(), &"1%".into(), &"50%".into())
    );
    let (_, kind, body) = stream.next().await.unwrap();
    assert_eq!(
        (kind.as_str(), &body["change"], &body["reason"]),
        ("ramp", &"arrived".into(), &"release".into())
    );
    assert_eq!((&body["subject"], &body["services"][0]), (&"endpoint".into(), &"www".into()));
    node.observe("198.51.100.10", false).await;
    let (_, kind, body) = stream.next().await.unwrap();
    assert_eq!((kind.as_str(), &body["change"]), ("ramp", &"rolled_back".into()));
    assert_eq!((&body["reason"], &body["from"]), (&"connection refused".into(), &"1%".into()));
    assert_eq!(
        body["text"],
        "service www in eu went back to 1% of its weight, and stays there: connection refused"
    );
}

#[tokio::test]
async fn an_override_that_ends_is_told_once() {
    let node = Node::new().await;
    let mut stream = Stream::open(&node, "?kind=override", None).await.unwrap();
    let body = r#"{"state":"down","reason":"r","expires_in":"1s"}"#;
    node.put("/v1/services/www/endpoints/eu/override", body).await;
    for change in ["set", "ended"] {
        let (_, _, body) = stream.next().await.unwrap();
        assert_eq!((&body["change"], &body["subject"]), (&change.into(), &"endpoint".into()));
    }
    node.put("/v1/services/www/endpoints/eu/override", DOWN).await;
    assert_eq!(stream.next().await.unwrap().2["change"], "set");
}

#[tokio::test]
async fn who_does_not_listen_loses_the_oldest_and_learns_how_many() {
    let node = Node::new().await;
    let mut stream = Stream::open(&node, "?kind=ready", None).await.unwrap();
    for _ in 0..2_500 {
        let what = crate::control::events::What::Ready { ready: true, missing: vec![] };
        node.context.handle.happened(what).await.unwrap();
    }
    node.context.handle.status().await.unwrap();
    let (_, kind, body) = stream.next().await.unwrap();
    let lost = body["lost"].as_u64().unwrap();
    assert!(kind == "lost" && (1_476..=1_500).contains(&lost), "{kind} {body}");
    let (first, ..) = stream.next().await.unwrap();
    for number in 1..2_500 - lost {
        assert_eq!(stream.next().await.unwrap().0, first + number);
    }
}

#[tokio::test]
async fn streams_leave_room_for_others_and_give_their_places_back() {
    let node = Node::new().await;
    let mut streams = Vec::new();
    for _ in 0..super::super::events::STREAMS {
        streams.push(Stream::open(&node, "", None).await.unwrap());
    }
    assert_eq!(Stream::open(&node, "", None).await.err(), Some(503));
    assert_eq!(node.get("/v1/status").await.status, 200);
    streams.pop();
    assert!(Stream::open(&node, "", None).await.is_ok());
}

#[tokio::test]
async fn streams_take_a_token_like_any_other_look() {
    let node = Node::with_tokens().await;
    assert_eq!(node.get("/v1/events").await.status, 401);
    let said = node.ask("GET", "/v1/events", &["Authorization: Bearer certbot-secret"], "").await;
    assert_eq!(said.status, 403);
}
