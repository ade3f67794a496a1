//! The databases of the configuration, opened again for `explain`: the world keeps only what it was asked about.

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use crate::config::Config;
use crate::geo::{Database, Facts, facts};

/// What was opened last, kept until a file changes or the configuration names others: one set at most.
#[derive(Default)]
pub struct Databases(Arc<Mutex<Opened>>);

#[derive(Default)]
struct Opened {
    files: Vec<(PathBuf, Option<SystemTime>)>,
    databases: Vec<Database>,
    notes: Vec<String>,
}

impl Databases {
    /// What all databases know of an unfolded address, and which of them could not be asked. Reading them takes
    /// up to a second, so it is done on a thread that may wait; a second asker waits for the first.
    pub async fn facts(&self, config: &Config, address: IpAddr) -> (Option<Facts>, Vec<String>) {
        let paths: Vec<PathBuf> = config.geo.databases.iter().map(|(path, _)| path.clone()).collect();
        if paths.is_empty() {
            return (None, vec!["no geographic database is configured".into()]);
        }
        let opened = Arc::clone(&self.0);
        let asked = tokio::task::spawn_blocking(move || {
            // A panic elsewhere leaves at worst an incomplete set, and that is opened anew.
            let mut opened = opened.lock().unwrap_or_else(PoisonError::into_inner);
            opened.refresh(paths);
            (facts(&opened.databases, address), opened.notes.clone())
        });
        match asked.await {
            Ok((facts, notes)) => (Some(facts), notes),
            Err(_) => (None, vec!["the databases could not be read".into()]),
        }
    }
}

impl Opened {
    fn refresh(&mut self, paths: Vec<PathBuf>) {
        let changed = |path: &PathBuf| std::fs::metadata(path).and_then(|facts| facts.modified()).ok();
        let files: Vec<_> = paths.into_iter().map(|path| (path.clone(), changed(&path))).collect();
        if files == self.files {
            return;
        }
        *self = Opened::default();
        for (path, _) in &files {
            match Database::open(path) {
                Ok(database) => self.databases.push(database),
                Err(error) => self.notes.push(crate::control::with_causes(&error)),
            }
        }
        self.files = files;
    }
}
