//! Reloads: compiled on a thread of their own, and swapped in one step.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::Instant;
use tracing::{error, info, warn};

use super::challenges::challenges_of;
use super::compile::Built;
use super::events::{About, What};
use super::loads;
use super::measure::fast;
use super::reload::{Reloaded, compile_aside, needs_restart, refuse};
use super::signals::Wants;
use super::task::{Compiled, Control};
use crate::model::{Problems, Resolutions};
use crate::snapshot::Snapshot;

/// A reload that takes so long is worth a line in the log.
const LONG: Duration = Duration::from_secs(60);

impl Control {
    pub(super) fn reload(&mut self, answer: oneshot::Sender<Reloaded>) {
        if self.reloading.is_some() {
            self.reload_next.push(answer);
            return;
        }
        self.start_reload(vec![answer]);
    }

    fn start_reload(&mut self, askers: Vec<oneshot::Sender<Reloaded>>) {
        let (compiled, resolutions) = (self.compiled.0.clone(), self.resolving.now());
        let of = Arc::clone(&resolutions);
        let done = move |built, problems| {
            drop(compiled.blocking_send(Compiled::Anew(built, problems, of)));
        };
        self.reloading = Some(askers);
        self.wonder_at = Instant::now() + LONG;
        if let Err(error) = compile_aside(self.path.clone(), self.node.clone(), resolutions, done) {
            let mut problems = Problems::default();
            let place = crate::model::Place::file(&self.path);
            problems.error(&place, format!("no thread to load on: {error}"));
            self.compiled(None, problems, Arc::default());
        }
    }

    /// Says so when a reload takes long.
    pub(super) fn wonder(&mut self) {
        if self.reloading.is_some() && Instant::now() >= self.wonder_at {
            warn!("a reload is still loading; until it is done, no other begins");
            self.wonder_at += LONG;
        }
    }

    /// A reload is done, with `of` as what names stood for when it began.
    pub(super) fn compiled(
        &mut self,
        built: Option<Box<Built>>,
        mut problems: Problems,
        of: Arc<Resolutions>,
    ) {
        let built = built.filter(|built| {
            refuse(&self.started_with, &self.wiring.config.borrow(), &built.config, &mut problems);
            !problems.has_errors()
        });
        let swapped = built.is_some();
        if let Some(built) = built {
            needs_restart(&self.started_with, &built.config, &mut problems);
            self.swap(*built);
            self.resolving.in_force(of);
            self.loaded = (self.clock)();
            self.reloads.0 += 1;
        } else {
            self.reloads.1 += 1;
        }
        let generation = self.shared.load().generation;
        let problems: Vec<_> = problems.sorted().into_iter().cloned().collect();
        log_reload(swapped, generation, &problems);
        let what = What::Reload { swapped, generation, problems: problems.len() };
        self.publish(About::default(), what);
        let reloaded = Reloaded { at: (self.clock)(), swapped, generation, problems };
        for asker in self.reloading.take().into_iter().flatten() {
            // An asker that went away does not matter.
            drop(asker.send(reloaded.clone()));
        }
        self.last_reload = Some(reloaded);
        let next = std::mem::take(&mut self.reload_next);
        if !next.is_empty() {
            return self.start_reload(next);
        }
        self.resolve_again();
    }

    /// Verdicts and operators' words are carried into the new world by target and name, in the same step as
    /// the swap: what came in during the compile has reached the old world and reaches the new one, too.
    pub(super) fn swap(&mut self, built: Built) {
        let Built { config, world, plan, databases } = built;
        self.verdicts.replace(plan.wanted.iter().cloned(), Instant::now().into_std());
        self.want_signals(Wants::new(&config, &plan));
        self.resolving.want(&config);
        self.carry_spilling(&self.shared.load().world, &world);
        self.keep(&world, Some(&plan));
        let live = self.truth().words(&world, &plan);
        let generation = self.shared.load().generation + 1;
        let now = (self.clock)();
        self.latencies.replace(&config.latency, &world.regions, now);
        let fast = fast(&self.latencies, &world);
        let next = Snapshot::new(world, live, self.workers, generation);
        let next = next.with(challenges_of(&self.state, now)).measured(fast);
        loads::store(&next, &self.signalling, None, Instant::now().into_std());
        let old = self.shared.swap(Arc::new(next));
        self.publish_moved_tiers(&old, &self.shared.load());
        self.totals.retire(old);
        (self.plan, self.databases) = (plan, databases);
        self.first_unknown = 0;
        self.wiring.budget.send_replace(config.probes);
        self.wiring.standing.send_replace(Arc::clone(&self.plan.standing));
        self.wiring.scrapes.send_replace(self.signalling.standing());
        self.wiring.config.send_replace(Arc::new(config));
        self.folded_at = Instant::now();
        self.resume_unwanted();
    }
}

fn log_reload(swapped: bool, generation: u64, problems: &[crate::model::Problem]) {
    for problem in problems {
        warn!(%problem, "reload");
    }
    if swapped {
        info!(generation, "reloaded");
    } else {
        error!(generation, problems = problems.len(), "reload changed nothing; the old world goes on");
    }
}
