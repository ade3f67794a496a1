//! What control tells of what it does: each change becomes an event.

use std::collections::HashMap;
use std::time::SystemTime;

use tracing::info;

use super::events::{About, Turn, What};
use super::state::Command;
use super::task::Control;
use super::words::Stored;
use crate::health::{Change, Whose};
use crate::model::{EndpointId, Family, PassiveRule, Subject, Target};
use crate::snapshot::{Snapshot, World};
use crate::steer::Tier;

impl Control {
    /// Notes an event and tells it to whoever listens.
    pub(super) fn publish(&mut self, about: About, what: What) {
        let now = (self.clock)();
        self.journal.note(now, about, what);
    }

    /// A verdict moved.
    pub(super) fn publish_transition(&mut self, target: &Target, change: &Change) {
        self.counts.transition(change.from, change.to);
        let about = self.plan.about.get(target).map_or(&[][..], Vec::as_slice);
        let about = about_endpoints(&self.shared.load().world, about);
        let (target, reason) = (target.to_string(), change.why.to_string());
        self.publish(about, What::Transition { target, from: change.from, to: change.to, reason });
    }

    /// Words were stored: some may stand in another tier.
    pub(super) fn publish_tiers(&mut self, world: &World, stored: &[Stored]) {
        for Stored { id, family, before, after } in stored {
            if let Some((service, position)) = world.endpoint(*id).filter(|_| before.tier != after.tier) {
                let region = &world.regions[service.endpoints[position].region.index()].name;
                self.publish_tier((&service.name, region, *family), before.tier, after.tier);
            }
        }
    }

    /// A new world is in force: what is in both may stand in another tier.
    pub(super) fn publish_moved_tiers(&mut self, old: &Snapshot, new: &Snapshot) {
        let before: HashMap<_, _> = tiers(old).collect();
        let moved = tiers(new).filter_map(|(place, to)| Some((place, *before.get(&place)?, to)));
        for (place, from, to) in moved.filter(|(_, from, to)| from != to) {
            self.publish_tier(place, from, to);
        }
    }

    fn publish_tier(&mut self, (service, region, family): (&str, &str, Family), from: Tier, to: Tier) {
        let about = about_one(service, region);
        let (service, region) = (service.to_owned(), region.to_owned());
        self.publish(about, What::Endpoint { service, region, family, from, to });
    }

    /// An operator's word was carried out.
    pub(super) fn publish_command(&mut self, command: &Command) {
        let said = |subject: &Subject, turn, who: &str, word| {
            let who = Some(who.to_owned());
            What::Override { subject: subject.clone(), turn, who, word }
        };
        match command {
            Command::Set { subject, word } => {
                let what = said(subject, Turn::Set, &word.who, Some(word.clone()));
                self.publish(self.about(subject), what);
            }
            Command::Lift { subject, who, .. } => {
                self.publish(self.about(subject), said(subject, Turn::Lifted, who, None));
            }
            Command::Challenge(challenge) => {
                let (name, who) = (challenge.name.clone(), challenge.who.clone());
                self.publish(About::default(), What::Challenge { name, turn: Turn::Set, who });
            }
            Command::Park { subject, parked } => {
                let what = What::Parked { subject: subject.clone(), reason: parked.reason.clone() };
                self.publish(self.about(subject), what);
            }
            Command::RollBack { subject, word } => {
                let what = What::RolledBack { subject: subject.clone(), word: word.clone() };
                self.publish(self.about(subject), what);
            }
            Command::Resume { subject, who, reason, .. } => {
                let (who, reason) = (who.clone(), reason.clone());
                self.publish(self.about(subject), What::Resumed { subject: subject.clone(), who, reason });
            }
            Command::Clear { name, who, .. } => {
                let (name, who) = (name.clone(), who.clone());
                self.publish(About::default(), What::Challenge { name, turn: Turn::Lifted, who });
            }
        }
    }

    /// A passive rule speaks against an endpoint, or does not any more.
    pub(super) fn publish_rule(
        &mut self,
        whose: &Whose,
        rule: PassiveRule,
        value: Option<f64>,
        speaks: bool,
    ) {
        let Whose { service, region } = whose.clone();
        let about = about_one(&service, &region);
        self.publish(about, What::Rule { service, region, rule, value, speaks });
    }

    /// An endpoint wishes to be sent nobody new, or does not any more.
    pub(super) fn publish_wish(&mut self, whose: &Whose, draining: bool) {
        let Whose { service, region } = whose.clone();
        self.publish(about_one(&service, &region), What::Wish { service, region, draining });
    }

    /// Words whose time was over by `now`.
    pub(super) fn publish_ends(&mut self, now: SystemTime) {
        while let Some((_, subject)) = self.ends.pop_front_if(|(end, _)| *end <= now) {
            info!(%subject, "an override ended");
            let about = self.about(&subject);
            self.publish(about, What::Override { subject, turn: Turn::Ended, who: None, word: None });
        }
    }

    pub(super) fn about(&self, subject: &Subject) -> About {
        let mut about = About::default();
        match subject {
            Subject::Endpoint { service, region } => about.add(service, region),
            Subject::Region(region) => {
                about.regions.push(region.clone());
                let world = &self.shared.load().world;
                for (_, service, position) in world.endpoints() {
                    let name = &world.regions[service.endpoints[position].region.index()].name;
                    if name == region {
                        about.add(&service.name, region);
                    }
                }
            }
        }
        about
    }
}

fn about_one(service: &str, region: &str) -> About {
    let mut about = About::default();
    about.add(service, region);
    about
}

fn about_endpoints(world: &World, ids: &[EndpointId]) -> About {
    let mut about = About::default();
    for (service, position) in ids.iter().filter_map(|id| world.endpoint(*id)) {
        about.add(&service.name, &world.regions[service.endpoints[position].region.index()].name);
    }
    about
}

/// Every endpoint and family that has addresses, by name, and its tier.
fn tiers(snapshot: &Snapshot) -> impl Iterator<Item = ((&str, &str, Family), Tier)> {
    snapshot.world.endpoints().flat_map(move |(id, service, position)| {
        let region = &snapshot.world.regions[service.endpoints[position].region.index()].name;
        Family::ALL.into_iter().filter_map(move |family| {
            let tier = snapshot.live[id.index() * 2 + family.index()].load().tier;
            (tier != Tier::Absent).then_some(((service.name.as_str(), region.as_str(), family), tier))
        })
    })
}
