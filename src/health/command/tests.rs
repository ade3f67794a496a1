//! Programs that say yes, no, too much, or nothing in time.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::*;
use crate::health::tests::{LONG, SHORT, ask as ask_any, check, words};
use crate::model::Request;

fn shell(script: &str) -> Request {
    let words = ["/bin/sh", "-c", script, "sh", "{address}", "[{address}]:{port}"];
    Request::Command(CommandRequest { arguments: words.map(str::to_owned).to_vec() })
}

fn at(port: u16) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 1], port))
}

#[tokio::test]
async fn the_exit_code_decides_and_the_first_line_says_why() {
    let rows = [
        ("exit 0", "up"),
        ("echo no; exit 0", "up"),
        ("exit 3", "hard: the command exited with 3"),
        ("echo first; echo second; exit 1", "hard: the command exited with 1: 'first'"),
        ("echo broken >&2; exit 1", "hard: the command exited with 1: 'broken'"),
        ("printf 'a\\033[2Jb\\r\\n'; exit 1", "hard: the command exited with 1: 'a.[2Jb'"),
        ("printf '\\377'; exit 1", "hard: the command exited with 1: '\u{fffd}'"),
        ("kill -9 $$", "hard: the command was killed by signal 9"),
        ("kill -TERM $$", "hard: the command was killed by signal 15"),
    ];
    for (script, expected) in rows {
        check(at(80), shell(script), LONG, expected).await;
    }
}

#[tokio::test]
async fn it_gets_the_target_and_nothing_else() {
    let said = |port: u16, script: &'static str| async move {
        let script = format!("{script}; exit 1");
        words(&ask_any(at(port), shell(&script), LONG).await.outcome)
    };
    let no = "hard: the command exited with 1: ";
    assert_eq!(said(80, "echo $1 $2").await, format!("{no}'192.0.2.1 [192.0.2.1]:80'"));
    assert_eq!(said(80, "echo $MERIDIAN_ADDRESS $MERIDIAN_PORT").await, format!("{no}'192.0.2.1 80'"));
    assert_eq!(said(0, "echo ${MERIDIAN_PORT-none}").await, format!("{no}'none'"));
    assert_eq!(said(80, "pwd").await, format!("{no}'/'"));
    let names = said(80, "env | cut -d= -f1 | sort | tr '\\n' ' '").await;
    let set_by_the_shell =
        names.replace(" OLDPWD", "").replace(" PWD", "").replace(" SHLVL", "").replace(" _", "");
    assert_eq!(set_by_the_shell, format!("{no}'MERIDIAN_ADDRESS MERIDIAN_PORT PATH'"));
    assert_eq!(said(80, "read line || echo nothing to read").await, format!("{no}'nothing to read'"));
}

#[tokio::test]
async fn a_program_that_cannot_be_run_is_no_observation() {
    let request = CommandRequest { arguments: vec!["/nowhere/at-all".into()] };
    let expected = "nothing: this machine cannot probe: '/nowhere/at-all' cannot be run: No such file or directory (os error 2)";
    check(at(80), Request::Command(request), LONG, expected).await;
}

#[tokio::test]
async fn much_output_is_not_read_and_an_endless_one_ends() {
    check(at(80), shell("head -c 60000 /dev/zero; exit 0"), LONG, "up").await;
    let long = "hard: the command exited with 1: '".to_owned() + &".".repeat(120) + "'";
    check(at(80), shell("head -c 60000 /dev/zero; exit 1"), LONG, &long).await;
    check(at(80), shell("yes"), SHORT, "soft: the command was still running after 500ms").await;
}

/// Whether a process is there, also as a zombie.
fn is_there(id: &str) -> bool {
    std::path::Path::new(&format!("/proc/{id}")).exists()
}

/// Waits for the processes that a script wrote down to be gone.
async fn all_gone(file: &std::path::Path, count: usize) {
    let begun = Instant::now();
    loop {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        let ids: Vec<_> = text.split_whitespace().collect();
        if ids.len() == count && !ids.iter().any(|id| is_there(id)) {
            return;
        }
        assert!(begun.elapsed() < LONG, "{ids:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn nothing_is_left_of_it_whatever_it_does() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("ids");
    let note = format!("echo $$ >>{}; sleep 1000 & echo $! >>{}", file.display(), file.display());
    // At the timeout.
    check(at(80), shell(&format!("{note}; wait")), SHORT, "soft: the command was still running after 500ms")
        .await;
    all_gone(&file, 2).await;
    // Where it ends, but leaves somebody behind who holds its output open.
    std::fs::remove_file(&file).unwrap();
    check(at(80), shell(&format!("{note}; exit 0")), LONG, "up").await;
    all_gone(&file, 2).await;
    // Where the attempt is broken off.
    std::fs::remove_file(&file).unwrap();
    let asked = tokio::spawn(ask_any(at(80), shell(&format!("{note}; wait")), LONG));
    while std::fs::read_to_string(&file).unwrap_or_default().split_whitespace().count() < 2 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    asked.abort();
    // What was broken off is reaped when the next one ends, at the latest.
    check(at(80), shell("exit 0"), LONG, "up").await;
    all_gone(&file, 2).await;
}
