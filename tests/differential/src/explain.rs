//! Why Meridian may say what neither NSD nor Knot says: one reason for each kind of difference, each with the
//! section of the RFC that leaves the choice. A reason holds for as little as it can.

use domain::base::iana::Rtype;

use crate::compare::{Case, Facet, Way};
use crate::name::Name;
use crate::reply::{ADDITIONAL, ANSWER, AUTHORITY, Record, Reply};
use crate::world::Zone;

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

/// Aliases that Meridian follows for one question.
const FOLLOWED: usize = 16;

use Facet as F;

/// All reasons; the first that holds counts.
pub const REASONS: &[Reason] = &[
    Reason {
        title: "what a truncated reply still holds; asked again over TCP",
        source: "RFC 2181 §9",
        facets: &[F::Answer, F::Authority, F::Additional],
        holds: |case| case.way == Way::Datagram && case.replies().iter().any(|reply| reply.truncated),
    },
    Reason {
        title: "an alias leads into another zone; asked again over TCP, and followed",
        source: "RFC 1034 §4.3.2 step 3a",
        facets: &[F::Code, F::Answer, F::Authority, F::Additional],
        holds: |case| case.way == Way::Ahead,
    },
    Reason {
        title: "what an alias leads to in another zone does not fit",
        source: "RFC 2181 §9",
        facets: &[F::Truncated],
        holds: |case| case.way == Way::Ahead && does_not_fit(case),
    },
    Reason {
        title: "addresses of servers below the cut do not fit",
        source: "RFC 9471 §3.1",
        facets: &[F::Truncated],
        holds: |case| case.meridian.is_referral() && does_not_fit(case) && lacks_glue(case),
    },
    Reason {
        title: "addresses of servers elsewhere do not fit, and the reply is whole without them",
        source: "RFC 9471 §3.2",
        facets: &[F::Truncated],
        holds: |case| {
            let others = [case.nsd, case.knot].iter().all(|reply| reply.truncated);
            case.meridian.is_referral() && others && is_full(case) && !lacks_glue(case)
        },
    },
    Reason {
        title: "which addresses of servers elsewhere still fit",
        source: "RFC 9471 §3.2",
        facets: &[F::Additional],
        holds: |case| case.meridian.is_referral() && is_full(case) && !lacks_glue(case) && all_true(case),
    },
    Reason {
        title: "the chain of aliases is longer than Meridian follows",
        source: "RFC 1034 §5.2.2",
        facets: &[F::Code, F::Answer, F::Authority, F::Additional],
        holds: |case| links(case.meridian) == FOLLOWED && (goes_on(case) || ends_early(case)),
    },
    Reason {
        title: "the alias of a name that leads to itself is told once",
        source: "RFC 2181 §5",
        facets: &[F::Answer],
        holds: |case| repeats(case, case.nsd) || repeats(case, case.knot),
    },
    Reason {
        title: "ANY is answered by one HINFO",
        source: "RFC 8482 §4.2",
        facets: &[F::Answer, F::Authority, F::Additional, F::Truncated],
        holds: |case| case.question.rtype == Rtype::ANY && is_minimal_any(case.meridian),
    },
    Reason {
        title: "ANY ends at the first alias",
        source: "RFC 8482 §4.1, RFC 1034 §4.3.2 step 3a",
        facets: &[F::Code, F::Answer, F::Authority, F::Additional],
        holds: |case| case.question.rtype == Rtype::ANY && ends_at_first_alias(case),
    },
    Reason {
        title: "a DNAME at a wildcard is the literal name's alone",
        source: "RFC 6672 §3.3, RFC 4592 §4.4",
        facets: &[F::Code, F::Authoritative, F::Answer, F::Authority, F::Additional],
        holds: disputed_wildcard_dname,
    },
    Reason {
        title: "which addresses come along; all of them are true",
        source: "RFC 1035 §3.3.9, RFC 2782, RFC 9460 §4.1",
        facets: &[F::Additional],
        holds: |case| !case.meridian.is_referral() && all_true(case),
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

/// Whether Meridian ends at its first alias, and one of the others goes on from there.
fn ends_at_first_alias(case: &Case) -> bool {
    let last = case.meridian.sections[ANSWER].last();
    links(case.meridian) == 1
        && last.is_some_and(|last| last.rtype == Rtype::CNAME)
        && (goes_on(case) || ends_early(case))
}

/// Whether a DNAME at a wildcard is told of, at its own name or at one that it was taken to stand for, and the others
/// do not agree on it either.
fn disputed_wildcard_dname(case: &Case) -> bool {
    let literal = |name: &Name| case.world.zone_of(name).is_some_and(|zone| zone.has(name, Rtype::DNAME));
    let strange = |record: &Record| {
        record.rtype == Rtype::DNAME && (record.owner.is_wildcard() || !literal(&record.owner))
    };
    let told = case.replies().iter().any(|reply| reply.sections[ANSWER].iter().any(strange));
    told && [Facet::Code, Facet::Answer].iter().any(|facet| !facet.same(case.nsd, case.knot))
}

/// Whether an address record stands in a zone, and a record before it leads to its owner.
fn is_true(case: &Case, record: &Record) -> bool {
    let there = |set: &crate::world::Set| set.ttl == record.ttl && set.data.contains(&record.text);
    let mut sets = case.world.zones.iter().filter_map(|zone| zone.at(&record.owner)?.get(&record.rtype));
    let wire = record.owner.wire();
    // RFC 9460 §2.5.2: where the root stands for a target, that is the record's owner.
    let is_own = |other: &Record| {
        matches!(other.rtype, Rtype::SVCB | Rtype::HTTPS)
            && other.owner == record.owner
            && other.data.get(2) == Some(&0)
    };
    let leads = |other: &Record| is_own(other) || other.data.windows(wire.len()).any(|window| window == wire);
    matches!(record.rtype, Rtype::A | Rtype::AAAA)
        && sets.any(there)
        && [ANSWER, AUTHORITY].iter().any(|section| case.meridian.sections[*section].iter().any(leads))
}

/// Whether all additional records of Meridian's stand in a zone, and a record before leads there.
fn all_true(case: &Case) -> bool {
    case.meridian.sections[ADDITIONAL].iter().all(|record| is_true(case, record))
}

/// Whether Meridian left out an address RRset that the cut's zone has of a server, of which not one has room any more
/// in a whole reply.
fn is_full(case: &Case) -> bool {
    let Some(zone) = cut_zone(case) else { return false };
    let room = usize::from(case.question.payload.unwrap_or(512)).saturating_sub(case.meridian.octets);
    let left_out = servers(case.meridian).flat_map(|name| {
        let told = |rtype| {
            case.meridian.sections[ADDITIONAL]
                .iter()
                .any(|record| record.owner == name && record.rtype == rtype)
        };
        let set = |rtype| zone.at(&name)?.get(&rtype);
        let octets =
            |(rtype, data)| set(rtype).filter(|_| !told(rtype)).map(|set| set.data.len() * (12 + data));
        [(Rtype::A, 4_usize), (Rtype::AAAA, 16)].into_iter().filter_map(octets).collect::<Vec<usize>>()
    });
    let left_out: Vec<usize> = left_out.collect();
    !left_out.is_empty() && !case.meridian.truncated && left_out.iter().all(|octets| *octets > room)
}

/// The first NS record of a referral.
fn cut(reply: &Reply) -> Option<&Record> {
    reply.sections[AUTHORITY].iter().find(|record| record.rtype == Rtype::NS)
}

/// The zone that Meridian's referral comes from.
fn cut_zone<'a>(case: &Case<'a>) -> Option<&'a Zone> {
    case.world.zone_above(&cut(case.meridian)?.owner)
}

/// The servers that a referral names.
fn servers(reply: &Reply) -> impl Iterator<Item = Name> + '_ {
    reply.sections[AUTHORITY].iter().filter_map(|record| Name::from_wire(&record.data))
}

/// Whether Meridian truncated what was indeed too long.
fn does_not_fit(case: &Case) -> bool {
    let datagram = matches!(case.way, Way::Datagram | Way::Ahead);
    datagram && case.meridian.truncated && case.whole > usize::from(case.question.payload.unwrap_or(512))
}

/// Whether an address of a server that stands below the cut was left out.
fn lacks_glue(case: &Case) -> bool {
    let reply = case.meridian;
    let (Some(cut), Some(zone)) = (cut(reply), cut_zone(case)) else { return false };
    let told = |name: &Name, rtype| {
        reply.sections[ADDITIONAL].iter().any(|record| record.owner == *name && record.rtype == rtype)
    };
    let left_out = |name: Name| {
        [Rtype::A, Rtype::AAAA].iter().any(|rtype| zone.has(&name, *rtype) && !told(&name, *rtype))
    };
    servers(reply).filter(|name| name.is_in(&cut.owner)).any(left_out)
}

/// How many aliases a reply follows.
fn links(reply: &Reply) -> usize {
    reply.sections[ANSWER].iter().filter(|record| record.rtype == Rtype::CNAME).count()
}

/// Whether one of the others says what Meridian does, and then more.
fn goes_on(case: &Case) -> bool {
    let ours = &case.meridian.sections[ANSWER];
    let longer = |theirs: &Reply| {
        theirs.sections[ANSWER].len() > ours.len() && theirs.sections[ANSWER].starts_with(ours)
    };
    longer(case.nsd) || longer(case.knot)
}

/// Whether one of the others says what Meridian does, but the last record twice.
fn repeats(case: &Case, theirs: &Reply) -> bool {
    let [first @ .., last] = &theirs.sections[ANSWER][..] else { return false };
    first == case.meridian.sections[ANSWER] && first.last() == Some(last) && last.data == last.owner.wire()
}

/// Whether Meridian says nothing of where its last alias leads, but one of the others does.
fn ends_early(case: &Case) -> bool {
    let silent = |reply: &Reply| reply.code == 0 && reply.sections[AUTHORITY].is_empty();
    let same = |theirs: &Reply| Facet::Answer.same(case.meridian, theirs) && !silent(theirs);
    silent(case.meridian) && (same(case.nsd) || same(case.knot))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table is for people: no reason twice, each with the RFC that leaves the choice, each about something.
    #[test]
    fn every_reason_has_its_source() {
        for (at, reason) in REASONS.iter().enumerate() {
            assert!(reason.source.starts_with("RFC ") && reason.source.contains('§'), "{reason:?}");
            assert!(!reason.facets.is_empty() && !REASONS[..at].contains(reason), "{reason:?}");
        }
    }

    /// These may never differ, whatever the reason.
    #[test]
    fn nothing_explains_flags_question_and_opt() {
        let barred = [Facet::Flags, Facet::Question, Facet::Opt];
        assert!(REASONS.iter().all(|reason| barred.iter().all(|facet| !reason.facets.contains(facet))));
    }
}
