//! Aliases that lead from one served zone into another.
//!
//! Meridian goes on there, as RFC 1034 §4.3.2 step 3a has it; NSD does so for some, and Knot leaves it to the
//! resolver. So both are asked what a resolver would ask next, and their replies put one after the other: that is
//! what Meridian has to say at once.

use std::io;

use domain::base::iana::Rtype;

use crate::ask::Asker;
use crate::name::Name;
use crate::question::Question;
use crate::reply::{ANSWER, Reply};
use crate::world::World;

/// The most replies that are put one after the other: more than anybody follows aliases.
const MOST: usize = 40;

/// Where a reply ends in an alias that leads to a name of any zone that is served.
pub fn next(world: &World, question: &Question, reply: &Reply) -> Option<Name> {
    let last = reply.sections[ANSWER].last().filter(|last| last.rtype == Rtype::CNAME)?;
    let target = Name::from_wire(&last.data)?;
    let wanted = !matches!(question.rtype, Rtype::CNAME | Rtype::ANY);
    let seen = target == question.name || reply.sections[ANSWER].iter().any(|record| record.owner == target);
    (wanted && !seen && reply.code == 0 && world.zone_of(&target).is_some()).then_some(target)
}

/// What a server says in all, over streams, if its aliases are followed; nothing if there are none to follow.
pub fn follow(world: &World, question: &Question, asker: &Asker, reply: &Reply) -> io::Result<Option<Reply>> {
    let mut whole = reply.clone();
    for _ in 0..MOST {
        let Some(target) = next(world, question, &whole) else { break };
        let then = Question { wire: target.wire(), name: target, ..question.clone() };
        let octets = asker.stream(&then)?;
        let more = Reply::read(&octets).map_err(|error| io::Error::other(format!("{then}: {error:#}")))?;
        append(&mut whole, more);
    }
    Ok((whole != *reply).then_some(whole))
}

/// The later reply's records and code; the first one's header (RFC 1035 §4.1.1: AA is about the name asked for).
fn append(whole: &mut Reply, more: Reply) {
    let [answer, authority, additional] = more.sections;
    let told = std::mem::take(&mut whole.sections[ANSWER]);
    let new: Vec<_> = answer.into_iter().filter(|record| !told.contains(record)).collect();
    whole.sections = [[told, new].concat(), authority, additional];
    whole.code = more.code;
}
