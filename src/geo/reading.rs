//! One database, read from end to end ahead of the sweep: ranges of addresses, and what each record says when it is
//! first met.

use std::sync::mpsc::sync_channel;
use std::thread::{Builder, Scope};

use crate::model::Family;

use super::facts::Facts;
use super::mmdb::{Database, DatabaseError};
use super::record::Wanted;
use super::records::Records;
use super::tree::{Range, Walk, address};

/// How many ranges the walk is ahead of the records: enough to wait for memory once for all of them, and few enough
/// to stay in the nearest cache.
const AHEAD: usize = 32;

/// Ranges in a chunk, which are 32 bytes each: handing one over costs nothing beside making it, and a few of them fit
/// into the second cache of both who make and who take.
const CHUNK: usize = 2048;

/// Chunks that wait to be taken: more only take memory.
const WAITING: usize = 4;

/// A record of one database, by the order in which they are met; 0: none.
pub(super) type RecordId = u32;

/// Ranges in order, and what the records say that are met in them for the first time.
#[derive(Default)]
pub(super) struct Chunk {
    /// The last key of each range, and its record.
    pub ranges: Vec<(u128, RecordId)>,
    /// Of the records from the next number on.
    pub facts: Vec<Facts>,
}

/// A database's chunks: all of one family, whose last range ends at the last key, then all of the other.
pub(super) type Chunks<'a> = Box<dyn Iterator<Item = Result<Chunk, DatabaseError>> + 'a>;

/// Reads a database where whoever takes the chunks is.
pub(super) fn here<'a>(database: &'a Database, wanted: Wanted) -> Chunks<'a> {
    Box::new(Reading::new(database, wanted))
}

/// Reads a database on a thread of its own, which ends when nobody takes its chunks any more; here, if there is no
/// thread to be had.
pub(super) fn aside<'a>(scope: &'a Scope<'a, '_>, database: &'a Database, wanted: Wanted) -> Chunks<'a> {
    let (give, take) = sync_channel(WAITING);
    let read = move || {
        for chunk in Reading::new(database, wanted) {
            if give.send(chunk).is_err() {
                return;
            }
        }
    };
    match Builder::new().name("read".into()).spawn_scoped(scope, read) {
        Ok(_) => Box::new(take.into_iter()),
        Err(_) => here(database, wanted),
    }
}

/// Where the reader of a database is.
struct Reading<'a> {
    database: &'a Database,
    wanted: Wanted,
    records: Records,
    met: RecordId,
    /// Whether any record says where anybody is, or who announces them.
    speaks: bool,
    walks: std::array::IntoIter<(Family, Walk<'a>), 2>,
    walk: Option<(Family, Walk<'a>)>,
}

impl<'a> Reading<'a> {
    fn new(database: &'a Database, wanted: Wanted) -> Self {
        let mut walks = Family::ALL.map(|family| (family, database.tree().walk(family))).into_iter();
        let walk = walks.next();
        let records = Records::new(database.data().len());
        Reading { database, wanted, records, met: 0, speaks: false, walks, walk }
    }

    /// The next ranges of the family, at most a chunk; `None`: it has no more.
    fn chunk(&mut self, family: Family, walk: &mut Walk<'a>) -> Result<Option<Chunk>, DatabaseError> {
        let mut chunk = Chunk { ranges: Vec::with_capacity(CHUNK), facts: Vec::new() };
        let mut ahead = [Range::default(); AHEAD];
        while chunk.ranges.len() < CHUNK {
            let mut count = 0;
            for (slot, range) in ahead.iter_mut().zip(&mut *walk) {
                *slot = range.map_err(|tangled| self.database.tangled(tangled))?;
                slot.pointer.inspect(|pointer| self.records.prefetch(self.database.offset(*pointer)));
                count += 1;
            }
            if count == 0 {
                break;
            }
            for range in &ahead[..count] {
                let record = self.record(family, range, &mut chunk.facts)?;
                chunk.ranges.push((range.last, record));
            }
        }
        let is_last = self.walks.len() == 0 && chunk.ranges.last().is_some_and(|range| range.0 == u128::MAX);
        if is_last && !self.speaks {
            return Err(self.database.mute());
        }
        Ok((!chunk.ranges.is_empty()).then_some(chunk))
    }

    /// The number of a range's record, which is read when it is first met.
    #[inline]
    fn record(
        &mut self,
        family: Family,
        range: &Range,
        facts: &mut Vec<Facts>,
    ) -> Result<RecordId, DatabaseError> {
        let Some(pointer) = range.pointer else { return Ok(0) };
        let offset = self.database.offset(pointer);
        if let Some(record) = self.records.get(offset) {
            return Ok(record);
        }
        let read = |wanted| self.database.read(offset, address(family, range.first), wanted);
        facts.push(read(self.wanted)?);
        if !self.speaks {
            // What nobody asks about today speaks as well.
            self.speaks = facts.last() != Some(&Facts::default()) || read(Wanted::ALL)? != Facts::default();
        }
        self.met += 1;
        self.records.insert(offset, self.met);
        Ok(self.met)
    }
}

impl Iterator for Reading<'_> {
    type Item = Result<Chunk, DatabaseError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let (family, mut walk) = self.walk.take()?;
            match self.chunk(family, &mut walk) {
                Ok(Some(chunk)) => {
                    self.walk = Some((family, walk));
                    return Some(Ok(chunk));
                }
                Ok(None) => self.walk = self.walks.next(),
                // Without a walk there is no next chunk.
                Err(error) => return Some(Err(error)),
            }
        }
    }
}
