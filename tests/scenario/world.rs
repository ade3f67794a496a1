//! A server without sockets: control as its task, answers by call, and time that moves when it is told to.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use meridian::answer::{Now, Peer, Reply, Worker, answer};
use meridian::control::{Control, Handle, Node, Parts, Store, Threads, Wiring, load};
use meridian::health::{Observation, Outcome, Standing};
use meridian::model::{ProbeBudget, Problems};
use meridian::snapshot::Reader;
use meridian::telemetry::{Counters, DropWhy, Transport};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::file::File;
use super::query::Asked;
use crate::mmdb::{Layout, Precision, Record, Writer};

/// When every scenario begins, in Unix seconds: early enough for a deadline's 16 bits to wrap soon after.
pub const BEGIN: u64 = 1_790_000_000;

/// A directory, a clock, and a server once it is started.
pub struct World {
    pub directory: tempfile::TempDir,
    /// Wall clock in Unix milliseconds.
    clock: Arc<AtomicU64>,
    pub running: Option<Running>,
    pub counters: Arc<Counters>,
    worker: Worker,
    /// While this lives, paused time stands still although nobody has anything to do: a compile on another
    /// thread must not cost seconds.
    _hold: std::sync::mpsc::Sender<()>,
}

/// What is held of a running control.
pub struct Running {
    pub handle: Handle,
    pub first_verdicts: watch::Receiver<bool>,
    observations: mpsc::Sender<Observation>,
    standing: watch::Receiver<Arc<[Standing]>>,
    reader: Reader,
    shutdown: CancellationToken,
    task: JoinHandle<()>,
}

impl World {
    pub fn new(file: &File) -> World {
        let directory = tempfile::tempdir().expect("a directory");
        for (path, text) in &file.texts {
            write(&directory.path().join(path), text.as_bytes());
        }
        for (path, rows) in &file.databases {
            write(&directory.path().join(path), &database(rows));
        }
        let (hold, held) = std::sync::mpsc::channel::<()>();
        tokio::task::spawn_blocking(move || _ = held.recv());
        let counters = Arc::new(Counters::default());
        let worker = Worker::new(0, 7, Arc::clone(&counters));
        let clock = Arc::new(AtomicU64::new(BEGIN * 1000));
        World { directory, clock, running: None, counters, worker, _hold: hold }
    }

    /// Loads and runs; the problems where there are any, warnings included.
    pub fn start(&mut self) -> Result<Problems, Problems> {
        let node = Node { host_name: "host".into(), cookie_secret: [7; 16] };
        let (built, problems) = load(&self.directory.path().join("meridian.toml"), &node, Threads::Many);
        let Some(built) = built else { return Err(problems) };
        let (store, state) = Store::open(&self.directory.path().join("state"), self.wall()).expect("a store");
        let clock = Arc::clone(&self.clock);
        let clock = Arc::new(move || time(&clock));
        self.running = Some(run(Parts { built, state, store, node, workers: 1, clock }));
        Ok(problems)
    }

    /// The server ends as if its machine had; what it stored stays.
    pub async fn stop(&mut self) {
        if let Some(Running { task, shutdown, .. }) = self.running.take() {
            shutdown.cancel();
            task.await.expect("control ends well");
        }
    }

    pub fn wall(&self) -> SystemTime {
        time(&self.clock)
    }

    pub fn unix(&self) -> u64 {
        self.clock.load(Ordering::Relaxed) / 1000
    }

    /// Both clocks go on, a second at a time, and control sees each.
    pub async fn advance(&self, by: Duration) {
        let mut left = by;
        while !left.is_zero() {
            let step = left.min(Duration::from_secs(1));
            self.clock.fetch_add(step.as_millis() as u64, Ordering::Relaxed);
            tokio::time::advance(step).await;
            settle().await;
            left -= step;
        }
    }

    pub fn ask(&mut self, asked: &Asked) -> Result<Vec<u8>, DropWhy> {
        let room = if asked.peer.transport == Transport::Tcp { 65_535 } else { 4096 };
        // Whatever is not written would show.
        let mut out = vec![0xa5; room];
        match self.put(&asked.bytes, &asked.peer, &mut out) {
            Reply::Send(length) => Ok(out[..length].to_vec()),
            Reply::Drop(why) => Err(why),
        }
    }

    /// The same into a buffer that is there already.
    pub fn put(&mut self, bytes: &[u8], peer: &Peer, out: &mut [u8]) -> Reply {
        let now = Now { unix: self.unix() };
        let running = self.running.as_mut().expect("a server that runs");
        let snapshot = Arc::clone(running.reader.load());
        answer(&snapshot, bytes, peer, now, &mut self.worker, out)
    }
}

fn run(parts: Parts) -> Running {
    let (observations, observed) = mpsc::channel(16);
    let (standing, standing_now) = watch::channel(Arc::from([]));
    let (first_verdicts, first_verdicts_now) = watch::channel(false);
    let shutdown = CancellationToken::new();
    let stop = shutdown.clone();
    let mut handle = None;
    let control = Control::new(parts, |shared, config| {
        let (made, requests) = Handle::new(shared.clone());
        handle = Some(made);
        let (config, _) = watch::channel(Arc::new(config.clone()));
        let (hurry, _) = watch::channel(Arc::from([]));
        let (cut_off, _) = watch::channel(None);
        let observations = observed;
        Wiring {
            observations,
            requests,
            standing,
            hurry,
            budget: watch::channel(ProbeBudget::default()).0,
            scrapes: watch::channel(Arc::from([])).0,
            cut_off,
            first_verdicts,
            config,
            shutdown: stop,
        }
    });
    let handle = handle.expect("control wires itself");
    let reader = handle.shared.reader();
    let task = tokio::spawn(control.run());
    Running {
        handle,
        first_verdicts: first_verdicts_now,
        observations,
        standing: standing_now,
        reader,
        shutdown,
        task,
    }
}

impl Running {
    /// Every target at an address, or all of them for `all`, brings these outcomes; control has heard of them
    /// when this returns. How many targets there were.
    pub async fn observe(&self, address: &str, outcomes: &[Outcome]) -> usize {
        let standing = self.standing.borrow().clone();
        let wanted: Vec<_> = standing
            .iter()
            .map(|order| Arc::clone(&order.target))
            .filter(|target| {
                let (alone, with_port) =
                    (target.address.to_string(), format!("{}:{}", target.address, target.port));
                ["all", &alone, &with_port].contains(&address)
            })
            .collect();
        for target in &wanted {
            for outcome in outcomes {
                let (target, outcome) = (Arc::clone(target), outcome.clone());
                let at = tokio::time::Instant::now().into_std();
                let elapsed = Duration::from_millis(12);
                let told = Default::default();
                let seen = Observation { target, at, outcome, elapsed, certificate_expires: None, told };
                self.observations.send(seen).await.expect("control listens");
            }
        }
        // One thread: control has dealt with an observation before anybody else runs after it took it.
        while self.observations.capacity() < self.observations.max_capacity() {
            tokio::task::yield_now().await;
        }
        settle().await;
        wanted.len()
    }
}

/// Lets control do all that it can do now.
async fn settle() {
    for _ in 0..4 {
        tokio::task::yield_now().await;
    }
}

fn time(clock: &AtomicU64) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(clock.load(Ordering::Relaxed))
}

pub fn write(path: &Path, bytes: &[u8]) {
    std::fs::create_dir_all(path.parent().expect("a file in a directory")).expect("a directory");
    std::fs::write(path, bytes).expect("a file");
}

/// Rows of `network country lat lon [subdivision] [asn]`; `-` for what is not known.
fn database(rows: &str) -> Vec<u8> {
    let mut writer = Writer::new(true, 24);
    for row in rows.lines().filter(|row| !row.trim().is_empty() && !row.starts_with('#')) {
        let words: Vec<&str> = row.split_whitespace().collect();
        let word = |at: usize| words.get(at).copied().filter(|word| *word != "-");
        let keep = |word: &str| -> &'static str { Box::leak(word.to_owned().into_boxed_str()) };
        let degrees = |at| word(at).map(|word| word.parse().expect("degrees"));
        let record = Record {
            country: word(1).map(keep),
            at: degrees(2).zip(degrees(3)),
            subdivision: word(4).map(|part| keep(part.rsplit('-').next().unwrap_or(part))),
            asn: word(5).map(|asn| asn.parse().expect("an ASN")),
            continent: None,
        };
        writer.insert(words[0], &record.value(Layout::Nested, Precision::Double));
    }
    writer.finish()
}
