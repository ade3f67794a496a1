//! Wrong replies on purpose: whatever the comparison does not notice in them, it would not notice in Meridian's.

use anyhow::{Result, ensure};
use domain::base::iana::Rtype;

use crate::compare::{Case, Facet, Verdict, unexplained};
use crate::reply::{ADDITIONAL, ANSWER, AUTHORITY, Record, Reply};

/// One way to be wrong.
pub struct Spoiler {
    /// Where it shows.
    pub facet: Facet,
    /// What is done.
    pub title: &'static str,
    /// Does it, if there is anything in the reply that can be wrong in this way.
    spoil: fn(&mut Reply),
}

use Facet as F;

/// All of them.
pub const SPOILERS: &[Spoiler] = &[
    Spoiler { facet: F::Code, title: "another code", spoil: |reply| reply.code ^= 1 },
    Spoiler { facet: F::Authoritative, title: "the other AA", spoil: |reply| reply.authoritative ^= true },
    Spoiler { facet: F::Truncated, title: "the other TC", spoil: |reply| reply.truncated ^= true },
    Spoiler { facet: F::Flags, title: "RA", spoil: |reply| reply.flags.push_str(" ra") },
    Spoiler { facet: F::Question, title: "letter case", spoil: |reply| reply.question[1] ^= 0x20 },
    Spoiler { facet: F::Answer, title: "a record less", spoil: |reply| drop(reply.sections[ANSWER].pop()) },
    Spoiler { facet: F::Answer, title: "a record twice", spoil: |reply| twice(reply, ANSWER) },
    Spoiler {
        facet: F::Answer,
        title: "a TTL",
        spoil: |reply| touch(reply, ANSWER, |record| record.ttl += 1),
    },
    Spoiler {
        facet: F::Answer,
        title: "an octet",
        spoil: |reply| touch(reply, ANSWER, |record| record.data.push(0)),
    },
    Spoiler { facet: F::Answer, title: "a chain turned round", spoil: turn_round },
    Spoiler {
        facet: F::Authority,
        title: "a record less",
        spoil: |reply| drop(reply.sections[AUTHORITY].pop()),
    },
    Spoiler {
        facet: F::Authority,
        title: "a TTL",
        spoil: |reply| touch(reply, AUTHORITY, |record| record.ttl += 1),
    },
    Spoiler { facet: F::Authority, title: "a record twice", spoil: |reply| twice(reply, AUTHORITY) },
    Spoiler {
        facet: F::Authority,
        title: "an octet",
        spoil: |reply| touch(reply, AUTHORITY, |record| record.data.push(0)),
    },
    Spoiler {
        facet: F::Additional,
        title: "a TTL",
        spoil: |reply| touch(reply, ADDITIONAL, |record| record.ttl += 1),
    },
    Spoiler {
        facet: F::Additional,
        title: "an address",
        spoil: |reply| touch(reply, ADDITIONAL, other_address),
    },
    Spoiler { facet: F::Opt, title: "no OPT, or one", spoil: |reply| reply.opt = spoiled_opt(reply) },
];

fn twice(reply: &mut Reply, section: usize) {
    let last = reply.sections[section].last().cloned();
    reply.sections[section].extend(last);
}

fn touch(reply: &mut Reply, section: usize, spoil: fn(&mut Record)) {
    reply.sections[section].last_mut().into_iter().for_each(spoil);
}

fn other_address(record: &mut Record) {
    record.text.push('1');
    record.data[0] ^= 1;
}

/// Only chains have an order.
fn turn_round(reply: &mut Reply) {
    let aliases = reply.sections[ANSWER].iter().filter(|record| record.rtype == Rtype::CNAME);
    if aliases.count() > 1 {
        reply.sections[ANSWER].reverse();
    }
}

fn spoiled_opt(reply: &Reply) -> Option<crate::reply::Opt> {
    match reply.opt {
        Some(_) => None,
        None => Some(crate::reply::Opt { version: 0, payload: 1232 }),
    }
}

/// What was taken for the reason of a difference that was made on purpose.
fn why(verdicts: &[(Facet, Verdict)], facet: Facet) -> String {
    let verdict = verdicts.iter().find(|(other, _)| *other == facet).map(|(_, verdict)| verdict);
    match verdict {
        Some(Verdict::Explained(reason)) => format!("explained as '{}'", reason.title),
        Some(Verdict::Sides(server)) => format!("as {server:?}"),
        _ => "no difference was seen".into(),
    }
}

/// Spoils Meridian's reply of a case on which all agree, in every way; gives how many there were. An error
/// tells what went unnoticed.
pub fn spoil(case: &Case) -> Result<usize> {
    let mut noticed = 0;
    // What a truncated reply still holds is nobody's concern: the question is asked again by TCP.
    let is_open =
        |facet| case.meridian.truncated && matches!(facet, F::Answer | F::Authority | F::Additional);
    for spoiler in SPOILERS.iter().filter(|spoiler| !is_open(spoiler.facet)) {
        let mut wrong = case.meridian.clone();
        (spoiler.spoil)(&mut wrong);
        if wrong != *case.meridian {
            let verdicts = Case { meridian: &wrong, ..*case }.judge();
            let (facet, title) = (spoiler.facet.title(), spoiler.title);
            ensure!(
                unexplained(&verdicts).contains(&spoiler.facet),
                "{}: {title} ({facet}) goes unnoticed: {}",
                case.question,
                why(&verdicts, spoiler.facet)
            );
            noticed += 1;
        }
    }
    Ok(noticed)
}
