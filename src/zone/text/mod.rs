//! Master files to zones (RFC 1035 §5), with every problem and its place.
//!
//! [`load`] reads a file and what it includes; [`parse`] does the same to a text in memory. The way of a text:
//! `scan` finds entries and tokens, `read` and `head` give them an owner, a TTL and a type, `rdata` turns fields
//! into wire form (with `extra`, `rare`, `loc` and `svcb` where the `domain` crate falls short), `records` groups them
//! into RRsets, and `check` judges whether those make a zone. An error spoils one entry; reading goes on behind
//! it, so that an operator sees all of them at once.

mod advice;
mod check;
mod decode;
mod extra;
mod generate;
mod head;
mod include;
mod loc;
mod notes;
mod octets;
mod old;
mod rare;
mod rdata;
mod read;
mod records;
mod regexp;
mod rtype;
mod scan;
mod sound;
mod svcb;
#[cfg(test)]
mod tests;
mod ttl;

use std::borrow::Cow;
use std::collections::HashSet;
use std::path::{Path, PathBuf};

use self::notes::Notes;
use self::read::Reader;
use crate::model::{Name, Place, Problems};
use crate::zone::Zone;

/// A text to read, and where it comes from.
#[derive(Clone, Debug)]
pub struct Source<'t> {
    /// The file as the operator named it; its line is 0.
    pub place: Place,
    /// What two names of the same file have in common: against files that include themselves.
    pub identity: PathBuf,
    /// The text, in any encoding that keeps ASCII.
    pub text: Cow<'t, [u8]>,
}

/// What `$INCLUDE` asks for a file: its name as it was written with escapes resolved, and the octets that it may
/// have at most. The error is a clause that names the file.
pub type Include<'i> = &'i mut dyn FnMut(&[u8], u64) -> Result<Source<'static>, String>;

/// Reads the zone `origin` from a master file. Every problem goes to `problems`; `None` if one is an error.
///
/// Included files stand in or below the directory of `path`, at most eight deep, without cycles; all texts
/// together have at most 256 MiB. Memory is proportional to that and to what `$GENERATE` makes, at most
/// 65,536 records a directive and 1,048,576 a zone. `steered` are the names that services answer: nobody is told to
/// write addresses for them.
pub fn load(origin: &Name, path: &Path, steered: &HashSet<&Name>, problems: &mut Problems) -> Option<Zone> {
    let source = match include::open(path, read::MOST_OCTETS) {
        Ok(source) => source,
        Err(why) => {
            problems.error(&Place::file(path), format!("zone {origin}: {why}"));
            return None;
        }
    };
    let directory = include::directory(path);
    let mut include = |name: &[u8], most| include::open_inside(directory, name, most);
    read(origin, source, &mut include, steered, problems)
}

/// Reads the zone `origin` from a text; see [`load`]. Any bytes may be given: nothing panics.
pub fn parse(
    origin: &Name,
    source: Source<'_>,
    include: Include<'_>,
    problems: &mut Problems,
) -> Option<Zone> {
    read(origin, source, include, &HashSet::new(), problems)
}

fn read(
    origin: &Name,
    source: Source<'_>,
    include: Include<'_>,
    steered: &HashSet<&Name>,
    problems: &mut Problems,
) -> Option<Zone> {
    let place = source.place.clone();
    let mut reader = Reader::new(origin, Notes::new(problems), include);
    reader.read(&source);
    drop(source);
    let Reader { records, mut notes, spoiled, .. } = reader;
    let rrsets = records.join(&mut notes);
    // Of a file that could not be read through, what is missing may only be unread.
    if !notes.is_full() {
        check::check(origin, &place, &rrsets, steered, spoiled, &mut notes);
    }
    let failed = notes.failed();
    notes.finish(&place);
    (!failed).then(|| Zone { origin: origin.clone(), rrsets, place })
}
