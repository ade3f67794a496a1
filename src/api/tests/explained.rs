//! `GET /v1/explain`, end to end; the words themselves are tested beside the code.

use super::*;

#[tokio::test]
async fn explain_and_answer_agree() {
    let mut node = Node::new().await;
    for address in ["198.51.100.10", "198.51.100.20"] {
        node.observe(address, true).await;
    }
    for client in ["192.0.2.1", "203.0.113.7"] {
        let said = node.get(&format!("/v1/explain?name=WWW.gslb.example&client={client}&type=a")).await;
        assert_eq!(said.status, 200, "{}", said.text);
        let outcome = &said.json()["decisions"][0]["outcome"];
        let answered: Vec<_> = node.answers(client).iter().map(ToString::to_string).collect();
        assert_eq!(outcome["addresses"], serde_json::json!(answered), "{client}");
    }
    let said = node.get("/v1/explain?name=shop.gslb.example.&client=203.0.113.0/24").await.json();
    assert_eq!((&said["service"], said["decisions"].as_array().unwrap().len()), (&"www".into(), 2));
    assert_eq!(said["decisions"][0]["outcome"]["region"], "ap");
    assert_eq!(said["client"]["notes"][0], "no geographic database is configured");
}

#[tokio::test]
async fn questions_that_make_no_sense_say_what_would() {
    let node = Node::new().await;
    let rows = [
        ("", "missing field `name`"),
        ("?name=www.gslb.example", "missing field `client`"),
        ("?name=a..b&client=192.0.2.1", "name: 'a..b' is not a domain name"),
        ("?name=&client=192.0.2.1", "name: '' is not"),
        ("?name=a&client=nobody", "client: 'nobody' is neither an address nor a network"),
        ("?name=a&client=192.0.2.0/33", "client: '192.0.2.0/33' is neither"),
        ("?name=a&client=192.0.2.1&type=MX", "type: 'MX' is not steered; types: A, AAAA"),
        ("?name=a&client=192.0.2.1&typ=A", "unknown field `typ`"),
    ];
    for (query, part) in rows {
        let said = node.get(&format!("/v1/explain{query}")).await;
        assert_eq!(said.status, 400, "{query}: {}", said.text);
        assert!(said.json()["detail"].as_str().unwrap().contains(part), "{query}: {}", said.text);
    }
}
