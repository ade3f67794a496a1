//! Three replies to one question, facet by facet.
//!
//! ```text
//! NSD = Knot   Meridian           verdict
//! yes          as both            agrees
//! no           as one of them     sides with it
//! any          as neither         a reason of [`crate::explain`], or unexplained
//! ```

use domain::base::iana::Rtype;

use crate::explain::{self, Reason};
use crate::question::Question;
use crate::reply::{ADDITIONAL, ANSWER, AUTHORITY, Record, Reply};
use crate::servers::Server;
use crate::world::World;

/// What is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Facet {
    /// The code
    Code,
    /// AA
    Authoritative,
    /// TC
    Truncated,
    /// QR, opcode, RD, RA, AD, CD
    Flags,
    /// The question, with its letter case
    Question,
    /// Records in any order, but aliases in theirs
    Answer,
    /// Records in any order
    Authority,
    /// Records in any order, without OPT
    Additional,
    /// Presence, version, payload
    Opt,
}

impl Facet {
    /// All, in the order of a message.
    pub const ALL: [Facet; 9] = [
        Facet::Code,
        Facet::Authoritative,
        Facet::Truncated,
        Facet::Flags,
        Facet::Question,
        Facet::Answer,
        Facet::Authority,
        Facet::Additional,
        Facet::Opt,
    ];

    /// As reports call it.
    pub fn title(self) -> &'static str {
        match self {
            Facet::Code => "code",
            Facet::Authoritative => "AA",
            Facet::Truncated => "TC",
            Facet::Flags => "flags",
            Facet::Question => "question",
            Facet::Answer => "answer",
            Facet::Authority => "authority",
            Facet::Additional => "additional",
            Facet::Opt => "OPT",
        }
    }

    /// The section it is, if it is one.
    pub fn section(self) -> Option<usize> {
        match self {
            Facet::Answer => Some(ANSWER),
            Facet::Authority => Some(AUTHORITY),
            Facet::Additional => Some(ADDITIONAL),
            _ => None,
        }
    }

    /// Whether two replies are alike in it.
    pub fn same(self, one: &Reply, other: &Reply) -> bool {
        match self {
            Facet::Code => one.code == other.code,
            Facet::Authoritative => one.authoritative == other.authoritative,
            Facet::Truncated => one.truncated == other.truncated,
            Facet::Flags => one.flags == other.flags,
            Facet::Question => one.question == other.question,
            Facet::Answer => {
                same_records(&one.sections[ANSWER], &other.sections[ANSWER])
                    && aliases(&one.sections[ANSWER]).eq(aliases(&other.sections[ANSWER]))
            }
            Facet::Authority => same_records(&one.sections[AUTHORITY], &other.sections[AUTHORITY]),
            Facet::Additional => same_records(&one.sections[ADDITIONAL], &other.sections[ADDITIONAL]),
            Facet::Opt => one.opt == other.opt,
        }
    }
}

/// Whether both hold the same records, each as often.
fn same_records(one: &[Record], other: &[Record]) -> bool {
    one == other || (one.len() == other.len() && sorted(one) == sorted(other))
}

/// The records, in an order that depends on nothing but them.
pub fn sorted(records: &[Record]) -> Vec<&Record> {
    let mut sorted: Vec<&Record> = records.iter().collect();
    sorted.sort();
    sorted
}

/// The links of a chain, whose order resolvers follow.
fn aliases(records: &[Record]) -> impl Iterator<Item = &Record> {
    records.iter().filter(|record| matches!(record.rtype, Rtype::CNAME | Rtype::DNAME))
}

/// How a question was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// By datagram.
    Datagram,
    /// By datagram, and a reply ends in an alias to another zone: it will be [`Way::Followed`].
    Ahead,
    /// By stream, because a datagram was truncated.
    Stream,
    /// By stream, aliases to other zones followed for those servers that do not (see [`crate::follow`]).
    Followed,
}

impl Way {
    /// As reports call it.
    pub fn title(self) -> &'static str {
        match self {
            Way::Datagram | Way::Ahead => "UDP",
            Way::Stream => "TCP",
            Way::Followed => "TCP, aliases followed",
        }
    }
}

/// One question and its replies.
pub struct Case<'a> {
    /// What all servers serve.
    pub world: &'a World,
    /// What was asked.
    pub question: &'a Question,
    /// How it was asked.
    pub way: Way,
    /// How many octets our reply has by stream, if that was asked for; else 0.
    pub whole: usize,
    /// Ours.
    pub meridian: &'a Reply,
    /// NLnet Labs'.
    pub nsd: &'a Reply,
    /// CZ.NIC's.
    pub knot: &'a Reply,
}

/// What comes of one facet.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Verdict {
    /// All three say the same.
    Agrees,
    /// The others differ, and Meridian says what this one says.
    Sides(Server),
    /// Meridian differs from both, for a reason.
    Explained(&'static Reason),
    /// Meridian differs from both.
    Unexplained,
}

impl Case<'_> {
    /// The verdict on every facet.
    pub fn judge(&self) -> Vec<(Facet, Verdict)> {
        Facet::ALL.iter().map(|facet| (*facet, self.verdict(*facet))).collect()
    }

    fn verdict(&self, facet: Facet) -> Verdict {
        let as_nsd = facet.same(self.meridian, self.nsd);
        let as_knot = facet.same(self.meridian, self.knot);
        match (as_nsd, as_knot) {
            (true, true) => Verdict::Agrees,
            (true, false) => Verdict::Sides(Server::Nsd),
            (false, true) => Verdict::Sides(Server::Knot),
            (false, false) => explain::reason(self, facet).map_or(Verdict::Unexplained, Verdict::Explained),
        }
    }

    /// Meridian's, NSD's and Knot's, in this order.
    pub fn replies(&self) -> [&Reply; 3] {
        [self.meridian, self.nsd, self.knot]
    }
}

/// The facets that nothing explains.
pub fn unexplained(verdicts: &[(Facet, Verdict)]) -> Vec<Facet> {
    verdicts.iter().filter(|(_, verdict)| *verdict == Verdict::Unexplained).map(|(facet, _)| *facet).collect()
}

#[cfg(test)]
mod tests;
