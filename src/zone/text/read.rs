//! Entries to records: owners, TTLs, classes, types and directives (RFC 1035 §5.1, RFC 2308 §4).

use std::path::PathBuf;

use super::decode;
use super::generate::{self, Generate};
use super::head::{self, Failed, Head, is_class, name};
use super::notes::Notes;
use super::records::Records;
use super::scan::{Broken, Found, Lines, Token, column};
use super::ttl::{self, quote};
use super::{Include, Source};
use crate::model::{Name, Place};
use crate::zone::Rrset;

/// Files inside files, the first one included.
const MOST_FILES_DEEP: usize = 8;
/// Octets of all texts of one zone.
pub(super) const MOST_OCTETS: u64 = 256 << 20;
/// What an included file counts at least, so that many empty ones come to an end too.
const LEAST_OCTETS: u64 = 4_096;

const SOA: u16 = 6;

/// What the text means so far; an included file starts with a copy, and its changes end with it.
#[derive(Clone)]
pub(super) struct Context {
    /// Wire form, letter case kept.
    pub origin: Vec<u8>,
    owner: Owner,
    /// Of `$TTL`.
    default_ttl: Option<u32>,
    /// The last one that a record had written out.
    last_ttl: Option<u32>,
}

/// What a blank owner stands for.
#[derive(Clone)]
enum Owner {
    /// No record yet.
    None,
    /// The last owner was wrong, and that was said.
    Bad,
    Good(Name),
}

/// Reads texts into records and notes what is wrong.
pub(super) struct Reader<'a, 'p> {
    /// The zone's apex.
    pub zone: &'a Name,
    pub records: Records,
    pub notes: Notes<'p>,
    pub include: Include<'a>,
    octets_left: u64,
    generated: u64,
    soa_minimum: Option<u32>,
    /// Whether an entry that could not be read may have been the zone's SOA or NS.
    pub spoiled: Spoiled,
    /// What is being read, outermost first: against cycles.
    files: Vec<PathBuf>,
}

/// What must not be called missing, since something that may have been it was wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Spoiled {
    pub soa: bool,
    pub ns: bool,
}

impl Spoiled {
    /// Something was wrong with an entry of these tokens.
    fn by(&mut self, file: &File<'_>, tokens: &[Token]) {
        let has = |name: &[u8]| tokens.iter().any(|&token| file.word(token).eq_ignore_ascii_case(name));
        let included = has(b"$INCLUDE");
        self.soa |= included || has(b"SOA");
        self.ns |= included || has(b"NS");
    }
}

/// One text that is being read.
pub(super) struct File<'t> {
    pub text: &'t [u8],
    place: Place,
    pub context: Context,
}

impl File<'_> {
    pub fn place(&self, token: Token) -> Place {
        self.place_at(token.line, token.start)
    }

    /// A place in the file; what `$GENERATE` made has the place of the directive throughout.
    pub fn place_at(&self, line: u32, at: u32) -> Place {
        match self.place.line {
            0 => self.place.at(line, column(self.text, at)),
            _ => self.place.clone(),
        }
    }

    /// The place of a fault inside a token.
    pub fn place_in(&self, token: Token, at: usize) -> Place {
        self.place_at(token.line, token.start + at as u32)
    }

    pub fn word(&self, token: Token) -> &[u8] {
        token.bytes(self.text)
    }
}

impl<'a, 'p> Reader<'a, 'p> {
    /// Ready for the text of the zone called `zone`.
    pub fn new(zone: &'a Name, notes: Notes<'p>, include: Include<'a>) -> Self {
        let (records, files) = (Records::default(), Vec::new());
        let octets_left = MOST_OCTETS;
        Reader {
            zone,
            records,
            notes,
            include,
            octets_left,
            generated: 0,
            soa_minimum: None,
            spoiled: Spoiled::default(),
            files,
        }
    }

    /// Reads a zone's main text.
    pub fn read(&mut self, source: &Source<'_>) {
        let origin = self.zone.as_wire().to_vec();
        let context = Context { origin, owner: Owner::None, default_ttl: None, last_ttl: None };
        if let Err(why) = self.read_source(source, context) {
            self.notes.error(&source.place, why);
        }
    }

    fn read_source(&mut self, source: &Source<'_>, context: Context) -> Result<(), String> {
        let size = (source.text.len() as u64).max(LEAST_OCTETS);
        let Some(left) = self.octets_left.checked_sub(size) else {
            return Err(format!(
                "with this file the zone's text is over {MOST_OCTETS} octets, the most that is read"
            ));
        };
        self.octets_left = left;
        self.files.push(source.identity.clone());
        self.read_text(&mut File { text: &source.text, place: source.place.clone(), context });
        self.files.pop();
        Ok(())
    }

    fn read_text(&mut self, file: &mut File<'_>) {
        let (mut lines, mut tokens) = (Lines::new(file.text), Vec::new());
        while !self.notes.is_full() {
            match lines.read(&mut tokens) {
                Found::End => return,
                Found::Broken(Broken { why, at, line }) => {
                    self.notes.error(&file.place_at(line, at), why);
                    self.spoiled.by(file, &tokens);
                }
                Found::Entry { blank } => {
                    if let Err((place, why)) = self.entry(file, blank, &tokens) {
                        self.notes.error(&place, why);
                        self.spoiled.by(file, &tokens);
                    }
                }
            }
        }
    }

    fn entry(&mut self, file: &mut File<'_>, blank: bool, tokens: &[Token]) -> Result<(), Failed> {
        let first = tokens[0];
        if !first.quoted && file.word(first).starts_with(b"$") {
            if blank {
                return Err((file.place(first), "a directive stands in the first column".into()));
            }
            return self.directive(file, tokens);
        }
        if blank {
            return self.record(file, first, tokens);
        }
        // Until it is known to be good, what follows must not fall to the owner before it.
        file.context.owner = Owner::Bad;
        file.context.owner = Owner::Good(self.owner(file, first)?);
        self.record(file, first, &tokens[1..])
    }

    fn owner(&self, file: &File<'_>, token: Token) -> Result<Name, Failed> {
        let wire = name(file, token, &file.context.origin)?;
        let owner = Name::from_wire(&wire).ok_or_else(|| (file.place(token), "not a name".to_owned()))?;
        match owner.is_within(self.zone) {
            true => Ok(owner),
            false => Err((file.place(token), format!("{owner} is outside the zone {}", self.zone))),
        }
    }

    //--- Records

    /// A record whose entry begins with `first`, from behind its owner.
    fn record(&mut self, file: &mut File<'_>, first: Token, tokens: &[Token]) -> Result<(), Failed> {
        let head = Head::new(file, first, tokens)?;
        file.context.last_ttl = head.ttl.or(file.context.last_ttl);
        let data = head::data(file, &head)?;
        if head.rtype == SOA && self.soa_minimum.is_none() {
            self.soa_minimum = data.last_chunk().map(|minimum| u32::from_be_bytes(*minimum));
        }
        let place = file.place(first);
        // RFC 2308 §4: $TTL; before that RFC, the last TTL written; the SOA's own minimum as a last resort.
        let Context { default_ttl, last_ttl, ref owner, .. } = file.context;
        let ttl = head.ttl.or(default_ttl).or(last_ttl).or(self.soa_minimum).ok_or_else(|| {
            (place.clone(), "this record has no TTL; write one, or a $TTL line before it".to_owned())
        })?;
        match owner {
            Owner::Good(owner) => {
                let rdata = std::iter::once(&data[..]).collect();
                let record = Rrset { owner: owner.clone(), rtype: head.rtype, ttl, rdata, place };
                self.records.push(record, &mut self.notes);
            }
            Owner::Bad => self.spoiled.by(file, tokens),
            Owner::None => {
                return Err((place, "the first record has no owner; write '@' for the zone".into()));
            }
        }
        Ok(())
    }

    //--- Directives

    fn directive(&mut self, file: &mut File<'_>, tokens: &[Token]) -> Result<(), Failed> {
        let word = file.word(tokens[0]).to_ascii_uppercase();
        let arguments = &tokens[1..];
        let (least, most, form) = match &word[..] {
            b"$TTL" => (1, 1, "$TTL 1h"),
            b"$ORIGIN" => (1, 1, "$ORIGIN sub.example.com."),
            b"$INCLUDE" => (1, 2, "$INCLUDE file [origin]"),
            b"$GENERATE" => (4, usize::MAX, "$GENERATE 1-10 host$ A 192.0.2.$"),
            _ => {
                let why =
                    format!("'{}' is no directive; $ORIGIN, $TTL, $INCLUDE, $GENERATE are", quote(&word));
                return Err((file.place(tokens[0]), why));
            }
        };
        if !(least..=most).contains(&arguments.len()) {
            let place = file.place(*arguments.get(most).unwrap_or(&tokens[0]));
            return Err((place, format!("this directive has the form {form}")));
        }
        match &word[..] {
            b"$TTL" => {
                let seconds = ttl::ttl(file.word(arguments[0]));
                file.context.default_ttl = Some(seconds.map_err(|why| (file.place(arguments[0]), why))?);
            }
            b"$ORIGIN" => file.context.origin = name(file, arguments[0], &file.context.origin)?,
            b"$INCLUDE" => return self.include(file, arguments),
            _ => return self.generate(file, arguments),
        }
        Ok(())
    }

    fn include(&mut self, file: &File<'_>, arguments: &[Token]) -> Result<(), Failed> {
        let place = file.place(arguments[0]);
        let mut context = file.context.clone();
        if let Some(&origin) = arguments.get(1) {
            context.origin = name(file, origin, &context.origin)?;
        }
        if self.files.len() >= MOST_FILES_DEEP {
            return Err((place, format!("$INCLUDE goes deeper than {MOST_FILES_DEEP} files")));
        }
        let path =
            decode::octets(file.word(arguments[0])).map_err(|fault| (place.clone(), fault.why.into()))?;
        let source = (self.include)(&path, self.octets_left).map_err(|why| (place.clone(), why))?;
        if self.files.contains(&source.identity) {
            return Err((place, format!("'{}' includes itself", quote(&path))));
        }
        self.read_source(&source, context).map_err(|why| (place, why))
    }

    /// Writes out the entries that the template stands for, and reads them as if they stood here.
    fn generate(&mut self, file: &mut File<'_>, arguments: &[Token]) -> Result<(), Failed> {
        let range = arguments[0];
        let parsed = Generate::new(file.word(range)).map_err(|why| (file.place(range), why))?;
        self.generated += parsed.count();
        if self.generated > generate::MOST_IN_A_ZONE {
            let why = format!("$GENERATE makes over {} records in this zone", generate::MOST_IN_A_ZONE);
            return Err((file.place(range), why));
        }
        let (template, bare) = unwrapped(file, &arguments[1..]);
        for number in parsed.numbers() {
            let made = generate::entry(file.text, &template, bare, number)
                .map_err(|(token, why)| (file.place(token), why))?;
            self.made(file, file.place(range), &made).map_err(|(place, why)| {
                (place, format!("for {number} this makes '{}': {why}", quote(&made)))
            })?;
        }
        Ok(())
    }

    /// Reads an entry that a directive at `place` made.
    fn made(&mut self, file: &mut File<'_>, place: Place, made: &[u8]) -> Result<(), Failed> {
        let left = self.octets_left.checked_sub(made.len() as u64);
        self.octets_left = left.ok_or_else(|| {
            (
                place.clone(),
                format!("with it the zone's text is over {MOST_OCTETS} octets, the most that is read"),
            )
        })?;
        let (mut lines, mut tokens) = (Lines::new(made), Vec::new());
        if !matches!(lines.read(&mut tokens), Found::Entry { blank: false }) {
            return Err((place, "that is no record".into()));
        }
        let mut inner = File { text: made, place, context: file.context.clone() };
        let result = self.entry(&mut inner, false, &tokens);
        file.context.owner = inner.context.owner;
        result
    }
}

/// The template of a `$GENERATE`. BIND takes all data as one word, in quotes when it has several fields:
/// `$GENERATE 1-9 h$ MX "10 mail$"`. So one quoted word behind the type loses its quotes; says whether one did.
fn unwrapped(file: &File<'_>, template: &[Token]) -> (Vec<Token>, bool) {
    let is_head = |token: &Token| ttl::is_time(file.word(*token)) || is_class(file.word(*token)) == Ok(true);
    let before_type = template.iter().skip(1).take_while(|token| is_head(token)).count();
    let mut template = template.to_vec();
    let mut bare = false;
    if let [data] = template.get_mut(before_type + 2..).unwrap_or_default() {
        bare = std::mem::take(&mut data.quoted);
    }
    (template, bare)
}
