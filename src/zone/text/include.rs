//! Files: the master file itself, and what it includes from its own directory.

use std::ffi::OsStr;
use std::fs::File;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

use super::Source;
use super::ttl::quote;
use crate::model::Place;

/// Reads a file that an operator named, of at most `most` octets. The error is a clause for a message.
pub(super) fn open(path: &Path, most: u64) -> Result<Source<'static>, String> {
    let shown = path.display();
    let cannot = |error: std::io::Error| format!("cannot read '{shown}': {error}");
    let identity = path.canonicalize().map_err(cannot)?;
    let mut text = Vec::new();
    // Anything but a regular file could block or never end.
    let about = std::fs::metadata(&identity).map_err(cannot)?;
    if !about.is_file() {
        return Err(format!("'{shown}' is not a file"));
    }
    let file = File::open(&identity).map_err(cannot)?;
    file.take(most + 1).read_to_end(&mut text).map_err(cannot)?;
    if text.len() as u64 > most {
        return Err(format!(
            "'{shown}' is too big; the text of one zone is at most {} octets",
            super::read::MOST_OCTETS
        ));
    }
    Ok(Source { place: Place::file(path), identity, text: text.into() })
}

/// Reads what `$INCLUDE` names: a path below the directory of the zone's own file, whatever links there are.
pub(super) fn open_inside(directory: &Path, name: &[u8], most: u64) -> Result<Source<'static>, String> {
    let inside = Path::new(OsStr::from_bytes(name));
    let shown = quote(name);
    let is_plain = |part: Component<'_>| matches!(part, Component::Normal(_) | Component::CurDir);
    if name.is_empty() || !inside.components().all(is_plain) {
        return Err(format!(
            "'{shown}' leads out of the zone's directory; name a file in or below it, without '/' at the start or '..'"
        ));
    }
    let path: PathBuf = directory.join(inside);
    let real = |path: &Path| {
        path.canonicalize().map_err(|error| format!("cannot read '{}': {error}", path.display()))
    };
    if !real(&path)?.starts_with(real(directory)?) {
        return Err(format!(
            "'{shown}' is a link that leads out of the zone's directory; put the file itself there"
        ));
    }
    open(&path, most)
}

/// The directory that a zone's file stands in.
pub(super) fn directory(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}
