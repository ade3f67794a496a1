//! MaxMind databases: read whole into memory, asked one address at a time, or walked from end to end.
//!
//! The only file that knows the maxminddb crate. It decodes metadata, and the records that
//! [`super::record`] cannot read quickly; the search tree is walked by [`super::tree`], which stops where a damaged
//! one would not.

use std::fs::{self, File};
use std::io::{self, Read};
use std::net::IpAddr;
use std::ops::Range;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use maxminddb::{MaxMindDbError, Reader};

use super::facts::Facts;
use super::record::{Record, Wanted};
use super::tree::{Tangled, Tree};

/// No database is larger: record pointers have 32 bits.
const MAX_BYTES: u64 = 4 << 30;
/// Zero bytes between the search tree and the records.
const SEPARATOR: usize = 16;
/// What the metadata begins with.
const METADATA_MARK: &[u8] = b"\xab\xcd\xefMaxMind.com";

/// A database that could be read: its frame is sound. Its records are judged when they are decoded.
pub struct Database {
    path: PathBuf,
    bytes: Bytes,
    reader: Reader<Bytes>,
    /// Where the records lie among the bytes.
    data: Range<usize>,
}

/// Why a database cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DatabaseError {
    /// The file is not there, not a file, or not ours to read.
    #[error("cannot read '{}': give a MaxMind database (.mmdb) that this user may read", path.display())]
    Read {
        /// As the operator named it.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// It is something else.
    #[error("'{}' is {what}", path.display())]
    Foreign {
        /// As the operator named it.
        path: PathBuf,
        /// What it is instead, and what to do.
        what: &'static str,
    },
    /// It is a database, or was one.
    #[error("'{}' is damaged, {what}: fetch it again", path.display())]
    Damaged {
        /// As the operator named it.
        path: PathBuf,
        /// What is wrong with it.
        what: &'static str,
        /// What the decoder said.
        #[source]
        source: Option<MaxMindDbError>,
    },
}

impl DatabaseError {
    /// The file, as the operator named it.
    pub fn path(&self) -> &Path {
        match self {
            DatabaseError::Read { path, .. }
            | DatabaseError::Foreign { path, .. }
            | DatabaseError::Damaged { path, .. } => path,
        }
    }
}

impl Database {
    /// Reads a database into memory and checks its frame: metadata, tree and data must fit into the file.
    pub fn open(path: &Path) -> Result<Database, DatabaseError> {
        let read = read(path).map_err(|source| DatabaseError::Read { path: path.to_owned(), source })?;
        Database::parse(path, read)
    }

    /// A database from its bytes; `path` is what errors call it.
    pub fn parse(path: &Path, bytes: Vec<u8>) -> Result<Database, DatabaseError> {
        let bytes = Bytes::from(bytes);
        let reader = Reader::from_source(bytes.clone()).map_err(|error| match foreign(&bytes) {
            Some(what) => DatabaseError::Foreign { path: path.to_owned(), what },
            None => damaged(path, "or cut short, or no MaxMind database at all", Some(error)),
        })?;
        let mut database = Database { path: path.to_owned(), bytes, reader, data: 0..0 };
        if !database.tree().fits() {
            return Err(damaged(path, "its search tree is longer than the file", None));
        }
        database.data = data(&database.bytes, database.tree().len());
        Ok(database)
    }

    /// What the database knows of an address whose IPv4 has been unfolded: one descent and one decode, for
    /// `explain` and as the oracle of tests. Nothing, if the record is damaged: [`super::compile()`] says so.
    pub fn lookup(&self, address: IpAddr) -> Facts {
        match self.tree().find(address) {
            Some(_) => self.decode(address).unwrap_or_default(),
            None => Facts::default(),
        }
    }

    /// As the operator named it.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// When it was built, in seconds since 1970.
    pub fn build_epoch(&self) -> u64 {
        self.reader.metadata().build_epoch
    }

    /// Its kind, as its maker wrote it: `GeoLite2-City`, `country ipvAll`.
    pub fn kind(&self) -> &str {
        &self.reader.metadata().database_type
    }

    /// Its maker's description, in English if there is one.
    pub fn description(&self) -> &str {
        let texts = &self.reader.metadata().description;
        texts.get("en").or_else(|| texts.values().next()).map_or("", String::as_str)
    }

    /// Its size in memory, in bytes.
    pub fn bytes(&self) -> usize {
        self.bytes.len()
    }

    /// Its search tree.
    pub(super) fn tree(&self) -> Tree<'_> {
        let metadata = self.reader.metadata();
        Tree {
            bytes: &self.bytes,
            node_count: metadata.node_count,
            record_bits: metadata.record_size,
            six: metadata.ip_version == 6,
        }
    }

    /// The bytes in which its records lie.
    pub(super) fn data(&self) -> &[u8] {
        &self.bytes[self.data.clone()]
    }

    /// Where among [`Database::data`] the record lies that the tree calls so: behind the end, if the file is
    /// damaged.
    pub(super) fn offset(&self, pointer: u32) -> usize {
        let behind_nodes = (pointer as usize).checked_sub(self.tree().node_count as usize + SEPARATOR);
        behind_nodes.unwrap_or(usize::MAX)
    }

    /// What the record at an offset says, to which this address leads; read quickly if it can be, and then
    /// without what is not wanted.
    pub(super) fn read(
        &self,
        offset: usize,
        address: IpAddr,
        wanted: Wanted,
    ) -> Result<Facts, DatabaseError> {
        match Record::glance(self.data(), offset, wanted) {
            Some(record) => Ok(record.facts()),
            None => self.decode(address),
        }
    }

    /// The record of an address.
    fn decode(&self, address: IpAddr) -> Result<Facts, DatabaseError> {
        let record = self.reader.lookup(address).and_then(|found| found.decode::<Record>());
        record
            .map(|record| record.unwrap_or_default().facts())
            .map_err(|source| damaged(&self.path, "a record does not say what a record says", Some(source)))
    }

    /// What a walk that did not end means.
    pub(super) fn tangled(&self, _: Tangled) -> DatabaseError {
        damaged(&self.path, "its search tree loops", None)
    }

    /// What it means that no record says anything of use: an empty file, or a database of something else.
    pub(super) fn mute(&self) -> DatabaseError {
        let what = "of no use: nowhere in it is a country, a continent, a subdivision, a place or an ASN; give a \
                    Country, City or ASN database";
        DatabaseError::Foreign { path: self.path.clone(), what }
    }
}

fn damaged(path: &Path, what: &'static str, source: Option<MaxMindDbError>) -> DatabaseError {
    DatabaseError::Damaged { path: path.to_owned(), what, source }
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Database({}, {})", self.path.display(), self.kind())
    }
}

/// Where records lie: behind the tree and a separator, before the last mark of metadata. The reader has found
/// both in their places.
fn data(bytes: &[u8], tree: usize) -> Range<usize> {
    let end = bytes.windows(METADATA_MARK.len()).rposition(|window| window == METADATA_MARK);
    let end = end.unwrap_or(bytes.len());
    (tree + SEPARATOR).min(end)..end
}

/// All bytes of a regular file, and no more than a database can have.
fn read(path: &Path) -> io::Result<Vec<u8>> {
    // Asked before opening: to open a pipe would wait for somebody to write.
    let metadata = fs::metadata(path)?;
    if !metadata.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
    }
    if metadata.len() > MAX_BYTES {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "more than 4 GiB"));
    }
    let mut bytes = Vec::with_capacity(metadata.len() as usize);
    File::open(path)?.take(MAX_BYTES).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// What operators hand over by mistake, known by its first bytes.
fn foreign(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [] => Some("empty: fetch it again"),
        [0x1f, 0x8b, ..] => Some("compressed: unpack it with gunzip or tar first"),
        [b'P', b'K', 3, 4, ..] => Some("a zip archive: unpack it first"),
        [b'<', ..] => Some("a web page: log in where it comes from, and fetch it again"),
        _ => None,
    }
}
