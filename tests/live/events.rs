//! What happens, told as it happens: a stream by curl, and lines by `meridian ctl events`.

use std::process::Command;

use serde_json::Value;

use super::client::{curl, run};
use super::node::{Node, Process, meridian};
use super::scene::Scene;

/// A stream of events by curl, without a buffer of its own.
fn follow(node: &Node, query: &str, arguments: &[&str]) -> Process {
    run(Command::new("curl").arg("--version"));
    let mut command = Command::new("curl");
    command.args(["-q", "-sS", "-N", "--max-time", "60"]).args(arguments);
    command.arg(format!("http://{}/v1/events{query}", node.api));
    Process::spawn(command)
}

fn put_down(node: &Node) {
    let body = r#"{"state":"down","reason":"fire drill","expires_in":"1h"}"#;
    let arguments = ["-X", "PUT", "-H", "content-type: application/json", "-d", body];
    let path = "v1/regions/sa-east/override";
    assert_eq!(curl(&arguments, &format!("http://{}/{path}", node.api)).0, 200);
}

/// The body behind a line of data.
fn body(line: &str) -> Value {
    serde_json::from_str(line.strip_prefix("data: ").expect("a line of data")).expect("JSON")
}

#[test]
fn a_stream_tells_what_happens_and_a_second_one_what_was_missed() {
    let mut scene = Scene::new();
    let node = Node::start(scene.path());
    let mut stream = follow(&node, "", &[]);
    // Before the first event nothing shows that the stream is open: an override may come too early for it.
    put_down(&node);
    scene.stop("ap-northeast");
    let fell = body(&stream.output.wait_for("\"to\":\"unhealthy\""));
    assert_eq!((&fell["kind"], &fell["reason"]), (&"transition".into(), &"connection refused".into()));
    assert_eq!((&fell["services"][0], &fell["regions"][0]), (&"www".into(), &"ap-northeast".into()));
    let moved = body(&stream.output.wait_for("\"to\":\"failing\""));
    assert_eq!(moved["id"].as_u64(), fell["id"].as_u64().map(|id| id + 1));
    stream.output.wait_for(&format!("id: {}", fell["id"]));
    // Whoever comes back with the transition's id gets what came after it.
    let header = format!("Last-Event-ID: {}", fell["id"]);
    let again = follow(&node, "?service=www", &["-H", &header]);
    assert_eq!(body(&again.output.wait_for("data: ")), moved);
    scene.start("ap-northeast");
    again.output.wait_for("\"to\":\"healthy\"");
    // The end of the node is the last event, and a clean end of the stream.
    node.stop();
    stream.output.wait_for("\"change\":\"unready\"");
    assert!(stream.wait().success(), "{:?}", stream.log.all());
}

#[test]
fn the_command_line_prints_a_line_for_each() {
    let mut scene = Scene::new();
    let node = Node::start(scene.path());
    let api = format!("http://{}", node.api);
    let events = |more: &[&str]| {
        Process::spawn(meridian(scene.path(), &[&["ctl", "--api", &api, "events"], more].concat()))
    };
    let all = events(&["--all", "--kind", "ready,override,transition"]);
    all.output.wait_for("  ready       the node is ready");
    put_down(&node);
    let line = all.output.wait_for("  override    ");
    assert!(line.ends_with("region sa-east is to be down, says local: fire drill (for 1h)"), "{line}");
    scene.stop("eu-west");
    let line = all.output.wait_for("is unhealthy, was healthy: connection refused");
    assert!(line.contains(&scene.address("eu-west")) && line.ends_with(" (www)"), "{line}");
    let mut wrong = Process::spawn(meridian(scene.path(), &["ctl", "--api", &api, "events", "--kind", "x"]));
    assert!(!wrong.wait().success());
    assert!(wrong.log.all()[0].contains("'x' is no kind of event"), "{:?}", wrong.log.all());
    node.stop();
}
