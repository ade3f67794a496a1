//! The loop: every server once in each round for each workload, in an order that is shuffled for every round.
//!
//! A machine has moods: clock, caches, neighbours. A round goes through its workloads one after the other, each
//! with all servers, so figures that are compared were taken within seconds of each other. Ratios are made inside
//! rounds, and only then is their median taken. Many short rounds say more than a few long ones.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::load::{Generator, Pace, Tally};
use crate::results::{Kind, Line, Results, Run};
use crate::servers::Server;
use crate::stage::{Stage, Stand};
use crate::workload::{Ring, Workload};

/// What to run.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Who.
    pub servers: Vec<Server>,
    /// What is asked.
    pub workloads: Vec<Workload>,
    /// How often.
    pub rounds: usize,
    /// How long each run takes.
    pub time: Duration,
    /// Queries outstanding at saturation.
    pub outstanding: usize,
    /// Queries a second of the steady runs.
    pub rate: u32,
}

/// The workload of the steady runs.
pub const STEADY: Workload = Workload::Subnets;

/// Before each run that counts, one that does not.
const WARM_UP: Duration = Duration::from_millis(100);

/// Until threads of an idle server have left their processor: only then does its clock tell all.
const SETTLE: Duration = Duration::from_millis(5);

/// One run.
type Turn = (Server, Workload, Kind);

impl Plan {
    /// All runs of a round; whatever is compared stands together.
    pub fn turns(&self, random: &mut fastrand::Rng) -> Vec<Turn> {
        let mut blocks: Vec<(Workload, Kind)> =
            self.workloads.iter().map(|workload| (*workload, Kind::Saturated)).collect();
        blocks.push((STEADY, Kind::Steady));
        random.shuffle(&mut blocks);
        let mut turns = Vec::new();
        for (workload, kind) in blocks {
            let mut servers: Vec<Server> =
                self.servers.iter().copied().filter(|server| server.takes(workload)).collect();
            random.shuffle(&mut servers);
            turns.extend(servers.into_iter().map(|server| (server, workload, kind)));
        }
        turns
    }

    /// How long all rounds will take.
    pub fn estimate(&self) -> Duration {
        let each = self.time + WARM_UP + 3 * SETTLE;
        each * (self.turns(&mut fastrand::Rng::with_seed(7)).len() * self.rounds) as u32
    }

    /// Every workload that is needed.
    pub fn all_workloads(&self) -> Vec<Workload> {
        let mut all = self.workloads.clone();
        if !all.contains(&STEADY) {
            all.push(STEADY);
        }
        all
    }
}

/// The queries of each workload.
pub struct Rings(Vec<(Workload, Ring)>);

impl Rings {
    /// Made beforehand.
    pub fn new(workloads: &[Workload]) -> Rings {
        Rings(workloads.iter().map(|workload| (*workload, Ring::new(*workload, 7))).collect())
    }

    fn of(&self, wanted: Workload) -> Result<&Ring> {
        let found = self.0.iter().find(|(workload, _)| *workload == wanted);
        found.map(|(_, ring)| ring).context("a workload without queries")
    }
}

/// Every server, every workload, once and briefly: a wrong answer ends everything before it costs half an hour.
pub fn verify(plan: &Plan, stage: &Stage, rings: &Rings) -> Result<()> {
    for (server, workload, _) in plan.turns(&mut fastrand::Rng::with_seed(7)) {
        let stand = stage.stand(server, workload)?;
        let ring = rings.of(workload)?;
        let mut generator = Generator::new(stand.address, ring, server.expect())?;
        let tally = generator.run(Pace::Saturated(32), Duration::from_millis(50))?;
        tally.verified().with_context(|| format!("{}, {}", server.title(), workload.title()))?;
    }
    Ok(())
}

/// All rounds. Returns how many answers were wrong.
pub fn run(plan: &Plan, stage: &Stage, rings: &Rings, results: &mut Results) -> Result<u64> {
    let mut random = fastrand::Rng::with_seed(7);
    let begin = Instant::now();
    let mut wrong = 0;
    for round in 1..=plan.rounds {
        for turn in plan.turns(&mut random) {
            let run = one(plan, stage, rings, round, turn)?;
            wrong += run.tally.wrong.values().sum::<u64>();
            if let Err(error) = run.tally.verified() {
                println!("  {}, {}: {error}", turn.0.title(), turn.1.title());
            }
            results.add(Line::Run(run))?;
        }
        let left = begin.elapsed() / round as u32 * (plan.rounds - round) as u32;
        println!("  round {round} of {}, {} left", plan.rounds, minutes(left));
    }
    Ok(wrong)
}

/// One run, warmed up.
fn one(plan: &Plan, stage: &Stage, rings: &Rings, round: usize, turn: Turn) -> Result<Run> {
    let (server, workload, kind) = turn;
    let pace = match kind {
        Kind::Saturated => Pace::Saturated(plan.outstanding),
        Kind::Steady => Pace::Steady(plan.rate),
    };
    let stand = stage.stand(server, workload)?;
    let mut generator = Generator::new(stand.address, rings.of(workload)?, server.expect())?;
    let name = || format!("{}, {}", server.title(), workload.title());
    generator.run(pace, WARM_UP).with_context(name)?;
    let (processor, elapsed, tally) = measure(&mut generator, stand, pace, plan.time).with_context(name)?;
    Ok(Run { round, server, workload, pace: kind, processor, elapsed, tally })
}

/// Asks, and reads the server's clock before and after, when it is idle.
fn measure(
    generator: &mut Generator<'_>,
    stand: &Stand,
    pace: Pace,
    time: Duration,
) -> Result<(u64, u64, Tally)> {
    std::thread::sleep(SETTLE);
    let before = stand.process.clocks()?;
    let begin = Instant::now();
    let tally = generator.run(pace, time)?;
    let elapsed = begin.elapsed().as_nanos() as u64;
    std::thread::sleep(SETTLE);
    Ok((stand.process.clocks()?.since(&before), elapsed, tally))
}

/// A duration for people.
pub fn minutes(duration: Duration) -> String {
    match duration.as_secs() {
        seconds @ 0..60 => format!("{seconds} s"),
        seconds => format!("{} min {:02} s", seconds / 60, seconds % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_has_a_turn_and_what_is_compared_stands_together() {
        let plan = Plan {
            servers: Server::ALL.into(),
            workloads: Workload::ALL.into(),
            rounds: 2,
            time: Duration::from_millis(385),
            outstanding: 128,
            rate: 50_000,
        };
        let turns = plan.turns(&mut fastrand::Rng::with_seed(1));
        // Two do not take part in one workload.
        assert_eq!(turns.len(), 10 * 5 - 2);
        let changes =
            turns.windows(2).filter(|pair| (pair[0].1, pair[0].2) != (pair[1].1, pair[1].2)).count();
        assert_eq!(changes, 4);
        let other = plan.turns(&mut fastrand::Rng::with_seed(2));
        assert_ne!(turns, other);
        let sorted = |mut turns: Vec<Turn>| {
            turns.sort();
            turns.dedup();
            turns
        };
        assert_eq!(sorted(turns), sorted(other));
        assert_eq!(plan.estimate(), Duration::from_millis(500 * 48 * 2));
    }
}
