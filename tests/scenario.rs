//! Whole-server tests as files, in process and with the clock in hand.
//!
//! A file in `tests/scenarios/` holds a configuration, zones, geography, and then scenarios: each starts a
//! server of its own from these, and its steps ask, probe, override, reload, restart and let time pass. What
//! is expected stands beside each step; `tests/scenarios/README.md` tells the words.
//!
//! `file` reads such a file, `world` runs control and answers, `run` takes the steps, `query` builds packets
//! with an independent codec, `reply` reads them with two, and `tell` prints what control says.
#![allow(missing_docs, reason = "a test")]

#[path = "common/mmdb.rs"]
mod mmdb;
#[path = "scenario/mod.rs"]
mod scenario;

use std::path::Path;

use scenario::file::File;

/// All that went wrong in a file; a test that returns it fails with nothing but these lines.
struct Failures(Vec<String>);

impl std::fmt::Debug for Failures {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "\n{}", self.0.join("\n"))
    }
}

/// Runs every scenario of a file.
async fn check(name: &str) -> Result<(), Failures> {
    let failures = failures(name).await;
    if failures.is_empty() { Ok(()) } else { Err(Failures(failures)) }
}

async fn failures(name: &str) -> Vec<String> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let file = File::read(&directory, name).unwrap_or_else(|why| panic!("{why}"));
    let mut failures = Vec::new();
    for scenario in &file.scenarios {
        let failure = scenario::run::run(&file, scenario).await.err();
        failures.extend(failure.map(|failure| failure.to_string()));
    }
    failures
}

/// One test a file, so that they run side by side; and one that no file was left out.
macro_rules! scenarios {
    ($($name:ident,)*) => {
        $(
            #[tokio::test(start_paused = true)]
            async fn $name() -> Result<(), Failures> {
                check(stringify!($name)).await
            }
        )*

        #[test]
        fn every_file_is_run() {
            let known = [$(stringify!($name)),*, "base", "wrong"];
            let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
            for entry in std::fs::read_dir(directory).unwrap() {
                let path = entry.unwrap().path();
                let name = path.file_stem().unwrap().to_str().unwrap();
                let listed = known.contains(&name) || path.extension().is_none_or(|end| end != "scenario");
                assert!(listed, "tests/scenario.rs does not list '{name}'");
            }
        }
    };
}

scenarios! {
    aliases,
    all_down,
    capacity,
    challenges,
    cname,
    checks,
    clients,
    dname,
    edns,
    families,
    geography,
    guards,
    health,
    hints,
    latency,
    names,
    nesting,
    overrides,
    packets,
    parking,
    policies,
    ramps,
    reload,
    resolve,
    rules,
    scopes,
    static_records,
    survivors,
    truncation,
    two_zones,
    weights,
    whoami,
}

/// Tests that cannot fail are worth nothing: every scenario of this file expects something wrong.
#[tokio::test(start_paused = true)]
async fn a_wrong_expectation_fails_and_says_where() {
    let failures = failures("wrong").await;
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let file = File::read(&directory, "wrong").unwrap();
    let expected: Vec<_> = file.scenarios.iter().map(|scenario| scenario.name.as_str()).collect();
    assert_eq!(failures.len(), expected.len(), "each must fail:\n{}", failures.join("\n"));
    for (failure, scenario) in failures.iter().zip(&file.scenarios) {
        let line = scenario.steps.last().unwrap().line;
        assert!(failure.contains(&format!("wrong.scenario:{line}: ")), "line {line}: {failure}");
    }
    let diff = &failures[0];
    assert!(
        diff.contains("\n  - 198.51.100.20 ttl 60") && diff.contains("\n  + 198.51.100.10 ttl 60"),
        "{diff}"
    );
}
