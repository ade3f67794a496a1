//! One record from its tokens: TTL, class, type and data, and the text that they stand in.

use super::decode::{self, Fault};
use super::rdata::{self, Fields};
use super::read::File;
use super::rtype;
use super::scan::Token;
use super::ttl::{self, quote};
use crate::model::Place;

/// An error with its place; the entry is given up.
pub(super) type Failed = (Place, String);

/// What stands before a record's data: `[TTL] [class] type`, TTL and class in either order.
pub(super) struct Head<'t> {
    /// Seconds, where they are written.
    pub ttl: Option<u32>,
    /// The type's number.
    pub rtype: u16,
    type_token: Token,
    fields: &'t [Token],
}

impl<'t> Head<'t> {
    /// Reads `tokens`, which follow the entry's `first` token or begin with it.
    pub fn new(file: &File<'_>, first: Token, tokens: &'t [Token]) -> Result<Head<'t>, Failed> {
        let (mut ttl, mut class, mut rest) = (None, false, tokens);
        while let [token, behind @ ..] = rest {
            let (word, place) = (file.word(*token), || file.place(*token));
            if ttl.is_none() && ttl::is_time(word) {
                ttl = Some(ttl::ttl(word).map_err(|why| (place(), why))?);
            } else if !class && is_class(word).map_err(|why| (place(), why))? {
                class = true;
            } else {
                let rtype = known_type(word).map_err(|why| (place(), why))?;
                return Ok(Head { ttl, rtype, type_token: *token, fields: behind });
            }
            rest = behind;
        }
        let last = *tokens.last().unwrap_or(&first);
        let why = format!("'{}' is not followed by a record type, as in A or MX", quote(file.word(last)));
        Err((file.place(last), why))
    }
}

/// The number of a type that may stand in a zone.
fn known_type(word: &[u8]) -> Result<u16, String> {
    let number = rtype::number(word).ok_or_else(|| match word.first() {
        Some(b'0'..=b'9') => {
            format!("'{}' is neither a TTL, as in 1h30m, nor a record type, as in A or MX", quote(word))
        }
        _ => {
            format!("no record type is called '{}'; for new types write TYPE123 \\# (RFC 3597)", quote(word))
        }
    })?;
    rtype::refusal(number).map_or(Ok(number), Err)
}

/// The record's data in wire form. What is missing is missing behind the last token.
pub(super) fn data(file: &File<'_>, head: &Head<'_>) -> Result<Box<[u8]>, Failed> {
    let mut fields = Fields::new(file.text, head.fields, head.rtype, &file.context.origin);
    rdata::wire(head.rtype, &mut fields).map_err(|bad| match bad.token {
        Some(index) => (file.place_in(head.fields[index], bad.at), bad.why),
        None => {
            let last = head.fields.last().unwrap_or(&head.type_token);
            (file.place_at(last.line, last.end), bad.why)
        }
    })
}

/// Whether the word is the class IN; other classes are an error.
pub(super) fn is_class(word: &[u8]) -> Result<bool, String> {
    let upper = word.to_ascii_uppercase();
    let other = match &upper[..] {
        b"IN" | b"CLASS1" => return Ok(true),
        b"CH" | b"CHAOS" | b"HS" | b"HESIOD" | b"CS" | b"ANY" | b"NONE" => true,
        _ => upper.strip_prefix(b"CLASS").is_some_and(|number| number.iter().all(u8::is_ascii_digit)),
    };
    match other {
        true => Err(format!("class '{}' is not served; write IN, or nothing", quote(word))),
        false => Ok(false),
    }
}

/// A token as a name in wire form.
pub(super) fn name(file: &File<'_>, token: Token, origin: &[u8]) -> Result<Vec<u8>, Failed> {
    let word = file.word(token);
    decode::name(if token.quoted && word == b"@" { b"\\@" } else { word }, origin).map_err(
        |Fault { why, at }| (file.place_in(token, at), format!("'{}' is not a name: {why}", quote(word))),
    )
}
