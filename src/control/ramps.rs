//! Operators' ramps: they move with every second, and go back by themselves when their endpoint gets worse.
//!
//! ```text
//! was       then
//! moving    its endpoints are folded anew with every second, and once more when it has arrived
//! watched   `canary` judges it every second: what goes back counts at once, and is in the log before the second is over
//! gone back at its first share until an operator says something else
//! ```

use std::collections::BTreeSet;
use std::time::SystemTime;

use tokio::time::Instant;
use tracing::info;

use super::canary::{Facts, judge};
use super::course::whose;
use super::events::What;
use super::plan::Look;
use super::state::{Command, Revised};
use super::task::Control;
use crate::health::{Concern, Level, Whose, Why};
use crate::model::{EndpointId, Family, Override, Service, Signal, Stage, Subject};
use crate::snapshot::{Snapshot, World};
use crate::steer::Tier;

impl Control {
    /// Looks at every ramp: whose endpoint got worse goes back, and whoever moves gets its new share.
    pub(super) fn look_at_ramps(&mut self, now: SystemTime) {
        let went_back = self.watch_ramps(now);
        if self.roll_back(now) || went_back {
            self.refold();
        }
        let before = std::mem::take(&mut self.course.moving);
        self.note_moving(now);
        self.move_ramps(before.union(&self.course.moving).map(|(subject, _)| subject.clone()).collect());
        let arrived = self.ramps_at(now, Stage::Arrived).filter(|(at, _)| before.contains(at));
        for ((subject, _), word) in arrived.collect::<Vec<_>>() {
            info!(%subject, state = %word.state, "a ramp has arrived");
            self.publish(self.about(&subject), What::Arrived { subject, word });
        }
    }

    /// Notes which ramps move at `now`: the next look gives them their new shares, even if they have arrived by then.
    pub(super) fn note_moving(&mut self, now: SystemTime) {
        let moving: Vec<_> = self.ramps_at(now, Stage::Moving).map(|(at, _)| at).collect();
        self.course.moving.extend(moving);
    }

    /// Folds anew the endpoints of these, and of nobody else: a ramp may last for days.
    fn move_ramps(&mut self, subjects: BTreeSet<Subject>) {
        if subjects.is_empty() {
            return;
        }
        let snapshot = self.shared.load();
        let ids =
            subjects.iter().flat_map(|subject| endpoints_of(&snapshot.world, subject)).map(|(id, ..)| id);
        let ids: Vec<_> = ids.collect();
        self.moved(&ids);
    }

    /// The ramps at that stage, by subject and revision.
    fn ramps_at(&self, now: SystemTime, stage: Stage) -> impl Iterator<Item = ((Subject, u64), Override)> {
        let at_stage = move |(_, revised): &(&Subject, &Revised)| revised.word.stage(now) == Some(stage);
        let here = |(subject, _): &(&Subject, &Revised)| !self.course.gone_back.contains_key(*subject);
        let ramps = self.state.words(now).filter(at_stage).filter(here);
        ramps.map(|(subject, revised)| ((subject.clone(), revised.revision), revised.word.clone()))
    }

    /// Notes which ramps go back; whether any does.
    fn watch_ramps(&mut self, now: SystemTime) -> bool {
        let watched = self.state.words(now).filter(|(_, revised)| revised.word.is_watched(now));
        let mut back = Vec::new();
        for (subject, Revised { word, .. }) in watched {
            if self.course.gone_back.contains_key(subject) {
                continue;
            }
            if let Some(reason) = self.why_back(subject, word, now) {
                back.push((subject.clone(), word.gone_back(now, reason)));
            }
        }
        let any = !back.is_empty();
        self.course.gone_back.extend(back);
        any
    }

    /// Puts into the log which ramps went back; whether any of them is in it now.
    pub(super) fn roll_back(&mut self, now: SystemTime) -> bool {
        let back = self.course.gone_back.iter();
        let commands: Vec<_> = back
            .map(|(subject, word)| Command::RollBack { subject: subject.clone(), word: word.clone() })
            .collect();
        // While the disk fails they are held back all the same, and it is tried again.
        let logged = self.carry_out_all(&commands, now).is_ok();
        if logged {
            self.course.gone_back.clear();
        }
        logged && !commands.is_empty()
    }

    /// Why a ramp goes back, in words: of a region the first of its endpoints that got worse.
    fn why_back(&self, subject: &Subject, word: &Override, now: SystemTime) -> Option<String> {
        let snapshot = self.shared.load();
        let mut ramped = endpoints_of(&snapshot.world, subject);
        ramped.find_map(|(id, service, position)| {
            let reason = judge(word, &self.canary(&snapshot, id, service, position, now), now)?;
            Some(match subject {
                Subject::Region(_) => format!("{}: {reason}", service.name),
                Subject::Endpoint { .. } => reason.to_string(),
            })
        })
    }

    fn canary(
        &self,
        snapshot: &Snapshot,
        id: EndpointId,
        service: &Service,
        position: usize,
        now: SystemTime,
    ) -> Facts {
        let (monotonic, named) = (Instant::now().into_std(), whose(&snapshot.world, service, position));
        let errors = |whose: &Whose| self.signalling.smoothed(whose, Signal::Errors, monotonic);
        let others = (0..service.endpoints.len()).filter(|other| *other != position);
        let others: Vec<_> =
            others.filter_map(|other| errors(&whose(&snapshot.world, service, other))).collect();
        Facts {
            failing: self.why_out(snapshot, id),
            fallen: self.fallen(id, now),
            rule: self.signalling.speaking(&named, monotonic),
            errors: errors(&named),
            others: (!others.is_empty()).then(|| others.iter().sum::<f64>() / others.len() as f64),
        }
    }

    /// Why an endpoint is out for one family at least, if it is.
    fn why_out(&self, snapshot: &Snapshot, id: EndpointId) -> Option<String> {
        let is_out =
            |family: &Family| snapshot.live[id.index() * 2 + family.index()].load().tier == Tier::Failing;
        let family = Family::ALL.into_iter().find(is_out)?;
        Some(self.why_failing(snapshot, id, family))
    }

    /// An endpoint's targets that are not as they should be: since when, and which and why.
    fn fallen(&self, id: EndpointId, now: SystemTime) -> Vec<(SystemTime, String)> {
        let looks = self.plan.endpoints[id.index()].by_family.iter().flatten().flatten();
        let monotonic = Instant::now().into_std();
        let fallen = looks.filter_map(|look| {
            let Look::Target(target) = look else { return None };
            let verdict = self.verdicts.verdict(target)?;
            let counts = match verdict.level {
                Level::Unhealthy => true,
                Level::Degraded => !matches!(verdict.why, Why::Doubted(Concern::CertificateEnds(_))),
                Level::Healthy | Level::Unknown => false,
            };
            let since = now - monotonic.saturating_duration_since(verdict.since);
            counts.then(|| (since, format!("{target} is {}: {}", verdict.level.name(), verdict.why)))
        });
        fallen.collect()
    }
}

/// The endpoints that a word is about.
fn endpoints_of<'a>(
    world: &'a World,
    subject: &'a Subject,
) -> impl Iterator<Item = (EndpointId, &'a Service, usize)> {
    let (of, named) = match subject {
        Subject::Region(region) => (None, region),
        Subject::Endpoint { service, region } => (Some(service), region),
    };
    let region = world.regions.iter().position(|region| region.name == *named);
    world.endpoints().filter(move |(_, service, position)| {
        Some(service.endpoints[*position].region.index()) == region && of.is_none_or(|of| service.name == *of)
    })
}
