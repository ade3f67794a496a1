//! Reloads when a file that was loaded changes.
//!
//! Directories are watched, not files: editors and configuration managers replace files by renaming. Whatever
//! happens there, only a change of what was loaded (size, time, or which file it is) causes a reload.

use std::collections::{BTreeSet, HashMap};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use crate::config::Config;
use crate::control::Handle;

/// A change is given this long to become whole: writers often take several steps.
const SETTLE: Duration = Duration::from_millis(500);

/// What identifies a file's contents without reading them.
type Mark = Option<(u64, u64, i64, i64)>;

/// Watches until `shutdown`.
pub async fn run(mut config: watch::Receiver<Arc<Config>>, handle: Handle, shutdown: CancellationToken) {
    let (events, mut stirred) = mpsc::channel(1);
    // A full channel means that a look is due anyway.
    let watcher = notify::recommended_watcher(move |_| {
        let _ = events.try_send(());
    });
    let mut watcher = match watcher {
        Ok(watcher) => watcher,
        Err(error) => return warn!(%error, "files are not watched; reload by SIGHUP or the API"),
    };
    let mut watched = Watched::default();
    // Files that a failed load complained of: mending one of them is worth another try.
    let mut broken = Vec::new();
    loop {
        watched.follow(&config.borrow_and_update().clone(), &broken, &mut watcher);
        tokio::select! {
            () = shutdown.cancelled() => return,
            changed = config.changed() => if changed.is_err() { return },
            stir = stirred.recv() => {
                if stir.is_none() { return }
                tokio::time::sleep(SETTLE).await;
                // What came while settling is part of the same change.
                while stirred.try_recv().is_ok() {}
                if let Some(path) = watched.changed() {
                    info!(path = %path.display(), "a file changed; reloading");
                    // What came of it is logged and reported where it was done.
                    let Ok(reloaded) = handle.reload().await else { return };
                    let errors = reloaded.problems.iter().filter(|problem| !problem.warning);
                    broken = errors.map(|problem| problem.place.file.to_path_buf()).collect();
                }
            }
        }
    }
}

/// The files of a configuration and what they looked like.
#[derive(Default)]
struct Watched {
    files: HashMap<PathBuf, Mark>,
    directories: BTreeSet<PathBuf>,
}

impl Watched {
    fn follow(&mut self, config: &Config, broken: &[PathBuf], watcher: &mut RecommendedWatcher) {
        let mut files = files(config);
        files.extend_from_slice(broken);
        let directories: BTreeSet<_> = files.iter().filter_map(|file| directory(file)).collect();
        for gone in self.directories.difference(&directories) {
            // It may be gone from the disk, too.
            drop(watcher.unwatch(gone));
        }
        for new in directories.difference(&self.directories) {
            if let Err(error) = watcher.watch(new, RecursiveMode::NonRecursive) {
                debug!(%error, directory = %new.display(), "not watched");
            }
        }
        self.directories = directories;
        let known = std::mem::take(&mut self.files);
        let marked = files.into_iter().map(|file| {
            let mark = known.get(&file).copied().unwrap_or_else(|| mark(&file));
            (file, mark)
        });
        self.files = marked.collect();
    }

    /// A file that looks different from last time; all of them are remembered as they look now.
    fn changed(&mut self) -> Option<PathBuf> {
        let mut changed = None;
        for (file, last) in &mut self.files {
            let now = mark(file);
            if now != *last {
                *last = now;
                changed = Some(file.clone());
            }
        }
        changed
    }
}

fn files(config: &Config) -> Vec<PathBuf> {
    let zones = config.zones.iter().map(|zone| &zone.file);
    let databases = config.geo.databases.iter().map(|(path, _)| path);
    let read = config.networks_files.iter().chain(&config.latency_files);
    let read = read.chain(&config.authority_files).chain(&config.secret_files);
    [&config.path].into_iter().chain(zones).chain(databases).chain(read).cloned().collect()
}

fn directory(file: &Path) -> Option<PathBuf> {
    let directory = file.parent()?;
    Some(if directory.as_os_str().is_empty() { PathBuf::from(".") } else { directory.to_owned() })
}

fn mark(file: &Path) -> Mark {
    let facts = std::fs::metadata(file).ok()?;
    Some((facts.ino(), facts.len(), facts.mtime(), facts.mtime_nsec()))
}
