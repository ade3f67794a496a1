//! What no compiler checks: which room may know which, where foreign crates come in, who may read a clock, and
//! how files look. Every finding says `file:line` and what to do instead.
//!
//! `tidy/rooms.rs` is the table of arrows, the same as in `ARCHITECTURE.md`; `tidy/habits.rs` are the other
//! rules; `tidy/source.rs` reads the sources without their comments, texts and tests. A rule is a function from
//! one file to findings, so each is tried on a few bad lines as well as on the tree.

#[path = "tidy/habits.rs"]
mod habits;
#[path = "tidy/rooms.rs"]
mod rooms;
#[path = "tidy/source.rs"]
mod source;

use std::fmt;

use source::Source;

/// One thing to mend.
#[derive(Debug, PartialEq)]
struct Finding {
    path: String,
    line: usize,
    text: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.text)
    }
}

/// A rule about one file.
type Rule = fn(&Source) -> Vec<Finding>;

/// Holds the whole tree against a rule.
fn check_tree(rule: Rule) {
    let findings: Vec<String> =
        source::tree().iter().flat_map(rule).map(|finding| finding.to_string()).collect();
    assert!(findings.is_empty(), "\n{}\n", findings.join("\n"));
}

/// The lines at which a rule finds something in a text that stands at `path`.
fn found(rule: Rule, path: &str, text: &str) -> Vec<usize> {
    rule(&Source::new(path, text)).into_iter().map(|finding| finding.line).collect()
}

macro_rules! rules {
    ($($name:ident: $rule:path;)*) => { $(#[test] fn $name() { check_tree($rule); })* };
}

rules! {
    rooms_import_only_what_they_may: rooms::arrows;
    rooms_are_in_the_table: rooms::known;
    foreign_crates_enter_by_their_doors: habits::doors;
    wire_types_live_at_the_edge: habits::wire_types;
    machines_take_now: habits::clocks;
    nobody_locks: habits::locks;
    threads_have_names_and_stay_awake: habits::threads;
    nothing_panics_on_purpose: habits::panics;
    unsafe_code_is_fenced: habits::fences;
    files_fit_in_the_head: habits::length;
    files_begin_with_what_they_are: habits::module_doc;
    only_commands_print: habits::prints;
    nothing_is_left_for_later: habits::leftovers;
}

#[test]
fn architecture_shows_the_same_table() {
    let page = std::fs::read_to_string(source::root().join("ARCHITECTURE.md")).unwrap();
    let shown: Vec<(String, String)> = page.lines().filter_map(rooms::row).collect();
    let ours: Vec<(String, String)> =
        rooms::ROOMS.iter().map(|(room, may)| ((*room).to_owned(), rooms::in_words(may))).collect();
    assert_eq!(
        shown, ours,
        "the table of rooms in ARCHITECTURE.md and the one in tests/tidy/rooms.rs differ"
    );
}

/// Every rule catches what it is for, at the right line, and leaves the rest alone.
#[test]
fn every_rule_can_fail() {
    let clock = "fn f() {}\nfn g() { let t = std::time::SystemTime::now(); }\n";
    let tests =
        "fn f() {}\n#[cfg(test)]\nmod tests {\n    fn g() { x.unwrap(); \"}\" }\n}\nfn h() { y.unwrap() }";
    let rows: &[(Rule, &str, &str, &[usize])] = &[
        // An arrow against the stream; the same to a room further left; a braced one; by `super`; in a path.
        (rooms::arrows, "src/zone/a.rs", "use crate::control::Store;\n", &[1]),
        (rooms::arrows, "src/control/a.rs", "use crate::zone::Zone;\n", &[]),
        (rooms::arrows, "src/zone/a.rs", "use crate::{model::Name,\n    control::{Store, State}};\n", &[2]),
        (rooms::arrows, "src/zone/a.rs", "\nuse super::super::control::Store;", &[2]),
        (rooms::arrows, "src/zone/text/a.rs", "use super::super::table;", &[]),
        (rooms::arrows, "src/zone/mod.rs", "use super::answer::Slot;", &[1]),
        (rooms::arrows, "src/model/mod.rs", "fn f() -> crate::geo::Table {}", &[1]),
        (
            rooms::arrows,
            "src/model/mod.rs",
            "// crate::geo\n/// [`crate::geo`]\nconst A: &str = \"crate::geo\";",
            &[],
        ),
        (rooms::arrows, "src/main.rs", "fn main() { meridian::control::load() }", &[1]),
        (rooms::arrows, "src/main.rs", "fn main() { meridian::cli::main() }", &[]),
        (rooms::arrows, "src/geo/tests.rs", "use crate::control::Store;", &[]),
        (rooms::known, "src/attic/mod.rs", "//! Old things.", &[1]),
        (rooms::known, "src/model/mod.rs", "//! Nouns.", &[]),
        (habits::doors, "src/zone/a.rs", "\nuse redb::Database;", &[2]),
        (habits::doors, "src/control/store.rs", "use redb::Database;", &[]),
        (habits::doors, "src/zone/a.rs", "use crate::redb::Database;", &[]),
        (habits::wire_types, "src/zone/a.rs", "#[derive(Debug, Serialize)]", &[1]),
        (habits::wire_types, "src/control/store.rs", "#[derive(Debug, Serialize)]", &[]),
        (habits::clocks, "src/answer/a.rs", clock, &[2]),
        (habits::clocks, "src/health/ladder.rs", clock, &[2]),
        (habits::clocks, "src/health/prober.rs", clock, &[]),
        (habits::locks, "src/control/a.rs", "use std::sync::Mutex;", &[1]),
        (habits::threads, "src/server/udp.rs", "std::thread::spawn(f);\nstd::thread::sleep(t);", &[1]),
        (habits::threads, "src/server/tcp.rs", "tokio::time::sleep(t);\nthread::sleep(t);", &[2]),
        (habits::panics, "src/geo/a.rs", tests, &[6]),
        (habits::panics, "src/geo/a.rs", "fn f() { a.unwrap_or(b); a.expect.value(); }", &[]),
        (
            habits::panics,
            "src/geo/a.rs",
            "fn f() { a\n.expect(\"a\"); panic!(); unreachable!(\"x\") }",
            &[2, 2, 2],
        ),
        (habits::fences, "src/geo/a.rs", "// unsafe\nfn f() { unsafe { g() } }", &[2]),
        (habits::fences, "src/geo/a.rs", "#![allow(unsafe_code)]", &[1]),
        (habits::length, "src/geo/a.rs", &"a\n".repeat(801), &[801]),
        (habits::length, "src/geo/a.rs", &"a\n".repeat(800), &[]),
        (habits::module_doc, "src/geo/a.rs", "use a::b;\n//! Late.\n", &[1]),
        (habits::module_doc, "src/geo/a.rs", "//! In time.\nuse a::b;\n", &[]),
        (habits::module_doc, "src/geo/tests.rs", "use a::b;\n", &[]),
        (habits::prints, "src/geo/a.rs", "fn f() { eprintln!(\"a\") }", &[1]),
        (habits::prints, "src/cli/a.rs", "fn f() { println!(\"a\") }", &[]),
        (habits::leftovers, "src/geo/a.rs", concat!("// TO", "DO: later"), &[1]),
        (habits::leftovers, "src/geo/tests.rs", concat!("\n// FIX", "ME"), &[2]),
        (habits::leftovers, "src/geo/a.rs", "fn f() {} \nfn g() {\t}", &[1]),
    ];
    for (rule, path, text, lines) in rows {
        assert_eq!(found(*rule, path, text), *lines, "{path}: {text}");
    }
}

#[test]
fn comments_texts_and_tests_are_not_code() {
    let rows = [
        ("a /* b /* c */ d */ e", "a                   e"),
        ("\"a\\\"b\" c", "\"    \" c"),
        ("r#\"a\"b\"# c", "r#\"   \"# c"),
        ("'\"' \"x\"", "' ' \" \""),
        ("f::<'a>(\"x\")", "f::<'a>(\" \")"),
        ("b'\\'' x", "b'  ' x"),
        ("a // b\nc", "a     \nc"),
    ];
    for (text, code) in rows {
        assert_eq!(Source::new("src/a/b.rs", text).code, code, "{text}");
    }
}
