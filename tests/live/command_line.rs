//! What else an operator types: everything that prints and ends.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use sha2::{Digest, Sha256};

use super::node::meridian;
use super::scene::Scene;

/// Runs to the end with these arguments.
fn run(directory: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = meridian(directory, arguments).output().expect("the binary");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (status.code(), text(stdout), text(stderr))
}

fn here() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn every_subcommand_explains_itself() {
    let commands = ["serve", "check", "explain", "demo", "ctl", "schema", "completions", "token"];
    let (code, whole, _) = run(here(), &["--help"]);
    assert_eq!(code, Some(0));
    for command in commands {
        let (code, help, said) = run(here(), &[command, "--help"]);
        assert_eq!((code, said.as_str()), (Some(0), ""), "{command}");
        let headline = help.lines().next().unwrap();
        assert!(help.contains(&format!("Usage: meridian {command}")), "{help}");
        assert!(whole.lines().any(|line| line.trim().starts_with(command)), "{command}: {whole}");
        assert!(headline.len() > 20, "{command}: {headline}");
    }
    assert_eq!(run(here(), &["--version"]).1, format!("meridian {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn a_command_line_to_mend_is_two() {
    for arguments in [&[][..], &["sreve"], &["serve", "--confg", "x"], &["completions", "tcsh"]] {
        let (code, output, said) = run(here(), arguments);
        assert_eq!((code, output.as_str()), (Some(2), ""), "{arguments:?}");
        assert!(
            said.contains("Usage: meridian") || said.contains("possible values"),
            "{arguments:?}: {said}"
        );
    }
}

#[test]
fn the_schema_is_one_that_knows_every_table() {
    let (code, output, said) = run(here(), &["schema"]);
    assert_eq!((code, said.as_str()), (Some(0), ""));
    let schema: serde_json::Value = serde_json::from_str(&output).expect("JSON");
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    let tables: Vec<_> = schema["properties"].as_object().expect("properties").keys().collect();
    for table in ["server", "api", "geo", "zones", "regions", "services"] {
        assert!(tables.iter().any(|known| *known == table), "{table}: {tables:?}");
    }
}

#[test]
fn completions_name_every_subcommand() {
    for shell in ["bash", "zsh", "fish"] {
        let (code, output, said) = run(here(), &["completions", shell]);
        assert_eq!((code, said.as_str()), (Some(0), ""), "{shell}");
        for command in ["serve", "check", "explain", "demo", "ctl", "schema", "completions", "token"] {
            assert!(output.contains(command), "{shell} does not know {command}");
        }
    }
    // The one shell that every machine has reads its own.
    let (_, script, _) = run(here(), &["completions", "bash"]);
    let read =
        Command::new("bash").args(["-n", "-c", &script]).stderr(Stdio::piped()).output().expect("bash");
    assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
}

#[test]
fn a_token_fits_its_digest_and_the_configuration() {
    let scene = Scene::new();
    let (code, token, said) = run(scene.path(), &["token", "alice", "--role", "read"]);
    assert_eq!(code, Some(0));
    let token = token.trim_end();
    assert_eq!(token.len(), 64);
    let digest = hex::encode(Sha256::digest(token));
    let lines: Vec<_> = said.lines().skip_while(|line| *line != "[[api.tokens]]").collect();
    let due = ["[[api.tokens]]", "name = \"alice\"", &format!("sha256 = \"{digest}\""), "role = \"read\""];
    assert_eq!(lines, due);
    assert!(!said.contains(token), "the secret stands where only its digest may");
    assert_ne!(run(scene.path(), &["token"]).1.trim_end(), token);
    // What it prints is what the configuration reads.
    let whole = scene.read("meridian.toml") + "\n" + &lines.join("\n") + "\n";
    scene.write("meridian.toml", &whole);
    let (code, _, said) = run(scene.path(), &["check"]);
    assert_eq!((code, said.as_str()), (Some(0), ""));
}

#[test]
fn checking_says_what_there_is() {
    let scene = Scene::new();
    let (code, output, said) = run(scene.path(), &["check"]);
    assert_eq!((code, said.as_str()), (Some(0), ""));
    let due = "ok: 1 zone with 20 names, 4 regions, 1 service with 4 endpoints, 4 targets to probe, ";
    assert!(output.starts_with(due), "{output}");
    assert_eq!(output.lines().count(), 1);
    // Nothing was made, opened or bound.
    assert!(!scene.path().join("state").exists());
    // From elsewhere, by its path, and by the environment.
    let path = scene.path().join("meridian.toml");
    let (code, from_elsewhere, _) = run(here(), &["check", "--config", path.to_str().unwrap()]);
    assert_eq!((code, &from_elsewhere), (Some(0), &output));
    let by_environment = meridian(here(), &["check"]).env("MERIDIAN_CONFIG", &path).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&by_environment.stdout), output);
}

#[test]
fn warnings_are_said_and_do_not_stop() {
    let scene = Scene::new();
    let line = scene.read("meridian.toml").lines().count() + 2;
    let whole = scene.read("meridian.toml") + "\n[server.rate_limit]\nresponses_per_second = 5\n";
    scene.write("meridian.toml", &whole);
    let (code, output, said) = run(scene.path(), &["check"]);
    assert_eq!(code, Some(0));
    assert!(output.starts_with("ok: "), "{output}");
    let line = line + 1;
    let due = format!(
        "meridian.toml:{line}:24: warning: responses_per_second is read, but has no effect in this version\n"
    );
    assert_eq!(said, due);
}
