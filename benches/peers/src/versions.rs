//! Which version of everybody was measured.

use std::process::Command;

use crate::servers::Server;
use crate::world::World;

/// As its package has it; ours as its repository has it.
pub fn of(server: Server, world: &World) -> String {
    match server {
        Server::Floor => "this package".into(),
        Server::Hickory => hickory(),
        Server::Meridian4 | Server::Meridian32 => meridian(world),
        _ => server.package().map_or_else(String::new, |package| {
            said("dpkg-query", &["-W", "-f", "${Version}", package]).unwrap_or_else(|| "unknown".into())
        }),
    }
}

fn meridian(world: &World) -> String {
    let repository = world.repository.display().to_string();
    let commit = said("git", &["-C", &repository, "describe", "--always", "--dirty", "--exclude", "*"]);
    format!("commit {}", commit.unwrap_or_else(|| "unknown".into()))
}

/// The version that the lock file holds.
fn hickory() -> String {
    let lock = include_str!("../Cargo.lock");
    let entry = lock.split("[[package]]").find(|entry| entry.contains("name = \"hickory-server\""));
    let version = entry.and_then(|entry| entry.split("version = \"").nth(1)?.split('"').next());
    version.unwrap_or("unknown").to_owned()
}

/// What a command prints, if it succeeds.
pub fn said(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}
