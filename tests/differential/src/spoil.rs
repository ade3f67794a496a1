//! Wrong replies on purpose: whatever the comparison does not notice in them, it would not notice in Meridian's.

use anyhow::{Result, ensure};
use domain::base::iana::Rtype;

use crate::compare::{Case, Facet, unexplained};
use crate::reply::{ADDITIONAL, ANSWER, AUTHORITY, Record, Reply};

/// One way to be wrong: where it shows, and how; false if a reply has nothing that could be wrong in this way.
pub struct Spoiler {
    /// Where it shows.
    pub facet: Facet,
    /// What is done.
    pub title: &'static str,
    spoil: fn(&mut Reply) -> bool,
}

use Facet as F;

/// All of them.
pub const SPOILERS: &[Spoiler] = &[
    Spoiler { facet: F::Code, title: "another code", spoil: |reply| always(reply.code ^= 1) },
    Spoiler { facet: F::Authoritative, title: "the other AA", spoil: |reply| always(reply.authoritative ^= true) },
    Spoiler { facet: F::Truncated, title: "the other TC", spoil: |reply| always(reply.truncated ^= true) },
    Spoiler { facet: F::Flags, title: "RA", spoil: |reply| always(reply.flags.push_str(" ra")) },
    Spoiler { facet: F::Question, title: "letter case", spoil: |reply| always(reply.question[1] ^= 0x20) },
    Spoiler { facet: F::Answer, title: "a record less", spoil: |reply| reply.sections[ANSWER].pop().is_some() },
    Spoiler { facet: F::Answer, title: "a record twice", spoil: |reply| twice(&mut reply.sections[ANSWER]) },
    Spoiler { facet: F::Answer, title: "a TTL", spoil: |reply| touch(reply, ANSWER, |record| record.ttl += 1) },
    Spoiler { facet: F::Answer, title: "an octet", spoil: |reply| touch(reply, ANSWER, |record| record.data.push(0)) },
    Spoiler { facet: F::Answer, title: "a chain turned round", spoil: turn_round },
    Spoiler { facet: F::Authority, title: "a record less", spoil: |reply| reply.sections[AUTHORITY].pop().is_some() },
    Spoiler { facet: F::Authority, title: "a TTL", spoil: |reply| touch(reply, AUTHORITY, |record| record.ttl += 1) },
    Spoiler { facet: F::Additional, title: "a TTL", spoil: |reply| touch(reply, ADDITIONAL, |record| record.ttl += 1) },
    Spoiler { facet: F::Additional, title: "an address", spoil: |reply| touch(reply, ADDITIONAL, |record| record.text.push('1')) && touch(reply, ADDITIONAL, |record| record.data[0] ^= 1) },
    Spoiler { facet: F::Opt, title: "no OPT, or one", spoil: |reply| always(reply.opt = spoiled_opt(reply)) },
];

fn always(_done: ()) -> bool {
    true
}

fn twice(records: &mut Vec<Record>) -> bool {
    let last = records.last().cloned();
    let any = last.is_some();
    records.extend(last);
    any
}

fn touch(reply: &mut Reply, section: usize, spoil: fn(&mut Record)) -> bool {
    reply.sections[section].last_mut().map(spoil).is_some()
}

fn turn_round(reply: &mut Reply) -> bool {
    let aliases = |record: &&Record| record.rtype == Rtype::CNAME;
    let many = reply.sections[ANSWER].iter().filter(aliases).count() > 1;
    reply.sections[ANSWER].reverse();
    many
}

fn spoiled_opt(reply: &Reply) -> Option<crate::reply::Opt> {
    match reply.opt {
        Some(_) => None,
        None => Some(crate::reply::Opt { version: 0, payload: 1232 }),
    }
}

/// Spoils Meridian's reply of a case on which all agree, in every way; gives how many there were. An error
/// tells what went unnoticed.
pub fn spoil(case: &Case) -> Result<usize> {
    let mut noticed = 0;
    for spoiler in SPOILERS {
        let mut wrong = case.meridian.clone();
        if (spoiler.spoil)(&mut wrong) {
            let verdicts = Case { meridian: &wrong, ..*case }.judge();
            let (facet, title) = (spoiler.facet.title(), spoiler.title);
            ensure!(unexplained(&verdicts).contains(&spoiler.facet), "{}: {title} ({facet}) goes unnoticed", case.question);
            noticed += 1;
        }
    }
    Ok(noticed)
}
