//! Requests of the API, carried out: what operators say is stored first, then applied, then folded.

use std::time::SystemTime;

use tokio::time::Instant;
use tracing::{error, info, warn};

use super::events::About;
use super::handle::{Refusal, Request, Wish};
use super::inside::settle;
use super::plan::Plan;
use super::state::{Command, Parked, Revised, apply};
use super::task::{Control, aside};
use super::words::{Truth, seconds};
use crate::model::{Challenge, Override, Subject};
use crate::snapshot::World;

impl Control {
    pub(super) fn asked(&mut self, request: Request) {
        // An asker that went away does not matter.
        match request {
            Request::Override(wish, answer) => drop(answer.send(self.grant(wish))),
            Request::Challenge(wish, answer) => drop(answer.send(self.challenge(wish))),
            Request::Challenges(answer) => drop(answer.send(self.challenges())),
            Request::Signals(wish, answer) => drop(answer.send(self.pushed(wish))),
            Request::MeasureLatency(wishes, answer) => drop(answer.send(self.take_latency(wishes))),
            Request::Latency(wanted, answer) => drop(answer.send(self.latency(&wanted))),
            Request::LatencyAt(address, asn, answer) => {
                drop(answer.send(self.latencies.at(address, asn, (self.clock)())));
            }
            Request::Resume(wish, answer) => drop(answer.send(self.resume(wish))),
            Request::Reload(answer) => self.reload(answer),
            Request::Regions(name, answer) => drop(answer.send(self.regions(name.as_deref()))),
            Request::Services(name, answer) => drop(answer.send(self.services(name.as_deref()))),
            Request::Status(answer) => drop(answer.send(self.status())),
            Request::Follow(after, answer) => drop(answer.send(self.journal.follow(after))),
            Request::LookedUp(lookup) => self.looked_up(lookup),
            Request::Happened(what) => self.publish(About::default(), what),
        }
    }

    /// Stored first, then applied, then folded: whoever hears "yes" finds it in force, now and after a crash.
    fn grant(&mut self, wish: Wish) -> Result<Option<Revised>, Refusal> {
        let now = (self.clock)();
        let Wish { subject, word, who, if_match } = wish;
        if self.has_ended(now) {
            self.refold();
        }
        let current = self.state.revision_of(&subject, now);
        if let Some(asked) = if_match.filter(|asked| *asked != current) {
            return Err(Refusal::Revision { what: "override", current, asked });
        }
        if word.is_some() || current == 0 {
            self.known(&subject)?;
        }
        let command = match word {
            Some(word) => {
                let (state, reason, until) = (word.state, word.reason, word.until);
                let word = Override { state, who, reason, since: now, until, rolled_back: None };
                Command::Set { subject: subject.clone(), word }
            }
            // Lifting what nobody said is done already: idempotent, and not worth a revision.
            None if current == 0 => return Ok(None),
            None => Command::Lift { subject: subject.clone(), who, at: now },
        };
        self.carry_out(&command, now)?;
        self.course.gone_back.remove(&subject);
        self.refold();
        self.note_moving(now);
        Ok(self.state.word(&subject, now).cloned())
    }

    /// Makes a command durable, and then part of the state.
    pub(super) fn carry_out(&mut self, command: &Command, now: SystemTime) -> Result<(), Refusal> {
        self.carry_out_all(std::slice::from_ref(command), now)
    }

    /// The same for several at once: all or none.
    pub(super) fn carry_out_all(&mut self, commands: &[Command], now: SystemTime) -> Result<(), Refusal> {
        if commands.is_empty() {
            return Ok(());
        }
        let revision = self.state.revision + 1;
        aside(|| self.store.append_all(revision, commands)).map_err(|error| {
            let text = super::with_causes(&error);
            error!(error = text, "a command could not be stored");
            Refusal::Store(text)
        })?;
        for command in commands {
            self.state = apply(std::mem::take(&mut self.state), command, now);
            log_command(command, self.state.revision);
            self.publish_command(command);
        }
        Ok(())
    }

    /// Whether the configuration knows the subject.
    pub(super) fn known(&self, subject: &Subject) -> Result<(), Refusal> {
        let snapshot = self.shared.load();
        let world = &snapshot.world;
        let regions = || world.regions.iter().map(|region| region.name.clone()).collect();
        let unknown = |kind, name: &str, known| Err(Refusal::Unknown { kind, name: name.to_owned(), known });
        match subject {
            Subject::Region(name) if world.regions.iter().any(|region| region.name == *name) => Ok(()),
            Subject::Region(name) => unknown("region", name, regions()),
            Subject::Endpoint { service, region } => {
                let Some(written) = world.written.iter().find(|written| written.name == *service) else {
                    let known = world.written.iter().map(|written| written.name.clone()).collect();
                    return unknown("service", service, known);
                };
                let name = |endpoint: &crate::model::Endpoint| &world.regions[endpoint.region.index()].name;
                let known: Vec<String> = written.endpoints.iter().map(|one| name(one).clone()).collect();
                if known.contains(region) { Ok(()) } else { unknown("endpoint", region, known) }
            }
        }
    }

    /// Finds who stays although it failed softly; by another plan than the one in force, where one is given.
    pub(super) fn keep(&mut self, world: &World, plan: Option<&Plan>) {
        let now = (self.clock)();
        let Control { verdicts, state, course, plan: own, .. } = self;
        let plan = plan.unwrap_or(own);
        settle(course, world, |course| Truth::new(verdicts, state, course, now).all_kept(world, plan));
    }

    pub(super) fn refold(&mut self) {
        let snapshot = self.shared.load();
        self.keep(&snapshot.world, None);
        let stored = self.truth().store_all(&snapshot, &self.plan);
        self.follow(&snapshot, &stored);
        self.shed_after(&snapshot, &stored);
        self.folded_at = Instant::now();
        self.note_ends((self.clock)());
    }

    pub(super) fn note_ends(&mut self, now: SystemTime) {
        self.publish_ends(now);
        let end = |(subject, revised): (&Subject, &Revised)| Some((revised.word.until?, subject.clone()));
        let mut ends: Vec<_> = self.state.words(now).filter_map(end).collect();
        ends.sort();
        self.ends = ends.into();
    }

    pub(super) fn has_ended(&self, now: SystemTime) -> bool {
        self.ends.front().is_some_and(|(end, _)| *end <= now)
    }
}

fn log_command(command: &Command, revision: u64) {
    match command {
        Command::Set { subject, word } => {
            let until =
                word.until.map_or_else(|| "lifted".to_owned(), |until| format!("{} (Unix)", seconds(until)));
            info!(%subject, state = %word.state, who = word.who, why = word.reason, until, revision, "override set");
        }
        Command::Lift { subject, who, .. } => info!(%subject, who, revision, "override lifted"),
        Command::Challenge(challenge) => {
            let (Challenge { name, who, values, .. }, until) = (&**challenge, seconds(challenge.until));
            info!(%name, values = values.len(), who, until = format!("{until} (Unix)"), revision, "challenge set");
        }
        Command::Clear { name, who, .. } => info!(%name, who, revision, "challenge cleared"),
        Command::Park { subject, parked: Parked { reason, .. } } => {
            warn!(%subject, reason, revision, "parked: it stays out until somebody resumes it");
        }
        Command::RollBack { subject, word } => {
            let reason = word.rolled_back.as_ref().map_or("", |back| &back.reason);
            warn!(%subject, state = %word.state, reason, revision, "a ramp went back by itself");
        }
        Command::Resume { subject, who, reason, .. } => {
            info!(%subject, who, why = reason, revision, "resumed");
        }
    }
}
