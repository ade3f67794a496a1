//! A reply as a stranger reads it: by the `domain` crate, to the last octet.

use domain::base::iana::{Class, Rtype};
use domain::base::name::ParsedName;
use domain::base::opt::UnknownOptData;
use domain::base::{Message, ParsedRecord, Question};
use domain::dep::octseq::Parser;
use domain::rdata::AllRecordData;
use meridian::telemetry::Transport;

use crate::KEEPALIVE;

/// A header.
pub const HEADER: usize = 12;

/// What fits without EDNS (RFC 1035 §4.2.1), and what the world's configuration allows with it.
const PLAIN: usize = 512;
const PAYLOAD: usize = 1232;

/// A reply's parts, as text, each section sorted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parts {
    /// The response code, the extended bits included.
    pub rcode: u16,
    /// Authoritative answer.
    pub authoritative: bool,
    /// Truncated.
    pub truncated: bool,
    /// Answer, authority, additional; without the OPT.
    pub sections: [Vec<String>; 3],
    /// Codes and data; `None` without an OPT.
    pub options: Option<Vec<(u16, Vec<u8>)>>,
}

impl Parts {
    /// The data of the one option with this code; none may stand twice.
    pub fn option(&self, code: u16) -> Option<&[u8]> {
        let mut found = self.options.iter().flatten().filter(|option| option.0 == code);
        let data = found.next().map(|option| option.1.as_slice());
        assert!(found.next().is_none(), "option {code} twice: {self:?}");
        data
    }
}

/// Checks what holds for any reply to any query, and takes it apart.
pub fn check(query: &[u8], reply: &[u8], transport: Transport) -> Parts {
    assert!(query.len() >= HEADER, "an answer to what is no query");
    assert_eq!(query[2] & 0x80, 0, "an answer to an answer");
    check_header(query, reply);
    let parts = read(reply);
    check_question(query, reply, &parts);
    check_length(query, reply, &parts, transport);
    assert!(parts.options.is_none() || query[10..12] != [0, 0], "an OPT that nobody asked for");
    parts
}

/// RFC 1035 §4.1.1: id, opcode and RD come back; QR is set; RA, Z, AD and CD are clear.
fn check_header(query: &[u8], reply: &[u8]) {
    assert_eq!(reply[..2], query[..2], "somebody else's answer");
    assert_eq!(reply[2] & 0xf9, 0x80 | query[2] & 0x79, "QR, opcode or RD");
    assert_eq!(reply[3] & 0xf0, 0, "RA, Z, AD or CD");
}

fn check_question(query: &[u8], reply: &[u8], parts: &Parts) {
    let count = |message: &[u8]| u16::from_be_bytes([message[4], message[5]]);
    assert!(count(reply) <= 1, "more than one question");
    if count(reply) == 1 {
        let mut parser = Parser::from_ref(reply);
        parser.advance(HEADER).expect("a header");
        Question::parse(&mut parser).expect("a question");
        // To the letter: the case of the name, too (RFC 4343).
        assert_eq!(reply[HEADER..parser.pos()], query[HEADER..parser.pos()], "another question");
    }
    let asked = parts.sections.iter().any(|section| !section.is_empty());
    assert!(!asked || count(reply) == 1, "records without a question: {parts:?}");
}

fn check_length(query: &[u8], reply: &[u8], parts: &Parts, transport: Transport) {
    if transport == Transport::Tcp {
        assert!(!parts.truncated, "truncated over TCP");
        return;
    }
    let payload = |query| Message::from_octets(query).ok()?.opt().map(|opt| opt.udp_payload_size());
    let most = match (&parts.options, payload(query)) {
        (None, _) => PLAIN,
        (Some(_), Some(payload)) => usize::from(payload).clamp(PLAIN, PAYLOAD),
        (Some(_), None) => PAYLOAD,
    };
    assert!(reply.len() <= most, "{} octets where {most} are allowed", reply.len());
}

/// Reads all of it.
pub fn read(reply: &[u8]) -> Parts {
    let message = Message::from_octets(reply).expect("a header");
    let (header, counts) = (message.header(), message.header_counts());
    let mut parser = Parser::from_ref(reply);
    parser.advance(HEADER).expect("a header");
    for _ in 0..counts.qdcount() {
        Question::parse(&mut parser).expect("a question");
    }
    let mut options = None;
    let sections = [counts.ancount(), counts.nscount(), counts.arcount()].map(|count| {
        let records = (0..count).map(|_| ParsedRecord::parse(&mut parser).expect("a record"));
        let mut section: Vec<String> = records.filter_map(|record| text(&record, &mut options)).collect();
        section.sort();
        section
    });
    assert_eq!(parser.remaining(), 0, "octets behind the last record");
    let extended = message.opt().map_or(0, |opt| opt.rcode(header).to_int());
    Parts {
        rcode: extended | u16::from(header.rcode().to_int()),
        authoritative: header.aa(),
        truncated: header.tc(),
        sections,
        options,
    }
}

/// A record with all of its data read; an OPT goes to the options instead.
fn text(record: &ParsedRecord<'_, [u8]>, options: &mut Option<Vec<(u16, Vec<u8>)>>) -> Option<String> {
    if record.rtype() == Rtype::OPT {
        assert!(record.owner().is_root(), "an OPT with a name");
        let opt = record.to_record::<domain::base::opt::Opt<_>>().expect("an OPT").expect("an OPT");
        let all = opt.data().iter::<UnknownOptData<_>>().map(|option| {
            let option = option.expect("an option");
            (option.code().to_int(), option.as_slice().to_vec())
        });
        assert_eq!(options.replace(all.collect()), None, "two OPTs");
        return None;
    }
    assert!([Class::IN, Class::CH].contains(&record.class()), "class {}", record.class());
    let record = record.to_any_record::<AllRecordData<_, ParsedName<_>>>().expect("data of its type");
    Some(format!("{} {} {}", record.owner(), record.ttl().as_secs(), record.data()))
}

/// What is said over UDP is said over TCP, as far as it was not cut: with TC nothing that TCP does not say, and
/// without it all but what only helps.
pub fn agree(udp: &Parts, tcp: &Parts) {
    assert_eq!(udp.authoritative, tcp.authoritative, "{udp:?}\n{tcp:?}");
    // A chain that is cut short has not come to the name whose code counts (RFC 6604 §3).
    assert!(udp.rcode == tcp.rcode || udp.truncated, "{udp:?}\n{tcp:?}");
    for (section, (short, whole)) in udp.sections.iter().zip(&tcp.sections).enumerate() {
        let least = section == 2 || udp.truncated;
        let fits = if least { short.iter().all(|record| whole.contains(record)) } else { short == whole };
        assert!(fits, "section {section}: {short:?} over UDP, {whole:?} over TCP");
    }
    let lasting = |parts: &Parts| -> Option<Vec<_>> {
        // Told over TCP alone (RFC 7828), or where there is room (RFC 8914, RFC 9567).
        let kept = |option: &(u16, Vec<u8>)| ![KEEPALIVE, 15, 18].contains(&option.0);
        parts.options.clone().map(|options| options.into_iter().filter(kept).collect())
    };
    assert_eq!(lasting(udp), lasting(tcp), "options");
}
