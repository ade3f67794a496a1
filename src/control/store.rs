//! The log of commands on disk: nothing acknowledged is ever lost.
//!
//! One redb file holds one table, from revision to command as JSON. A command is durable before it is applied.
//! Opening replays the log; what no longer matters (lifted, cleared, replaced, run out) is left out when the log is
//! rewritten, which happens on opening once it has grown past `COMPACT_ABOVE` commands.

mod ramp;

use std::os::unix::fs::MetadataExt;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use redb::{Database, ReadableDatabase, ReadableTable, ReadableTableMetadata, TableDefinition};
use serde::{Deserialize, Serialize};

use self::ramp::SavedRamp;
use super::state::{Command, Parked, State, apply};
use crate::model::{Challenge, Name, Override, OverrideState, Subject};

const COMMANDS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("commands");

/// What is remembered of health, under the key 0, and of latency, under the key 1: worth little, and written over again and
/// again.
const MEMORY: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("memory");

/// A log longer than this is rewritten when it is opened.
const COMPACT_ABOVE: u64 = 10_000;

/// The file's name in the state directory.
const FILE: &str = "meridian.redb";

/// Why the state could not be opened or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The directory is not there and cannot be made.
    #[error("cannot make the state directory {}", .0.display())]
    Directory(PathBuf, #[source] std::io::Error),
    /// Somebody else has the file.
    #[error("cannot open {}; is another meridian using it?", .0.display())]
    InUse(PathBuf, #[source] redb::Error),
    /// The file cannot be opened.
    #[error("cannot open {}", .0.display())]
    Open(PathBuf, #[source] redb::Error),
    /// What stands in the file makes no sense.
    #[error("{} is damaged; restore it from a backup, or move it away to begin without overrides", .0.display())]
    Damaged(PathBuf),
    /// The file was removed, or replaced, while it was open: what is written to it would be lost.
    #[error("{} was removed or replaced; put it back, or restart with an empty state", .0.display())]
    Gone(PathBuf),
    /// Reading or writing failed.
    #[error("cannot use {}", .0.display())]
    Use(PathBuf, #[source] redb::Error),
    /// A stored command is not one.
    #[error("{}: command {} is not readable; restore the file from a backup or move it away", .0.display(), .1)]
    Corrupt(PathBuf, u64, #[source] serde_json::Error),
}

/// An open log.
#[derive(Debug)]
pub struct Store {
    database: Database,
    path: PathBuf,
    /// Device and inode: a file of the same name is not yet the same file.
    identity: (u64, u64),
}

impl Store {
    /// Opens or makes the log in `directory`, and replays it.
    pub fn open(directory: &Path, now: SystemTime) -> Result<(Store, State), StoreError> {
        std::fs::create_dir_all(directory).map_err(|error| StoreError::Directory(directory.into(), error))?;
        let path = directory.join(FILE);
        // The clear line comes below; redb's own panic would be a page before it.
        let hook = take_hook();
        set_hook(Box::new(|_| {}));
        let opened = shielded(&path, || Store::open_sound(&path, now));
        set_hook(hook);
        opened
    }

    fn open_sound(path: &Path, now: SystemTime) -> Result<(Store, State), StoreError> {
        let path = path.to_owned();
        let mut database = open_file(&path)?;
        // Reads every page once and holds it to its checksum: what is damaged shows now, and not at the next command.
        let sound =
            database.check_integrity().map_err(|error| StoreError::Open(path.clone(), error.into()))?;
        if !sound {
            tracing::warn!(path = %path.display(), "the log of commands was repaired after an unclean end");
        }
        let identity = identity(&path).ok_or_else(|| StoreError::Gone(path.clone()))?;
        let store = Store { database, path, identity };
        let (state, length) = store.replay(now)?;
        if length > COMPACT_ABOVE {
            store.compact(&state, now)?;
        }
        Ok((store, state))
    }

    /// Makes a command durable under this revision. After an error of the disk the file is opened anew, once:
    /// redb does not write to one that failed, and the disk may have room again.
    pub fn append(&mut self, revision: u64, command: &Command) -> Result<(), StoreError> {
        self.append_all(revision, std::slice::from_ref(command))
    }

    /// The same for several at once, all or none, under this revision and those that follow it.
    pub fn append_all(&mut self, first: u64, commands: &[Command]) -> Result<(), StoreError> {
        if identity(&self.path) != Some(self.identity) {
            return Err(StoreError::Gone(self.path.clone()));
        }
        self.insert(first, commands).or_else(|_| {
            self.reopen()?;
            self.insert(first, commands)
        })
    }

    /// Keeps what is worth being remembered over a restart, in place of what was kept before.
    pub fn remember(&mut self, memory: &[u8]) -> Result<(), StoreError> {
        self.remember_under(0, memory)
    }

    /// The same for measured latency.
    pub fn remember_latency(&mut self, memory: &[u8]) -> Result<(), StoreError> {
        self.remember_under(1, memory)
    }

    fn remember_under(&mut self, key: u64, memory: &[u8]) -> Result<(), StoreError> {
        if identity(&self.path) != Some(self.identity) {
            return Err(StoreError::Gone(self.path.clone()));
        }
        let write = || -> Result<(), redb::Error> {
            let transaction = self.database.begin_write()?;
            transaction.open_table(MEMORY)?.insert(key, memory)?;
            Ok(transaction.commit()?)
        };
        shielded(&self.path, || write().map_err(|error| StoreError::Use(self.path.clone(), error)))
    }

    /// What was kept so, if anything was.
    pub fn remembered(&self) -> Option<Vec<u8>> {
        self.remembered_under(0)
    }

    /// The same for measured latency.
    pub fn remembered_latency(&self) -> Option<Vec<u8>> {
        self.remembered_under(1)
    }

    fn remembered_under(&self, key: u64) -> Option<Vec<u8>> {
        let read = || -> Result<_, redb::Error> {
            let table = self.database.begin_read()?.open_table(MEMORY)?;
            Ok(table.get(key)?.map(|bytes| bytes.value().to_vec()))
        };
        // No table, and nothing readable: nothing is remembered.
        shielded(&self.path, || Ok(read().ok().flatten())).ok().flatten()
    }

    /// Writes, whatever the file holds.
    fn insert(&self, first: u64, commands: &[Command]) -> Result<(), StoreError> {
        shielded(&self.path, || self.insert_unshielded(first, commands))
    }

    fn insert_unshielded(&self, first: u64, commands: &[Command]) -> Result<(), StoreError> {
        self.write(|table| {
            for (revision, command) in (first..).zip(commands) {
                table.insert(revision, encode(command).as_slice())?;
            }
            Ok(())
        })
    }

    /// The old handle has to go before the file can be locked anew; a database in memory stands in meanwhile.
    fn reopen(&mut self) -> Result<(), StoreError> {
        let failed = |error: redb::Error| StoreError::Open(self.path.clone(), error);
        let none = Database::builder().create_with_backend(redb::backends::InMemoryBackend::new());
        let old = std::mem::replace(&mut self.database, none.map_err(|error| failed(error.into()))?);
        shielded(&self.path, || {
            drop(old);
            Ok(())
        })?;
        self.database = shielded(&self.path, || open_file(&self.path))?;
        Ok(())
    }

    fn replay(&self, now: SystemTime) -> Result<(State, u64), StoreError> {
        let mut state = State::default();
        // A fresh file has no table yet: writing nothing makes it.
        self.write(|_| Ok(()))?;
        let read = || -> Result<_, redb::Error> {
            let table = self.database.begin_read()?.open_table(COMMANDS)?;
            let mut rows = Vec::new();
            for row in table.iter()? {
                let (revision, bytes) = row?;
                rows.push((revision.value(), bytes.value().to_vec()));
            }
            Ok((rows, table.len()?))
        };
        let (rows, length) = read().map_err(|error| StoreError::Use(self.path.clone(), error))?;
        for (revision, bytes) in rows {
            let command =
                decode(&bytes).map_err(|error| StoreError::Corrupt(self.path.clone(), revision, error))?;
            // A rewritten log has gaps: every command keeps the revision that it was acknowledged with.
            state.revision = revision.saturating_sub(1);
            state = apply(state, &command, now);
        }
        Ok((state, length))
    }

    /// Rewrites the log as one command for every word and challenge in force, under its own revision.
    fn compact(&self, state: &State, now: SystemTime) -> Result<(), StoreError> {
        self.write(|table| {
            table.retain(|revision, _| revision == state.revision)?;
            for (subject, revised) in state.words(now) {
                let command = Command::Set { subject: subject.clone(), word: revised.word.clone() };
                table.insert(revised.revision, encode(&command).as_slice())?;
            }
            for revised in state.challenges(now) {
                let command = Command::Challenge(Arc::clone(&revised.word));
                table.insert(revised.revision, encode(&command).as_slice())?;
            }
            for (subject, revised) in state.all_parked() {
                let command = Command::Park { subject: subject.clone(), parked: revised.word.clone() };
                table.insert(revised.revision, encode(&command).as_slice())?;
            }
            Ok(())
        })
    }

    fn write(
        &self,
        change: impl FnOnce(&mut redb::Table<'_, u64, &'static [u8]>) -> Result<(), redb::Error>,
    ) -> Result<(), StoreError> {
        let write = || -> Result<(), redb::Error> {
            let transaction = self.database.begin_write()?;
            change(&mut transaction.open_table(COMMANDS)?)?;
            // The default durability: on disk when this returns.
            Ok(transaction.commit()?)
        };
        write().map_err(|error| StoreError::Use(self.path.clone(), error))
    }
}

fn open_file(path: &Path) -> Result<Database, StoreError> {
    Database::create(path).map_err(|error| match error {
        redb::DatabaseError::DatabaseAlreadyOpen => StoreError::InUse(path.to_owned(), error.into()),
        redb::DatabaseError::Storage(redb::StorageError::Corrupted(_)) => {
            StoreError::Damaged(path.to_owned())
        }
        error => StoreError::Open(path.to_owned(), error.into()),
    })
}

/// redb panics on some files that are damaged: that must end neither the start without a word nor a node that serves.
fn shielded<T>(path: &Path, work: impl FnOnce() -> Result<T, StoreError>) -> Result<T, StoreError> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err(StoreError::Damaged(path.to_owned())))
}

fn identity(path: &Path) -> Option<(u64, u64)> {
    let facts = std::fs::metadata(path).ok()?;
    Some((facts.dev(), facts.ino()))
}

//------------ Saved ---------------------------------------------------------

/// A command as it is stored. The shape is a promise: old logs must stay readable.
#[derive(Serialize, Deserialize)]
struct Saved {
    /// Empty, which no region is called, where `challenge`, `parked` or `ramp` says what this is about. A meridian that
    /// knows of none of them reads such a command as one that lifts nothing, and so can still be gone back to.
    region: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    service: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    word: Option<SavedWord>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    challenge: Option<SavedChallenge>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    parked: Option<SavedParked>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ramp: Option<SavedRamp>,
    who: String,
    /// Unix seconds.
    at: u64,
}

#[derive(Serialize, Deserialize)]
struct SavedWord {
    state: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    weight: Option<u16>,
    reason: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    until: Option<u64>,
}

#[derive(Serialize, Deserialize)]
struct SavedChallenge {
    name: String,
    /// None: they are taken away.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    values: Vec<String>,
    #[serde(default)]
    until: u64,
}

#[derive(Serialize, Deserialize)]
struct SavedParked {
    service: String,
    region: String,
    reason: String,
    /// True: it is not any more.
    #[serde(default)]
    resumed: bool,
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

fn time(seconds: u64) -> SystemTime {
    UNIX_EPOCH.checked_add(Duration::from_secs(seconds)).unwrap_or(UNIX_EPOCH)
}

fn encode(command: &Command) -> Vec<u8> {
    let saved = match command {
        Command::Set { subject, word } | Command::RollBack { subject, word } => match word.ramp() {
            Some(ramp) => {
                let ramp = Some(ramp::encode(subject, ramp, word));
                Saved { ramp, ..saved(None, &word.who, word.since) }
            }
            None => Saved { word: Some(encode_word(word)), ..saved(Some(subject), &word.who, word.since) },
        },
        Command::Lift { subject, who, at } => saved(Some(subject), who, *at),
        Command::Challenge(challenge) => {
            let Challenge { name, values, who, since, until } = &**challenge;
            Saved { challenge: encode_challenge(name, values, *until), ..saved(None, who, *since) }
        }
        Command::Park { subject, parked: Parked { since, reason } } => {
            Saved { parked: encode_parked(subject, reason, false), ..saved(None, "", *since) }
        }
        Command::Resume { subject, who, reason, at } => {
            Saved { parked: encode_parked(subject, reason, true), ..saved(None, who, *at) }
        }
        Command::Clear { name, who, at } => {
            Saved { challenge: encode_challenge(name, &[], UNIX_EPOCH), ..saved(None, who, *at) }
        }
    };
    // Strings and numbers: this cannot fail, and an empty row would be refused on reading.
    serde_json::to_vec(&saved).unwrap_or_default()
}

fn saved(subject: Option<&Subject>, who: &str, at: SystemTime) -> Saved {
    let (region, service) = match subject.cloned() {
        None => (String::new(), None),
        Some(Subject::Region(region)) => (region, None),
        Some(Subject::Endpoint { service, region }) => (region, Some(service)),
    };
    let (word, challenge, parked, ramp) = (None, None, None, None);
    Saved { region, service, word, challenge, parked, ramp, who: who.to_owned(), at: seconds(at) }
}

fn encode_challenge(name: &Name, values: &[String], until: SystemTime) -> Option<SavedChallenge> {
    Some(SavedChallenge { name: name.to_string(), values: values.to_vec(), until: seconds(until) })
}

fn encode_parked(subject: &Subject, reason: &str, resumed: bool) -> Option<SavedParked> {
    let (service, region) = match subject.clone() {
        Subject::Region(region) => (String::new(), region),
        Subject::Endpoint { service, region } => (service, region),
    };
    Some(SavedParked { service, region, reason: reason.to_owned(), resumed })
}

fn encode_word(word: &Override) -> SavedWord {
    let weight = if let OverrideState::Weight(weight) = word.state { Some(weight) } else { None };
    let state = word.state.name().to_owned();
    SavedWord { state, weight, reason: word.reason.clone(), until: word.until.map(seconds) }
}

fn decode(bytes: &[u8]) -> Result<Command, serde_json::Error> {
    use serde::de::Error as _;
    let saved: Saved = serde_json::from_slice(bytes)?;
    if let Some(challenge) = saved.challenge {
        return decode_challenge(challenge, saved.who, time(saved.at));
    }
    if let Some(SavedParked { service, region, reason, resumed }) = saved.parked {
        let (subject, who, at) = (Subject::Endpoint { service, region }, saved.who, time(saved.at));
        return Ok(match resumed {
            true => Command::Resume { subject, who, reason, at },
            false => Command::Park { subject, parked: Parked { since: at, reason } },
        });
    }
    if let Some(ramp) = saved.ramp {
        return ramp::decode(ramp, saved.who, saved.at);
    }
    let subject = match saved.service {
        None => Subject::Region(saved.region),
        Some(service) => Subject::Endpoint { service, region: saved.region },
    };
    let Some(word) = saved.word else {
        return Ok(Command::Lift { subject, who: saved.who, at: time(saved.at) });
    };
    let state = match (word.state.as_str(), word.weight) {
        ("up", None) => OverrideState::Up,
        ("down", None) => OverrideState::Down,
        ("drain", None) => OverrideState::Drain,
        ("weight", Some(weight)) => OverrideState::Weight(weight),
        (other, _) => return Err(serde_json::Error::custom(format!("unknown state '{other}'"))),
    };
    let (since, until) = (time(saved.at), word.until.map(time));
    let word = Override { state, who: saved.who, reason: word.reason, since, until, rolled_back: None };
    Ok(Command::Set { subject, word })
}

fn decode_challenge(
    saved: SavedChallenge,
    who: String,
    at: SystemTime,
) -> Result<Command, serde_json::Error> {
    let name: Name = saved.name.parse().map_err(serde::de::Error::custom)?;
    if saved.values.is_empty() {
        return Ok(Command::Clear { name, who, at });
    }
    let until = time(saved.until);
    Ok(Command::Challenge(Arc::new(Challenge { name, values: saved.values, who, since: at, until })))
}

#[cfg(test)]
mod tests;
