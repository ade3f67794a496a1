//! A query's header and question, read without trust.

use super::edns::Edns;
use crate::telemetry::DropWhy;

/// Response codes, the extended ones included (RFC 6895 §2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rcode(pub u16);

impl Rcode {
    /// All is well, even if there is no data.
    pub const NOERROR: Rcode = Rcode(0);
    /// The query cannot be read.
    pub const FORMERR: Rcode = Rcode(1);
    /// Ask another server.
    pub const SERVFAIL: Rcode = Rcode(2);
    /// The name does not exist.
    pub const NXDOMAIN: Rcode = Rcode(3);
    /// The operation is unknown here.
    pub const NOTIMP: Rcode = Rcode(4);
    /// The name is in no zone of ours.
    pub const REFUSED: Rcode = Rcode(5);
    /// The EDNS version is unknown (RFC 6891 §6.1.3).
    pub const BADVERS: Rcode = Rcode(16);
}

/// Octets of a header.
pub const HEADER: usize = 12;

/// The longest name in wire format.
const MAX_NAME: usize = 255;

/// What is asked. The name is wire format in lower case; its own letter case stays in the query's octets.
#[derive(Clone, Debug)]
pub struct Question {
    name: [u8; MAX_NAME],
    name_len: u8,
    /// The type asked for.
    pub qtype: u16,
    /// The class asked for.
    pub qclass: u16,
}

impl Default for Question {
    fn default() -> Self {
        Question { name: [0; MAX_NAME], name_len: 1, qtype: 0, qclass: 0 }
    }
}

impl Question {
    /// The name, lower case.
    pub fn name(&self) -> &[u8] {
        &self.name[..usize::from(self.name_len)]
    }

    /// Octets of the question in the query: name, type and class.
    pub fn octets(&self) -> usize {
        usize::from(self.name_len) + 4
    }

    /// Reads the question that follows the header. Compression has nothing to point to there.
    fn read(&mut self, query: &[u8]) -> Option<()> {
        let rest = query.get(HEADER..)?;
        let mut at = 0;
        loop {
            match usize::from(*rest.get(at)?) {
                0 => break,
                length @ 1..=63 => at += 1 + length,
                _ => return None,
            }
            if at >= MAX_NAME {
                return None;
            }
        }
        let (name, tail) = rest.split_at(at + 1);
        let ([qtype_high, qtype_low, qclass_high, qclass_low], _) = tail.split_first_chunk::<4>()?;
        self.name[..name.len()].copy_from_slice(name);
        // Length octets are below 64, so lowercasing cannot touch them.
        self.name[..name.len()].make_ascii_lowercase();
        self.name_len = name.len() as u8;
        self.qtype = u16::from_be_bytes([*qtype_high, *qtype_low]);
        self.qclass = u16::from_be_bytes([*qclass_high, *qclass_low]);
        Some(())
    }
}

/// What became of reading a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Read {
    /// It can be answered.
    Query,
    /// It has no question but a cookie, and wants one (RFC 7873 §5.4).
    CookieOnly,
    /// It is answered with this code; the question is echoed if it could be read.
    Reject(Rcode),
    /// It is not answered.
    Drop(DropWhy),
}

/// Reads a query into a question and EDNS; says whether the question was readable.
//
// header               opcode  QDCOUNT  then
// shorter than 12      any     any      drop
// QR set               any     any      drop (RFC 9267 §7: loops)
// ok                   not 0   any      NOTIMP
// ok                   0       0        a cookie, else FORMERR
// ok                   0       1        read on
// ok                   0       more     FORMERR (RFC 9619)
pub fn read(query: &[u8], question: &mut Question, edns: &mut Option<Edns>) -> (Read, bool) {
    let Some((header, _)) = query.split_first_chunk::<HEADER>() else {
        return (Read::Drop(DropWhy::Short), false);
    };
    if header[2] & 0x80 != 0 {
        return (Read::Drop(DropWhy::Response), false);
    }
    if header[2] & 0x78 != 0 {
        return (Read::Reject(Rcode::NOTIMP), false);
    }
    let count = |at: usize| usize::from(u16::from_be_bytes([header[at], header[at + 1]]));
    let (questions, records) = (count(4), [count(6), count(8), count(10)]);
    let at = match questions {
        0 => HEADER,
        1 if question.read(query).is_some() => HEADER + question.octets(),
        _ => return (Read::Reject(Rcode::FORMERR), false),
    };
    let readable = questions == 1;
    if super::edns::read(query, at, records, edns).is_none() {
        return (Read::Reject(Rcode::FORMERR), readable);
    }
    (judge(readable, edns.as_ref()), readable)
}

fn judge(readable: bool, edns: Option<&Edns>) -> Read {
    match edns {
        Some(edns) if edns.version != 0 => Read::Reject(Rcode::BADVERS),
        Some(edns) if !readable && edns.cookie.is_some() => Read::CookieOnly,
        _ if !readable => Read::Reject(Rcode::FORMERR),
        _ => Read::Query,
    }
}
