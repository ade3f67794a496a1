//! Loading everything anew, off to the side: what comes of it, and what it cannot change.

use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use super::compile::{Built, Node, load};
use crate::config::{Config, Token};
use crate::geo::Threads;
use crate::model::{Place, Problem, Problems, Resolutions};
use crate::system::spawn_in_background;

/// What a reload came to. One that fails changes nothing.
#[derive(Clone, Debug)]
pub struct Reloaded {
    /// When it was done.
    pub at: SystemTime,
    /// Whether the new world is in force.
    pub swapped: bool,
    /// The generation in force.
    pub generation: u64,
    /// Errors and warnings, by place.
    pub problems: Vec<Problem>,
}

/// Compiles on a thread that answering comes before, and hands the result to `done`, whatever becomes of it: a
/// reload that never ended would be the last one.
pub fn compile_aside(
    path: std::path::PathBuf,
    node: Node,
    resolutions: Arc<Resolutions>,
    done: impl FnOnce(Option<Box<Built>>, Problems) + Send + 'static,
) -> std::io::Result<()> {
    spawn_in_background("compile", move || {
        let loaded = catch_unwind(AssertUnwindSafe(|| load(&path, &node, Threads::One)));
        let (built, problems) = loaded.unwrap_or_else(|_| (None, broke_off(&path)));
        let built = built.map(|built| Box::new(built.resolved(&node, &resolutions)));
        done(built, problems);
    })
}

fn broke_off(path: &Path) -> Problems {
    let mut problems = Problems::default();
    problems
        .error(&Place::file(path), "the load broke off, which is a defect of this program: please report it");
    problems
}

/// What no reload may do to a node that runs. `start` is what it was started with, `now` what is in force.
pub fn refuse(start: &Config, now: &Config, new: &Config, problems: &mut Problems) {
    let place = Place::file(&new.path);
    if let Some(why) = open_to_strangers(start.api.listen, &new.api.tokens) {
        problems.error(&place, why);
    }
    if new.zones.is_empty() && !now.zones.is_empty() {
        let why = "every query would be refused. A file that lost its end looks like this: name one zone at least, or \
                   start anew to serve none";
        problems.error(&place, format!("no zone is left of those that are served, and {why}"));
    }
}

/// Where the API listens was decided at the start: only tokens stand between it and whoever can reach it.
fn open_to_strangers(api: SocketAddr, tokens: &[Token]) -> Option<String> {
    let why = "anybody could command it; keep a token until it is started anew on loopback";
    let is_open = tokens.is_empty() && !api.ip().is_loopback();
    is_open.then(|| format!("no api.tokens, while the API listens at {api}: {why}"))
}

/// What a running node keeps from its start, whatever the file says now.
pub fn needs_restart(old: &Config, new: &Config, problems: &mut Problems) {
    let rows = [
        (old.server.listen != new.server.listen, "server.listen"),
        (old.server.workers != new.server.workers, "server.workers"),
        (old.api.listen != new.api.listen, "api.listen"),
        (old.state != new.state, "server.state"),
    ];
    let place = Place::file(&new.path);
    for (_, key) in rows.iter().filter(|(changed, _)| *changed) {
        problems.warn(&place, format!("a new {key} takes effect at the next start"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Role;

    #[test]
    fn a_reload_does_not_open_the_api_to_strangers() {
        let token = Token { name: "one".into(), sha256: [0; 32], role: Role::Read, names: vec![] };
        let rows = [
            ("[fd00::1]:8053", vec![], true),
            ("0.0.0.0:8053", vec![], true),
            ("[fd00::1]:8053", vec![token.clone()], false),
            ("127.0.0.1:8053", vec![token], false),
            ("[::1]:8053", vec![], false),
        ];
        for (api, tokens, is_open) in rows {
            let why = open_to_strangers(api.parse().unwrap(), &tokens);
            assert_eq!(why.is_some(), is_open, "{api} {tokens:?}: {why:?}");
        }
    }
}
