//! The generator: one connected socket, queries made beforehand, a bound on what is outstanding, every answer
//! looked at.
//!
//! ```text
//! saturated:  fill the window ─▶ take answers ─▶ fill the window …      CPU per query, queries per second
//! steady:     send what is due ─▶ take answers ─▶ send what is due …    latency, loss
//! ```
//!
//! It never sleeps: a generator that has to be woken charges its waking to the server that sends to it.

use std::collections::BTreeMap;
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

use crate::fence::{Frames, Outbox, Wait};
use crate::histogram::Histogram;
use crate::outstanding::{Answered, Outstanding};
use crate::socket;
use crate::verify::{Expect, Wrong};
use crate::workload::Ring;

/// An answer that takes longer is lost.
const TIMEOUT: u64 = 1_000_000_000;

/// Datagrams in one call, at most.
const BATCH: usize = 64;

/// How to ask.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pace {
    /// So many queries outstanding, always.
    Saturated(usize),
    /// So many queries a second, whatever comes back.
    Steady(u32),
}

/// What came of asking.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Tally {
    /// Queries sent.
    pub sent: u64,
    /// Answers to queries of ours, right or wrong.
    pub answered: u64,
    /// Queries without an answer within a second.
    pub lost: u64,
    /// Answers that came after that.
    pub late: u64,
    /// Wrong answers, by kind.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub wrong: BTreeMap<Wrong, u64>,
    /// Answers a second, from the first query to the last.
    pub per_second: f64,
    /// Latency in nanoseconds that half of all answers did not exceed.
    pub p50: Option<u64>,
    /// The same for 99 of 100.
    pub p99: Option<u64>,
}

impl Tally {
    /// An error if anything was wrong with any answer, or there was none.
    pub fn verified(&self) -> Result<&Tally> {
        let wrong: Vec<String> =
            self.wrong.iter().map(|(kind, count)| format!("{count} answers: {kind}")).collect();
        ensure!(wrong.is_empty(), "{}", wrong.join("; "));
        ensure!(self.answered > 0, "{} queries, no answer", self.sent);
        Ok(self)
    }
}

/// A generator with its queries.
pub struct Generator<'r> {
    socket: UdpSocket,
    ring: &'r Ring,
    expect: Expect,
    frames: Frames,
    outbox: Outbox,
    /// The id to ask next.
    next: usize,
    outstanding: Outstanding,
    begin: Instant,
    tally: Tally,
    latencies: Histogram,
}

impl<'r> Generator<'r> {
    /// Connects to a server.
    pub fn new(server: SocketAddr, ring: &'r Ring, expect: Expect) -> Result<Generator<'r>> {
        let socket = socket::asking(server, Duration::from_millis(100)).context("no socket to ask from")?;
        Ok(Generator {
            socket,
            ring,
            expect,
            frames: Frames::new(BATCH),
            outbox: Outbox::new(BATCH),
            next: 0,
            outstanding: Outstanding::default(),
            begin: Instant::now(),
            tally: Tally::default(),
            latencies: Histogram::default(),
        })
    }

    /// Asks for so long, waits for what is outstanding, and says what came of it.
    pub fn run(&mut self, pace: Pace, time: Duration) -> Result<Tally> {
        let end = time.as_nanos() as u64;
        self.run_while(pace, |now| now < end)
    }

    /// The same for as long as `going` says at each turn; it is told the nanoseconds since the start.
    pub fn run_while(&mut self, pace: Pace, going: impl Fn(u64) -> bool) -> Result<Tally> {
        self.begin = Instant::now();
        (self.tally, self.latencies) = (Tally::default(), Histogram::default());
        let mut now = 0;
        while going(now) {
            match pace {
                Pace::Saturated(window) => self.send(window.saturating_sub(self.outstanding.count()), now)?,
                Pace::Steady(rate) => self.send_due(rate, now)?,
            }
            self.take()?;
            now = self.now();
            self.give_up(now);
        }
        self.tally.per_second = self.tally.answered as f64 * 1e9 / now.max(1) as f64;
        while self.outstanding.count() > 0 {
            self.take()?;
            self.give_up(self.now());
        }
        self.tally.p50 = self.latencies.quantile(0.5);
        self.tally.p99 = self.latencies.quantile(0.99);
        Ok(self.tally.clone())
    }

    /// Nanoseconds since the start of the run.
    fn now(&self) -> u64 {
        self.begin.elapsed().as_nanos() as u64
    }

    /// Sends what is due by now.
    fn send_due(&mut self, rate: u32, now: u64) -> Result<()> {
        let due = (u128::from(now) * u128::from(rate) / 1_000_000_000) as u64;
        self.send(due.saturating_sub(self.tally.sent) as usize, now)
    }

    /// Sends the next queries of the ring, at most so many and at most a batch. Ids that are still outstanding
    /// from the last time round are passed over.
    fn send(&mut self, most: usize, now: u64) -> Result<()> {
        if most == 0 {
            return Ok(());
        }
        if !self.outstanding.is_free(self.next as u16) {
            self.next = (self.next + 1) % Ring::COUNT;
            return Ok(());
        }
        let is_free = |id: &usize| self.outstanding.is_free(*id as u16);
        let free = (self.next..Ring::COUNT).take(most.min(BATCH)).take_while(is_free).count();
        let packets = self.ring.from(self.next, free);
        let sent = match self.outbox.send(&self.socket, packets) {
            Ok(sent) => sent,
            Err(error) if is_passing(&error) => 0,
            Err(error) => return Err(error).context("cannot send"),
        };
        (self.next..self.next + sent).for_each(|id| self.outstanding.send(id as u16, now));
        self.next = (self.next + sent) % Ring::COUNT;
        self.tally.sent += sent as u64;
        Ok(())
    }

    /// Takes the answers that are there.
    fn take(&mut self) -> Result<()> {
        let received = match self.frames.receive(&self.socket, Wait::Never) {
            Ok(received) => received,
            Err(error) if is_passing(&error) => {
                std::hint::spin_loop();
                return Ok(());
            }
            Err(error) => return Err(error).context("the server is gone"),
        };
        let now = self.now();
        for slot in 0..received {
            if let Err(wrong) = self.note(slot, now) {
                *self.tally.wrong.entry(wrong).or_default() += 1;
            }
        }
        Ok(())
    }

    /// Counts one answer.
    fn note(&mut self, slot: usize, now: u64) -> Result<(), Wrong> {
        let answer = self.frames.octets(slot);
        let [high, low, ..] = answer else { return Err(Wrong::Form) };
        let id = u16::from_be_bytes([*high, *low]);
        match self.outstanding.answer(id) {
            Answered::Stray => return Err(Wrong::Stray),
            Answered::Late => self.tally.late += 1,
            Answered::Waited(since) => {
                self.tally.answered += 1;
                self.latencies.add(now.saturating_sub(since));
            }
        }
        self.expect.check(self.ring.query(id.into()), self.ring.question_end, answer).map(drop)
    }

    /// Counts as lost what has been outstanding for too long.
    fn give_up(&mut self, now: u64) {
        self.tally.lost += self.outstanding.give_up(now.saturating_sub(TIMEOUT));
    }
}

/// Nothing there, no room, a signal.
fn is_passing(error: &io::Error) -> bool {
    use io::ErrorKind::{Interrupted, TimedOut, WouldBlock};
    matches!(error.kind(), WouldBlock | Interrupted | TimedOut)
}

#[cfg(test)]
mod tests;
