//! A query's header and question, read without trust.

use super::edns::Edns;
use crate::telemetry::DropWhy;
use crate::zone::table::Asked;

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
    /// The name that a DNAME leads to is too long (RFC 6672 §2.2).
    pub const YXDOMAIN: Rcode = Rcode(6);
    /// The EDNS version is unknown (RFC 6891 §6.1.3).
    pub const BADVERS: Rcode = Rcode(16);
}

/// Octets of a header.
pub const HEADER: usize = 12;

/// What is asked. The name is in lower case; its own letter case stays in the frame.
#[derive(Clone, Debug, Default)]
pub struct Question {
    /// The name.
    pub asked: Asked,
    /// The type asked for.
    pub qtype: u16,
    /// The class asked for.
    pub qclass: u16,
}

impl Question {
    /// Octets of the question in the query: name, type and class.
    pub fn octets(&self) -> usize {
        self.asked.name().len() + 4
    }

    /// Reads the question that follows the header. Compression has nothing to point to there. `frame` may go on
    /// behind the query's `length` octets.
    #[inline]
    fn read(&mut self, frame: &[u8], length: usize) -> Option<()> {
        self.asked.read(frame.get(HEADER..)?)?;
        let end = HEADER + self.octets();
        let fixed = frame.get(..end).filter(|_| end <= length)?.last_chunk::<4>()?;
        self.qtype = u16::from_be_bytes([fixed[0], fixed[1]]);
        self.qclass = u16::from_be_bytes([fixed[2], fixed[3]]);
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

/// Reads a query into a question and EDNS; says whether the question was readable. The query is the first `length`
/// octets of the frame.
//
// header               opcode  QDCOUNT  then
// shorter than 12      any     any      drop
// QR set               any     any      drop (RFC 9267 §7: loops)
// ok                   not 0   any      NOTIMP
// ok                   0       0        a cookie, else FORMERR
// ok                   0       1        read on
// ok                   0       more     FORMERR (RFC 9619)
pub fn read(frame: &[u8], length: usize, question: &mut Question, edns: &mut Option<Edns>) -> (Read, bool) {
    let query = &frame[..length.min(frame.len())];
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
        1 if question.read(frame, query.len()).is_some() => HEADER + question.octets(),
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
