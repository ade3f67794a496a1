//! The rooms and their arrows.

use crate::Finding;
use crate::source::{Source, is_test};

/// What every room may import beside itself, `telemetry` and `system`. The same table, with what each room holds,
/// stands in `ARCHITECTURE.md`; a test compares them.
pub const ROOMS: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("config", &["model"]),
    ("zone", &["model"]),
    ("geo", &["model"]),
    ("health", &["model"]),
    ("steer", &["model", "geo", "health"]), // never config, never control
    ("snapshot", &["model", "zone", "geo", "health", "steer"]),
    ("control", &["model", "config", "zone", "geo", "health", "steer", "snapshot"]),
    ("answer", &["model", "zone", "geo", "health", "steer", "snapshot"]),
    ("server", &["answer", "snapshot"]),
    ("anycast", &["model", "snapshot"]),
    (
        "api",
        &["model", "config", "zone", "geo", "health", "steer", "snapshot", "control", "answer", "anycast"],
    ),
    ("ctl", &["model", "api"]), // its wire types and how an explanation reads, so that the two ends agree
    ("webhook", &["model", "config", "control", "api"]), // the same wire type: what is told is what the API shows
    ("resolver", &["model", "config", "control"]),
    ("telemetry", &[]),
    ("system", &[]),
    ("daemon", EVERYTHING),
    ("demo", EVERYTHING),
    ("cli", EVERYTHING),
];

/// The whole house.
const EVERYTHING: &[&str] = &["everything"];

/// A row's right side as `ARCHITECTURE.md` shows it.
pub fn in_words(may: &[&str]) -> String {
    if may.is_empty() { "nothing".into() } else { may.join(", ") }
}

/// A row of the table in `ARCHITECTURE.md`: the room and what it may import.
pub fn row(line: &str) -> Option<(String, String)> {
    let cells: Vec<&str> = line.strip_prefix("| `")?.strip_suffix(" |")?.split(" | ").collect();
    let [room, _, may] = cells[..] else { return None };
    let room = room.strip_suffix('`')?;
    room.bytes().all(|byte| byte.is_ascii_lowercase()).then(|| (room.to_owned(), may.to_owned()))
}

fn may_import(room: &str, other: &str) -> bool {
    let row = ROOMS.iter().find(|(name, _)| *name == room);
    let listed = |may: &[&str]| may == EVERYTHING || may.contains(&other);
    room == other || matches!(other, "telemetry" | "system") || row.is_some_and(|(_, may)| listed(may))
}

/// The rooms that a file may import are those of the table.
pub fn arrows(file: &Source) -> Vec<Finding> {
    let Some(room) = file.room() else { return Vec::new() };
    let reaches = reaches(file).into_iter();
    let wrong = reaches.filter(|(_, other)| match room {
        "lib" => false,
        // The binary hands over to the command line.
        "main" => other != "cli",
        _ => ROOMS.iter().any(|(name, _)| name == other) && !may_import(room, other),
    });
    let finding = |(line, other): (usize, String)| Finding {
        path: file.path.clone(),
        line,
        text: format!("{room} must not know {other}; arrows point one way, see ARCHITECTURE.md"),
    };
    wrong.map(finding).collect()
}

/// Every file stands in a room that the table knows.
pub fn known(file: &Source) -> Vec<Finding> {
    let known = |room: &str| ["lib", "main"].contains(&room) || ROOMS.iter().any(|(name, _)| *name == room);
    match file.room() {
        Some(room) if !known(room) => vec![Finding {
            path: file.path.clone(),
            line: 1,
            text: format!(
                "the room '{room}' is not in ARCHITECTURE.md and tests/tidy/rooms.rs; add it to both"
            ),
        }],
        _ => Vec::new(),
    }
}

/// Lines and rooms to which a path leads from the root of the crate.
fn reaches(file: &Source) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let root = if file.path == "src/main.rs" { "meridian::" } else { "crate::" };
    for (at, _) in file.words(root) {
        found.extend(heads(file, at + root.len()));
    }
    // `super::` once for every module from here up to the root is the root, too.
    let climb = "super::".repeat(depth(&file.path));
    if climb.is_empty() || is_test(&file.path) {
        return found;
    }
    for (at, _) in file.words(&climb) {
        let before = &file.code[..at];
        if !before.ends_with("super::") {
            found.extend(heads(file, at + climb.len()));
        }
    }
    found
}

/// How many modules lie between a file and the root of the crate, its own included.
fn depth(path: &str) -> usize {
    let path = path.strip_prefix("src/").unwrap_or(path);
    match path {
        "lib.rs" | "main.rs" => 0,
        _ => path.trim_end_matches("/mod.rs").split('/').count(),
    }
}

/// The first word of a path, or of every path in braces.
fn heads(file: &Source, at: usize) -> Vec<(usize, String)> {
    let rest = &file.code[at..];
    let word = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    if !rest.starts_with('{') {
        return vec![(file.line(at), word(rest))];
    }
    let (mut depth, mut found) = (0, Vec::new());
    for (i, c) in rest.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            break;
        }
        if depth == 1 && (c == '{' || c == ',') {
            let next = &rest[i + 1..];
            let blank = next.len() - next.trim_start().len();
            found.push((file.line(at + i + 1 + blank), word(&next[blank..])));
        }
    }
    found
}
