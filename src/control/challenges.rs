//! ACME challenges: what a certificate authority is to find at a steered name (RFC 8555 §8.4).
//!
//! They are part of the snapshot, not of the world: setting one swaps the pointer for a snapshot of the same world,
//! the same live words and the same tallies. Whoever hears "yes" finds the values served on this node.

use std::sync::Arc;
use std::time::SystemTime;

use tracing::info;

use super::handle::{ChallengeWish, Refusal, WishedValues};
use super::state::{Command, Revised, State};
use super::task::Control;
use crate::model::{Challenge, Name};
use crate::snapshot::{Challenges, World};
use crate::zone::rtype;
use crate::zone::table::{Asked, EntryId, Found, Steers};

/// Those in force, as queries look them up.
pub fn challenges_of(state: &State, now: SystemTime) -> Challenges {
    Challenges::new(state.challenges(now).map(|revised| Arc::clone(&revised.word)))
}

impl Control {
    /// Stored first, then applied, then published.
    pub(super) fn challenge(
        &mut self,
        wish: ChallengeWish,
    ) -> Result<Option<Revised<Arc<Challenge>>>, Refusal> {
        let now = (self.clock)();
        let is_set = self.state.challenge(&wish.name, now).is_some();
        if wish.values.is_some() || !is_set {
            fits(&self.shared.load().world, &wish.name)?;
        }
        let ChallengeWish { name, values, who } = wish;
        let command = match values {
            Some(values) => Command::Challenge(Arc::new(self.wanted(&name, values, who, now)?)),
            // Clearing what nobody set is done already: idempotent, and not worth a revision.
            None if !is_set => return Ok(None),
            None => Command::Clear { name: name.clone(), who, at: now },
        };
        self.carry_out(&command, now)?;
        self.publish_challenges(now);
        Ok(self.state.challenge(&name, now).cloned())
    }

    /// The challenge that a wish comes to, with the values that stay.
    fn wanted(
        &self,
        name: &Name,
        wished: WishedValues,
        who: String,
        now: SystemTime,
    ) -> Result<Challenge, Refusal> {
        let (current, most) = (self.state.challenge(name, now), Challenge::MOST_NAMES);
        if current.is_none() && self.state.challenges(now).count() >= most {
            let text = format!("{most} names have challenges already; clear some, or wait for their ends");
            return Err(Refusal::Full(text));
        }
        let kept = current.filter(|_| wished.add).map(|revised| revised.word.values.clone());
        let mut values = kept.unwrap_or_default();
        let kept = values.len();
        for value in wished.values {
            if !values.contains(&value) {
                values.push(value);
            }
        }
        if values.len() > Challenge::MOST_VALUES {
            let (new, most) = (values.len() - kept, Challenge::MOST_VALUES);
            let text =
                format!("'{name}' has {kept} values already, and {new} more are too many; {most} may be");
            return Err(Refusal::Full(text));
        }
        Ok(Challenge { name: name.clone(), values, who, since: now, until: wished.until })
    }

    /// All challenges in force, in the order of names.
    pub(super) fn challenges(&self) -> Vec<Revised<Arc<Challenge>>> {
        self.state.challenges((self.clock)()).cloned().collect()
    }

    /// Takes out of the snapshot what counts no more. Queries see ends by themselves; this gives the memory back.
    pub(super) fn end_challenges(&mut self, now: SystemTime) {
        if self.shared.load().challenges.have_ended(now) {
            info!("a challenge ended");
            self.publish_challenges(now);
        }
    }

    fn publish_challenges(&mut self, now: SystemTime) {
        let next = self.shared.load().with(challenges_of(&self.state, now));
        self.totals.retire(self.shared.swap(Arc::new(next)));
    }
}

/// Whether values for a name would be of use, and be seen.
fn fits(world: &World, name: &Name) -> Result<(), Refusal> {
    if !is_steered(world, name) {
        let names = world.written.iter().flat_map(|service| &service.names);
        let known = names.map(|(name, _)| name.to_string()).collect();
        return Err(Refusal::Unsteered { name: name.clone(), known });
    }
    let unseen = |owner: Name, why: String| Err(Refusal::Unseen { owner, why });
    let Some(owner) = Challenge::owner(name) else {
        return unseen(name.clone(), "is too long a name to put '_acme-challenge' before it".into());
    };
    match find(world, &owner) {
        Found::Cut(cut) => {
            let cut = shown(world, cut);
            unseen(owner, format!("is delegated at '{cut}'; set the values on the servers there"))
        }
        Found::Node(node)
            if world.names.name(node) == owner.as_wire()
                && world.names.rrset(node, rtype::CNAME).is_some() =>
        {
            let cure = "set the values for the name that it leads to, or take the CNAME away";
            unseen(owner, format!("is an alias in its zone file; {cure}"))
        }
        Found::Node(node) if matches!(world.names.steers(node), Some(Steers::Alias(_))) => {
            unseen(owner, "is answered with another name (cname); set the values for that name".to_owned())
        }
        Found::Dname(dname) => {
            let dname = shown(world, dname);
            unseen(
                owner,
                format!("is below the DNAME '{dname}'; set the values for the name that it leads to"),
            )
        }
        Found::Node(_) | Found::Missing(_) | Found::Outside => Ok(()),
    }
}

/// Whether a service answers the name, or everything directly below it.
fn is_steered(world: &World, name: &Name) -> bool {
    let is_service =
        |entry: EntryId| matches!(world.names.steers(entry), Some(Steers::Service(_) | Steers::Alias(_)));
    let wildcard = || world.names.lookup(&[b"\x01*", name.as_wire()].concat());
    matches!(find(world, name), Found::Node(entry) if is_service(entry)) || wildcard().is_some_and(is_service)
}

fn find(world: &World, name: &Name) -> Found {
    Asked::of(name.as_wire()).map_or(Found::Outside, |asked| world.names.find(&asked, false))
}

fn shown(world: &World, entry: EntryId) -> String {
    Name::from_wire(world.names.name(entry)).map_or_else(String::new, |name| name.to_string())
}
