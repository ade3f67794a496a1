//! ACME challenges: judged, durable, answered at once, gone when they end.

use super::*;

const WWW: &str = "/v1/acme/www.gslb.example.";
const OWNER: &str = "_acme-challenge.www.gslb.example.";
const TXT: u16 = 16;

impl Node {
    /// The TXT values at a name in the order in which they come, or else the response code.
    fn texts(&mut self, name: &str) -> Result<Vec<String>, u8> {
        let (out, start) = self.query("192.0.2.1", name, TXT);
        let mut rest = &out[start..];
        let record = |_| {
            // A pointer, type, class, TTL, length; then one character string.
            let (head, tail) = rest.split_first_chunk::<13>().unwrap();
            let (text, tail) = tail.split_at(usize::from(head[12]));
            rest = tail;
            assert_eq!(head[2..10], [0, 16, 0, 1, 0, 0, 0, 0]);
            String::from_utf8(text.to_vec()).unwrap()
        };
        if out[3] & 15 == 0 { Ok((0..out[7]).map(record).collect()) } else { Err(out[3] & 15) }
    }
}

fn texts(values: &[&str]) -> Result<Vec<String>, u8> {
    Ok(values.iter().map(|value| (*value).to_owned()).collect())
}

#[tokio::test]
async fn the_next_answer_has_the_values_until_they_are_cleared() {
    let mut node = Node::new().await;
    assert_eq!(node.texts(OWNER), Err(3), "NXDOMAIN before");
    let said = node.put(WWW, r#"{"values":["one","two","one"]}"#).await;
    assert_eq!(said.status, 200, "{}", said.text);
    let body = said.json();
    assert_eq!((&body["name"], &body["record"]), (&"www.gslb.example.".into(), &OWNER.into()));
    assert_eq!((&body["who"], &body["values"]), (&"local".into(), &serde_json::json!(["one", "two"])));
    assert_eq!(node.texts(OWNER), texts(&["one", "two"]));
    assert_eq!(node.texts("_ACME-challenge.WWW.gslb.example."), texts(&["one", "two"]));
    // Replaced; added to; the same again.
    for (body, wanted) in [
        (r#"{"values":["three"]}"#, &["three"][..]),
        (r#"{"values":["four"],"add":true}"#, &["three", "four"]),
        (r#"{"values":["four"],"add":true}"#, &["three", "four"]),
    ] {
        assert_eq!(node.put(WWW, body).await.status, 200, "{body}");
        assert_eq!(node.texts(OWNER), texts(wanted), "{body}");
    }
    assert_eq!(node.get("/v1/acme").await.json()[0]["values"], serde_json::json!(["three", "four"]));
    for _ in 0..2 {
        assert_eq!(node.ask("DELETE", WWW, &[], "").await.status, 204, "well also where nothing is");
        assert_eq!(node.texts(OWNER), Err(3));
    }
    assert_eq!(node.get("/v1/acme").await.json(), serde_json::json!([]));
    assert_eq!(node.get("/v1/status").await.json()["revision"], 5, "what changes nothing is not stored");
}

#[tokio::test]
async fn a_wildcard_is_validated_at_the_name_that_it_stands_below() {
    let mut node = Node::new().await;
    for (name, owner) in [
        ("cust.gslb.example", "_acme-challenge.cust.gslb.example."),
        ("*.cust.gslb.example.", "_acme-challenge.cust.gslb.example."),
        ("_acme-challenge.b.cust.gslb.example", "_acme-challenge.b.cust.gslb.example."),
    ] {
        let path = format!("/v1/acme/{name}");
        let said = node.put(&path, r#"{"values":["one"]}"#).await;
        assert_eq!((said.status, &said.json()["record"]), (200, &owner.into()), "{name}: {}", said.text);
        assert_eq!(node.texts(owner), texts(&["one"]), "{name}");
        assert_eq!(node.query("192.0.2.1", owner, 1).0[6..8], [0, 0], "no wildcard's address at {owner}");
        assert_eq!(
            node.query("192.0.2.1", "b.cust.gslb.example.", 1).0[6..8],
            [0, 1],
            "the name has its own"
        );
        assert_eq!(node.ask("DELETE", &path, &[], "").await.status, 204);
        assert_eq!(node.texts(owner).unwrap_or_default(), Vec::<String>::new());
    }
}

#[tokio::test]
async fn names_and_values_are_judged() {
    let node = Node::new().await;
    let one = r#"{"values":["one"]}"#;
    let names = "names: www.gslb.example., *.cust.gslb.example., old.gslb.example., new.gslb.example.";
    let eight = r#"{"values":["1","2","3","4","5","6","7","8"]}"#;
    let rows = [
        ("shop.gslb.example", one, 404, format!("no service answers 'shop.gslb.example.'; {names}")),
        ("gslb.example", one, 404, format!("no service answers 'gslb.example.'; {names}")),
        ("www.other.example", one, 404, format!("no service answers 'www.other.example.'; {names}")),
        ("a.far.gslb.example", one, 404, "no service answers".into()),
        ("new.gslb.example", one, 409, "'_acme-challenge.new.gslb.example.' is an alias".into()),
        ("old.gslb.example", one, 409, "is delegated at '_acme-challenge.old.gslb.example.'".into()),
        ("a..b", one, 400, "'a..b' is not a domain name".into()),
        ("%ff", one, 400, "UTF-8".into()),
        ("www.gslb.example", "{}", 422, "missing field `values`".into()),
        ("www.gslb.example", r#"{"values":[]}"#, 422, "no value is given".into()),
        ("www.gslb.example", eight, 200, "\"8\"".into()),
        ("www.gslb.example", r#"{"values":["9"],"add":true}"#, 409, "has 8 values already".into()),
        ("www.gslb.example", r#"{"values":["9"]}"#, 200, "\"9\"".into()),
    ];
    for (name, body, status, part) in rows {
        let said = node.put(&format!("/v1/acme/{name}"), body).await;
        assert_eq!(said.status, status, "{name} {body}: {}", said.text);
        assert!(said.text.contains(&part), "{name} {body}: {}", said.text);
    }
    let unknown = node.ask("DELETE", "/v1/acme/shop.gslb.example", &[], "").await;
    assert_eq!((unknown.status, &unknown.json()["known"][0]), (404, &"www.gslb.example.".into()));
}

#[tokio::test]
async fn a_thousand_names_and_no_more() {
    let node = Node::new().await;
    let body = r#"{"values":["one"]}"#;
    for index in 0..1_000 {
        let said = node.put(&format!("/v1/acme/n{index}.cust.gslb.example"), body).await;
        assert_eq!(said.status, 200, "{}", said.text);
    }
    let said = node.put(WWW, body).await;
    assert_eq!(said.status, 409, "{}", said.text);
    assert!(said.text.contains("1000 names have challenges already"), "{}", said.text);
    assert_eq!(node.put("/v1/acme/n7.cust.gslb.example", body).await.status, 200, "one that has some");
    assert_eq!(node.ask("DELETE", "/v1/acme/n8.cust.gslb.example", &[], "").await.status, 204);
    assert_eq!(node.put(WWW, body).await.status, 200);
}

#[tokio::test]
async fn what_is_acknowledged_survives_crashes_and_reloads() {
    let node = Node::new().await;
    let said = node.put(WWW, r#"{"values":["one"],"expires_in":"1h"}"#).await.json();
    let mut node = node.restart().await;
    assert_eq!(node.texts(OWNER), texts(&["one"]));
    assert_eq!(node.get("/v1/acme").await.json(), serde_json::json!([said]));
    assert_eq!(node.ask("POST", "/v1/reload", &[], "").await.status, 200);
    assert_eq!(node.texts(OWNER), texts(&["one"]));
    assert_eq!(node.put(WWW, r#"{"values":["two"]}"#).await.status, 200);
    assert_eq!(node.texts(OWNER), texts(&["two"]), "in the new world, too");
}

#[tokio::test]
async fn an_alias_that_comes_with_a_reload_is_answered_as_it_is() {
    let mut node = Node::new().await;
    assert_eq!(node.put(WWW, r#"{"values":["one"]}"#).await.status, 200);
    let zone = format!("{ZONE}_acme-challenge.www CNAME elsewhere.example.\n");
    std::fs::write(node.directory.path().join("gslb.zone"), zone).unwrap();
    assert_eq!(node.ask("POST", "/v1/reload", &[], "").await.status, 200);
    let (reply, start) = node.query("192.0.2.1", OWNER, TXT);
    assert_eq!((&reply[6..8], &reply[start + 2..start + 4]), (&[0, 1][..], &[0, 5][..]), "one CNAME");
}

/// Setting one swaps the pointer, and what was counted before and after is still one count.
#[tokio::test]
async fn words_and_tallies_stay() {
    let mut node = Node::new().await;
    for address in ["198.51.100.10", "198.51.100.20"] {
        node.observe(address, true).await;
    }
    let before = node.context.handle.shared.load();
    for index in 0..3 {
        node.answers("192.0.2.1");
        assert_eq!(node.put(WWW, &format!(r#"{{"values":["{index}"]}}"#)).await.status, 200);
    }
    node.answers("192.0.2.1");
    assert_eq!(node.get("/v1/services/www").await.json()["endpoints"][0]["families"][0]["answers"], 4);
    let after = node.context.handle.shared.load();
    assert!(Arc::ptr_eq(&before.world, &after.world) && before.generation == after.generation);
    drop((before, after));
    // A reload retires the world; every count is kept, once.
    assert_eq!(node.ask("POST", "/v1/reload", &[], "").await.status, 200);
    node.answers("192.0.2.1");
    assert_eq!(node.get("/v1/services/www").await.json()["endpoints"][0]["families"][0]["answers"], 5);
}
