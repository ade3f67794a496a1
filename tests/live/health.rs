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
