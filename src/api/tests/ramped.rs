//! Ramps: said, shown, explained, gone back by themselves, and still so after a crash.

use super::*;

const ENDPOINT: &str = "/v1/services/www/endpoints/eu/override";
const RAMP: &str = r#"{"state":"ramp","from":"20%","to":"100%","over":"1h","reason":"release 7"}"#;
const JSON: [&str; 1] = ["Content-Type: application/json"];

/// A node whose endpoints are well.
async fn well() -> Node {
    let node = Node::new().await;
    for address in ["198.51.100.10", "2001:db8:1::10", "198.51.100.20"] {
        node.observe(address, true).await;
    }
    node
}

impl Node {
    async fn errors(&self, region: &str, errors: f64) {
        let push = format!(r#"{{"service":"www","region":"{region}","errors":{errors}}}"#);
        assert_eq!(self.ask("POST", "/v1/signals", &JSON, &push).await.status, 200);
    }

    /// The word on the endpoint, as soon as its ramp has that stage.
    async fn word_at(&self, stage: &str) -> Value {
        for _ in 0..200 {
            let word = self.get(ENDPOINT).await.json();
            if word["ramp"]["stage"] == stage {
                return word;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{stage}: {}", self.get(ENDPOINT).await.text);
    }

    /// What `healthy` says of eu.
    async fn explained(&self) -> String {
        let said = self.get("/v1/explain?name=www.gslb.example&client=192.0.2.1&type=A").await.json();
        let endpoints = said["decisions"][0]["filters"][0]["endpoints"].as_array().unwrap().clone();
        let eu = endpoints.iter().find(|one| one["region"] == "eu").unwrap();
        format!("{}; {}", eu["words"].as_str().unwrap(), said["decisions"][0]["outcome"]["ttl_from"])
    }
}

#[tokio::test]
async fn a_ramp_is_shown_wherever_words_are() {
    let node = well().await;
    let said = node.put(ENDPOINT, RAMP).await;
    assert_eq!((said.status, said.header(header::ETAG)), (200, "\"1\""), "{}", said.text);
    let word = said.json();
    assert_eq!((&word["state"], &word["weight"]), (&"ramp".into(), &Value::Null));
    let ramp = &word["ramp"];
    assert_eq!(
        (&ramp["stage"], &ramp["share"], &ramp["from"]),
        (&"moving".into(), &0.2.into(), &"20%".into())
    );
    assert_eq!((&ramp["over_seconds"], &ramp["rolled_back"]), (&3_600.into(), &Value::Null));
    let time = |value: &Value| value.as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    let lasts = |from: &Value, to: &Value| (time(to) - time(from)).total(jiff::Unit::Second).unwrap();
    assert_eq!(lasts(&word["since"], &ramp["arrives_at"]), 3_600.0);
    assert_eq!(lasts(&word["since"], &ramp["watched_until"]), 4_200.0);
    let service = node.get("/v1/services/www").await.json();
    assert_eq!(service["endpoints"][0]["override"]["ramp"]["to"], "100%");
    assert_eq!(service["endpoints"][0]["families"][0]["keep"], 0.2);
    let metrics = node.get("/metrics").await.text;
    for line in [
        "ramp_share{service=\"www\",region=\"eu\"} 0.2",
        "ramp_rolled_back{service=\"www\",region=\"eu\"} 0.0",
    ] {
        assert!(metrics.contains(&format!("meridian_{line}")), "{line}");
    }
    let words = node.explained().await;
    assert!(words.starts_with("fit, endpoint overridden ramp: 20"), "{words}");
    assert!(words.contains(" % of weight 100, since 2") && words.contains(", at 100 % in "), "{words}");
    assert!(
        words.ends_with("by local ('release 7'), passes its check; \"ttl.min: the ramp of eu moves\""),
        "{words}"
    );
    let said = node.put("/v1/regions/ap/override", RAMP).await;
    assert_eq!(said.status, 200, "{}", said.text);
    assert_eq!(node.get("/v1/regions/ap").await.json()["state"], "ramp");
    assert!(node.get("/metrics").await.text.contains("ramp_share{service=\"\",region=\"ap\"} 0.2"));
}

#[tokio::test]
async fn it_goes_back_even_while_the_disk_fails() {
    let node = well().await;
    assert_eq!(node.put(ENDPOINT, &RAMP.replace("1h", "20s")).await.status, 200);
    let log = node.directory.path().join("state/meridian.redb");
    std::fs::rename(&log, log.with_extension("away")).unwrap();
    node.errors("eu", 0.25).await;
    let word = node.word_at("rolled_back").await;
    assert_eq!(word["revision"], 1, "it is not in the log");
    assert_eq!(node.get("/v1/services/www").await.json()["endpoints"][0]["families"][0]["keep"], 0.2);
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    assert_eq!(node.get("/v1/services/www").await.json()["endpoints"][0]["families"][0]["keep"], 0.2);
    std::fs::rename(log.with_extension("away"), &log).unwrap();
    while node.get(ENDPOINT).await.json()["revision"] == 1 {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(node.restart().await.word_at("rolled_back").await["revision"], 2, "now it is");
}

#[tokio::test]
async fn what_goes_back_is_told_stays_over_a_crash_and_only_an_operator_starts_it_anew() {
    let node = well().await;
    let expiring = RAMP.replace("\"1h\"", "\"1h\",\"expires_in\":\"2h\"");
    assert_eq!(node.put(ENDPOINT, &expiring).await.status, 200);
    node.errors("ap", 0.0).await;
    node.errors("eu", 0.25).await;
    let word = node.word_at("rolled_back").await;
    let (reason, revision) = (&word["ramp"]["rolled_back"]["reason"], &word["revision"]);
    assert_eq!(
        (reason.as_str().unwrap(), revision),
        ("25 % errors, over 5% and twice the others' 0 %", &2.into())
    );
    assert_eq!(
        (&word["expires_at"], &word["who"], &word["ramp"]["share"]),
        (&Value::Null, &"local".into(), &0.2.into())
    );
    let words = node.explained().await;
    let back = "fit, endpoint overridden ramp: rolled back to 20 % of weight 100 at 2";
    assert!(words.starts_with(back) && words.contains("Z (25 % errors, over 5% and twice"), "{words}");
    let line = "meridian_ramp_rolled_back{service=\"www\",region=\"eu\"} 1.0";
    assert!(node.get("/metrics").await.text.contains(line));

    let node = node.restart().await;
    let again = node.get(ENDPOINT).await.json();
    assert_eq!(again, word, "what is acknowledged stays, and what went back does");
    let headers = [JSON[0], "If-Match: \"1\""];
    assert_eq!(
        node.ask("PUT", ENDPOINT, &headers, RAMP).await.status,
        412,
        "somebody saw it before it went back"
    );
    let said = node.put(ENDPOINT, RAMP).await.json();
    assert_eq!((&said["ramp"]["stage"], &said["revision"]), (&"moving".into(), &3.into()));
    assert_eq!(node.ask("DELETE", ENDPOINT, &[], "").await.status, 204);
    assert_eq!(node.get(ENDPOINT).await.status, 404);
}
