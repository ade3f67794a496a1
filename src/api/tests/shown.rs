//! What is read: status, regions, services, readiness, metrics, the document.

use std::collections::BTreeMap;

use super::*;

#[tokio::test]
async fn regions_and_services_show_what_is_believed() {
    let mut node = Node::new().await;
    node.observe("198.51.100.10", true).await;
    node.observe("198.51.100.20", false).await;
    node.answers("192.0.2.1");
    let said = node.get("/v1/services/www").await.json();
    assert_eq!((&said["name"], &said["policy"]), (&"www".into(), &"nearest".into()));
    assert_eq!(
        said["names"],
        serde_json::json!([
            "www.gslb.example.",
            "*.cust.gslb.example.",
            "old.gslb.example.",
            "new.gslb.example."
        ])
    );
    let (eu, ap) = (&said["endpoints"][0], &said["endpoints"][1]);
    assert_eq!((&eu["region"], &eu["weight"], &eu["override"]), (&"eu".into(), &100.into(), &Value::Null));
    let four = &eu["families"][0];
    assert_eq!((&four["family"], &four["tier"], &four["keep"]), (&"IPv4".into(), &"fit".into(), &1.0.into()));
    assert_eq!((&four["answers"], &four["share"]), (&1.into(), &1.0.into()));
    assert!(four["cached_until"].is_string());
    let address = &four["addresses"][0];
    assert_eq!(
        (&address["verdict"], &address["target"]),
        (&"healthy".into(), &"http://198.51.100.10:8080/healthz".into())
    );
    assert_eq!(
        (&address["latency_ms"], &address["threshold"], &address["passed"]),
        (&7.0.into(), &3.into(), &1.into())
    );
    assert!(address["age_seconds"].is_f64() && address["staleness_seconds"].is_f64());
    assert_eq!(ap["families"][0]["tier"], "failing");
    let reason = ap["families"][0]["addresses"][0]["reason"].as_str().unwrap();
    assert!(reason.contains("refused"), "{reason}");
    let region = node.get("/v1/regions/eu").await.json();
    assert_eq!((&region["state"], &region["capacity"]), (&"none".into(), &4000.into()));
    assert_eq!(region["location"], serde_json::json!({ "lat": 53.35, "lon": -6.26 }));
    let again = &region["services"][0];
    assert_eq!(
        (&again["service"], &again["region"], &again["weight"]),
        (&"www".into(), &"eu".into(), &100.into())
    );
    assert_eq!(again["families"][0]["tier"], "fit");
    assert_eq!(region["services"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn all_and_one_agree() {
    let node = Node::new().await;
    for list in ["/v1/regions", "/v1/services"] {
        let all = node.get(list).await.json();
        for one in all.as_array().unwrap() {
            let name = one["name"].as_str().unwrap();
            assert_eq!(node.get(&format!("{list}/{name}")).await.json()["name"], *name);
        }
    }
    let names: Vec<_> = node
        .get("/v1/regions")
        .await
        .json()
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["name"].clone())
        .collect();
    assert_eq!(names, ["eu", "ap"]);
    let said = node.get("/v1/services/ww").await;
    assert_eq!((said.status, &said.json()["known"]), (404, &serde_json::json!(["www"])));
}

#[tokio::test]
async fn status_says_how_the_node_is() {
    let node = Node::new().await;
    let said = node.get("/v1/status").await.json();
    let rows: [(&str, Value); 3] =
        [("identity", "lhr1".into()), ("version", "1.2.3".into()), ("generation", 1.into())];
    for (field, value) in rows.into_iter().chain([("regions", 2.into()), ("endpoints", 2.into())]) {
        assert_eq!(said[field], value, "{field}");
    }
    assert_eq!(said["ready"], false);
    assert_eq!(said["missing"][0], "first verdicts are not in yet");
}

#[tokio::test]
async fn readiness_is_text_or_json() {
    let node = Node::new().await;
    assert_eq!(node.get("/healthz").await.status, 200);
    let said = node.get("/readyz").await;
    assert_eq!(said.status, 503);
    assert_eq!(said.text, "first verdicts are not in yet\nthe node has not answered its own query yet\n");
    let said = node.ask("GET", "/readyz", &["Accept: application/json"], "").await;
    assert_eq!((said.status, &said.json()["ready"]), (503, &false.into()));
    node.latches.send_replace(Latches { first_verdicts: true, silent: Some(vec![]), ..Latches::default() });
    let said = node.get("/readyz").await;
    assert_eq!((said.status, said.text.as_str()), (200, "ready\n"));
    node.latches.send_modify(|latches| latches.stopping = true);
    assert_eq!((node.get("/readyz").await.status, node.get("/healthz").await.status), (503, 200));
}

#[tokio::test]
async fn the_document_names_every_call() {
    let node = Node::new().await;
    let said = node.get("/openapi.json").await;
    assert_eq!(said.header(header::CONTENT_TYPE), "application/json");
    let document = said.json();
    let calls = document["paths"].as_object().unwrap().iter().flat_map(|(path, calls)| {
        calls.as_object().unwrap().keys().map(move |method| format!("{method} {path}"))
    });
    let mut calls: Vec<_> = calls.collect();
    calls.sort_unstable();
    let over = ["/v1/regions/{region}/override", "/v1/services/{service}/endpoints/{region}/override"];
    let mut wanted: Vec<String> = ["delete", "get", "put"]
        .iter()
        .flat_map(|method| over.map(|path| format!("{method} {path}")))
        .chain(
            ["status", "regions", "regions/{region}", "services", "services/{service}", "explain"]
                .map(|path| format!("get /v1/{path}")),
        )
        .chain(["healthz", "readyz", "metrics", "openapi.json"].map(|path| format!("get /{path}")))
        .chain(
            [
                "post /v1/services/{service}/endpoints/{region}/resume",
                "get /v1/acme",
                "get /v1/latency",
                "post /v1/latency",
                "get /v1/events",
                "get /v1/scale/{region}",
                "put /v1/acme/{name}",
                "delete /v1/acme/{name}",
            ]
            .map(str::to_owned),
        )
        .chain(["post /v1/reload", "post /v1/signals"].map(str::to_owned))
        .collect();
    wanted.sort_unstable();
    assert_eq!(calls, wanted);
    let schemas = document["components"]["schemas"].as_object().unwrap();
    assert!(
        schemas.contains_key("OverrideBody") && schemas.contains_key("Explanation"),
        "{:?}",
        schemas.keys()
    );
}

/// Every line of the exposition as name with labels and value; panics where one is neither that nor a comment.
fn samples(text: &str) -> BTreeMap<String, f64> {
    let (body, end) = text.split_at(text.len() - "# EOF\n".len());
    assert_eq!(end, "# EOF\n");
    let mut samples = BTreeMap::new();
    for line in body.lines() {
        if let Some(comment) = line.strip_prefix("# ") {
            assert!(["HELP ", "TYPE ", "UNIT "].iter().any(|kind| comment.starts_with(kind)), "{line}");
            continue;
        }
        let (series, value) = line.rsplit_once(' ').unwrap();
        let name = series.split('{').next().unwrap();
        assert!(name.starts_with("meridian_") || name.starts_with("process_"), "{line}");
        assert!(series.contains('{') == series.ends_with('}'), "{line}");
        assert!(samples.insert(series.to_owned(), value.parse().unwrap()).is_none(), "twice: {line}");
    }
    samples
}

#[tokio::test]
async fn metrics_read_and_move() {
    let mut node = Node::new().await;
    let before = samples(&node.get("/metrics").await.text);
    assert_eq!(before["meridian_queries_total{transport=\"udp\",family=\"IPv4\"}"], 0.0);
    node.observe("198.51.100.10", true).await;
    node.observe("198.51.100.20", false).await;
    node.put("/v1/regions/ap/override", r#"{"state":"drain","reason":"drill"}"#).await;
    node.answers("192.0.2.1");
    node.answers("192.0.2.1");
    let said = node.get("/metrics").await;
    assert!(said.header(header::CONTENT_TYPE).starts_with("application/openmetrics-text; version=1.0.0"));
    let after = samples(&said.text);
    let endpoint = |region| format!("{{service=\"www\",region=\"{region}\",family=\"IPv4\"");
    let target = "target=\"http://198.51.100.20:8080/healthz\"";
    let rows = [
        ("meridian_queries_total{transport=\"udp\",family=\"IPv4\"}".to_owned(), 2.0),
        ("meridian_queries_by_type_total{type=\"A\"}".into(), 2.0),
        ("meridian_replies_total{rcode=\"NOERROR\"}".into(), 2.0),
        ("meridian_dropped_total{why=\"short\"}".into(), 0.0),
        (format!("meridian_answers_total{}}}", endpoint("eu")), 2.0),
        (format!("meridian_endpoint_tier{},tier=\"fit\"}}", endpoint("eu")), 1.0),
        (format!("meridian_endpoint_tier{},tier=\"failing\"}}", endpoint("ap")), 1.0),
        (format!("meridian_target_healthy{{{target}}}"), 0.0),
        (format!("meridian_probes_total{{{target},outcome=\"failed\"}}"), 1.0),
        (format!("meridian_probe_latency_seconds{{{target}}}"), 0.007),
        ("meridian_overrides{subject=\"region\"}".into(), 1.0),
        ("meridian_reloads_total{outcome=\"failed\"}".into(), 0.0),
        ("meridian_transitions_total{from=\"unknown\",to=\"healthy\"}".into(), 1.0),
        ("meridian_transitions_total{from=\"unknown\",to=\"unhealthy\"}".into(), 1.0),
        ("meridian_probe_errors_total{kind=\"http\",reason=\"refused\"}".into(), 1.0),
        ("meridian_probe_duration_seconds_count{kind=\"http\",outcome=\"passed\"}".into(), 1.0),
        ("meridian_probe_duration_seconds_bucket{le=\"0.005\",kind=\"http\",outcome=\"passed\"}".into(), 0.0),
        ("meridian_probe_duration_seconds_bucket{le=\"0.01\",kind=\"http\",outcome=\"passed\"}".into(), 1.0),
        ("meridian_probe_duration_seconds_bucket{le=\"+Inf\",kind=\"http\",outcome=\"passed\"}".into(), 1.0),
        ("meridian_generation".into(), 1.0),
        ("meridian_ready".into(), 0.0),
        ("meridian_build_info{version=\"1.2.3\",identity=\"lhr1\"}".into(), 1.0),
    ];
    for (series, value) in rows {
        assert_eq!(after.get(&series), Some(&value), "{series} in\n{}", said.text);
    }
    let unknown = "meridian_target_healthy{target=\"http://[2001:db8:1::10]:8080/healthz\"}";
    assert!(!after.contains_key(unknown), "not probed yet");
}
