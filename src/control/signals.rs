//! Signals of endpoints: taken from whoever pushes, from scrapes and from probes' answers; and what they come to, which
//! the course holds: who is lowered by a passive rule, and who wishes to be sent nobody new.

mod wants;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::time::Instant as Moment;

use tokio::time::Instant;
use tracing::{info, warn};

pub use wants::Wants;

use super::course::whose;
use super::handle::{Refusal, SignalWish};
use super::loads;
use super::report::{EndpointSignals, RuleReport};
use super::task::Control;
use crate::health::{
    MOST_SOURCES, Observation, Outcome, Rates, Report, SignalTable, Source, Taken, Told, Watch, Whose,
};
use crate::model::{PassiveRule, Signal, Subject, Target, Then};

/// A rule, the value that it is held against, and whether it speaks against the endpoint now.
type Turned = (PassiveRule, Option<f64>, bool);

/// All that control knows of signals.
#[derive(Debug, Default)]
pub struct Signalling {
    table: SignalTable,
    /// What scrapes found last.
    rates: HashMap<Arc<Target>, Rates>,
    /// Checks whose answers tell something.
    telling: HashSet<Arc<Target>>,
    /// How rules stand that are not quiet; of an endpoint that is not here, all are.
    watches: HashMap<Whose, Vec<Watch>>,
    wants: Wants,
}

impl Signalling {
    /// Takes a new configuration: what is still wanted stays, rules that changed begin anew.
    pub fn replace(&mut self, wants: Wants) {
        let before = std::mem::replace(&mut self.wants, wants);
        let wants = &self.wants;
        self.rates.retain(|target, _| wants.scraped(target).is_some());
        self.telling.retain(|target| wants.checked(target).is_some());
        self.watches.retain(|whose, _| wants.rules(whose) == before.rules(whose));
        self.table.retain(|whose, source| {
            let is_wanted = match source {
                Source::Push(_) => true,
                Source::Check(target) => wants.checked(target).is_some(),
                Source::Pull(target) => {
                    wants.scraped(target).is_some_and(|scraped| scraped.whose.contains(whose))
                }
            };
            is_wanted && wants.id(whose).is_some()
        });
    }

    /// Whom to scrape.
    pub fn standing(&self) -> Arc<[crate::health::Standing]> {
        Arc::clone(&self.wants.standing)
    }

    /// What may be believed of a signal, smoothed.
    pub fn smoothed(&self, whose: &Whose, signal: Signal, now: Moment) -> Option<f64> {
        self.table.reading(whose, signal, now).map(|reading| reading.smoothed)
    }

    /// What is told of an endpoint.
    pub fn report(&self, whose: &Whose, draining: bool, now: Moment) -> EndpointSignals {
        let watches = self.watches.get(whose);
        let rules = self.wants.rules(whose).iter().enumerate();
        let report = |(place, rule): (usize, &PassiveRule)| {
            let watch = watches.and_then(|all| all.get(place)).copied().unwrap_or_default();
            let value = self.table.reading(whose, rule.signal, now).map(|reading| reading.smoothed);
            let in_force = watch.in_force().map(|since| now.saturating_duration_since(since));
            RuleReport { rule: *rule, state: watch.name(), in_force, value }
        };
        EndpointSignals {
            readings: self.table.readings(whose, now),
            sources: self.table.sources(whose, now),
            draining,
            rules: rules.map(report).collect(),
        }
    }

    /// Everybody of whom something was said lately.
    pub fn whose(&self) -> impl Iterator<Item = &Whose> {
        self.table.whose()
    }

    /// A rule that speaks against an endpoint now, and the value that it is held against.
    pub fn speaking(&self, whose: &Whose, now: Moment) -> Option<(PassiveRule, Option<f64>)> {
        let watches = self.watches.get(whose)?.iter().zip(self.wants.rules(whose));
        let mut in_force = watches.filter(|(watch, _)| watch.in_force().is_some());
        let (_, rule) = in_force.next()?;
        Some((*rule, self.smoothed(whose, rule.signal, now)))
    }

    /// Everybody whose signals may have changed something since the last look.
    fn everybody(&self) -> BTreeSet<Whose> {
        self.table.whose().chain(self.watches.keys()).cloned().collect()
    }

    /// Looks at the rules of an endpoint: since when one takes it out, if any does, and which of them turned.
    fn watch(&mut self, whose: &Whose, now: Moment) -> (Option<Moment>, Vec<Turned>) {
        let rules = self.wants.rules(whose);
        let mut watches = self.watches.remove(whose).unwrap_or_else(|| vec![Watch::default(); rules.len()]);
        let mut turned = Vec::new();
        for (watch, rule) in watches.iter_mut().zip(rules) {
            let value = self.table.reading(whose, rule.signal, now).map(|reading| reading.smoothed);
            if watch.observe(rule, value, now) {
                turned.push((*rule, value, watch.in_force().is_some()));
            }
        }
        let out = watches.iter().zip(rules).filter(|(_, rule)| rule.then == Then::Unhealthy);
        let since = out.filter_map(|(watch, _)| watch.in_force()).min();
        if watches.iter().any(|watch| *watch != Watch::Quiet) {
            self.watches.insert(whose.clone(), watches);
        }
        (since, turned)
    }
}

fn log_rule(whose: &Whose, rule: &PassiveRule, speaks: bool, value: Option<f64>) {
    let Whose { service, region } = whose;
    let (signal, then) = (rule.signal.name(), rule.then.name());
    match speaks {
        true => warn!(
            service,
            region,
            signal,
            value,
            over = rule.over,
            then,
            "a signal speaks against an endpoint"
        ),
        false => info!(
            service,
            region, signal, value, then, "a signal does not speak against an endpoint any more"
        ),
    }
}

impl Control {
    /// Takes what was pushed.
    pub(super) fn pushed(&mut self, wish: Vec<SignalWish>) -> Result<Vec<Taken>, Refusal> {
        for SignalWish { whose: Whose { service, region }, .. } in &wish {
            self.known(&Subject::Endpoint { service: service.clone(), region: region.clone() })?;
        }
        let now = Instant::now().into_std();
        let mut names: BTreeMap<&Whose, BTreeSet<&str>> = BTreeMap::new();
        for one in &wish {
            names.entry(&one.whose).or_default().insert(&one.source);
        }
        let full = names.iter().find(|(whose, names)| !self.signalling.table.has_room(whose, names, now));
        if let Some((Whose { service, region }, _)) = full {
            let text =
                format!("endpoint '{region}' of '{service}' takes no more than {MOST_SOURCES} sources");
            return Err(Refusal::Full(text));
        }
        let about: BTreeSet<_> = wish.iter().map(|one| one.whose.clone()).collect();
        let table = &mut self.signalling.table;
        let taken = wish.into_iter().map(|SignalWish { whose, source, report }| {
            table.take(&whose, Source::Push(source), report, now)
        });
        let taken = taken.collect();
        self.weigh(about);
        Ok(taken)
    }

    /// Takes what the answer to a probe tells.
    pub(super) fn heard(&mut self, seen: &Observation) {
        let passed = matches!(seen.outcome, Outcome::Up | Outcome::Doubtful(_));
        let tells = matches!(seen.told, Told::Signals(_));
        if !passed || !(tells || self.signalling.telling.contains(&seen.target)) {
            return;
        }
        let snapshot = self.shared.load();
        let about = self.plan.about.get(&seen.target).map_or(&[][..], Vec::as_slice);
        let endpoints = about.iter().filter_map(|id| snapshot.world.endpoint(*id));
        let whose: BTreeSet<_> =
            endpoints.map(|(service, position)| whose(&snapshot.world, service, position)).collect();
        let Signalling { table, telling, wants, .. } = &mut self.signalling;
        let Some(lifetime) = wants.checked(&seen.target) else { return };
        for whose in &whose {
            let source = Source::Check(Arc::clone(&seen.target));
            if let Told::Signals(told) = &seen.told {
                let (signals, note) = (**told).clone();
                table.take(whose, source, Report { signals, sequence: None, lifetime, note }, seen.at);
            } else {
                table.silence(whose, &source);
            }
        }
        if tells {
            telling.insert(Arc::clone(&seen.target));
        } else {
            telling.remove(&seen.target);
        }
        self.weigh(whose);
    }

    /// Takes what a scrape found; whether it was one.
    pub(super) fn scraped(&mut self, seen: &Observation) -> bool {
        let crate::model::Request::Scrape(request) = &seen.target.request else { return false };
        let Signalling { table, rates, wants, .. } = &mut self.signalling;
        // Nobody wants it any more.
        let Some(scraped) = wants.scraped(&seen.target) else { return true };
        let source = || Source::Pull(Arc::clone(&seen.target));
        match (&seen.told, &seen.outcome) {
            (Told::Samples(samples), _) => {
                let rates = rates.entry(Arc::clone(&seen.target)).or_default();
                let (signals, note) = rates.take(&request.formulas, (**samples).clone(), seen.at);
                let report = Report { signals, sequence: None, lifetime: scraped.lifetime, note };
                for whose in &scraped.whose {
                    table.take(whose, source(), report.clone(), seen.at);
                }
            }
            (_, Outcome::Down(reason)) => {
                let why = reason.to_string();
                scraped.whose.iter().for_each(|whose| table.miss(whose, source(), &why, seen.at));
            }
            (_, Outcome::Nothing(fault)) => {
                let why = fault.to_string();
                scraped.whose.iter().for_each(|whose| table.miss(whose, source(), &why, seen.at));
            }
            (_, Outcome::Up | Outcome::Doubtful(_)) => {}
        }
        let about = scraped.whose.iter().cloned().collect();
        self.weigh(about);
        true
    }

    /// What time alone does to signals.
    pub(super) fn signals_age(&mut self) {
        let now = Instant::now().into_std();
        self.signalling.table.forget(now);
        // Of whom nothing is left, nobody speaks below.
        loads::store(&self.shared.load(), &self.signalling, None, now);
        let mut everybody = self.signalling.everybody();
        let held =
            self.course.wishes.keys().chain(self.course.lowered.keys()).chain(self.course.capacities.keys());
        everybody.extend(held.cloned());
        if !everybody.is_empty() {
            self.weigh(everybody);
        }
    }

    /// Holds signals of some endpoints against their rules, and stores what comes of it.
    fn weigh(&mut self, about: BTreeSet<Whose>) {
        let (now, mut moved) = (Instant::now().into_std(), Vec::new());
        loads::store(&self.shared.load(), &self.signalling, Some(&about), now);
        for whose in about {
            let Some(id) = self.signalling.wants.id(&whose) else {
                self.course.lowered.remove(&whose);
                self.course.wishes.remove(&whose);
                self.course.capacities.remove(&whose);
                continue;
            };
            let (lowered, turned) = self.signalling.watch(&whose, now);
            for (rule, value, speaks) in turned {
                log_rule(&whose, &rule, speaks, value);
                self.publish_rule(&whose, rule, value, speaks);
            }
            let wishes = self.signalling.table.draining(&whose, now);
            let capacity = self.signalling.smoothed(&whose, Signal::Capacity, now);
            if self.course.set_capacity(&whose, capacity.map(|capacity| capacity as u64)) {
                moved.push(id);
            }
            if self.course.set_lowered(&whose, lowered) {
                self.transitions += 1;
                moved.push(id);
            }
            if self.course.set_wishes(&whose, wishes) {
                let Whose { service, region } = &whose;
                let draining = self.course.wishes.contains_key(&whose);
                info!(service, region, draining, "an endpoint's own wish");
                self.publish_wish(&whose, draining);
                moved.push(id);
            }
        }
        if !moved.is_empty() {
            moved.sort_unstable();
            moved.dedup();
            self.moved(&moved);
        }
    }

    /// Takes what a new configuration wants of signals.
    pub(super) fn want_signals(&mut self, wants: Wants) {
        self.signalling.replace(wants);
        let Signalling { wants, watches, .. } = &self.signalling;
        self.course.lowered.retain(|whose, _| watches.contains_key(whose));
        self.course.wishes.retain(|whose, _| wants.id(whose).is_some());
        self.course.capacities.retain(|whose, _| wants.id(whose).is_some());
    }
}

#[cfg(test)]
mod tests;
