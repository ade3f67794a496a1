//! Loading everything anew, off to the side: what comes of it, and what it cannot change.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::SystemTime;

use super::compile::{Built, Node, load};
use crate::config::Config;
use crate::geo::Threads;
use crate::model::{Place, Problem, Problems};
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
    done: impl FnOnce(Option<Box<Built>>, Problems) + Send + 'static,
) -> std::io::Result<()> {
    spawn_in_background("compile", move || {
        let loaded = catch_unwind(AssertUnwindSafe(|| load(&path, &node, Threads::One)));
        let (built, problems) = loaded.unwrap_or_else(|_| (None, broke_off(&path)));
        done(built.map(Box::new), problems);
    })
}

fn broke_off(path: &Path) -> Problems {
    let mut problems = Problems::default();
    problems
        .error(&Place::file(path), "the load broke off, which is a defect of this program: please report it");
    problems
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
