//! Text to [`Config`], with every problem and its place.
//!
//! Three steps: `text` turns bytes into TOML's tree and spans into places; `reader` turns the tree into
//! `file`, which mirrors what can be written, value by value (`leaf`); `build` turns that into [`Config`],
//! which cannot hold nonsense. Each step notes everything it finds, so an operator sees all of it at once. Only a
//! broken syntax ends the reading early: what follows it may be nothing that anybody wrote.
//!
//! ```
//! let read = |_: &std::path::Path| -> std::io::Result<String> { unreachable!("no networks_file here") };
//! let (config, problems) = meridian::config::parse("m.toml".as_ref(), "[server]\nworker = 2\n", &read);
//! assert!(config.is_none());
//! assert!(problems.to_string().starts_with("m.toml:2:1: unknown key 'worker' (did you mean 'workers'?)"));
//! ```

mod build;
#[allow(clippy::module_inception)]
mod config;
mod file;
mod leaf;
mod reader;
#[cfg(test)]
mod tests;
mod text;

use std::io::{self, Read as _};
use std::path::Path;

pub use config::{Api, Config, CookieSecret, Geo, Latency, Role, Server, Token, ZoneFile};
pub use leaf::{parse_vantage, unfit_name};

use crate::model::{Place, Problems};
use file::File;
use reader::{Read, Reader};
use text::Text;

/// The longest file that is read, configuration or networks: 16 MiB.
pub const LONGEST_FILE: u64 = 16 << 20;

/// How a file that the configuration names is read.
pub type ReadFile<'a> = &'a dyn Fn(&Path) -> io::Result<String>;

/// Reads a configuration file and the files of networks that it names. Warnings may stand beside a configuration;
/// after an error there is none.
pub fn load(path: &Path) -> (Option<Config>, Problems) {
    let (config, problems) = load_what_can_be(path);
    (config.filter(|_| !problems.has_errors()), problems)
}

/// As [`load`], but what could be read stands beside errors, too: whatever it names can be looked at as well, so
/// that an operator sees the problems of all files at once. It is not to be served.
pub fn load_what_can_be(path: &Path) -> (Option<Config>, Problems) {
    match read_file(path) {
        Ok(text) => read(path, &text, &read_file),
        Err(error) => {
            let mut problems = Problems::default();
            problems.error(&Place::file(path), format!("cannot be read: {error}"));
            (None, problems)
        }
    }
}

/// Reads the text of the configuration file `path`; `read_file` gives the files of networks that it names.
pub fn parse(path: &Path, text: &str, read_file: ReadFile<'_>) -> (Option<Config>, Problems) {
    let (config, problems) = read(path, text, read_file);
    (config.filter(|_| !problems.has_errors()), problems)
}

fn read(path: &Path, text: &str, read_file: ReadFile<'_>) -> (Option<Config>, Problems) {
    let mut problems = Problems::default();
    let text = Text::new(path, text);
    let (tables, sound) = text.tables(&mut problems);
    if !sound {
        return (None, problems);
    }
    let tree = toml::Spanned::new(tables.span(), toml::de::DeValue::Table(tables.into_inner()));
    let file = File::read(&tree, &mut Reader::new(&text, &mut problems)).unwrap_or_default();
    let config = build::build(path, &file, &text, read_file, &mut problems);
    (Some(config), problems)
}

/// The JSON Schema of the configuration file (draft 2020-12), for editors.
pub fn schema() -> serde_json::Value {
    let mut schema = schemars::schema_for!(File);
    schema.insert("title".into(), "meridian.toml".into());
    schema.to_value()
}

/// The text of a file of at most [`LONGEST_FILE`] bytes.
fn read_file(path: &Path) -> io::Result<String> {
    // Asked before it is opened: opening a pipe would wait for a writer.
    if !std::fs::metadata(path)?.is_file() {
        return Err(io::Error::other("not a regular file"));
    }
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(LONGEST_FILE + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LONGEST_FILE {
        return Err(io::Error::other(format!("longer than {} MiB", LONGEST_FILE >> 20)));
    }
    String::from_utf8(bytes).map_err(|error| {
        let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
        io::Error::other(format!("line {line} is not UTF-8"))
    })
}
