//! Latency: reported, refused with everything that is wrong, shown page by page, kept over a restart; and who may report it.

use super::*;

const LATENCY: &str = "/v1/latency";

/// The node's service looks at latency, and has never been probed.
fn config() -> String {
    let (before, _) = CONFIG.split_once("[services.www]").unwrap();
    let service = r#"
[services.www]
names = ["www.gslb.example."]
policy = "latency"
[services.www.endpoints.eu]
addresses = ["198.51.100.10"]
[services.www.endpoints.ap]
addresses = ["198.51.100.20"]
"#;
    format!("{before}{service}")
}

impl Node {
    async fn measure(&self, body: &str) -> Said {
        self.ask("POST", LATENCY, &["Content-Type: application/json"], body).await
    }

    /// A reload looks at what was reported at once.
    async fn settle(&self) {
        assert_eq!(self.ask("POST", "/v1/reload", &[], "").await.status, 200);
    }
}

fn measurement(vantage: &str, region: &str, rtt_ms: f64, samples: u32) -> String {
    format!(r#"{{{vantage},"region":"{region}","rtt_ms":{rtt_ms},"samples":{samples}}}"#)
}

fn body(measurements: &[String]) -> String {
    format!(r#"{{"measurements":[{}]}}"#, measurements.join(","))
}

const HERE: &str = r#""network":"192.0.2.0/24""#;

#[tokio::test]
async fn what_is_reported_steers_and_is_explained() {
    let mut node = Node::with(config());
    assert_eq!(node.answers("192.0.2.7"), ["198.51.100.10".parse::<std::net::IpAddr>().unwrap()]);
    let said =
        node.measure(&body(&[measurement(HERE, "eu", 90.0, 20), measurement(HERE, "ap", 23.46, 34)])).await;
    assert_eq!((said.status, said.json()), (200, serde_json::json!({"taken": 2})), "{}", said.text);
    node.settle().await;
    assert_eq!(node.answers("192.0.2.7"), ["198.51.100.20".parse::<std::net::IpAddr>().unwrap()]);
    assert_eq!(node.answers("192.0.3.7"), ["198.51.100.10".parse::<std::net::IpAddr>().unwrap()]);
    let said = node.get("/v1/explain?name=www.gslb.example&client=192.0.2.7&type=A").await.json();
    let decision = &said["decisions"][0];
    assert_eq!((&decision["scope"], &decision["outcome"]["region"]), (&24.into(), &"ap".into()));
    let fast = &decision["filters"][1];
    assert_eq!(fast["filter"], "fast");
    let words = |place: usize| fast["endpoints"][place]["words"].as_str().unwrap().to_owned();
    assert!(words(0).starts_with("1st, 23.5 ms (34 samples, network 192.0.2.0/24)"), "{}", words(0));
    assert!(words(1).starts_with("2nd, 90 ms (20 samples, network 192.0.2.0/24)"), "{}", words(1));
    let order_by = decision["order_by"].as_str().unwrap();
    assert!(order_by.starts_with("measured latency from network 192.0.2.0/24, then "), "{order_by}");
    let metrics = node.get("/metrics").await.text;
    for line in [
        "meridian_latency_rows 2.0",
        "meridian_latency_orders 1.0",
        "meridian_latency_reports_total 2",
        "meridian_latency_dropped_rows_total{why=\"crowded\"} 0",
    ] {
        assert!(metrics.contains(&format!("{line}\n")), "{line}: {metrics}");
    }
    assert!(metrics.contains("meridian_latency_report_age_seconds "));
}

#[tokio::test]
async fn an_operator_s_rule_beats_what_was_measured() {
    let mut node = Node::with(config());
    let there = r#""network":"203.0.113.0/24""#;
    node.measure(&body(&[measurement(there, "eu", 1.0, 50), measurement(there, "ap", 90.0, 50)])).await;
    node.settle().await;
    assert_eq!(node.answers("203.0.113.7"), ["198.51.100.20".parse::<std::net::IpAddr>().unwrap()]);
    let said = node.get("/v1/explain?name=www.gslb.example&client=203.0.113.7&type=A").await.json();
    let fast = &said["decisions"][0]["filters"][1];
    assert_eq!(
        fast["words"],
        "a rule lists regions for this client, so that measured latency does not count"
    );
    assert!(fast["endpoints"][0]["words"].as_str().unwrap().contains("by the rule at "), "{fast}");
}

#[tokio::test]
async fn everything_that_is_wrong_is_told_at_once_and_nothing_is_taken() {
    let node = Node::with(config());
    let all = r#"{"measurements":[
        {"network":"192.0.2.0/24","region":"eu","rtt_ms":20},
        {"network":"192.0.2.0/25","region":"us","rtt_ms":0,"samples":0},
        {"network":"192.0.2.7","region":"eu","rtt_ms":20},
        {"network":"192.0.2.1/24","region":"eu","rtt_ms":20},
        {"network":"2002:c000:200::/40","region":"eu","rtt_ms":20},
        {"network":7,"region":"eu","rtt_ms":20},
        {"asn":0,"region":7,"rtt_ms":"20"},
        {"asn":4294967296,"region":"eu","rtt_ms":20},
        {"asn":1,"network":"192.0.2.0/24","region":"eu","rtt_ms":60000.1},
        {"region":"eu","rtt_ms":20,"samples":1.5,"regoin":"ap"},
        {},
        7]}"#;
    let said = node.measure(all).await;
    assert_eq!(said.status, 422, "{}", said.text);
    let problem = said.json();
    assert_eq!(problem["field"], "measurements[1].network");
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.ends_with("(20 more in this call, which took nothing)"), "{detail}");
    let errors: Vec<_> = problem["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| format!("{} {}", one["field"].as_str().unwrap(), one["detail"].as_str().unwrap()))
        .collect();
    let wanted = [
        "measurements[1].network '192.0.2.0/25' is longer than /24, the longest that is told apart; write '192.0.2.0/24'",
        "measurements[1].region no region is called 'us'; regions: eu, ap",
        "measurements[1].rtt_ms 0 is not a time in milliseconds, above 0 and at most 60000",
        "measurements[1].samples 0 is not a number of samples from 1 to 1000000",
        "measurements[2].network '192.0.2.7' is an address, not a network; write '192.0.2.0/24'",
        "measurements[3].network '192.0.2.1/24' has bits set after its length; the network is '192.0.2.0/24'",
        "measurements[4].network '2002:c000:200::/40' is never looked up: clients in 2002::/16 (6to4) are found by the IPv4 address inside; write that",
        "measurements[5].network 7 is not a network like '198.51.100.0/24'",
        "measurements[6].asn 0 is not the number of an autonomous system",
        "measurements[6].region 7 is not the name of a region",
        "measurements[6].rtt_ms \"20\" is not a time in milliseconds, above 0 and at most 60000",
        "measurements[7].asn 4294967296 is not the number of an autonomous system",
        "measurements[8] has both network and asn; give one of them",
        "measurements[8].rtt_ms 60000.1 is not a time in milliseconds, above 0 and at most 60000",
        "measurements[9].regoin there is no such field here (did you mean 'region'?); fields: network, asn, region, rtt_ms, samples",
        "measurements[9] has neither network nor asn; give one of them",
        "measurements[9].samples 1.5 is not a number of samples from 1 to 1000000",
        "measurements[10] has neither network nor asn; give one of them",
        "measurements[10].region is needed",
        "measurements[10].rtt_ms is needed",
        "measurements[11] 7 is not an object",
    ];
    assert_eq!(errors, wanted);
    assert_eq!(node.get(LATENCY).await.json()["total"], 0);
}

#[tokio::test]
async fn bodies_are_bounded_and_must_make_sense() {
    let node = Node::with(config());
    let one = measurement(HERE, "eu", 20.0, 1);
    let (fits, too_many) = (vec![one.clone(); 1000], vec![one.clone(); 1001]);
    assert_eq!(node.measure(&body(&fits)).await.json(), serde_json::json!({"taken": 1000}));
    let rows = [
        (body(&too_many), 400, "1001 measurements are too many; 1000 may be in one call"),
        (body(&[]), 400, "there is no measurement"),
        ("[]".to_owned(), 400, "the body is not like {\"measurements\""),
        (r#"{"measurements":[],"more":1}"#.to_owned(), 400, "the body is not like"),
        ("nonsense".to_owned(), 400, "the body is not JSON like"),
        (String::new(), 400, "the body is not JSON like"),
        (" ".repeat((512 << 10) + 1), 413, "a body may have 512 KiB"),
    ];
    for (body, status, part) in rows {
        let said = node.measure(&body).await;
        assert_eq!(said.status, status, "{}", said.text);
        assert!(said.json()["detail"].as_str().unwrap().contains(part), "{}", said.text);
    }
    let said = node.ask("POST", LATENCY, &["Content-Type: text/plain"], &body(&fits)).await;
    assert_eq!(said.status, 415);
}

#[tokio::test]
async fn rows_are_shown_page_by_page() {
    let node = Node::with(config());
    let all = [
        measurement(HERE, "eu", 20.0, 20),
        measurement(HERE, "ap", 90.0, 5),
        measurement(r#""network":"2001:db8::/48""#, "ap", 30.0, 5),
        measurement(r#""asn":64500"#, "eu", 40.0, 5),
    ];
    assert_eq!(node.measure(&body(&all)).await.status, 200);
    node.settle().await;
    let page = node.get("/v1/latency?limit=3").await.json();
    assert_eq!((&page["total"], &page["next"]), (&4.into(), &"2001:db8::/48 ap".into()));
    let row = |place: usize| page["rows"][place].clone();
    assert_eq!(
        (&row(0)["region"], &row(0)["counts"], &row(0)["place"]),
        (&"ap".into(), &false.into(), &Value::Null)
    );
    let eu = row(1);
    assert_eq!(
        (&eu["network"], &eu["asn"], &eu["region"]),
        (&"192.0.2.0/24".into(), &Value::Null, &"eu".into())
    );
    assert_eq!((&eu["rtt_ms"], &eu["counts"], &eu["place"]), (&20.0.into(), &true.into(), &1.into()));
    assert_eq!((&eu["listed"], eu["reported_at"].is_string()), (&false.into(), true));
    let rest = node.get("/v1/latency?limit=3&after=2001:db8::/48%20ap").await.json();
    assert_eq!((&rest["rows"][0]["asn"], &rest["next"]), (&64500.into(), &Value::Null));
    assert_eq!(rest["rows"].as_array().unwrap().len(), 1);
    let counts = [
        ("network=192.0.0.0/16", 2),
        ("network=192.0.2.0/24&region=eu", 1),
        ("asn=64500", 1),
        ("asn=64501", 0),
        ("region=ap", 2),
    ];
    for (query, total) in counts {
        assert_eq!(node.get(&format!("/v1/latency?{query}")).await.json()["total"], total, "{query}");
    }
    let rows = [
        ("network=nowhere", "'nowhere' is not a network"),
        ("network=192.0.2.0/25", "'192.0.2.0/25' is longer than /24"),
        ("network=192.0.2.0/24&asn=1", "ask for a network or for an asn"),
        ("asn=x", "invalid digit"),
        ("limit=0", "limit: 0 is not from 1 to 1000"),
        ("limit=1001", "limit: 1001 is not from 1 to 1000"),
        ("after=eu", "after: 'eu' is no 'next' of a page"),
        ("regoin=eu", "unknown field `regoin`"),
    ];
    for (query, part) in rows {
        let said = node.get(&format!("/v1/latency?{query}")).await;
        assert_eq!(said.status, 400, "{query}: {}", said.text);
        assert!(said.json()["detail"].as_str().unwrap().contains(part), "{query}: {}", said.text);
    }
}

#[tokio::test]
async fn the_role_signals_may_report_latency_and_not_read_it() {
    let node = Node::with(format!("{}{}", config(), tokens()));
    let body = body(&[measurement(HERE, "eu", 20.0, 1)]);
    for (token, post, get) in [
        ("haproxy", 200, 403),
        ("oncall", 200, 200),
        ("root", 200, 200),
        ("reader", 403, 200),
        ("certbot", 403, 403),
    ] {
        let bearer = format!("Authorization: Bearer {token}-secret");
        let said = node.ask("POST", LATENCY, &["Content-Type: application/json", &bearer], &body).await;
        assert_eq!(said.status, post, "{token}: {}", said.text);
        assert_eq!(node.ask("GET", LATENCY, &[&bearer], "").await.status, get, "{token}");
    }
    assert_eq!(node.ask("POST", LATENCY, &["Content-Type: application/json"], &body).await.status, 401);
}
