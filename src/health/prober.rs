//! The task that probes: it asks whom the schedule names, and sends on what it saw.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::task::{AbortHandle, Id, JoinError, JoinSet};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::schedule::{Finish, Schedule, Slot, Start};
use super::{Ask, Attempt, Observation, Outcome, OwnFault, Standing, Told};
use crate::model::{ProbeBudget, Target};

/// Who passed so often in a row passes once more: that is no news, and waits until there is more to tell.
const STEADY: u32 = 16;

/// For so long, at most.
const LATER: Duration = Duration::from_millis(5);

/// What the prober is told.
#[derive(Debug)]
pub struct Orders {
    /// Whom to probe, and how often.
    pub wanted: watch::Receiver<Arc<[Standing]>>,
    /// Whom of them to ask at once, out of turn.
    pub hurry: watch::Receiver<Arc<[Arc<Target>]>>,
    /// How much it may ask.
    pub budget: watch::Receiver<ProbeBudget>,
}

/// Probes what `wanted` says until `shutdown`, or until nobody listens or wants any more.
///
/// A new set of orders counts at once: new targets are asked, those that left are broken off and their results
/// dropped, the rest keep their beat. When `results` is full the prober waits, and so do the probes.
pub async fn run<A: Ask>(
    asker: Arc<A>,
    Orders { wanted, hurry, budget }: Orders,
    results: mpsc::Sender<Observation>,
    shutdown: CancellationToken,
) {
    let schedule = Schedule::new(fastrand::f64(), *budget.borrow());
    let flying = Flying { tasks: JoinSet::new(), flights: HashMap::new() };
    let later = Later::default();
    Prober { asker, wanted, hurry, budget, results, shutdown, schedule, flying, later }.run().await;
}

/// All that can wake the prober.
enum Event {
    /// It is over.
    Stopped,
    /// There are new orders.
    Rewritten,
    /// Somebody is to be asked out of turn.
    Hurried,
    /// An attempt came back, or broke off.
    Landed(Slot, Seen),
    /// A beat came.
    Due,
    /// What was kept for later must wait no longer.
    Overdue,
}

/// What has been seen and is no news: whoever listens is not woken for each.
#[derive(Default)]
struct Later {
    seen: Vec<Observation>,
    /// When it must be told.
    by: Option<Instant>,
}

struct Prober<A> {
    asker: Arc<A>,
    wanted: watch::Receiver<Arc<[Standing]>>,
    hurry: watch::Receiver<Arc<[Arc<Target>]>>,
    budget: watch::Receiver<ProbeBudget>,
    results: mpsc::Sender<Observation>,
    shutdown: CancellationToken,
    schedule: Schedule,
    flying: Flying,
    later: Later,
}

impl<A: Ask> Prober<A> {
    async fn run(mut self) {
        self.rewrite();
        loop {
            self.launch();
            match self.next_event().await {
                Event::Stopped => return,
                Event::Rewritten => self.rewrite(),
                Event::Hurried => self.hurry(),
                Event::Landed(slot, seen) => self.report(slot, seen).await,
                Event::Due => {}
                Event::Overdue => self.tell().await,
            }
        }
    }

    /// Each branch is cancel safe: `cancelled`, `closed`, `changed`, `join_next_with_id` and `sleep_until` lose
    /// nothing when another one wins.
    async fn next_event(&mut self) -> Event {
        let due = self.schedule.next_due().map(Instant::from_std);
        // With no room in flight, a beat has to wait for a landing anyway.
        let idle = self.has_room();
        tokio::select! {
            biased;
            () = self.shutdown.cancelled() => Event::Stopped,
            () = self.results.closed() => Event::Stopped,
            changed = self.wanted.changed() => match changed {
                Ok(()) => Event::Rewritten,
                Err(_) => Event::Stopped,
            },
            // Whoever hurries it is whoever gives it orders: the end of the one is that of the other.
            Ok(()) = self.hurry.changed() => Event::Hurried,
            Ok(()) = self.budget.changed() => Event::Rewritten,
            () = at(self.later.by) => Event::Overdue,
            Some((slot, seen)) = self.flying.landed() => Event::Landed(slot, seen),
            () = at(due), if idle => Event::Due,
        }
    }

    fn rewrite(&mut self) {
        self.schedule.set_budget(*self.budget.borrow_and_update());
        let wanted = Arc::clone(&self.wanted.borrow_and_update());
        for slot in self.schedule.replace(&wanted, Instant::now().into_std()) {
            self.flying.abort(slot);
        }
    }

    fn hurry(&mut self) {
        for target in self.hurry.borrow_and_update().iter() {
            self.schedule.hurry(target);
        }
    }

    fn has_room(&self) -> bool {
        self.flying.tasks.len() < self.budget.borrow().in_flight.max(1)
    }

    /// Starts what is due, as far as there is room.
    fn launch(&mut self) {
        let now = Instant::now().into_std();
        while self.has_room() {
            let Some(start) = self.schedule.start(now) else { return };
            self.flying.launch(start, Arc::clone(&self.asker));
        }
    }

    async fn report(&mut self, slot: Slot, seen: Seen) {
        let Attempt { outcome, certificate_expires, told } = seen.attempt;
        let failed = match outcome {
            Outcome::Up | Outcome::Doubtful(_) => Some(false),
            Outcome::Down(_) => Some(true),
            Outcome::Nothing(_) => None,
        };
        let finish = self.schedule.finish(slot, failed, Instant::now().into_std());
        let Some(Finish { target, passes }) = finish else { return };
        let is_news = outcome != Outcome::Up || passes <= STEADY;
        let (at, elapsed) = (seen.at.into_std(), seen.elapsed);
        self.later.seen.push(Observation { target, at, outcome, elapsed, certificate_expires, told });
        self.later.by.get_or_insert(Instant::now() + LATER);
        if is_news {
            self.tell().await;
        }
    }

    /// Sends what was seen, in order.
    async fn tell(&mut self) {
        self.later.by = None;
        for observation in self.later.seen.drain(..) {
            tokio::select! {
                biased;
                // Both ends of the prober are seen again by the next event.
                () = self.shutdown.cancelled() => {}
                _ = self.results.send(observation) => {}
            }
        }
    }
}

/// Waits until then; for ever, where there is no such time.
async fn at(time: Option<Instant>) {
    match time {
        Some(time) => sleep_until(time).await,
        None => std::future::pending().await,
    }
}

//------------ Flying --------------------------------------------------------

/// The attempts under way: a task each, broken off when this is dropped.
struct Flying {
    tasks: JoinSet<Seen>,
    flights: HashMap<Id, Flight>,
}

struct Flight {
    slot: Slot,
    started: Instant,
    handle: AbortHandle,
}

/// What came of an attempt, and when.
struct Seen {
    attempt: Attempt,
    at: Instant,
    elapsed: Duration,
}

impl Flying {
    fn launch<A: Ask>(&mut self, start: Start, asker: Arc<A>) {
        let (Start { slot, target, timeout }, started) = (start, Instant::now());
        let handle = self.tasks.spawn(async move {
            let attempt = asker.ask(target, timeout).await;
            Seen { attempt, at: Instant::now(), elapsed: started.elapsed() }
        });
        self.flights.insert(handle.id(), Flight { slot, started, handle });
    }

    fn abort(&mut self, slot: Slot) {
        let flight = self.flights.values().find(|flight| flight.slot == slot);
        flight.inspect(|flight| flight.handle.abort());
    }

    /// The next attempt that ended; `None` while there are none.
    async fn landed(&mut self) -> Option<(Slot, Seen)> {
        let ended = self.tasks.join_next_with_id().await?;
        let id = ended.as_ref().map_or_else(JoinError::id, |(id, _)| *id);
        // Every task was entered when it was spawned, and leaves only here.
        let flight = self.flights.remove(&id)?;
        Some((flight.slot, ended.map_or_else(|_| flight.broken_off(), |(_, seen)| seen)))
    }
}

impl Flight {
    /// Aborted, or it panicked: the target must not be lost for it.
    fn broken_off(&self) -> Seen {
        let outcome = Outcome::Nothing(OwnFault::Aborted);
        let attempt = Attempt { outcome, certificate_expires: None, told: Told::Nothing };
        Seen { attempt, at: Instant::now(), elapsed: self.started.elapsed() }
    }
}

#[cfg(test)]
mod tests;
