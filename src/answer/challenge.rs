//! ACME challenges: TXT values that operators' clients set through the API (RFC 8555 §8.4).
//!
//! A challenge makes its name. Where the zone file has nothing at exactly that name, all other types are NODATA
//! there, and no wildcard answers for it (RFC 4592 §2.2.1); what the zone file has stays, and its TXT records follow
//! the values that were set, in one RRset. Names above it are as they were: `www` below a wildcard service is not
//! taken out of that wildcard because a certificate is wanted for it, though RFC 4592 §2.2.2 would have it so.

use super::message::{Message, Section};
use super::records::Owner;
use super::sections::{At, Outcome, QUESTION, Sections, put_minimal_any};
use crate::model::Challenge;
use crate::zone::dname::MAX_NAME;
use crate::zone::rtype;
use crate::zone::table::{EntryId, Found, Names, Records};

/// Nobody keeps the values: they may be replaced at any moment, and no cache may hold one past its end (RFC 1035
/// §3.2.1: a TTL of zero is good for the transaction in progress). An authority asks for them once or twice.
const TTL: u32 = 0;

/// What a name with a challenge answers.
pub(super) enum Said<'a> {
    /// The values, with the zone file's own records.
    Values(&'a Challenge, Option<&'a Records>),
    /// Nothing of this type; the entry's zone says for how long.
    Nodata(EntryId),
    /// Something of every type.
    Any,
    /// What the zone file has at exactly this name.
    Static,
}

impl<'a> Sections<'a, '_> {
    /// What a name answers, if it has a challenge now.
    #[inline]
    pub fn challenge(&self, at: At) -> Option<Said<'a>> {
        // Almost always: this costs all other names one comparison.
        if self.snapshot.challenges.is_empty() { None } else { self.look_for_challenge(at) }
    }

    fn look_for_challenge(&self, at: At) -> Option<Said<'a>> {
        let mut room = [0; MAX_NAME];
        let name = match at.name {
            QUESTION => self.slot.asked().name(),
            elsewhere => self.message.name_at(elsewhere, &mut room),
        };
        let challenge = self.snapshot.challenges.at(name, self.now.unix)?;
        judge(self.names(), challenge, at.found, name, self.slot.question.qtype)
    }

    /// Answers with a challenge, if the name has one; whether that was all there is to say.
    pub fn challenged(&mut self, at: At, outcome: &mut Outcome) -> bool {
        match self.challenge(at) {
            None | Some(Said::Static) => return false,
            Some(Said::Values(challenge, records)) => {
                let names = self.names();
                outcome.truncated |= !put(self.message, names, Owner::At(at.name), challenge, records);
            }
            Some(Said::Nodata(entry)) => self.negative(entry, at.name, u32::MAX, outcome),
            Some(Said::Any) => put_minimal_any(self.message, Owner::At(at.name)),
        }
        true
    }
}

// at this name        TXT                   ANY      other types
// nothing             values                any      NODATA
// a wildcard's data   values                any      NODATA
// data, no TXT        values                any      the zone's
// data with TXT       values, the zone's    any      the zone's
// CNAME               the zone's            …        …
// below a cut or a DNAME, or in no zone any more: as if there were no challenge
fn judge<'a>(
    names: &'a Names,
    challenge: &'a Challenge,
    found: Found,
    name: &[u8],
    qtype: u16,
) -> Option<Said<'a>> {
    let (entry, exact) = match found {
        Found::Missing(entry) => (entry, None),
        Found::Node(entry) => (entry, Some(entry).filter(|_| names.name(entry).eq_ignore_ascii_case(name))),
        Found::Cut(_) | Found::Dname(_) | Found::Outside => return None,
    };
    let of_type = |rtype| exact.and_then(|entry| names.rrset(entry, rtype));
    match (qtype, exact) {
        // It came with a reload: the API refuses values beside an alias, and a zone file none beside nothing.
        _ if of_type(rtype::CNAME).is_some() => None,
        (rtype::TXT, _) => Some(Said::Values(challenge, of_type(rtype::TXT))),
        (rtype::ANY, _) => Some(Said::Any),
        (_, Some(_)) => Some(Said::Static),
        (_, None) => Some(Said::Nodata(entry)),
    }
}

/// Writes the values, then those of the zone file's records that are not among them; says whether all fitted.
fn put(
    message: &mut Message<'_>,
    names: &Names,
    owner: Owner<'_>,
    challenge: &Challenge,
    records: Option<&Records>,
) -> bool {
    let mark = message.mark();
    let mut count = 0;
    for value in &challenge.values {
        put_record(message, owner, &[&[value.len() as u8], value.as_bytes()]);
        count += 1;
    }
    let is_value = |data: &[u8]| challenge.values.iter().any(|value| is_text(data, value));
    for data in records.into_iter().flat_map(|records| names.rdata(records)).filter(|data| !is_value(data)) {
        put_record(message, owner, &[data]);
        count += 1;
    }
    let fits = message.keep_since(mark);
    if fits {
        message.count(Section::Answer, count);
    }
    fits
}

/// Whether TXT data is one character string, and this one: an RRset has no record twice (RFC 2181 §5).
fn is_text(data: &[u8], value: &str) -> bool {
    data.split_first()
        .is_some_and(|(length, text)| text.len() == usize::from(*length) && text == value.as_bytes())
}

fn put_record(message: &mut Message<'_>, owner: Owner<'_>, data: &[&[u8]]) {
    owner.put(message);
    message.put(&rtype::TXT.to_be_bytes());
    message.put(&[0, 1]);
    message.put(&TTL.to_be_bytes());
    let length: usize = data.iter().map(|part| part.len()).sum();
    message.put(&(length as u16).to_be_bytes());
    data.iter().for_each(|part| message.put(part));
}
