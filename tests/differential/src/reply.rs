//! A reply, taken apart by a library that none of the servers is made with.

use std::fmt;

use anyhow::{Context, Result, ensure};
use domain::base::iana::Rtype;
use domain::base::message::RecordSection;
use domain::base::rdata::ComposeRecordData;
use domain::base::zonefile_fmt::{DisplayKind, ZonefileFmt};
use domain::base::{Message, ParsedName, ParsedRecord, ToName};
use domain::rdata::AllRecordData;

use crate::name::Name;

/// Where the question begins.
const QUESTION_AT: usize = 12;

/// Where answer, authority and additional are among the sections.
pub const ANSWER: usize = 0;
/// See [`ANSWER`].
pub const AUTHORITY: usize = 1;
/// See [`ANSWER`].
pub const ADDITIONAL: usize = 2;

/// A record. Two are equal if their data is, letter case of names aside.
#[derive(Clone, Debug)]
pub struct Record {
    /// Whose it is.
    pub owner: Name,
    /// Its type.
    pub rtype: Rtype,
    /// Its class.
    pub class: u16,
    /// In seconds.
    pub ttl: u32,
    /// Canonical wire format (RFC 4034 §6.2): names in lower case, uncompressed.
    pub data: Vec<u8>,
    /// Its data as master files write it, in the letter case of the reply.
    pub text: String,
}

/// What an OPT record says besides options.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opt {
    /// The version of EDNS.
    pub version: u8,
    /// The payload that is announced.
    pub payload: u16,
}

/// A reply.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    /// The code, extended by OPT if it is there.
    pub code: u16,
    /// AA.
    pub authoritative: bool,
    /// TC.
    pub truncated: bool,
    /// QR, opcode, RD, RA, AD, CD: all other flags.
    pub flags: String,
    /// The question section, octet by octet.
    pub question: Vec<u8>,
    /// [`ANSWER`], [`AUTHORITY`], [`ADDITIONAL`] without OPT; each in the order of the reply.
    pub sections: [Vec<Record>; 3],
    /// OPT.
    pub opt: Option<Opt>,
    /// How long it was.
    pub octets: usize,
}

impl Reply {
    /// Reads a reply; an error says what is wrong with its format.
    pub fn read(octets: &[u8]) -> Result<Reply> {
        let message = Message::from_slice(octets).context("shorter than a header")?;
        let (header, mut questions) = (message.header(), message.question());
        questions.by_ref().try_for_each(|question| question.map(drop)).context("the question")?;
        let question = octets[QUESTION_AT..questions.pos()].to_vec();
        let answer = questions.answer()?;
        let (answer, section) = records(answer).context("the answer section")?;
        let (authority, section) =
            records(section.context("no authority section")?).context("the authority section")?;
        let last = section.context("no additional section")?;
        let (additional, end) = additional(last).context("the additional section")?;
        ensure!(end == octets.len(), "octets behind the last record");
        Ok(Reply {
            code: message.opt_rcode().to_int(),
            authoritative: header.aa(),
            truncated: header.tc(),
            flags: flags(header),
            question,
            sections: [answer, authority, additional],
            opt: message.opt().map(|opt| Opt { version: opt.version(), payload: opt.udp_payload_size() }),
            octets: octets.len(),
        })
    }

    /// The code as people call it.
    pub fn code_text(&self) -> String {
        domain::base::iana::OptRcode::masked_from_int(self.code).to_string()
    }

    /// Whether it hands the question on to servers further down.
    pub fn is_referral(&self) -> bool {
        !self.authoritative && self.sections[AUTHORITY].iter().any(|record| record.rtype == Rtype::NS)
    }
}

fn flags(header: domain::base::Header) -> String {
    let bits = [
        ("qr", header.qr()),
        ("rd", header.rd()),
        ("ra", header.ra()),
        ("ad", header.ad()),
        ("cd", header.cd()),
    ];
    let set: Vec<&str> = bits.iter().filter(|(_, set)| *set).map(|(name, _)| *name).collect();
    format!("{} {}", header.opcode(), set.join(" "))
}

type Section<'a> = RecordSection<'a, [u8]>;

fn records(mut section: Section<'_>) -> Result<(Vec<Record>, Option<Section<'_>>)> {
    let records = section.by_ref().map(|parsed| record(&parsed?)).collect::<Result<Vec<_>>>()?;
    Ok((records, section.next_section()?))
}

/// The last section without OPT, and where it ends.
fn additional(mut section: Section<'_>) -> Result<(Vec<Record>, usize)> {
    let all = section.by_ref().map(|parsed| record(&parsed?)).collect::<Result<Vec<_>>>()?;
    let records = all.into_iter().filter(|record| record.rtype != Rtype::OPT).collect();
    Ok((records, section.pos()))
}

fn record(parsed: &ParsedRecord<'_, [u8]>) -> Result<Record> {
    let owner: domain::base::Name<Vec<u8>> = parsed.owner().to_name();
    let known = parsed.to_record::<AllRecordData<&[u8], ParsedName<&[u8]>>>()?.context("data of no type")?;
    let mut data = Vec::new();
    known.data().compose_canonical_rdata(&mut data)?;
    Ok(Record {
        owner: Name::from_wire(owner.as_slice()).context("an owner that is cut short")?,
        rtype: parsed.rtype(),
        class: parsed.class().to_int(),
        ttl: parsed.ttl().as_secs(),
        data,
        text: known.data().display_zonefile(DisplayKind::Simple).to_string(),
    })
}

impl Record {
    fn key(&self) -> (&Name, Rtype, u16, u32, &[u8]) {
        (&self.owner, self.rtype, self.class, self.ttl, &self.data)
    }
}

impl PartialEq for Record {
    fn eq(&self, other: &Record) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Record {}

impl PartialOrd for Record {
    fn partial_cmp(&self, other: &Record) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Record {
    fn cmp(&self, other: &Record) -> std::cmp::Ordering {
        self.key().cmp(&other.key())
    }
}

impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let class = if self.class == 1 { "IN".to_owned() } else { format!("CLASS{}", self.class) };
        let text: String = self.text.chars().take(120).collect();
        let more = if text.len() < self.text.len() { "…" } else { "" };
        write!(f, "{} {} {class} {} {text}{more}", crate::report::short(&self.owner), self.ttl, self.rtype)
    }
}

#[cfg(test)]
pub mod tests;
