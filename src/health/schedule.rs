//! When whom to ask: no clock, no socket, no task.
//!
//! A new target is ready at once. Its later probes keep a beat: a phase inside the interval, then every
//! interval exactly, so that nobody ever waits longer than the interval to be asked again, and a failure is seen
//! within interval × fall. The phases follow the golden ratio from a random start: any run of targets, of any
//! length, lies almost evenly over its interval, and two nodes with one configuration do not probe together.
//! Jitter anew for every probe would bunch by chance and stretch the time to a verdict; this does neither.
//! Long intervals' beats fall on a grid of milliseconds: thousands of probes wake the prober in small groups instead of
//! one by one.
//!
//! A beat that comes while the target is still being asked, or still waits for its turn, is skipped.
//!
//! After a failure the next probes come faster, until there are as many in a row as it takes to bring the target down:
//! a suspicion is confirmed or laid to rest soon. Such a probe has no longer than until the next one, so that a black
//! hole is found out in the same time. Then the beat goes on.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::budget::Bookings;
use crate::model::{ProbeBudget, Target};

/// No target is asked more often, and none less.
const INTERVALS: (Duration, Duration) = (Duration::from_millis(10), Duration::from_secs(366 * 86_400));

/// Beats stand on multiples of it, where the interval is a second or longer: of 10,000 targets every 5 s that is 10 at
/// once.
const GRID: Duration = Duration::from_millis(5);

/// The golden ratio's fractional part: its multiples spread over a circle better than any other number's.
const GOLDEN: f64 = 0.618_033_988_749_894_9;

/// The standing order to probe one target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Who.
    pub target: Arc<Target>,
    /// From the start of one probe to the start of the next; held within 10 ms and a year.
    pub interval: Duration,
    /// For one attempt.
    pub timeout: Duration,
    /// How a failure is confirmed; `None`: at the interval like anything else.
    pub confirm: Option<Confirm>,
}

/// How a failure is confirmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Confirm {
    /// From the start of one probe to the start of the next.
    pub interval: Duration,
    /// Failures in a row that need no more confirmation.
    pub fall: u32,
}

/// A probe to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Start {
    /// Its place, to be handed back when it is over.
    pub slot: Slot,
    /// Who.
    pub target: Arc<Target>,
    /// How long it may take.
    pub timeout: Duration,
}

/// A probe that is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finish {
    /// Who was asked.
    pub target: Arc<Target>,
    /// How often it has passed in a row.
    pub passes: u32,
}

/// A target's place in the schedule; never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Slot(u64);

/// All standing orders, and which are due.
#[derive(Debug)]
pub struct Schedule {
    orders: HashMap<Slot, Order>,
    slots: HashMap<Arc<Target>, Slot>,
    waiting: BTreeSet<(Instant, Slot)>,
    ready: VecDeque<Slot>,
    next: Slot,
    phase: f64,
    /// Where the grid begins: when the first target came.
    origin: Option<Instant>,
    bookings: Bookings,
}

#[derive(Debug)]
struct Order {
    standing: Standing,
    /// 0…1 of its interval.
    phase: f64,
    /// One of its beats.
    beat: Instant,
    /// When it is asked next, while it waits: a beat, or a confirmation before it.
    due: Instant,
    /// When it was last asked.
    started: Instant,
    /// Failures in a row.
    failures: u32,
    /// Passes in a row.
    passes: u32,
    /// The budget has a place for it, which is what it waits for.
    booked: bool,
}

impl Order {
    /// How a failure is confirmed, as long as it is to be.
    fn confirming(&self) -> Option<Confirm> {
        self.standing.confirm.filter(|confirm| (1..confirm.fall).contains(&self.failures))
    }
}

impl Schedule {
    /// Nothing to do; `seed`, 0…1, says where the phases begin.
    pub fn new(seed: f64, budget: ProbeBudget) -> Schedule {
        Schedule {
            orders: HashMap::new(),
            slots: HashMap::new(),
            waiting: BTreeSet::new(),
            ready: VecDeque::new(),
            next: Slot(0),
            phase: seed,
            origin: None,
            bookings: Bookings::new(budget),
        }
    }

    /// From now on another budget holds.
    pub fn set_budget(&mut self, budget: ProbeBudget) {
        self.bookings.replace(budget);
    }

    /// Makes `wanted` the whole of what is probed. New targets are ready at once, in the order given; those
    /// that stay keep their beat; the slots of the rest are returned, to be broken off. Of two orders for one
    /// target the one with the shorter interval counts.
    pub fn replace(&mut self, wanted: &[Standing], now: Instant) -> Vec<Slot> {
        let mut seen = HashSet::with_capacity(wanted.len());
        for standing in shortest(wanted) {
            match self.slots.get(&standing.target) {
                Some(&slot) => self.revise(slot, standing, now),
                None => self.add(standing, now),
            }
            seen.insert(Arc::clone(&standing.target));
        }
        let gone = self.slots.extract_if(|target, _| !seen.contains(target)).map(|(_, slot)| slot);
        let gone: HashSet<Slot> = gone.collect();
        self.orders.retain(|slot, _| !gone.contains(slot));
        self.waiting.retain(|(_, slot)| !gone.contains(slot));
        self.ready.retain(|slot| !gone.contains(slot));
        gone.into_iter().collect()
    }

    /// When something next comes due by itself.
    pub fn next_due(&self) -> Option<Instant> {
        self.waiting.first().map(|&(at, _)| at)
    }

    /// The next target to ask, if one is due and the budget has room for it: first come, first served. Whoever finds no
    /// room waits for the place that it gets.
    pub fn start(&mut self, now: Instant) -> Option<Start> {
        while let Some(&(at, slot)) = self.waiting.first().filter(|(at, _)| *at <= now) {
            self.waiting.remove(&(at, slot));
            self.ready.push_back(slot);
        }
        let slot = self.next_with_room(now)?;
        let order = self.orders.get_mut(&slot)?;
        order.started = now;
        let longest = order.confirming().map_or(Duration::MAX, |confirm| held(confirm.interval));
        let (target, timeout) = (Arc::clone(&order.standing.target), order.standing.timeout.min(longest));
        Some(Start { slot, target, timeout })
    }

    fn next_with_room(&mut self, now: Instant) -> Option<Slot> {
        while let Some(slot) = self.ready.pop_front() {
            let order = self.orders.get_mut(&slot)?;
            let has_waited = std::mem::take(&mut order.booked);
            let at = if has_waited { now } else { self.bookings.book(order.standing.target.address, now) };
            if at <= now {
                return Some(slot);
            }
            (order.booked, order.due) = (true, at);
            self.waiting.insert((at, slot));
        }
        None
    }

    /// Asks a target before all others; not if it is being asked, is about to be, waits for the budget, or is not wanted.
    pub fn hurry(&mut self, target: &Target) {
        let Some(&slot) = self.slots.get(target) else { return };
        let due = self.orders.get(&slot).filter(|order| !order.booked).map(|order| order.due);
        if due.is_some_and(|due| self.waiting.remove(&(due, slot))) {
            self.ready.push_front(slot);
        }
    }

    /// Ends what [`start`](Self::start) began, and sets when it is asked next. `failed`: whether the target did;
    /// `None` when nothing was learned of it. `None` comes back when the target is no longer wanted.
    pub fn finish(&mut self, slot: Slot, failed: Option<bool>, now: Instant) -> Option<Finish> {
        let order = self.orders.get_mut(&slot)?;
        match failed {
            Some(true) => (order.failures, order.passes) = (order.failures.saturating_add(1), 0),
            Some(false) => (order.failures, order.passes) = (0, order.passes.saturating_add(1)),
            None => {}
        }
        order.beat = next_beat(order.beat, held(order.standing.interval), now);
        let confirmation =
            order.confirming().map(|confirm| (order.started + held(confirm.interval)).max(now));
        order.due = confirmation.map_or(order.beat, |at| at.min(order.beat));
        self.waiting.insert((order.due, slot));
        Some(Finish { target: Arc::clone(&order.standing.target), passes: order.passes })
    }

    fn add(&mut self, standing: &Standing, now: Instant) {
        let slot = self.next;
        self.next = Slot(slot.0 + 1);
        self.phase = (self.phase + GOLDEN).fract();
        let origin = *self.origin.get_or_insert(now);
        let beat = first_beat(origin, standing.interval, self.phase, now);
        self.slots.insert(Arc::clone(&standing.target), slot);
        let (standing, phase) = (standing.clone(), self.phase);
        self.orders.insert(
            slot,
            Order { standing, phase, beat, due: now, started: now, failures: 0, passes: 0, booked: false },
        );
        self.ready.push_back(slot);
    }

    /// A new interval has a new beat. Keeping the old one would crowd a lengthened interval's probes into the
    /// part of it that was the whole before.
    fn revise(&mut self, slot: Slot, standing: &Standing, now: Instant) {
        let Some(order) = self.orders.get_mut(&slot) else { return };
        let changed = order.standing.interval != standing.interval;
        order.standing = standing.clone();
        if !changed {
            return;
        }
        // Who waits for the budget has its turn before the new beat.
        let was_waiting = !order.booked && self.waiting.remove(&(order.due, slot));
        let origin = *self.origin.get_or_insert(now);
        order.beat = first_beat(origin, standing.interval, order.phase, now);
        if was_waiting {
            order.due = order.beat;
            self.waiting.insert((order.due, slot));
        }
    }
}

/// One order a target, in the order given.
fn shortest(wanted: &[Standing]) -> impl Iterator<Item = &Standing> {
    let mut best: HashMap<&Target, usize> = HashMap::with_capacity(wanted.len());
    for (i, standing) in wanted.iter().enumerate() {
        let known = best.entry(&standing.target).or_insert(i);
        if standing.interval < wanted[*known].interval {
            *known = i;
        }
    }
    wanted.iter().enumerate().filter(move |(i, standing)| best[&*standing.target] == *i).map(|(_, s)| s)
}

fn held(interval: Duration) -> Duration {
    interval.clamp(INTERVALS.0, INTERVALS.1)
}

/// The first beat of an interval from now on, at that phase; a long one's on the grid that begins at `origin`.
fn first_beat(origin: Instant, interval: Duration, phase: f64, now: Instant) -> Instant {
    let beat = now + held(interval).mul_f64(phase);
    if interval < Duration::from_secs(1) {
        return beat;
    }
    let beyond = (beat - origin).as_nanos() % GRID.as_nanos();
    // Less than the grid's step, so it fits.
    beat - Duration::from_nanos(beyond as u64)
}

/// The first beat after `now` of those an interval apart, of which `beat` is one.
fn next_beat(beat: Instant, interval: Duration, now: Instant) -> Instant {
    if beat > now {
        return beat;
    }
    let into = (now - beat).as_nanos() % interval.as_nanos();
    // Less than the interval, so it fits.
    now + (interval - Duration::from_nanos(into as u64))
}

#[cfg(test)]
mod tests;
