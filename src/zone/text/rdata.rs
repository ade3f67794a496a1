//! Record data: the fields of one record to wire form.
//!
//! The `domain` crate knows the types; [`Fields`] feeds it our tokens through its [`Scanner`] trait, so that
//! every complaint has the place of the field it is about. What the crate lacks stands in [`extra`].

use domain::base::iana::Rtype;
use domain::base::name::Name as WireName;
use domain::base::rdata::{ComposeRecordData, ParseRecordData};
use domain::base::scan::{ConvertSymbols, EntrySymbol, Scanner, ScannerError, Symbol};
use domain::base::{CharStr, ParsedName};
use domain::dep::octseq::{Parser, str::Str};
use domain::rdata::ZoneRecordData;

use super::decode::{self, Fault, Octet};
use super::scan::Token;
use super::{extra, rtype, sound, svcb, ttl};

/// What is wrong with a record's data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Bad {
    /// What is wrong: a clause.
    pub why: String,
    /// The token it is about; `None`: there should have been one more.
    pub token: Option<usize>,
    /// Bytes into that token.
    pub at: usize,
}

/// The wire form of a record's fields.
pub(super) fn wire(rtype: u16, fields: &mut Fields<'_>) -> Result<Box<[u8]>, Bad> {
    let unknown = fields.is_unknown_marker();
    // Whoever reads a type's own form eats fields: it must not see the form of RFC 3597.
    let own = if unknown { None } else { extra::wire(rtype, fields) };
    let out = own.unwrap_or_else(|| by_crate(rtype, fields));
    let out = out.map_err(|complaint| fields.bad(complaint))?;
    if fields.continues() {
        fields.next += 1;
        return Err(fields.bad(Complaint::Trailing));
    }
    if out.len() > usize::from(u16::MAX) {
        return Err(fields.bad(Complaint::Crate("record data is over 65535 octets")));
    }
    if unknown && !is_sound(rtype, &out) {
        return Err(fields.bad(Complaint::Crate("these octets are no valid data of this type")));
    }
    Ok(out.into())
}

fn by_crate(rtype: u16, fields: &mut Fields<'_>) -> Result<Vec<u8>, Complaint> {
    let rtype = Rtype::from_int(rtype);
    let data = ZoneRecordData::scan(rtype, fields)?;
    let mut out = Vec::new();
    match data.compose_rdata(&mut out) {
        Ok(()) => Ok(out),
        Err(_) => Err(Complaint::Crate("record data is too long")),
    }
}

/// Whether octets given in the form of RFC 3597 are what the type's own form could have given. RFC 3597 §5: a
/// server that knows the type must hold them to it.
fn is_sound(rtype: u16, wire: &[u8]) -> bool {
    let own = extra::is_sound(rtype, wire).or_else(|| sound::is_sound(rtype, wire));
    let rtype = Rtype::from_int(rtype);
    match rtype {
        _ if own.is_some() => return own == Some(true),
        // What the parser would take: no string at all, and parameters that no key can have.
        Rtype::TXT if wire.is_empty() => return false,
        Rtype::SVCB | Rtype::HTTPS if !svcb::is_sound(wire) => return false,
        _ => {}
    }
    let mut parser = Parser::from_ref(wire);
    let parsed = ZoneRecordData::<&[u8], ParsedName<&[u8]>>::parse_rdata(rtype, &mut parser);
    let mut again = Vec::new();
    match parsed {
        Ok(Some(data)) => data.compose_rdata(&mut again).is_ok() && again == wire,
        Ok(None) => true,
        Err(_) => false,
    }
}

//------------ Fields --------------------------------------------------------

/// The fields of one record, consumed from the left.
pub(super) struct Fields<'a> {
    text: &'a [u8],
    tokens: &'a [Token],
    next: usize,
    rtype: u16,
    origin: &'a [u8],
}

impl<'a> Fields<'a> {
    /// `tokens` of `text` behind the type; `origin` in wire form.
    pub fn new(text: &'a [u8], tokens: &'a [Token], rtype: u16, origin: &'a [u8]) -> Fields<'a> {
        Fields { text, tokens, next: 0, rtype, origin }
    }

    /// The next field, as it is written.
    pub fn word(&mut self) -> Result<&'a [u8], Complaint> {
        let token = self.tokens.get(self.next).ok_or(Complaint::End)?;
        self.next += 1;
        Ok(token.bytes(self.text))
    }

    /// The next field, which stays the next.
    pub fn peek(&self) -> Option<&'a [u8]> {
        self.tokens.get(self.next).map(|token| token.bytes(self.text))
    }

    /// The next field as a name in wire form.
    pub fn name(&mut self) -> Result<Vec<u8>, Complaint> {
        let quoted = self.tokens.get(self.next).is_some_and(|token| token.quoted);
        let word = self.word()?;
        // In quotes an at sign is just a letter.
        let word = if quoted && word == b"@" { b"\\@" } else { word };
        Ok(decode::name(word, self.origin)?)
    }

    /// The next field as a character string with its length, appended to `out`.
    pub fn string(&mut self, out: &mut Vec<u8>) -> Result<(), Complaint> {
        Ok(decode::string(self.word()?, out)?)
    }

    /// Whether the fields begin with `\#` (RFC 3597 §5).
    fn is_unknown_marker(&self) -> bool {
        let first = self.tokens.get(self.next);
        first.is_some_and(|token| !token.quoted && token.bytes(self.text) == b"\\#")
    }

    /// A complaint as a sentence about the field that was read last.
    fn bad(&self, complaint: Complaint) -> Bad {
        let (rtype, wants) = (rtype::name(self.rtype), rtype::wants(self.rtype));
        let last = self.next.checked_sub(1);
        let found = last.map_or(String::new(), |last| ttl::quote(self.tokens[last].bytes(self.text)));
        let (why, at) = match complaint {
            Complaint::Crate(why) => (format!("{rtype} wants {wants}; found '{found}': {why}"), 0),
            Complaint::Own(Fault { why, at }) => (format!("'{found}' in {rtype}: {why}"), at),
            Complaint::Word(why) => (format!("{rtype}: {why}"), 0),
            Complaint::Trailing => (format!("'{found}' is one field too many; {rtype} wants {wants}"), 0),
            Complaint::End => {
                return Bad { why: format!("{rtype} ends too early; it wants {wants}"), token: None, at: 0 };
            }
        };
        Bad { why, token: last, at }
    }
}

/// The octets of a word as the crate's symbols. Bytes that are not printable ASCII go as escapes: it would
/// otherwise take them for Unicode, and refuse them.
fn symbols(word: &[u8]) -> impl Iterator<Item = Result<Symbol, Complaint>> + '_ {
    let mut at = 0;
    std::iter::from_fn(move || {
        let next = decode::octet(word, at)?;
        Some(next.map_err(Complaint::Own).map(|(octet, length)| {
            at += length;
            match octet {
                Octet::Plain(byte @ 0x20..=0x7e) => Symbol::Char(byte.into()),
                Octet::Escaped(byte @ 0x20..=0x7e) if length == 2 => Symbol::SimpleEscape(byte),
                other => Symbol::DecimalEscape(other.value()),
            }
        }))
    })
}

impl Scanner for Fields<'_> {
    type Octets = Vec<u8>;
    type OctetsBuilder = Vec<u8>;
    type Name = WireName<Vec<u8>>;
    type Error = Complaint;

    fn has_space(&self) -> bool {
        false
    }

    fn continues(&mut self) -> bool {
        self.next < self.tokens.len()
    }

    fn scan_symbols<F>(&mut self, mut op: F) -> Result<(), Complaint>
    where
        F: FnMut(Symbol) -> Result<(), Complaint>,
    {
        let word = self.word()?;
        if word.is_empty() {
            return Err(Complaint::Crate("an empty string"));
        }
        // The crate reads the timers of an SOA as plain numbers; this is where they may have units.
        if self.rtype == Rtype::SOA.to_int() && self.next > 3 {
            let seconds = ttl::timer(word).map_err(Complaint::Word)?;
            return seconds.to_string().chars().try_for_each(|digit| op(Symbol::Char(digit)));
        }
        symbols(word).try_for_each(|symbol| op(symbol?))
    }

    fn scan_entry_symbols<F>(&mut self, mut op: F) -> Result<(), Complaint>
    where
        F: FnMut(EntrySymbol) -> Result<(), Complaint>,
    {
        while self.continues() {
            let word = self.word()?;
            symbols(word).try_for_each(|symbol| op(symbol?.into()))?;
            op(EntrySymbol::EndOfToken)?;
        }
        Ok(())
    }

    fn convert_token<C: ConvertSymbols<Symbol, Complaint>>(
        &mut self,
        mut convert: C,
    ) -> Result<Vec<u8>, Complaint> {
        let mut out = Vec::new();
        for symbol in symbols(self.word()?) {
            out.extend_from_slice(convert.process_symbol(symbol?)?.unwrap_or_default());
        }
        out.extend_from_slice(convert.process_tail()?.unwrap_or_default());
        Ok(out)
    }

    fn convert_entry<C: ConvertSymbols<EntrySymbol, Complaint>>(
        &mut self,
        mut convert: C,
    ) -> Result<Vec<u8>, Complaint> {
        let mut out = Vec::new();
        while self.continues() {
            for symbol in symbols(self.word()?) {
                out.extend_from_slice(convert.process_symbol(symbol?.into())?.unwrap_or_default());
            }
        }
        out.extend_from_slice(convert.process_tail()?.unwrap_or_default());
        Ok(out)
    }

    fn scan_octets(&mut self) -> Result<Vec<u8>, Complaint> {
        Ok(decode::octets(self.word()?)?)
    }

    /// A parameter and the quoted value glued to it: `alpn="h2,h3"` is two tokens (RFC 9460 §2.1).
    fn scan_svcb_octets(&mut self) -> Result<Vec<u8>, Complaint> {
        let mut out = self.scan_octets()?;
        while self.tokens.get(self.next).is_some_and(|token| token.glued) {
            out.extend(self.scan_octets()?);
        }
        Ok(out)
    }

    fn scan_ascii_str<F, T>(&mut self, op: F) -> Result<T, Complaint>
    where
        F: FnOnce(&str) -> Result<T, Complaint>,
    {
        let octets = self.scan_octets()?;
        match str::from_utf8(&octets) {
            Ok(text) if text.is_ascii() => op(text),
            _ => Err(Complaint::Crate("only ASCII is possible here")),
        }
    }

    fn scan_name(&mut self) -> Result<WireName<Vec<u8>>, Complaint> {
        WireName::from_octets(self.name()?).map_err(|_| Complaint::Crate("not a name"))
    }

    fn scan_charstr(&mut self) -> Result<CharStr<Vec<u8>>, Complaint> {
        let mut with_length = Vec::new();
        self.string(&mut with_length)?;
        with_length.remove(0);
        CharStr::from_octets(with_length).map_err(|_| Complaint::Crate("a string is over 255 octets"))
    }

    fn scan_string(&mut self) -> Result<Str<Vec<u8>>, Complaint> {
        Str::from_utf8(self.scan_octets()?).map_err(|_| Complaint::Crate("only UTF-8 is possible here"))
    }

    fn scan_charstr_entry(&mut self) -> Result<Vec<u8>, Complaint> {
        let mut out = Vec::new();
        if !self.continues() {
            return Err(Complaint::End);
        }
        while self.continues() {
            self.string(&mut out)?;
        }
        Ok(out)
    }

    fn scan_opt_unknown_marker(&mut self) -> Result<bool, Complaint> {
        let found = self.is_unknown_marker();
        self.next += usize::from(found);
        Ok(found)
    }

    fn octets_builder(&mut self) -> Result<Vec<u8>, Complaint> {
        Ok(Vec::new())
    }
}

//------------ Complaint -----------------------------------------------------

/// What stopped the fields from being read, about the field that was read last.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Complaint {
    /// The crate's own words.
    #[error("{0}")]
    Crate(&'static str),
    /// A bad escape, label or string.
    #[error("{}", .0.why)]
    Own(Fault),
    /// A sentence that quotes the word itself.
    #[error("{0}")]
    Word(String),
    /// Too few fields.
    #[error("too few fields")]
    End,
    /// Too many.
    #[error("too many fields")]
    Trailing,
}

impl From<Fault> for Complaint {
    fn from(fault: Fault) -> Self {
        Complaint::Own(fault)
    }
}

impl ScannerError for Complaint {
    fn custom(why: &'static str) -> Self {
        Complaint::Crate(why)
    }

    fn end_of_entry() -> Self {
        Complaint::End
    }

    fn short_buf() -> Self {
        Complaint::Crate("record data is too long")
    }

    fn trailing_tokens() -> Self {
        Complaint::Trailing
    }
}
