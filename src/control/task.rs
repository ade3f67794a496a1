//! The one task that writes.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::runtime::RuntimeFlavor;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use super::capacity::Spilling;
use super::challenges::challenges_of;
use super::compile::{Built, DatabaseFacts, Node};
use super::counts::Counts;
use super::course::{Course, Seat};
use super::events::{About, Journal, What};
use super::handle::Request;
use super::inside::{settle, with_outer};
use super::latency::Latencies;
use super::measure::{fast, recall};
use super::memory::{Memory, names_of};
use super::plan::Plan;
use super::reload::Reloaded;
use super::resolving::Resolving;
use super::signals::{Signalling, Wants};
use super::state::State;
use super::store::Store;
use super::totals::Totals;
use super::words::{Stored, Truth, seconds};
use crate::config::Config;
use crate::health::{self, Doubt, Effect, Observation, Outcome, OwnFault, Standing};
use crate::model::{EndpointId, ProbeBudget, Problems, Resolutions, Subject, Target};
use crate::snapshot::{Shared, Snapshot};
use crate::steer::Tier;

/// Every word is folded anew this often, so that deadlines come into their field's reach in time.
const REFOLD: Duration = Duration::from_secs(600);

/// After a transition, what is believed is kept for after a restart within this time; without one, this seldom.
const REMEMBER_OFTEN: Duration = Duration::from_secs(5);
const REMEMBER_SELDOM: Duration = Duration::from_secs(60);

/// The wall clock, as a test may turn it.
pub type Clock = Arc<dyn Fn() -> SystemTime + Send + Sync>;

/// What control is made from.
pub struct Parts {
    /// The first world.
    pub built: Built,
    /// What operators said before.
    pub state: State,
    /// Where what they say is kept.
    pub store: Store,
    /// This machine.
    pub node: Node,
    /// How many workers tally.
    pub workers: usize,
    /// The wall clock.
    pub clock: Clock,
}

/// What goes in and out of control beside requests.
pub struct Wiring {
    /// Probes' results.
    pub observations: mpsc::Receiver<Observation>,
    /// Requests of the API.
    pub requests: mpsc::Receiver<Request>,
    /// To the prober.
    pub standing: watch::Sender<Arc<[Standing]>>,
    /// To the prober: whom to ask at once.
    pub hurry: watch::Sender<Arc<[Arc<Target>]>>,
    /// To the prober: how much it may ask.
    pub budget: watch::Sender<ProbeBudget>,
    /// To the prober that scrapes.
    pub scrapes: watch::Sender<Arc<[Standing]>>,
    /// Since when the node takes itself for cut off from the others; `None`: it does not.
    pub cut_off: watch::Sender<Option<SystemTime>>,
    /// Set once first verdicts are in, or their time is over.
    pub first_verdicts: watch::Sender<bool>,
    /// The configuration in force.
    pub config: watch::Sender<Arc<Config>>,
    /// The end.
    pub shutdown: CancellationToken,
}

/// What comes back from a thread that compiles, with what names stood for when it began.
pub(super) enum Compiled {
    /// All that is configured.
    Anew(Option<Box<Built>>, Problems, Arc<Resolutions>),
    /// What was in force as the generation of that number, with other addresses.
    Again(u64, Option<Box<Built>>, Arc<Resolutions>),
}

/// Lines on what cannot be probed are so far apart when they say the same.
const OWN_FAULTS_APART: Duration = Duration::from_secs(60);

/// And so far when they do not.
const LINES_APART: Duration = Duration::from_secs(1);

/// All that can wake control.
enum Event {
    Observed(Observation),
    Asked(Request),
    Compiled(Compiled),
    Ticked,
    Stopped,
}

/// The truth.
pub struct Control {
    pub(super) shared: Shared,
    pub(super) plan: Plan,
    pub(super) databases: Vec<DatabaseFacts>,
    pub(super) verdicts: health::Table,
    pub(super) state: State,
    pub(super) course: Course,
    pub(super) signalling: Signalling,
    pub(super) spilling: Spilling,
    pub(super) resolving: Resolving,
    pub(super) latencies: Latencies,
    /// When that was last kept for after a restart.
    pub(super) latency_kept_at: Instant,
    pub(super) totals: Totals,
    pub(super) clock: Clock,
    pub(super) started: SystemTime,
    pub(super) loaded: SystemTime,
    pub(super) last_reload: Option<Reloaded>,
    pub(super) reloads: (u64, u64),
    pub(super) transitions: u64,
    pub(super) counts: Counts,
    pub(super) journal: Journal,
    /// Ends of words in force, and of which, sorted.
    pub(super) ends: VecDeque<(SystemTime, Subject)>,
    pub(super) store: Store,
    pub(super) node: Node,
    pub(super) workers: usize,
    pub(super) path: PathBuf,
    /// The configuration at the start: what it says of listening and of the disk stays in force.
    pub(super) started_with: Arc<Config>,
    started_at: Instant,
    /// When it was last said why something cannot be probed.
    own_fault: Option<(Instant, OwnFault)>,
    /// Every standing order of the plan before this one has a first result.
    pub(super) first_unknown: usize,
    pub(super) folded_at: Instant,
    /// When verdicts were last kept for after a restart, and how many transitions there had been.
    kept_at: (Instant, u64),
    /// Who waits for the reload under way.
    pub(super) reloading: Option<Vec<oneshot::Sender<Reloaded>>>,
    /// When to wonder aloud about the reload under way.
    pub(super) wonder_at: Instant,
    /// Who asked since it began: they get the next one.
    pub(super) reload_next: Vec<oneshot::Sender<Reloaded>>,
    pub(super) compiled: (mpsc::Sender<Compiled>, mpsc::Receiver<Compiled>),
    pub(super) wiring: Wiring,
}

impl Control {
    /// Control with its first snapshot in place, readable at once: static data is answered from the start.
    pub fn new(parts: Parts, wire: impl FnOnce(&Shared, &Config) -> Wiring) -> Control {
        let Parts { built, state, store, node, workers, clock } = parts;
        let (now, started_at) = (clock(), Instant::now());
        let memory = store.remembered();
        let resolving = Resolving::new(&built.config, memory.as_deref().map(names_of).unwrap_or_default());
        let Built { config, world, plan, databases } = built.resolved(&node, &resolving.now());
        let mut verdicts = health::Table::default();
        verdicts.replace(plan.wanted.iter().cloned(), started_at.into_std());
        let mut course = Course::default();
        if let Some(memory) = memory.and_then(|bytes| Memory::decode(&bytes, now)) {
            let restored = memory.restore(&mut verdicts, &mut course, now, started_at.into_std());
            info!(
                verdicts = restored,
                "verdicts of before the restart are believed until probes know better"
            );
        }
        settle(&mut course, &world, |course| {
            Truth::new(&verdicts, &state, course, now).all_kept(&world, &plan)
        });
        let live = Truth::new(&verdicts, &state, &course, now).words(&world, &plan);
        let mut latencies = Latencies::default();
        latencies.replace(&config.latency, &world.regions, now);
        recall(&mut latencies, store.remembered_latency(), now);
        let fast = fast(&latencies, &world);
        let first = Snapshot::new(world, live, workers, 1).with(challenges_of(&state, now)).measured(fast);
        let shared = Shared::new(Arc::new(first));
        let wants = Wants::new(&config, &plan);
        let wiring = wire(&shared, &config);
        let path = config.path.clone();
        let started_with = Arc::new(config);
        wiring.config.send_replace(Arc::clone(&started_with));
        wiring.budget.send_replace(started_with.probes);
        wiring.standing.send_replace(Arc::clone(&plan.standing));
        let mut control = Control {
            shared,
            plan,
            databases,
            verdicts,
            state,
            course,
            signalling: Signalling::default(),
            spilling: Spilling::default(),
            resolving,
            latencies,
            latency_kept_at: started_at,
            totals: Totals::default(),
            clock,
            started: now,
            loaded: now,
            last_reload: None,
            reloads: (0, 0),
            transitions: 0,
            counts: Counts::default(),
            journal: Journal::new(now),
            ends: VecDeque::new(),
            store,
            node,
            workers,
            path,
            started_with,
            started_at,
            own_fault: None,
            first_unknown: 0,
            folded_at: started_at,
            kept_at: (started_at, 0),
            reloading: None,
            wonder_at: started_at,
            reload_next: Vec::new(),
            compiled: mpsc::channel(1),
            wiring,
        };
        control.signalling.replace(wants);
        control.wiring.scrapes.send_replace(control.signalling.standing());
        control.note_ends(now);
        control.note_moving(now);
        control
    }

    /// Writes until the end.
    pub async fn run(mut self) {
        let mut tick = tokio::time::interval(Duration::from_secs(1));
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        self.resume_unwanted();
        loop {
            match self.next_event(&mut tick).await {
                Event::Observed(observation) => self.observed(&observation),
                Event::Asked(request) => self.asked(request),
                Event::Compiled(Compiled::Anew(built, problems, of)) => self.compiled(built, problems, of),
                Event::Compiled(Compiled::Again(generation, built, of)) => {
                    self.resolved(generation, built.map(|built| *built), of)
                }
                Event::Ticked => self.ticked(),
                Event::Stopped => {
                    self.park();
                    self.roll_back((self.clock)());
                    self.keep_latency();
                    return self.remember();
                }
            }
        }
    }

    /// Every branch may be dropped and polled anew: receivers and intervals lose nothing when cancelled. None goes
    /// before another, so that no flood of one kind keeps the others waiting.
    async fn next_event(&mut self, tick: &mut tokio::time::Interval) -> Event {
        tokio::select! {
            () = self.wiring.shutdown.cancelled() => Event::Stopped,
            Some(compiled) = self.compiled.1.recv() => Event::Compiled(compiled),
            Some(request) = self.wiring.requests.recv() => Event::Asked(request),
            _ = tick.tick() => Event::Ticked,
            Some(observation) = self.wiring.observations.recv() => Event::Observed(observation),
        }
    }

    pub(super) fn truth(&self) -> Truth<'_> {
        Truth::new(&self.verdicts, &self.state, &self.course, (self.clock)())
    }

    //--- verdicts

    fn observed(&mut self, seen: &Observation) {
        self.counts.probe(seen);
        if self.scraped(seen) {
            return;
        }
        self.heard(seen);
        let now = (self.clock)();
        let Effect { changes, moved, first, unasked } = self.verdicts.observe(seen, now);
        for (target, change) in changes {
            self.transitions += 1;
            let (from, to) = (change.from.name(), change.to.name());
            info!(target_probed = %target, from, to, reason = %change.why, "health changed");
            self.publish_transition(&target, &change);
        }
        // Without a flip, too: how long a verdict may be believed moves with results that only speak against it, and who
        // is kept although it was slow must go once it is gone for certain.
        for target in moved {
            let about = self.plan.about.get(&target).cloned().unwrap_or_default();
            self.moved(&about);
        }
        if let Outcome::Nothing(fault) = &seen.outcome
            && unasked
        {
            self.log_own_fault(&seen.target, fault);
        }
        self.doubt();
        if first {
            self.look_for_first_verdicts();
        }
    }

    /// One line tells of all that cannot be probed for the same reason.
    fn log_own_fault(&mut self, target: &Target, fault: &OwnFault) {
        let now = Instant::now();
        let known = self.own_fault.as_ref().filter(|(at, _)| now - *at < OWN_FAULTS_APART);
        if known.is_none_or(|(at, logged)| logged != fault && now - *at >= LINES_APART) {
            warn!(target_probed = %target, reason = %fault, "a target cannot be probed from here");
            self.own_fault = Some((now, fault.clone()));
        }
    }

    /// What is held for or against some endpoints changed.
    pub(super) fn moved(&mut self, about: &[EndpointId]) {
        let snapshot = self.shared.load();
        let about = &with_outer(&snapshot.world, about)[..];
        let (ids, kept) = self.truth().kept_beside(&snapshot.world, &self.plan, about);

        self.course.kept.retain(|(id, _)| ids.binary_search(id).is_err());
        self.course.kept.extend(kept);
        let stored = self.truth().store_some(&snapshot, &self.plan, &ids);
        self.follow(&snapshot, &stored);
        self.shed_after(&snapshot, &stored);
    }

    /// Whoever came back starts slowly, where its service wants it so.
    pub(super) fn follow(&mut self, snapshot: &Snapshot, stored: &[Stored]) {
        self.publish_tiers(&snapshot.world, stored);
        let came_back =
            |stored: &&Stored| stored.before.tier == Tier::Failing && stored.after.tier == Tier::Fit;
        let now = (self.clock)();
        let mut ids = Vec::new();
        for Stored { id, family, .. } in stored.iter().filter(came_back) {
            let Some((service, position)) = snapshot.world.endpoint(*id) else { continue };
            if !service.slow_start.is_zero() && !self.course.kept.contains(&(*id, *family)) {
                self.course.ramps.insert(Seat::new(&snapshot.world, service, position, *family), now);
                ids.push(*id);
            }
        }
        ids.extend(self.note_falls(snapshot, stored));
        self.truth().store_some(snapshot, &self.plan, &with_outer(&snapshot.world, &ids));
    }

    /// The own-network guard: others are asked while somebody's silence is doubted, and a cut is told.
    fn doubt(&mut self) {
        let now = Instant::now().into_std();
        let whom = self.verdicts.whom_to_ask(now);
        if !whom.is_empty() {
            self.wiring.hurry.send_replace(whom.into());
        }
        let since = match self.verdicts.doubt(now) {
            Doubt::Cut(since) => Some((self.clock)() - now.saturating_duration_since(since)),
            Doubt::None | Doubt::Asking => None,
        };
        let was_cut = self.wiring.cut_off.borrow().is_some();
        if since.is_some() == was_cut {
            return;
        }
        match since {
            Some(_) => error!(
                "nobody outside answers: this node's own network seems cut; no verdict falls until somebody does"
            ),
            None => warn!("somebody outside answers again: verdicts fall as they should"),
        }
        self.publish(About::default(), What::Cut { cut: since.is_some() });
        self.wiring.cut_off.send_replace(since);
    }

    pub(super) fn look_for_first_verdicts(&mut self) {
        if *self.wiring.first_verdicts.borrow() {
            return;
        }
        let start_timeout = self.wiring.config.borrow().server.start_timeout;
        let late = self.started_at.elapsed() >= start_timeout;
        // Goes on where it stood: what has a result keeps it, and ten thousand of them come one by one.
        let left = self.plan.standing.get(self.first_unknown..).unwrap_or_default();
        let known = left.iter().take_while(|standing| !self.is_unknown(standing)).count();
        self.first_unknown += known;
        let known_names = self.resolving.has_asked_for_all();
        if known < left.len() && late {
            let missing = left.iter().filter(|standing| self.is_unknown(standing)).count();
            warn!(missing, "some targets have no verdict yet; serving without them");
        }
        if known == left.len() && known_names || late {
            self.wiring.first_verdicts.send_replace(true);
        }
    }

    fn is_unknown(&self, standing: &Standing) -> bool {
        // What is remembered from before a restart is no result.
        self.verdicts.facts(&standing.target).is_none_or(|facts| facts.last_at.is_none())
    }

    //--- time

    fn ticked(&mut self) {
        let now = (self.clock)();
        // Ramps climb with every second; the one after their last finds nothing left of them.
        let ramping = !self.course.ramps.is_empty();
        self.course.forget_done(&self.shared.load().world, now);
        self.look_at_ramps(now);
        if self.has_ended(now) || ramping || self.folded_at.elapsed() >= REFOLD {
            self.refold();
        }
        self.end_challenges(now);
        self.look_at_latency(now);
        self.park();
        self.signals_age();
        self.shed();
        self.doubt();
        self.resolve_again();
        let (kept_at, transitions) = self.kept_at;
        let pause = if transitions == self.transitions { REMEMBER_SELDOM } else { REMEMBER_OFTEN };
        if kept_at.elapsed() >= pause {
            self.remember();
        }
        self.totals.settle();
        self.look_for_first_verdicts();
        self.wonder();
    }

    /// Keeps verdicts and ramps for after a restart. Without it a node starts as one that knows nothing.
    fn remember(&mut self) {
        let memory = Memory::of(&self.verdicts, &self.course, (self.clock)(), Instant::now().into_std());
        let memory = memory.with_names(&self.resolving.now());
        self.kept_at = (Instant::now(), self.transitions);
        let kept = aside(|| self.store.remember(&memory.encode()));
        if let Err(error) = kept {
            warn!(error = super::with_causes(&error), "verdicts could not be kept for after a restart");
        }
    }

    pub(super) fn has_first_verdicts(&self) -> bool {
        *self.wiring.first_verdicts.borrow()
    }

    /// The Unix time, for deadlines in reports.
    pub(super) fn unix(&self) -> u64 {
        seconds((self.clock)())
    }

    /// Endpoints of the world in force.
    pub(super) fn endpoint_count(&self) -> usize {
        self.plan.endpoints.len()
    }
}

/// Waits for the disk without holding up other tasks of the runtime, where it has threads to spare.
pub(super) fn aside<T>(wait: impl FnOnce() -> T) -> T {
    match tokio::runtime::Handle::current().runtime_flavor() {
        RuntimeFlavor::MultiThread => tokio::task::block_in_place(wait),
        _ => wait(),
    }
}

impl Built {
    /// What its file says of latency, and nobody else.
    pub fn latencies(&self, now: SystemTime) -> Latencies {
        let mut latencies = Latencies::default();
        latencies.replace(&self.config.latency, &self.world.regions, now);
        latencies
    }

    /// A snapshot of a world that nobody serves, with a tally for so many workers: nothing is probed, nobody has
    /// said anything, and nothing of latency is known but what its file says.
    pub fn at_rest(self, now: SystemTime, workers: usize) -> Snapshot {
        let mut verdicts = health::Table::default();
        verdicts.replace(self.plan.wanted.iter().cloned(), Instant::now().into_std());
        let (state, course) = (State::default(), Course::default());
        let truth = Truth::new(&verdicts, &state, &course, now);
        let live = truth.words(&self.world, &self.plan);
        let fast = fast(&self.latencies(now), &self.world);
        Snapshot::new(self.world, live, workers, 1).measured(fast)
    }
}
