//! `manual_resume`: an endpoint that fell is parked, out until an operator resumes it.
//!
//! ```text
//! was          is          then
//! fit, idle    failing     parked at once, in the log within a second
//! parked       well again  idle: answered when nothing fit or unknown is left
//! parked       resumed     as its verdicts say; where they say that it fails, it is parked again when it falls again
//! ```

use std::time::SystemTime;

use super::course::whose;
use super::handle::{Refusal, ResumeWish};
use super::state::{Command, Parked, Revised};
use super::task::Control;
use super::words::Stored;
use crate::health::Whose;
use crate::model::{EndpointId, Family, Subject};
use crate::snapshot::Snapshot;
use crate::steer::Tier;

impl Control {
    /// Notes who fell of those that are to stay out; gives those whose words change by it.
    pub(super) fn note_falls(&mut self, snapshot: &Snapshot, stored: &[Stored]) -> Vec<EndpointId> {
        let mut fallen = Vec::new();
        for Stored { id, family, before, after } in stored {
            let was_up = matches!(before.tier, Tier::Fit | Tier::Idle);
            let Some((service, position)) = snapshot.world.endpoint(*id) else { continue };
            if !(service.manual_resume && was_up && after.tier == Tier::Failing) {
                continue;
            }
            let whose = whose(&snapshot.world, service, position);
            let is_parked = self.state.parked(&whose.clone().subject()).is_some();
            if is_parked || self.course.fallen.contains_key(&whose) {
                continue;
            }
            let reason = self.why_failing(snapshot, *id, *family);
            self.course.fallen.insert(whose, (reason, (self.clock)()));
            fallen.push(*id);
        }
        fallen
    }

    /// Puts into the log who fell since the last time, all at once: a region that fails costs one write, and none of
    /// its verdicts waits for the disk.
    pub(super) fn park(&mut self) {
        if self.course.fallen.is_empty() {
            return;
        }
        let mut commands = Vec::new();
        for (whose, (reason, since)) in &self.course.fallen {
            let parked = Parked { since: *since, reason: reason.clone() };
            commands.push(Command::Park { subject: whose.clone().subject(), parked });
        }
        // While the disk fails they stay as they are, and it is tried again.
        if self.carry_out_all(&commands, (self.clock)()).is_ok() {
            self.course.fallen.clear();
        }
    }

    /// Lets an endpoint back in; whether it was out.
    pub(super) fn resume(&mut self, wish: ResumeWish) -> Result<bool, Refusal> {
        let ResumeWish { whose, who, reason, if_match } = wish;
        let subject = whose.subject();
        self.known(&subject)?;
        self.park();
        let current = self.state.parked(&subject).map_or(0, |parked| parked.revision);
        if let Some(asked) = if_match.filter(|asked| *asked != current) {
            return Err(Refusal::Revision { what: "parking", current, asked });
        }
        if current == 0 {
            return Ok(false);
        }
        let now = (self.clock)();
        self.carry_out(&Command::Resume { subject: subject.clone(), who, reason, at: now }, now)?;
        self.start_slowly(&subject, now);
        self.refold();
        Ok(true)
    }

    /// Whoever is well and was parked gets its clients back bit by bit, where its service wants it so.
    fn start_slowly(&mut self, subject: &Subject, now: SystemTime) {
        let snapshot = self.shared.load();
        let world = &snapshot.world;
        let mut endpoints = world.endpoints();
        let found = endpoints.find(|(_, service, at)| whose(world, service, *at).subject() == *subject);
        let Some((id, service, position)) = found.filter(|(_, service, _)| !service.slow_start.is_zero())
        else {
            return;
        };
        for family in Family::ALL {
            if snapshot.live[id.index() * 2 + family.index()].load().tier == Tier::Idle {
                let seat = super::course::Seat::new(world, service, position, family);
                self.course.ramps.insert(seat, now);
            }
        }
    }

    /// Whom the configuration in force does not want out any more is resumed: it would be out again, long after its
    /// fall, at the reload that wants it so again.
    pub(super) fn resume_unwanted(&mut self) {
        let snapshot = self.shared.load();
        let world = &snapshot.world;
        let wanted = |subject: &Subject| {
            let mut endpoints = world.endpoints();
            endpoints.any(|(_, service, at)| {
                service.manual_resume && whose(world, service, at).subject() == *subject
            })
        };
        self.course.fallen.retain(|whose, _| wanted(&whose.clone().subject()));
        let unwanted = self.state.all_parked().filter(|(subject, _)| !wanted(subject));
        let now = (self.clock)();
        let resume = |(subject, _): (&Subject, &Revised<Parked>)| {
            let reason = "the configuration does not want it out any more".to_owned();
            Command::Resume { subject: subject.clone(), who: "reload".into(), reason, at: now }
        };
        let commands: Vec<_> = unwanted.map(resume).collect();
        // A disk that fails now is told of in the log, and the next reload tries again.
        drop(self.carry_out_all(&commands, now));
    }

    /// Why an endpoint is down: what is said of the first of its addresses that is.
    pub(super) fn why_failing(&self, snapshot: &Snapshot, id: EndpointId, family: Family) -> String {
        let reason = self.reason_of(snapshot, id, family);
        reason.unwrap_or_else(|| "its signals speak against it".to_owned())
    }

    /// Since when and why an endpoint is parked, and the revision of that; 0 until it is in the log.
    pub(super) fn parking(&self, whose: &Whose) -> Option<Revised<Parked>> {
        let fallen = self.course.fallen.get(whose).map(|(reason, since)| {
            let word = Parked { since: *since, reason: reason.clone() };
            Revised { word, revision: 0 }
        });
        self.state.parked(&whose.clone().subject()).cloned().or(fallen)
    }
}
