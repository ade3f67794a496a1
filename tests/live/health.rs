//! A backend that stops takes its own clients with it, and nobody else's; and gets them back.

use std::thread::sleep;
use std::time::Duration;

use super::client::steer;
use super::node::{Node, wait_for};
use super::scene::{LONDON, NEW_YORK, SAO_PAULO, Scene, TOKYO};

const NAME: &str = "www.gslb.example";

#[test]
fn clients_of_a_stopped_backend_move_and_come_back() {
    let mut scene = Scene::new();
    let node = Node::start(scene.path());
    let addresses = ["us-east", "eu-west", "ap-northeast", "sa-east"].map(|region| scene.address(region));
    let [us_east, eu_west, ap_northeast, sa_east] = addresses;
    let others = [(NEW_YORK, us_east), (LONDON, eu_west.clone()), (SAO_PAULO, sa_east)];
    let nobody_else_moves = || {
        for (subnet, address) in &others {
            assert_eq!(steer(node.dns, NAME, subnet), [address.as_str()], "{subnet}");
        }
    };
    let tokyo_gets = |address: &str| {
        wait_for("Tokyo's clients to move", || {
            nobody_else_moves();
            (steer(node.dns, NAME, TOKYO) == [address]).then_some(())
        });
    };
    tokyo_gets(&ap_northeast);
    scene.stop("ap-northeast");
    // Dublin is nearer to Tokyo than Ashburn is.
    tokyo_gets(&eu_west);
    node.process.log.wait_for("to=\"unhealthy\" reason=connection refused");
    scene.start("ap-northeast");
    tokyo_gets(&ap_northeast);
    nobody_else_moves();
    node.stop();
}

#[test]
fn one_failure_moves_nobody() {
    let mut scene = Scene::new();
    scene.edit("meridian.toml", "fall = 2", "fall = 10");
    scene.edit("meridian.toml", "interval = \"500ms\"", "interval = \"1s\"");
    let node = Node::start(scene.path());
    scene.stop("ap-northeast");
    // Longer than an interval: at least one probe fails, and not ten.
    sleep(Duration::from_millis(1_500));
    assert_eq!(steer(node.dns, NAME, TOKYO), [scene.address("ap-northeast")]);
    scene.start("ap-northeast");
    let log = node.stop();
    assert!(!log.iter().any(|line| line.contains("to=\"unhealthy\"")), "{log:?}");
}

#[test]
fn where_nothing_is_left_everything_is_answered() {
    let mut scene = Scene::new();
    let node = Node::start(scene.path());
    for region in ["us-east", "eu-west", "ap-northeast", "sa-east"] {
        scene.stop(region);
    }
    wait_for("all to fall", || {
        let log = node.process.log.all();
        (log.iter().filter(|line| line.contains("to=\"unhealthy\"")).count() == 4).then_some(())
    });
    for (subnet, region) in [(NEW_YORK, "us-east"), (TOKYO, "ap-northeast"), (SAO_PAULO, "sa-east")] {
        assert_eq!(steer(node.dns, NAME, subnet), [scene.address(region)], "{subnet}");
    }
}

/// The processes whose parent is that one.
fn children(parent: u32) -> Vec<String> {
    let entries = std::fs::read_dir("/proc").expect("processes").flatten();
    let stats = entries.filter_map(|entry| std::fs::read_to_string(entry.path().join("stat")).ok());
    // What stands behind the name in brackets: state and parent.
    let fields = |stat: &str| -> Option<u32> { stat.rsplit_once(") ")?.1.split(' ').nth(1)?.parse().ok() };
    stats.filter(|stat| fields(stat) == Some(parent)).collect()
}

#[test]
fn a_command_moves_clients_and_leaves_nothing_behind() {
    let scene = Scene::new();
    let text = scene.read("meridian.toml");
    let check = text.lines().find(|line| line.starts_with("check = ")).expect("a check");
    // Whoever is written in a file is down; and something is left running in the background each time.
    let script = format!(
        "sleep 1000 & ! test -e {}/down-$MERIDIAN_ADDRESS || {{ echo by hand; exit 7; }}",
        scene.path().display()
    );
    let command = format!(
        "check = {{ kind = \"command\", command = [\"/bin/sh\", \"-c\", \"{script}\"], interval = \"500ms\", timeout = \"400ms\", fall = 2 }}"
    );
    scene.edit("meridian.toml", check, &command);
    let node = Node::start(scene.path());
    let (ap_northeast, eu_west) = (scene.address("ap-northeast"), scene.address("eu-west"));
    let tokyo_gets = |address: &str| {
        wait_for("Tokyo's clients to move", || (steer(node.dns, NAME, TOKYO) == [address]).then_some(()));
    };
    tokyo_gets(&ap_northeast);
    let down = format!("down-{ap_northeast}");
    scene.write(&down, "");
    tokyo_gets(&eu_west);
    node.process.log.wait_for("to=\"unhealthy\" reason=the command exited with 7: 'by hand'");
    std::fs::remove_file(scene.path().join(&down)).expect("the file");
    tokyo_gets(&ap_northeast);
    wait_for("all that was started to be gone", || children(node.process.id()).is_empty().then_some(()));
    node.stop();
}

#[test]
fn an_endpoint_may_be_probed_elsewhere() {
    let mut scene = Scene::new();
    let text = scene.read("meridian.toml");
    let check = text.lines().find(|line| line.starts_with("check = ")).expect("a check");
    let port = check.split("port = ").nth(1).and_then(|rest| rest.split(',').next()).expect("a port");
    let tcp = "check = { kind = \"tcp\", port = 9, interval = \"500ms\", timeout = \"400ms\", fall = 2 }";
    scene.edit("meridian.toml", check, tcp);
    scene.edit("meridian.toml", "addresses = [", &format!("probe_port = {port}\naddresses = ["));
    // Tokyo is answered with its own address, and probed by Dublin's.
    let (ap_northeast, eu_west) = (scene.address("ap-northeast"), scene.address("eu-west"));
    let own = format!("addresses = [\"{ap_northeast}\"]");
    scene.edit("meridian.toml", &own, &format!("{own}\nprobe_addresses = [\"{eu_west}\"]"));
    let node = Node::start(scene.path());
    wait_for("Tokyo's clients to be steered", || {
        (steer(node.dns, NAME, TOKYO) == [ap_northeast.as_str()]).then_some(())
    });
    scene.stop("eu-west");
    node.process.log.wait_for(&format!("target_probed=tcp://{eu_west}:{port}"));
    wait_for("Tokyo's and London's clients to move", || {
        let moved = |subnet| steer(node.dns, NAME, subnet) == [scene.address("us-east")];
        (moved(LONDON) && moved(TOKYO)).then_some(())
    });
    node.stop();
}
