//! What leaves can be read back: the command line's client does.

use super::super::wire::{ChallengeBody, Explanation, RegionBody, ReloadBody, ServiceBody, StatusBody};
use super::*;

#[tokio::test]
async fn clients_read_what_is_written() {
    let node = Node::new().await;
    node.put("/v1/regions/ap/override", r#"{"state":"drain","reason":"drill","expires_in":"1h"}"#).await;
    node.put("/v1/acme/www.gslb.example", r#"{"values":["x"]}"#).await;
    let all: Vec<ChallengeBody> = serde_json::from_str(&node.get("/v1/acme").await.text).unwrap();
    assert_eq!(
        (all[0].record.as_str(), &*all[0].values),
        ("_acme-challenge.www.gslb.example.", &["x".into()][..])
    );
    serde_json::from_str::<StatusBody>(&node.get("/v1/status").await.text).unwrap();
    let regions: Vec<RegionBody> = serde_json::from_str(&node.get("/v1/regions").await.text).unwrap();
    assert_eq!(regions[1].word.as_ref().unwrap().reason, "drill");
    let services: Vec<ServiceBody> = serde_json::from_str(&node.get("/v1/services").await.text).unwrap();
    assert_eq!(services[0].endpoints[1].region_word.as_ref().unwrap().state, "drain");
    let said = node.get("/v1/explain?name=www.gslb.example&client=192.0.2.1").await;
    serde_json::from_str::<Explanation>(&said.text).unwrap();
    serde_json::from_str::<ReloadBody>(&node.ask("POST", "/v1/reload", &[], "").await.text).unwrap();
}
