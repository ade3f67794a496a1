//! `meridian ctl` and `meridian explain`: the same words from the command line.

use super::client::steer;
use super::node::{Node, meridian};
use super::scene::{Scene, TOKYO, free_port};

const NAME: &str = "www.gslb.example";

/// Runs in a scene's directory: exit code, what it printed, what it said.
fn run(scene: &Scene, arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = meridian(scene.path(), arguments).output().expect("the binary");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn an_operator_forces_a_region_down_and_lifts_it() {
    let scene = Scene::new();
    let node = Node::start(scene.path());
    let api = format!("http://{}", node.api);
    let ctl = |arguments: &[&str]| run(&scene, &[&["ctl", "--api", &api], arguments].concat());
    let must = |arguments: &[&str]| {
        let (code, output, said) = ctl(arguments);
        assert_eq!((code, said.as_str()), (Some(0), ""), "{arguments:?}: {output}");
        output
    };
    assert!(must(&["status"]).contains("live"));
    must(&["ready"]);
    assert!(must(&["services", "www"]).contains(&scene.address("sa-east")));
    must(&["override", "region", "ap-northeast", "down", "--reason", "maintenance"]);
    assert_eq!(steer(node.dns, NAME, TOKYO), [scene.address("eu-west")]);
    assert!(must(&["regions", "ap-northeast"]).contains("maintenance"));
    assert!(must(&["explain", NAME, "133.11.0.1"]).contains(&scene.address("eu-west")));
    must(&["lift", "region", "ap-northeast"]);
    assert_eq!(steer(node.dns, NAME, TOKYO), [scene.address("ap-northeast")]);
    must(&["reload"]);
    let (code, output, said) = ctl(&["override", "region", "atlantis", "down", "--reason", "x"]);
    assert_eq!((code, output.as_str()), (Some(1), ""), "{said}");
    assert!(said.contains("atlantis") && said.lines().count() == 1, "{said}");
}

#[test]
fn a_node_that_is_not_there_is_one_clear_line() {
    let scene = Scene::new();
    let nobody = format!("http://127.0.0.1:{}", free_port(std::net::Ipv4Addr::LOCALHOST));
    let (code, output, said) = run(&scene, &["ctl", "--api", &nobody, "status"]);
    assert_eq!((code, output.as_str()), (Some(1), ""), "{said}");
    assert!(said.contains(&nobody) && said.lines().count() == 1, "{said}");
}

#[test]
fn a_decision_is_explained_from_the_configuration_alone() {
    let scene = Scene::new();
    let (code, output, said) = run(&scene, &["explain", NAME, "133.11.0.0/24"]);
    assert_eq!((code, said.as_str()), (Some(0), ""), "{output}");
    assert!(
        output.contains(&format!("answer  {} of ap-northeast", scene.address("ap-northeast"))),
        "{output}"
    );
    let (code, output, said) = run(&scene, &["explain", NAME, "tokyo"]);
    assert_eq!((code, output.as_str()), (Some(2), ""), "{said}");
    assert!(said.contains("'tokyo' is neither an address nor a network"), "{said}");
}
