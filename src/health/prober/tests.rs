//! The prober over a stand-in for sockets, in paused time: a target's port says how it behaves.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::time::{advance, sleep, timeout};

use super::*;
use crate::health::{Reason, Table, Told, Tuning, Vouching, Wanted};
use crate::model::{HttpRequest, ProbeBudget, Request, Target};

/// Ports below this answer after so many milliseconds.
const SLOW: u16 = 10_000;
const PANICS: u16 = 10_001;
const REFUSES: u16 = 10_002;
const REFUSES_AFTER_3_MS: u16 = 10_003;

#[derive(Default)]
struct Fake {
    asked: Mutex<Vec<u16>>,
    flying: AtomicUsize,
    most: AtomicUsize,
}

/// Counts an attempt as flying until it is dropped.
struct Counted<'a>(&'a AtomicUsize);

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Ask for Fake {
    async fn ask(&self, target: Arc<Target>, _timeout: Duration) -> Attempt {
        self.asked.lock().unwrap().push(target.port);
        let flying = self.flying.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(flying, Ordering::SeqCst);
        let _counted = Counted(&self.flying);
        let outcome = match target.port {
            PANICS => panic!("as told"),
            REFUSES => Outcome::Down(Reason::Refused),
            REFUSES_AFTER_3_MS => {
                sleep(Duration::from_millis(3)).await;
                Outcome::Down(Reason::Refused)
            }
            millis => {
                sleep(Duration::from_millis(millis.into())).await;
                Outcome::Up
            }
        };
        Attempt { outcome, certificate_expires: None, told: Told::Nothing }
    }
}

fn every(seconds: u64, ports: impl IntoIterator<Item = u16>) -> Arc<[Standing]> {
    let request = HttpRequest { path: "/".into(), ..HttpRequest::default() };
    let target =
        |port| Target { address: [127, 0, 0, 1].into(), port, request: Request::Http(request.clone()) };
    let (interval, timeout) = (Duration::from_secs(seconds), Duration::from_secs(seconds));
    ports
        .into_iter()
        .map(|port| Standing { target: Arc::new(target(port)), interval, timeout, confirm: None })
        .collect()
}

/// A running prober and both its ends.
struct Bench {
    fake: Arc<Fake>,
    wanted: watch::Sender<Arc<[Standing]>>,
    hurry: watch::Sender<Arc<[Arc<Target>]>>,
    results: mpsc::Receiver<Observation>,
    shutdown: CancellationToken,
    task: tokio::task::JoinHandle<()>,
}

fn start(first: Arc<[Standing]>, in_flight: usize) -> Bench {
    let fake = Arc::new(Fake::default());
    let (wanted, first) = watch::channel(first);
    let (hurry, hurried) = watch::channel(Arc::from([]));
    let budget = watch::channel(ProbeBudget { in_flight, per_second: 0, per_address: 0 }).1;
    let orders = Orders { wanted: first, hurry: hurried, budget };
    let (sender, results) = mpsc::channel(64);
    let shutdown = CancellationToken::new();
    let run = run(Arc::clone(&fake), orders, sender, shutdown.clone());
    Bench { fake, wanted, hurry, results, shutdown, task: tokio::spawn(run) }
}

impl Bench {
    async fn next(&mut self) -> Observation {
        timeout(Duration::from_secs(3600), self.results.recv()).await.expect("in an hour").expect("running")
    }

    /// The ports of everything seen in the next `seconds`.
    async fn seen_in(&mut self, seconds: u64) -> Vec<u16> {
        let (end, mut ports) = (Instant::now() + Duration::from_secs(seconds), Vec::new());
        while let Ok(Some(seen)) = tokio::time::timeout_at(end, self.results.recv()).await {
            ports.push(seen.target.port);
        }
        ports
    }
}

#[tokio::test(start_paused = true)]
async fn it_says_what_it_saw_and_how_long_that_took() {
    let mut bench = start(every(5, [300]), 8);
    let begun = Instant::now().into_std();
    let seen = bench.next().await;
    assert_eq!((seen.target.port, seen.outcome), (300, Outcome::Up));
    assert_eq!((seen.elapsed, seen.at - begun), (Duration::from_millis(300), Duration::from_millis(300)));
}

#[tokio::test(start_paused = true)]
async fn it_keeps_probing() {
    let mut bench = start(every(5, [1, REFUSES]), 8);
    // At once, then on the beat: 20 in 100 seconds each.
    let ports = bench.seen_in(100).await;
    for port in [1, REFUSES] {
        let count = ports.iter().filter(|p| **p == port).count();
        assert!((20..=21).contains(&count), "{count}");
    }
}

#[tokio::test(start_paused = true)]
async fn who_is_hurried_is_asked_at_once_and_keeps_its_beat() {
    let orders = every(1000, [1, 2]);
    let mut bench = start(Arc::clone(&orders), 8);
    assert_eq!(bench.seen_in(1).await.len(), 2);
    let begun = Instant::now();
    bench.hurry.send_replace([Arc::clone(&orders[1].target)].into());
    let seen = bench.next().await;
    assert_eq!((seen.target.port, begun.elapsed()), (2, Duration::from_millis(2)));
    let mut later = bench.seen_in(1000).await;
    later.sort_unstable();
    assert_eq!(later, [1, 2], "no beat more than before");
}

#[tokio::test(start_paused = true)]
async fn attempts_at_once_are_bounded_and_nobody_starves() {
    let mut bench = start(every(5, 100..200), 7);
    bench.seen_in(10).await;
    let asked = bench.fake.asked.lock().unwrap().clone();
    assert_eq!(asked[..100], (100..200).collect::<Vec<_>>(), "everybody once before anybody twice");
    assert_eq!(bench.fake.most.load(Ordering::SeqCst), 7);
}

#[tokio::test(start_paused = true)]
async fn a_slow_target_is_asked_once_at_a_time() {
    let mut bench = start(every(1, [3500]), 8);
    assert!(bench.seen_in(60).await.len() >= 10);
    assert_eq!(bench.fake.most.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn one_who_left_is_broken_off_and_its_result_dropped() {
    let mut bench = start(every(60, [5000, 6000]), 8);
    sleep(Duration::from_secs(1)).await;
    assert_eq!(bench.fake.flying.load(Ordering::SeqCst), 2);
    bench.wanted.send(every(60, [6000])).unwrap();
    sleep(Duration::from_secs(1)).await;
    assert_eq!(bench.fake.flying.load(Ordering::SeqCst), 1);
    assert_eq!(bench.seen_in(10).await, [6000]);
}

#[tokio::test(start_paused = true)]
async fn one_who_came_is_asked_at_once() {
    let mut bench = start(every(3600, [1]), 8);
    assert_eq!(bench.next().await.target.port, 1);
    bench.wanted.send(every(3600, [1, 2])).unwrap();
    assert_eq!(bench.seen_in(1).await, [2]);
}

#[tokio::test(start_paused = true)]
async fn a_panic_loses_no_target() {
    let mut bench = start(every(5, [PANICS]), 1);
    for _ in 0..3 {
        assert_eq!(bench.next().await.outcome, Outcome::Nothing(OwnFault::Aborted));
    }
}

#[tokio::test(start_paused = true)]
async fn a_full_channel_holds_it_and_stop_is_still_heard() {
    let bench = start(every(1, 1..=100), 8);
    // 64 results fit; nobody takes them.
    sleep(Duration::from_secs(60)).await;
    let asked = bench.fake.asked.lock().unwrap().len();
    assert!((64..=64 + 1 + 8).contains(&asked), "{asked}");
    bench.shutdown.cancel();
    bench.task.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn it_ends_with_either_end_and_breaks_off_what_flies() {
    for end in 0..3 {
        let Bench { fake, wanted, hurry: _hurry, results, shutdown, task } = start(every(60, [SLOW - 1]), 8);
        sleep(Duration::from_secs(1)).await;
        assert_eq!(fake.flying.load(Ordering::SeqCst), 1);
        let kept = match end {
            0 => (Some(wanted), Some(results), shutdown.cancel()),
            1 => (None, Some(results), drop(wanted)),
            _ => (Some(wanted), None, drop(results)),
        };
        task.await.unwrap();
        advance(Duration::from_millis(1)).await;
        assert_eq!(fake.flying.load(Ordering::SeqCst), 0, "end {end}");
        drop(kept);
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_no_news_comes_a_moment_later_and_before_any_news() {
    let mut bench = start(every(5, [1]), 8);
    for passed in 1..=STEADY + 4 {
        let seen = bench.next().await;
        let waited = Instant::now().into_std() - seen.at;
        let expected = if passed <= STEADY { Duration::ZERO } else { LATER };
        assert_eq!((seen.outcome, waited), (Outcome::Up, expected), "{passed}");
    }
    // Two at once, of which one is refused 2 ms after the other passed.
    let wanted = every(5, [1, REFUSES_AFTER_3_MS]);
    bench.wanted.send(Arc::clone(&wanted)).unwrap();
    assert_eq!(bench.next().await.target.port, REFUSES_AFTER_3_MS, "new, so at once");
    bench.hurry.send(wanted.iter().map(|standing| Arc::clone(&standing.target)).collect()).unwrap();
    let told = [bench.next().await, bench.next().await].map(|seen| (seen.outcome, seen.target.port));
    let refused = (Outcome::Down(Reason::Refused), REFUSES_AFTER_3_MS);
    assert_eq!(told, [(Outcome::Up, 1), refused], "what was seen before is told before");
}

/// Loses one probe in a hundred, without an answer.
struct Lossy(Mutex<fastrand::Rng>);

impl Ask for Lossy {
    async fn ask(&self, _: Arc<Target>, timeout: Duration) -> Attempt {
        let lost = self.0.lock().unwrap().u8(0..100) == 0;
        sleep(if lost { timeout } else { Duration::from_millis(30) }).await;
        let outcome = if lost { Outcome::Down(Reason::ConnectTimeout(timeout)) } else { Outcome::Up };
        Attempt { outcome, certificate_expires: None, told: Told::Nothing }
    }
}

#[tokio::test(start_paused = true)]
async fn an_hour_with_one_probe_in_a_hundred_lost_flips_nothing() {
    let orders = every(5, 1..=20);
    let tuning = Tuning {
        rise: 2,
        fall: 3,
        half_life: Duration::from_secs(60),
        slow: None,
        certificate_warning: None,
    };
    let wanted = |standing: &Standing| {
        // Nobody vouches: the ladder alone has to stand it.
        let vouching = Vouching::default();
        Wanted { target: Arc::clone(&standing.target), tuning, vouching }
    };
    let mut table = Table::default();
    table.replace(orders.iter().map(wanted), Instant::now().into_std());
    let (_wanted, first) = watch::channel(orders);
    let (_hurry, hurry) = watch::channel(Arc::from([]));
    let (sender, mut results) = mpsc::channel(64);
    let lossy = Arc::new(Lossy(Mutex::new(fastrand::Rng::with_seed(20))));
    let budget = watch::channel(ProbeBudget::default()).1;
    let orders = Orders { wanted: first, hurry, budget };
    tokio::spawn(run(lossy, orders, sender, CancellationToken::new()));
    let (end, mut probes, mut lost, mut falls) = (Instant::now() + Duration::from_secs(3600), 0, 0, 0);
    while let Ok(Some(seen)) = tokio::time::timeout_at(end, results.recv()).await {
        probes += 1;
        lost += usize::from(matches!(seen.outcome, Outcome::Down(_)));
        let changes = table.observe(&seen, std::time::SystemTime::UNIX_EPOCH).changes;
        falls += changes.iter().filter(|(_, change)| change.from.is_up()).count();
    }
    // The first result decides alone, and may be a lost one; whoever is up stays up.
    assert_eq!(falls, 0, "{lost} of {probes} lost");
    assert!((14_000..=14_500).contains(&probes) && (100..=190).contains(&lost), "{lost} of {probes} lost");
}
