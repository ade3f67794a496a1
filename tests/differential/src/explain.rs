//! Why Meridian may say what neither NSD nor Knot says: one reason for each kind of difference, each with the
//! section of the RFC that leaves the choice. A reason holds for as little as it can.

use domain::base::iana::Rtype;

use crate::compare::{Case, Facet};
use crate::reply::{ADDITIONAL, ANSWER, AUTHORITY, Record, Reply};

/// Why a difference is none.
#[derive(Debug)]
pub struct Reason {
    /// In a few words, for the table of counts.
    pub title: &'static str,
    /// Where the choice is left, or made.
    pub source: &'static str,
    /// What it is about.
    pub facets: &'static [Facet],
    holds: fn(&Case) -> bool,
}

/// Reasons are told apart by their titles.
impl PartialEq for Reason {
    fn eq(&self, other: &Reason) -> bool {
        self.title == other.title
    }
}

use Facet as F;

/// All reasons; the first that holds counts.
pub const REASONS: &[Reason] = &[
    Reason {
        title: "what a truncated reply still holds; asked again over TCP",
        source: "RFC 2181 §9",
        facets: &[F::Answer, F::Authority, F::Additional],
        holds: |case| !case.stream && case.replies().iter().any(|reply| reply.truncated),
    },
    Reason {
        title: "ANY is answered by one HINFO",
        source: "RFC 8482 §4.2",
        facets: &[F::Answer, F::Authority, F::Additional, F::Truncated],
        holds: |case| case.question.rtype == Rtype::ANY && is_minimal_any(case.meridian),
    },
    Reason {
        title: "which addresses come along; all of them are true",
        source: "RFC 1035 §3.3.9, RFC 2782, RFC 9460 §4.1",
        facets: &[F::Additional],
        holds: |case| !case.meridian.is_referral() && case.meridian.sections[ADDITIONAL].iter().all(|record| is_true(case, record)),
    },
];

/// The reason for a difference in a facet.
pub fn reason(case: &Case, facet: Facet) -> Option<&'static Reason> {
    REASONS.iter().find(|reason| reason.facets.contains(&facet) && (reason.holds)(case))
}

fn is_minimal_any(reply: &Reply) -> bool {
    let [only] = &reply.sections[ANSWER][..] else { return false };
    only.rtype == Rtype::HINFO && only.data == *b"\x07RFC8482\0" && reply.sections[AUTHORITY].is_empty()
}

/// Whether an address record stands in a zone, and a record before it leads to its owner.
fn is_true(case: &Case, record: &Record) -> bool {
    let there = |set: &crate::world::Set| set.ttl == record.ttl && set.data.contains(&record.text);
    let mut sets = case.world.zones.iter().filter_map(|zone| zone.at(&record.owner)?.get(&record.rtype));
    let wire = record.owner.wire();
    let leads = |other: &Record| other.data.windows(wire.len()).any(|window| window == wire);
    matches!(record.rtype, Rtype::A | Rtype::AAAA)
        && sets.any(there)
        && case.meridian.sections[ANSWER].iter().any(leads)
}
