//! `manual_resume`: who fell is shown as parked, told as an event, and let back in by a call that says why.

use super::*;

const RESUME: &str = "/v1/services/www/endpoints/ap/resume";
const WHY: &str = r#"{"reason":"the disk was replaced"}"#;

/// A node whose endpoint in ap has fallen and is well again.
async fn parked() -> Node {
    let node = Node::with(CONFIG.replace("[services.www]\n", "[services.www]\nmanual_resume = true\n"));
    for up in [true, false, false, false, true, true] {
        node.observe("198.51.100.20", up).await;
    }
    node
}

impl Node {
    async fn ap(&self) -> Value {
        self.get("/v1/services/www").await.json()["endpoints"][1].clone()
    }

    async fn resume(&self, headers: &[&str], body: &str) -> u16 {
        let headers = [&["Content-Type: application/json"], headers].concat();
        self.ask("POST", RESUME, &headers, body).await.status
    }
}

#[tokio::test]
async fn who_is_parked_is_shown_until_resumed() {
    let node = parked().await;
    let endpoint = node.ap().await;
    assert_eq!(
        (&endpoint["parked"]["reason"], &endpoint["families"][0]["tier"]),
        (&"connection refused".into(), &"idle".into())
    );
    assert!(endpoint["parked"]["since"].is_string());
    let line = "meridian_endpoint_parked{service=\"www\",region=\"ap\"} 1.0\n";
    assert!(node.get("/metrics").await.text.contains(line));
    assert_eq!(node.resume(&[], WHY).await, 204);
    let endpoint = node.ap().await;
    assert_eq!((&endpoint["parked"], &endpoint["families"][0]["tier"]), (&Value::Null, &"fit".into()));
    let line = line.replace("1.0", "0.0");
    assert!(node.get("/metrics").await.text.contains(&line), "{line}");
    assert_eq!(node.resume(&[], WHY).await, 204, "idempotent");
}

#[tokio::test]
async fn resuming_takes_a_reason_and_what_was_seen() {
    let node = parked().await;
    for (body, status) in
        [("", 400), ("{}", 422), (r#"{"reason":""}"#, 422), (r#"{"reason":"x","until":"1h"}"#, 422)]
    {
        assert_eq!(node.resume(&[], body).await, status, "{body}");
    }
    let other = node
        .ask("POST", "/v1/services/www/endpoints/us/resume", &["Content-Type: application/json"], WHY)
        .await;
    assert_eq!((other.status, &other.json()["known"]), (404, &serde_json::json!(["eu", "ap"])));
    assert_eq!(node.resume(&["If-Match: \"7\""], WHY).await, 412);
    assert_eq!(node.ap().await["families"][0]["tier"], "idle");
    // Within a second it is in the log, and has a revision.
    let revision = async || node.ap().await["parked"]["revision"].as_u64().unwrap();
    while revision().await == 0 {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let revision = revision().await;
    assert_eq!(node.resume(&[&format!("If-Match: \"{revision}\"")], WHY).await, 204);
    assert_eq!(node.resume(&["If-Match: *"], WHY).await, 412, "nothing is parked any more");
}
