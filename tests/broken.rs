//! Broken configurations, each a file of `tests/broken/`: what `check` says of it, word for word, and that a
//! node which is told to load it goes on as it was.
//!
//! A case begins with a sentence on what is wrong. Then come its files, each behind a line `-- NAME --`; a file
//! that a case does not have is that of `sound.case`. Last, behind `-- says --`, stands what `check` prints to
//! standard error. To see what a case says now: `MERIDIAN_SAYS=1 cargo test --test broken -- --nocapture`.

#[path = "live/client.rs"]
#[allow(dead_code, reason = "the other whole-server tests take more of it")]
mod client;
#[path = "common/mmdb.rs"]
mod mmdb;
#[path = "live/node.rs"]
#[allow(dead_code, reason = "the other whole-server tests take more of it")]
mod node;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use rustix::process::Signal;
use tempfile::TempDir;

use client::steer;
use mmdb::{Layout, Precision, Record, Writer};
use node::{Node, meridian};

/// One file of `tests/broken/`.
struct Case {
    name: String,
    files: BTreeMap<String, String>,
    says: String,
}

/// All of them but the sound one, by name; and that one.
fn cases() -> (Vec<Case>, Case) {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/broken");
    let mut paths: Vec<PathBuf> =
        fs::read_dir(directory).expect("tests/broken").map(|entry| entry.expect("a file").path()).collect();
    paths.sort();
    let mut cases: Vec<Case> = paths.iter().map(|path| Case::read(path)).collect();
    let sound = cases.iter().position(|case| case.name == "sound").expect("sound.case");
    let sound = cases.remove(sound);
    (cases, sound)
}

impl Case {
    fn read(path: &Path) -> Case {
        let text = fs::read_to_string(path).expect("a case");
        let (mut files, mut says) = (BTreeMap::new(), String::new());
        for part in text.split("\n-- ").skip(1) {
            let (title, body) = part.split_once(" --\n").expect("a title");
            // The line's end went with the next title.
            let body =
                if body.is_empty() || body.ends_with('\n') { body.to_owned() } else { format!("{body}\n") };
            match title {
                "says" => says = body,
                file => drop(files.insert(file.to_owned(), body)),
            }
        }
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        Case { name, files, says }
    }

    /// Puts its files over what is there.
    fn lay_out(&self, directory: &Path) {
        for (file, text) in &self.files {
            let path = directory.join(file);
            fs::create_dir_all(path.parent().expect("a directory")).expect("a directory");
            fs::write(path, text).expect("a file");
        }
    }
}

/// A directory with the sound case and databases of every kind.
fn directory(sound: &Case) -> TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    let geoip = directory.path().join("geoip");
    fs::create_dir_all(geoip.join("directory.mmdb")).expect("a directory");
    let database = database();
    let files: [(&str, &[u8]); 6] = [
        ("sound", &database),
        ("cut", &database[..database.len() - 40]),
        ("text", b"network,country\n192.0.2.0/24,IE\n"),
        ("empty", b""),
        ("page", b"<!DOCTYPE html><title>Log in</title>"),
        ("gzip", b"\x1f\x8b\x08\0\0\0\0\0\0\x03"),
    ];
    for (name, bytes) in files {
        fs::write(geoip.join(name).with_extension("mmdb"), bytes).expect("a database");
    }
    sound.lay_out(directory.path());
    directory
}

const DUBLIN: &str = "192.0.2.0/24";
const TOKYO: &str = "203.0.113.0/24";

fn database() -> Vec<u8> {
    let country = |country| {
        let record = Record { country: Some(country), ..Record::default() };
        record.value(Layout::Nested, Precision::Double)
    };
    Writer::new(true, 28).insert(DUBLIN, &country("IE")).insert(TOKYO, &country("JP")).finish()
}

#[test]
fn each_is_said_word_for_word() {
    let (cases, sound) = cases();
    assert!(cases.len() >= 25, "{} cases", cases.len());
    let mut wrong = Vec::new();
    for case in &cases {
        let directory = directory(&sound);
        case.lay_out(directory.path());
        let output = meridian(directory.path(), &["check"]).output().expect("the binary");
        let said = String::from_utf8(output.stderr).expect("UTF-8");
        if std::env::var_os("MERIDIAN_SAYS").is_some() {
            println!("=== {}\n{said}", case.name);
        }
        if output.status.code() != Some(2) || !output.stdout.is_empty() || said != case.says {
            wrong.push(format!(
                "{}: exit code {:?}\n{said}instead of\n{}",
                case.name, output.status, case.says
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_sound_one_is_sound() {
    let (_, sound) = cases();
    let output = meridian(directory(&sound).path(), &["check"]).output().expect("the binary");
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[test]
fn each_says_its_place_and_does_not_panic() {
    let (cases, _) = cases();
    for case in cases {
        let mut lines: Vec<_> = case.says.lines().collect();
        let count = lines.pop().unwrap_or_default();
        let due = if lines.len() == 1 {
            "1 problem to mend".into()
        } else {
            format!("{} problems to mend", lines.len())
        };
        assert_eq!(count, due, "{}", case.name);
        for line in lines {
            let file = line.split(':').next().unwrap_or_default();
            assert!(
                file.ends_with(".toml")
                    || file.ends_with(".zone")
                    || file.ends_with(".txt")
                    || file == "zones",
                "{line}"
            );
            assert!(!line.contains("panicked"), "{line}");
        }
    }
}

#[test]
fn a_serving_node_takes_none_of_them() {
    let (cases, sound) = cases();
    let directory = directory(&sound);
    let path = directory.path();
    let node = Node::start(path);
    let answers = |moment: &str| {
        let places = [DUBLIN, TOKYO].map(|subnet| steer(node.dns, "www.gslb.example", subnet).join(" "));
        assert_eq!(places, ["198.51.100.10", "198.51.100.20"], "{moment}");
        let shown = client::dig(node.dns, "static.gslb.example A");
        assert_eq!(shown.answer, ["static.gslb.example. IN A 198.51.100.90"], "{moment}");
    };
    answers("at first");
    for case in cases {
        let before = node.process.log.count();
        case.lay_out(path);
        node.process.signal(Signal::HUP);
        // Its last problem is logged last; the file watcher may have told of the same before.
        let last = case.says.lines().rev().nth(1).expect("a problem");
        node.process.log.wait_after(before, last);
        answers(&case.name);
        for file in case.files.keys() {
            fs::remove_file(path.join(file)).expect("a file of the case");
        }
        // Whole again before the next case, so that no reload meets a file of each: that mixture might load.
        let before = node.process.log.count();
        sound.lay_out(path);
        node.process.signal(Signal::HUP);
        node.process.log.wait_after(before, "reloaded");
    }
    let log = node.stop();
    assert!(!log.iter().any(|line| line.contains("panicked")), "{log:?}");
}
