//! What autoscalers read: flat, bounded, and 1 where nothing is known.

use super::*;

/// A node whose service is to answer within so many milliseconds.
fn node(objective: u32) -> Node {
    let text = format!("[services.www]\nlatency_objective = \"{objective}ms\"\n");
    Node::with(CONFIG.replace("[services.www]\n", &text))
}

#[tokio::test]
async fn the_factor_is_latency_by_objective_within_bounds() {
    // A probe takes 7 ms.
    for (objective, factor) in [(7, 1.0), (5, 1.4), (10, 0.7), (2, 2.0), (100, 0.5)] {
        let node = node(objective);
        let said = node.get("/v1/scale/eu").await.json();
        assert_eq!((&said["factor"], &said["latency_ms"]), (&1.0.into(), &Value::Null), "nothing is known");
        node.observe("198.51.100.10", true).await;
        let said = node.get("/v1/scale/eu?service=www").await.json();
        let wanted = serde_json::json!({
            "region": "eu", "service": "www", "latency_ms": 7.0,
            "latency_objective_ms": f64::from(objective), "utilization": null, "factor": factor,
        });
        assert_eq!(said, wanted);
        let text = node.get("/metrics").await.text;
        let line = format!("meridian_scale_factor{{service=\"www\",region=\"eu\"}} {factor:?}\n");
        assert!(text.contains(&line), "{line} in {text}");
    }
}

#[tokio::test]
async fn what_load_balancers_report_beats_what_probes_see() {
    let node = node(100);
    node.observe("198.51.100.10", true).await;
    let rows = [
        (r#""latency":0.15,"utilization":0.75"#, 150.0, Some(0.75), 1.5),
        (r#""connections":30,"capacity":120"#, 7.0, Some(0.25), 0.5),
        // Of the whole region's 4,000.
        (r#""connections":30,"capacity":0"#, 7.0, Some(0.008), 0.5),
        (r#""latency":1e300"#, 7.0, None, 0.5),
    ];
    for (place, (fields, latency, utilization, factor)) in rows.into_iter().enumerate() {
        // Each from a source of its own would add up: the same one says something else, and that counts at once.
        let node = if place == 0 { &node } else { &self::node(100) };
        node.observe("198.51.100.10", true).await;
        let body = format!(r#"{{"service":"www","region":"eu",{fields}}}"#);
        node.ask("POST", "/v1/signals", &["Content-Type: application/json"], &body).await;
        let said = node.get("/v1/scale/eu").await.json();
        assert_eq!(
            (&said["latency_ms"], &said["factor"]),
            (&latency.into(), &factor.into()),
            "{fields}: {said}"
        );
        assert_eq!(said["utilization"].as_f64(), utilization, "{fields}");
    }
}

#[tokio::test]
async fn without_an_objective_nothing_is_suggested() {
    let node = Node::new().await;
    node.observe("198.51.100.10", true).await;
    let said = node.get("/v1/scale/eu").await.json();
    assert_eq!((&said["factor"], &said["latency_objective_ms"]), (&1.0.into(), &Value::Null));
    assert!(!node.get("/metrics").await.text.contains("meridian_scale_factor{"));
}

#[tokio::test]
async fn a_refusal_is_fast_and_says_nothing_of_speed() {
    let node = node(7);
    node.observe("198.51.100.10", true).await;
    node.observe("198.51.100.10", false).await;
    let service = node.get("/v1/services/www").await.json();
    let address = &service["endpoints"][0]["families"][0]["addresses"][0];
    assert_eq!((&address["recent"], &address["latency_ms"]), (&"+-".into(), &7.0.into()));
    assert_eq!(address["latency_percentiles_ms"], serde_json::json!({"p50": 7.0, "p90": 7.0, "p99": 7.0}));
    assert_eq!(service["latency_objective_ms"], 7.0);
}

#[tokio::test]
async fn what_is_not_there_is_said() {
    let node = Node::new().await;
    for (path, status) in
        [("/v1/scale/us", 404), ("/v1/scale/eu?service=ftp", 404), ("/v1/scale/eu?servise=www", 400)]
    {
        assert_eq!(node.get(path).await.status, status, "{path}");
    }
}
