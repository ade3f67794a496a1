//! What operators say: judged, durable, in force, compared with what they saw.

use std::net::Ipv4Addr;

use super::*;

const REGION: &str = "/v1/regions/eu/override";
const ENDPOINT: &str = "/v1/services/www/endpoints/eu/override";

#[tokio::test]
async fn bodies_are_judged() {
    let node = Node::new().await;
    let json = "Content-Type: application/json";
    let down = r#"{"state":"down","reason":"drill"}"#;
    let large = format!(r#"{{"state":"down","reason":"{}"}}"#, "x".repeat(65_536));
    let rows: &[(&str, &[&str], &str, u16, &str)] = &[
        (REGION, &[json], down, 200, "\"state\":\"down\""),
        (REGION, &["Content-Type: application/json; charset=utf-8"], down, 200, "\"who\":\"local\""),
        (REGION, &["Content-Type: text/plain"], down, 415, "application/json"),
        (REGION, &[], down, 415, "application/json"),
        (REGION, &[json], &large, 413, "64 KiB"),
        (REGION, &[json, "Content-Length: 99999999"], down, 413, "64 KiB"),
        (REGION, &[json], "", 400, "there is no body"),
        (REGION, &[json], "{\"state\":", 400, "line 1 column 9"),
        (REGION, &[json], "{\"state\":7}", 422, "invalid type"),
        (REGION, &[json], r#"{"state":"down","reason":"x","until":"1h"}"#, 422, "unknown field `until`"),
        (REGION, &[json], r#"{"state":"down"}"#, 422, "a reason is needed"),
        (REGION, &[json], r#"{"state":"down","reason":" "}"#, 422, "a reason is needed"),
        (REGION, &[json], r#"{"weight":5,"reason":"x"}"#, 422, "a region has no weight"),
        (
            REGION,
            &[json],
            r#"{"state":"down","reason":"x","expires_in":"9y"}"#,
            422,
            "'9y' is not a duration",
        ),
        (ENDPOINT, &[json], r#"{"weight":5,"reason":"x"}"#, 200, "\"weight\":5"),
        (ENDPOINT, &[json], r#"{"state":"weight","weight":0,"reason":"x"}"#, 200, "\"weight\":0"),
        ("/v1/regions/us/override", &[json], down, 404, "no region is called 'us'; regions: eu, ap"),
        ("/v1/services/ww/endpoints/eu/override", &[json], down, 404, "no service is called 'ww'"),
        ("/v1/services/www/endpoints/us/override", &[json], down, 404, "no endpoint is called 'us'"),
        ("/v1/regions/%ff/override", &[json], down, 400, "UTF-8"),
    ];
    for (path, headers, body, status, part) in rows {
        let said = node.ask("PUT", path, headers, body).await;
        let shown = &body[..body.len().min(60)];
        assert_eq!(said.status, *status, "{path} {shown}: {}", said.text);
        assert!(said.text.contains(part), "{path} {shown}: {}", said.text);
        if *status >= 400 {
            assert_eq!(said.header(header::CONTENT_TYPE), "application/problem+json");
            assert_eq!(said.json()["status"], *status);
        }
    }
}

#[tokio::test]
async fn a_problem_says_what_would_be_valid() {
    let node = Node::new().await;
    let said = node.put("/v1/regions/us/override", r#"{"state":"down","reason":"x"}"#).await.json();
    assert_eq!(said["known"], serde_json::json!(["eu", "ap"]));
    let said = node.put(REGION, r#"{"state":"dwon","reason":"x"}"#).await.json();
    assert_eq!(said["field"], "state");
    assert_eq!(said["known"], serde_json::json!(["up", "down", "drain", "weight", "ramp"]));
}

#[tokio::test]
async fn the_next_answer_obeys_and_delete_brings_it_back() {
    let mut node = Node::new().await;
    for address in ["198.51.100.10", "198.51.100.20"] {
        node.observe(address, true).await;
    }
    let (near, far) = ([Ipv4Addr::new(198, 51, 100, 10)], [Ipv4Addr::new(198, 51, 100, 20)]);
    assert_eq!(node.answers("192.0.2.1"), near);
    for path in [REGION, ENDPOINT] {
        let said = node.put(path, r#"{"state":"down","reason":"drill","expires_in":"30m"}"#).await;
        assert_eq!(said.status, 200, "{}", said.text);
        assert_eq!(node.answers("192.0.2.1"), far, "{path}");
        assert_eq!(node.ask("DELETE", path, &[], "").await.status, 204);
        assert_eq!(node.answers("192.0.2.1"), near, "{path}");
    }
    assert_eq!(node.ask("DELETE", REGION, &[], "").await.status, 204, "well also where nothing was said");
    assert_eq!(node.ask("DELETE", "/v1/regions/us/override", &[], "").await.status, 404);
}

#[tokio::test]
async fn what_is_acknowledged_survives_a_crash() {
    let node = Node::new().await;
    let said = node.put(REGION, r#"{"state":"down","reason":"drill","expires_in":"1h"}"#).await.json();
    let mut node = node.restart().await;
    let again = node.get(REGION).await.json();
    for field in ["state", "reason", "who", "expires_at", "revision"] {
        assert_eq!(again[field], said[field], "{field}");
    }
    assert_eq!(node.answers("192.0.2.1"), [Ipv4Addr::new(198, 51, 100, 20)]);
}

#[tokio::test]
async fn revisions_guard_writes() {
    let node = Node::new().await;
    let body = r#"{"state":"down","reason":"drill"}"#;
    let ask = async |method: &str, condition: &str, wanted: u16| {
        let headers = ["Content-Type: application/json", condition];
        let body = if method == "PUT" { body } else { "" };
        let said = node.ask(method, REGION, &headers, body).await;
        assert_eq!(said.status, wanted, "{method} {condition}: {}", said.text);
        said
    };
    assert_eq!(ask("PUT", "If-Match: \"1\"", 412).await.json()["current_revision"], 0);
    ask("PUT", "If-Match: *", 412).await;
    let said = ask("PUT", "If-None-Match: *", 200).await;
    assert_eq!((said.header(header::ETAG), &said.json()["revision"]), ("\"1\"", &1.into()));
    assert_eq!(ask("PUT", "If-None-Match: *", 412).await.json()["current_revision"], 1);
    ask("PUT", "If-Match: W/\"1\"", 412).await;
    ask("PUT", "If-Match: 1", 400).await;
    let said = ask("PUT", "If-Match: \"1\"", 200).await;
    assert_eq!(said.header(header::ETAG), "\"2\"");
    let said = ask("DELETE", "If-Match: \"1\"", 412).await;
    assert_eq!(said.json()["detail"], "the override is at revision 2 now");
    ask("GET", "If-None-Match: \"2\"", 304).await;
    assert_eq!(ask("GET", "If-None-Match: \"1\"", 200).await.header(header::ETAG), "\"2\"");
    ask("DELETE", "If-Match: \"1\", \"2\"", 204).await;
    ask("DELETE", "If-Match: \"2\"", 412).await;
    ask("GET", "Accept: */*", 404).await;
}

#[tokio::test]
async fn words_end_when_they_say() {
    let node = Node::new().await;
    let said = node.put(REGION, r#"{"state":"drain","reason":"x","expires_in":"1h"}"#).await.json();
    let time = |field: &str| said[field].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    let lasts = (time("expires_at") - time("since")).total(jiff::Unit::Second).unwrap();
    assert!((3_600.0..=3_601.0).contains(&lasts), "{lasts}");
}

#[tokio::test]
async fn a_dangling_word_is_listed_and_can_be_lifted() {
    let node = Node::new().await;
    let ap = "/v1/services/www/endpoints/ap/override";
    assert_eq!(node.put(ap, r#"{"state":"down","reason":"drill"}"#).await.status, 200);
    let start = CONFIG.find("[services.www.endpoints.ap]").unwrap();
    std::fs::write(node.directory.path().join("meridian.toml"), &CONFIG[..start]).unwrap();
    assert_eq!(node.ask("POST", "/v1/reload", &[], "").await.status, 200);
    let dangling = &node.get("/v1/status").await.json()["dangling"];
    assert_eq!((&dangling[0]["service"], &dangling[0]["region"]), (&"www".into(), &"ap".into()));
    assert_eq!(dangling[0]["override"]["state"], "down");
    assert_eq!(node.get(ap).await.json()["reason"], "drill");
    assert_eq!(node.put(ap, r#"{"state":"up","reason":"drill"}"#).await.status, 404);
    assert_eq!(node.ask("DELETE", ap, &["If-Match: \"1\""], "").await.status, 204);
    assert_eq!(node.get("/v1/status").await.json()["dangling"], serde_json::json!([]));
    assert_eq!(node.get(ap).await.status, 404);
}

#[tokio::test]
async fn a_reload_that_fails_changes_nothing_and_says_why() {
    let node = Node::new().await;
    std::fs::write(
        node.directory.path().join("meridian.toml"),
        CONFIG.replace("[regions.ap]", "[regions.xx]"),
    )
    .unwrap();
    let said = node.ask("POST", "/v1/reload", &[], "").await;
    let body = said.json();
    assert_eq!((said.status, &body["swapped"], &body["generation"]), (422, &false.into(), &1.into()));
    let text = body["problems"][0]["text"].as_str().unwrap();
    assert!(text.contains("no region is called 'ap'"), "{text}");
    assert!(body["problems"][0]["place"].as_str().unwrap().contains("meridian.toml:"), "{body}");
    assert_eq!(node.get("/v1/status").await.json()["reloads_failed"], 1);
}
