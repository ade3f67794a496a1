//! The API, by curl: an operator's word counts on the very next query, and survives a kill.

use rustix::process::Signal;
use serde_json::Value;

use super::client::{curl, dig, steer};
use super::demo::{DUBLIN, Demo, must};
use super::node::{Node, wait_for};
use super::scene::{LONDON, Scene, TOKYO};

const NAME: &str = "www.gslb.example";
const JSON: [&str; 2] = ["-H", "content-type: application/json"];
const DOWN: &str = r#"{"state":"down","reason":"maintenance"}"#;

/// Calls with a body and gives the status and the JSON that came.
fn call(node: &Node, method: &str, path: &str, body: Option<&str>) -> (u16, Value) {
    let mut arguments = vec!["-X", method];
    if let Some(body) = body {
        arguments.extend(JSON.into_iter().chain(["-d", body]));
    }
    let (status, body) = curl(&arguments, &format!("http://{}{path}", node.api));
    (status, serde_json::from_str(&body).unwrap_or(Value::Null))
}

fn is_success(status: u16) -> bool {
    (200..300).contains(&status)
}

#[test]
fn an_override_counts_on_the_next_query() {
    let scene = Scene::new();
    let node = Node::start(scene.path());
    let region = "/v1/regions/ap-northeast/override";
    let endpoint = "/v1/services/www/endpoints/ap-northeast/override";
    for path in [region, endpoint] {
        for _ in 0..5 {
            assert_eq!(steer(node.dns, NAME, TOKYO), [scene.address("ap-northeast")]);
            let (status, body) = call(&node, "PUT", path, Some(DOWN));
            assert!(is_success(status), "{status} {body}");
            assert_eq!(steer(node.dns, NAME, TOKYO), [scene.address("eu-west")]);
            assert_eq!(steer(node.dns, NAME, LONDON), [scene.address("eu-west")]);
            let (status, body) = call(&node, "DELETE", path, None);
            assert!(is_success(status), "{status} {body}");
        }
    }
    assert_eq!(steer(node.dns, NAME, TOKYO), [scene.address("ap-northeast")]);
}

#[test]
fn an_override_survives_a_kill() {
    let scene = Scene::new();
    let node = Node::start(scene.path());
    let path = "/v1/regions/ap-northeast/override";
    assert!(is_success(call(&node, "PUT", path, Some(DOWN)).0));
    node.process.signal(Signal::KILL);
    // Dropped: reaped.
    drop(node);
    let again = Node::start(scene.path());
    assert_eq!(steer(again.dns, NAME, TOKYO), [scene.address("eu-west")]);
    let (_, region) = call(&again, "GET", "/v1/regions/ap-northeast", None);
    assert!(region.to_string().contains("maintenance"), "{region}");
    assert!(is_success(call(&again, "DELETE", path, None).0));
    again.process.signal(Signal::KILL);
    drop(again);
    let last = Node::start(scene.path());
    assert_eq!(steer(last.dns, NAME, TOKYO), [scene.address("ap-northeast")]);
}

#[test]
fn a_ramp_and_its_going_back_survive_a_kill() {
    let scene = Scene::new();
    let node = Node::start(scene.path());
    let path = "/v1/services/www/endpoints/ap-northeast/override";
    let ramp = r#"{"state":"ramp","from":"0%","to":"100%","over":"10h","reason":"release"}"#;
    let (status, said) = call(&node, "PUT", path, Some(ramp));
    assert!(is_success(status), "{said}");
    node.process.signal(Signal::KILL);
    drop(node);
    let node = Node::start(scene.path());
    let (_, again) = call(&node, "GET", path, None);
    assert_eq!((&again["ramp"]["stage"], &again["since"]), (&"moving".into(), &said["since"]), "{again}");
    let bad = r#"{"service":"www","region":"ap-northeast","errors":0.5,"lifetime":"60s"}"#;
    assert!(is_success(call(&node, "POST", "/v1/signals", Some(bad)).0));
    let word = || call(&node, "GET", path, None).1;
    wait_for("the ramp to go back", || (word()["ramp"]["stage"] == "rolled_back").then_some(()));
    let before = word();
    node.process.signal(Signal::KILL);
    drop(node);
    let node = Node::start(scene.path());
    assert_eq!(call(&node, "GET", path, None).1, before);
    assert_eq!(before["ramp"]["rolled_back"]["reason"], "50 % errors, over 5%");
    assert_eq!(steer(node.dns, NAME, TOKYO), [scene.address("eu-west")]);
}

#[test]
fn a_challenge_is_in_the_next_answer_and_survives_a_kill() {
    let scene = Scene::new();
    let node = Node::start(scene.path());
    let (path, owner) = ("/v1/acme/www.gslb.example", "_acme-challenge.www.gslb.example TXT");
    // Over UDP every worker has its own view of the snapshot: all of them must have the new one.
    for round in 0..20 {
        let (status, body) = call(&node, "PUT", path, Some(&format!(r#"{{"values":["v{round}"]}}"#)));
        assert!(is_success(status), "{status} {body}");
        for how in ["+notcp", "+tcp"] {
            let shown = dig(node.dns, &format!("{owner} {how}"));
            assert_eq!(shown.answer, [format!("_acme-challenge.www.gslb.example. IN TXT \"v{round}\"")]);
            assert_eq!(shown.ttls, [0]);
        }
    }
    node.process.signal(Signal::KILL);
    // Dropped: reaped.
    drop(node);
    let again = Node::start(scene.path());
    assert_eq!(dig(again.dns, owner).answer.len(), 1);
    assert!(is_success(call(&again, "DELETE", path, None).0));
    assert_eq!(dig(again.dns, owner).status, "NXDOMAIN");
}

#[test]
fn an_override_ends_by_itself() {
    let scene = Scene::new();
    let node = Node::start(scene.path());
    let body = r#"{"state":"down","reason":"a moment","expires_in":"2s"}"#;
    assert!(is_success(call(&node, "PUT", "/v1/regions/ap-northeast/override", Some(body)).0));
    assert_eq!(steer(node.dns, NAME, TOKYO), [scene.address("eu-west")]);
    wait_for("the end of the override", || {
        (steer(node.dns, NAME, TOKYO) == [scene.address("ap-northeast")]).then_some(())
    });
}

#[test]
fn what_an_operator_gets_wrong_changes_nothing() {
    let scene = Scene::new();
    let node = Node::start(scene.path());
    let path = "/v1/regions/ap-northeast/override";
    let rows = [
        (path, r#"{"state":"down"}"#, "reason"),
        (path, r#"{"state":"down","reason":""}"#, "reason"),
        (path, r#"{"state":"sideways","reason":"x"}"#, "sideways"),
        (path, r#"{"state":"down","reason":"x","expires_in":"soon"}"#, "soon"),
        (path, r#"{"state":"down""#, ""),
        ("/v1/regions/atlantis/override", DOWN, "atlantis"),
        ("/v1/services/ftp/endpoints/eu-west/override", DOWN, "ftp"),
    ];
    for (path, body, word) in rows {
        let (status, problem) = call(&node, "PUT", path, Some(body));
        assert!((400..500).contains(&status), "{body}: {status} {problem}");
        assert!(problem["title"].is_string() && problem.to_string().contains(word), "{body}: {problem}");
    }
    // Not JSON by its name: a form on a stranger's page could send it. Nor for a host that is not ours.
    let url = format!("http://{}{path}", node.api);
    let (status, _) = curl(&["-X", "PUT", "-d", DOWN], &url);
    assert_eq!(status, 415);
    let (status, _) = curl(&["-X", "PUT", JSON[0], JSON[1], "-H", "host: evil.example", "-d", DOWN], &url);
    assert!((400..500).contains(&status), "{status}");
    assert_eq!(steer(node.dns, NAME, TOKYO), [scene.address("ap-northeast")]);
}

#[test]
fn readiness_ends_before_answering_does() {
    let scene = Scene::new();
    scene.edit("meridian.toml", "drain = \"1s\"", "drain = \"4s\"");
    let mut node = Node::start(scene.path());
    let ready = |node: &Node| call(node, "GET", "/readyz", None).0;
    wait_for("readiness", || (ready(&node) == 200).then_some(()));
    assert_eq!(call(&node, "GET", "/healthz", None).0, 200);
    node.process.signal(Signal::TERM);
    node.process.log.wait_for("stopping: not ready any more");
    assert_eq!(ready(&node), 503);
    assert_eq!(call(&node, "GET", "/healthz", None).0, 200);
    assert_eq!(steer(node.dns, NAME, TOKYO), [scene.address("ap-northeast")]);
    assert_eq!(node.process.wait().code(), Some(0));
}

#[test]
fn a_reload_says_what_is_wrong() {
    let scene = Scene::new();
    let node = Node::start(scene.path());
    let (status, body) = call(&node, "POST", "/v1/reload", Some("{}"));
    assert!(is_success(status), "{status} {body}");
    scene.edit("meridian.toml", "workers = 2", "worker = 2");
    let (_, body) = call(&node, "POST", "/v1/reload", Some("{}"));
    let said = body.to_string();
    assert!(said.contains("unknown key 'worker'") && said.contains("meridian.toml"), "{said}");
    assert_eq!(steer(node.dns, NAME, TOKYO), [scene.address("ap-northeast")]);
}

#[test]
fn what_is_told_is_what_is_so() {
    let mut scene = Scene::new();
    let node = Node::start(scene.path());
    let told = |path: &str| {
        let (status, body) = call(&node, "GET", path, None);
        assert_eq!(status, 200, "{path}: {body}");
        body.to_string()
    };
    assert!(told("/v1/status").contains("\"live\""));
    for region in ["us-east", "eu-west", "ap-northeast", "sa-east"] {
        assert!(told("/v1/regions").contains(region));
        assert!(told("/v1/services/www").contains(&scene.address(region)), "{region}");
    }
    assert!(told("/openapi.json").contains("/v1/regions/{region}/override"));
    scene.stop("ap-northeast");
    wait_for("Tokyo to fall", || (steer(node.dns, NAME, TOKYO) == [scene.address("eu-west")]).then_some(()));
    let service = told("/v1/services/www");
    assert!(service.contains("unhealthy") && service.contains("connection refused"), "{service}");
    let explained = told("/v1/explain?name=www.gslb.example&client=133.11.0.1");
    assert!(explained.contains("eu-west") && explained.contains(&scene.address("eu-west")), "{explained}");
    let (status, metrics) = curl(&[], &format!("http://{}/metrics", node.api));
    assert_eq!(status, 200);
    assert!(metrics.contains("# TYPE ") && metrics.contains("www"), "{metrics}");
    assert_eq!(call(&node, "GET", "/v1/regions/atlantis", None).0, 404);
}

#[test]
fn every_curl_line_of_the_demo_works_as_pasted() {
    let demo = Demo::start();
    let london = demo.line(&["dig ", "# London"]);
    let [down, lift] = ["curl -X PUT", "curl -X DELETE"].map(|start| demo.line(&[start, "eu-west"]));
    assert_eq!(must(london), DUBLIN);
    assert!(must(down).contains("maintenance"));
    assert_ne!(must(london), DUBLIN);
    must(lift);
    assert_eq!(must(london), DUBLIN);
    assert!(must(demo.line(&["/v1/explain?"])).contains("eu-west"));
    assert!(must(demo.line(&["/v1/services/www"])).contains(DUBLIN));
    assert!(must(demo.line(&["/metrics"])).contains("# TYPE "));
    // None was overlooked: stop, start, down, lift, explain, service, metrics.
    assert_eq!(demo.pasted("curl ").len(), 7, "{:#?}", demo.lines);
}
