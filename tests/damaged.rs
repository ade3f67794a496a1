//! Databases that are damaged, each made from a sound one by a rule of the table: `check` says what is wrong in one
//! line, and a node that is told to load them goes on as it was. Nothing panics, nothing hangs.

#[path = "live/client.rs"]
#[allow(dead_code, reason = "the other whole-server tests take more of it")]
mod client;
#[path = "common/damage.rs"]
mod damage;
#[path = "common/mmdb.rs"]
mod mmdb;
#[path = "live/node.rs"]
#[allow(dead_code, reason = "the other whole-server tests take more of it")]
mod node;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use rustix::process::Signal;
use tempfile::TempDir;

use client::steer;
use damage::{DUBLIN, Damage, TOKYO, damages, silent, sound};
use node::{Node, meridian};

const CONFIG: &str = r#"
[server]
listen = ["127.0.0.1:0"]
state = "state"
[api]
listen = "127.0.0.1:0"
[geo]
databases = ["geo.mmdb"]
[zones."gslb.example."]
file = "gslb.example.zone"
[regions.eu-west]
location = { lat = 53.35, lon = -6.26 }
[regions.ap-northeast]
location = { lat = 35.68, lon = 139.69 }
[services.www]
names = ["www.gslb.example."]
check = { kind = "none" }
endpoints.eu-west.addresses = ["198.51.100.10"]
endpoints.ap-northeast.addresses = ["198.51.100.20"]
"#;

const ZONE: &str = "$TTL 1h\n@ SOA ns hm 1 1h 15m 1w 5m\n@ NS ns\nns A 198.51.100.53\n";

fn directory() -> TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    let write = |name: &str, bytes: &[u8]| fs::write(directory.path().join(name), bytes).expect("a file");
    write("meridian.toml", CONFIG.as_bytes());
    write("gslb.example.zone", ZONE.as_bytes());
    write("geo.mmdb", &sound());
    directory
}

/// What stands in the database's place.
enum Stands {
    Bytes(Vec<u8>),
    Directory,
    Pipe,
    /// Root may read it all the same: then it is as good as any.
    Unreadable,
    Nothing,
    Itself,
}

impl Stands {
    /// Puts it there in one step, so that no reload meets half of it.
    fn put(&self, directory: &Path) {
        let (path, next) = (directory.join("geo.mmdb"), directory.join("next"));
        if path.is_dir() && !path.is_symlink() {
            fs::remove_dir(&path).expect("a directory of ours");
        }
        match self {
            Stands::Bytes(bytes) => fs::write(&next, bytes).expect("a file"),
            Stands::Directory => {
                fs::remove_file(&path).expect("a file of ours");
                return fs::create_dir(&path).expect("a directory");
            }
            Stands::Pipe => {
                assert!(Command::new("mkfifo").arg(&next).status().expect("mkfifo").success());
            }
            Stands::Unreadable => {
                fs::write(&next, sound()).expect("a file");
                fs::set_permissions(&next, fs::Permissions::from_mode(0o000)).expect("a file of ours");
            }
            Stands::Nothing => return fs::remove_file(&path).expect("a file of ours"),
            Stands::Itself => std::os::unix::fs::symlink("geo.mmdb", &next).expect("a link"),
        }
        fs::rename(&next, &path).expect("a file of ours");
    }
}

/// Each with its name and what is said of it.
fn cases() -> Vec<(String, Stands, String)> {
    let cannot = |why: &str| {
        format!("cannot read 'geo.mmdb': give a MaxMind database (.mmdb) that this user may read: {why}")
    };
    let mut cases = vec![
        ("a directory", Stands::Directory, cannot("not a regular file")),
        ("a pipe that nobody writes to", Stands::Pipe, cannot("not a regular file")),
        ("nothing", Stands::Nothing, cannot("No such file or directory (os error 2)")),
        ("a link to itself", Stands::Itself, cannot("Too many levels of symbolic links (os error 40)")),
    ];
    if !rustix::process::geteuid().is_root() {
        cases.push(("unreadable", Stands::Unreadable, cannot("Permission denied (os error 13)")));
    }
    let written = damages().into_iter().map(|Damage { name, bytes, says }| {
        (name.to_owned(), Stands::Bytes(bytes), format!("'geo.mmdb' is {says}"))
    });
    let cases = cases.into_iter().map(|(name, stands, says)| (name.to_owned(), stands, says));
    cases.chain(written).collect()
}

#[test]
fn each_is_one_clear_line() {
    let mut wrong = Vec::new();
    for (name, stands, says) in cases() {
        let directory = directory();
        stands.put(directory.path());
        let output = meridian(directory.path(), &["check"]).output().expect("the binary");
        let said = String::from_utf8(output.stderr).expect("UTF-8");
        // What the decoder has to say may follow, on the same line.
        let line = said.strip_prefix("meridian.toml:8:14: ");
        let clear = line.is_some_and(|line| line.starts_with(&says))
            && said.lines().count() == 2
            && said.ends_with("\n1 problem to mend\n");
        if output.status.code() != Some(2) || !clear {
            wrong.push(format!("{name}: exit code {:?}\n{said}instead of\n{says}\n", output.status));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_serving_node_takes_none_of_them() {
    let directory = directory();
    let node = Node::start(directory.path());
    let answers = |moment: &str| {
        let places = [DUBLIN, TOKYO].map(|subnet| steer(node.dns, "www.gslb.example", subnet).join(" "));
        assert_eq!(places, ["198.51.100.10", "198.51.100.20"], "{moment}");
    };
    answers("at first");
    let mut count = 0;
    for (name, stands, says) in cases() {
        let before = node.process.log.count();
        stands.put(directory.path());
        node.process.signal(Signal::HUP);
        node.process.log.wait_after(before, &says);
        answers(&name);
        let before = node.process.log.count();
        Stands::Bytes(sound()).put(directory.path());
        node.process.signal(Signal::HUP);
        node.process.log.wait_after(before, "reloaded");
        count += 1;
    }
    assert!(count >= 25, "only {count} kinds of damage");
    let log = node.stop();
    assert!(!log.iter().any(|line| line.contains("panicked")), "{log:?}");
}

/// Clients of whom nothing is known get the regions as they are written, and the others what they always got.
#[test]
fn what_says_nothing_is_no_damage() {
    let directory = directory();
    let node = Node::start(directory.path());
    for (name, bytes) in silent() {
        let before = node.process.log.count();
        Stands::Bytes(bytes).put(directory.path());
        node.process.signal(Signal::HUP);
        node.process.log.wait_after(before, "reloaded");
        let places = [DUBLIN, TOKYO].map(|subnet| steer(node.dns, "www.gslb.example", subnet).join(" "));
        assert_eq!(places, ["198.51.100.10"; 2], "{name}");
    }
    node.stop();
}
