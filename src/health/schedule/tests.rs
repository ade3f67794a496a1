use super::*;
use crate::model::{HttpRequest, Request};

const NO_LIMIT: ProbeBudget = ProbeBudget { in_flight: 1, per_second: 0, per_address: 0 };

fn unlimited(seed: f64) -> Schedule {
    Schedule::new(seed, NO_LIMIT)
}

fn target(port: u16) -> Arc<Target> {
    let request = HttpRequest { path: "/".into(), ..HttpRequest::default() };
    Arc::new(Target { address: [127, 0, 0, 1].into(), port, request: Request::Http(request) })
}

fn every(millis: u64, ports: impl IntoIterator<Item = u16>) -> Vec<Standing> {
    let (interval, timeout) = (Duration::from_millis(millis), Duration::from_secs(1));
    ports
        .into_iter()
        .map(|port| Standing { target: target(port), interval, timeout, confirm: None })
        .collect()
}

/// Starts and at once finishes whatever is due at `now`.
fn round(schedule: &mut Schedule, now: Instant) -> Vec<u16> {
    let mut slots = Vec::new();
    while let Some(start) = schedule.start(now) {
        slots.push(start.slot);
    }
    slots
        .into_iter()
        .filter_map(|slot| schedule.finish(slot, Some(false), now))
        .map(|finish| finish.target.port)
        .collect()
}

/// Everything that starts until `end`, with when, when every attempt takes no time.
fn play(schedule: &mut Schedule, from: Instant, end: Instant) -> Vec<(Instant, u16)> {
    let mut starts: Vec<_> = round(schedule, from).into_iter().map(|port| (from, port)).collect();
    while let Some(at) = schedule.next_due().filter(|at| *at < end) {
        starts.extend(round(schedule, at).into_iter().map(|port| (at, port)));
    }
    starts
}

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn the_first_probes_go_at_once_and_in_order() {
    let (mut schedule, now) = (unlimited(0.3), Instant::now());
    assert_eq!(schedule.replace(&every(5000, [7, 3, 9]), now), []);
    assert_eq!(round(&mut schedule, now), [7, 3, 9]);
    assert_eq!(round(&mut schedule, now), [0u16; 0]);
}

#[test]
fn later_probes_keep_their_interval_exactly() {
    let (mut schedule, now) = (unlimited(0.9), Instant::now());
    schedule.replace(&every(5000, 1..=10), now);
    let starts = play(&mut schedule, now, now + 100 * SECOND);
    for port in 1..=10 {
        let at: Vec<_> = starts.iter().filter(|(_, p)| *p == port).map(|(at, _)| *at).collect();
        assert_eq!(at.len(), 21, "at once, then 20 in 100 seconds");
        assert!(at[1] - at[0] < 5 * SECOND);
        assert!(at[1..].windows(2).all(|pair| pair[1] - pair[0] == 5 * SECOND));
    }
}

#[test]
fn beats_never_bunch() {
    // Whatever the start and however many: the fullest tenth of the interval has at most a few more than its
    // share, after the at-once round.
    for (seed, count) in [(0.0, 10), (0.37, 100), (0.999, 1000), (0.5, 10_000)] {
        let (mut schedule, now) = (unlimited(seed), Instant::now());
        schedule.replace(&every(10_000, 1..=count), now);
        let mut tenths = [0; 10];
        for (at, _) in play(&mut schedule, now, now + 10 * SECOND).into_iter().skip(usize::from(count)) {
            tenths[(at - now).as_secs() as usize] += 1;
        }
        let (least, most) = (tenths.iter().min().unwrap(), tenths.iter().max().unwrap());
        // What lies in the first step of the grid came with the at-once round.
        let at_once = i32::from(count) / 1000 + 1;
        assert!(most - least <= 4 + at_once, "{count} from {seed}: {tenths:?}");
        let all = tenths.iter().sum::<i32>();
        assert!(
            (i32::from(count) - at_once..=i32::from(count)).contains(&all),
            "{all} of {count} from {seed}"
        );
    }
}

#[test]
fn beats_of_long_intervals_come_in_small_groups() {
    let (mut schedule, now) = (unlimited(0.37), Instant::now());
    schedule.replace(&every(5000, 1..=10_000), now);
    let mut groups = std::collections::BTreeMap::new();
    for (at, _) in play(&mut schedule, now, now + 5 * SECOND).into_iter().skip(10_000) {
        *groups.entry((at - now).as_micros()).or_insert(0) += 1;
    }
    assert!(groups.keys().all(|at| at % 5000 == 0), "on the grid");
    assert!(groups.len() >= 990 && groups.values().all(|count| *count <= 15), "{groups:?}");
}

#[test]
fn a_probe_that_outlasts_its_interval_is_not_piled_up() {
    let (mut schedule, now) = (unlimited(0.5), Instant::now());
    schedule.replace(&every(1000, [1]), now);
    let slot = schedule.start(now).unwrap().slot;
    let late = now + Duration::from_millis(4200);
    assert!(schedule.start(late).is_none(), "still being asked");
    assert_eq!(schedule.next_due(), None);
    schedule.finish(slot, Some(false), late);
    // The phase after a seed of 0.5 is 0.118…: beats at 0.115, 1.115, … 4.115, 5.115 seconds.
    let beat = schedule.next_due().unwrap() - now;
    assert_eq!(beat.as_millis(), 5115);
}

#[test]
fn a_reload_keeps_the_beat_of_those_who_stay() {
    let (mut schedule, now) = (unlimited(0.2), Instant::now());
    schedule.replace(&every(5000, [1, 2]), now);
    round(&mut schedule, now);
    let due = schedule.waiting.clone();
    assert_eq!(schedule.replace(&every(5000, [2, 1]), now + SECOND), []);
    assert_eq!(schedule.waiting, due);
    assert_eq!(round(&mut schedule, now), [0u16; 0], "nobody is new");
}

#[test]
fn those_who_leave_stop_wherever_they_are() {
    let (mut schedule, now) = (unlimited(0.2), Instant::now());
    schedule.replace(&every(5000, [1]), now);
    round(&mut schedule, now);
    schedule.replace(&every(5000, [1, 2, 3]), now);
    let flying = schedule.start(now).unwrap();
    assert_eq!(flying.target.port, 2);
    // 1 waits for its beat, 2 is in flight, 3 is ready.
    assert_eq!(schedule.replace(&[], now).len(), 3);
    assert_eq!((schedule.next_due(), schedule.finish(flying.slot, None, now)), (None, None));
    assert!(schedule.start(now + 60 * SECOND).is_none());
    assert!(schedule.orders.is_empty() && schedule.slots.is_empty());
}

#[test]
fn one_who_comes_back_is_new() {
    let (mut schedule, now) = (unlimited(0.2), Instant::now());
    schedule.replace(&every(5000, [1]), now);
    let before = schedule.start(now).unwrap().slot;
    schedule.replace(&[], now);
    schedule.replace(&every(5000, [1]), now);
    assert_eq!(schedule.finish(before, None, now), None, "the old attempt's result is not the new order's");
    assert_eq!(round(&mut schedule, now), [1]);
}

#[test]
fn the_shorter_of_two_orders_counts() {
    for intervals in [[9000, 3000], [3000, 9000]] {
        let (mut schedule, now) = (unlimited(0.2), Instant::now());
        schedule.replace(&intervals.map(|millis| every(millis, [1])).concat(), now);
        assert_eq!(play(&mut schedule, now, now + 30 * SECOND).len(), 11);
    }
}

#[test]
fn a_new_interval_spreads_anew() {
    let (mut schedule, now) = (unlimited(0.0), Instant::now());
    schedule.replace(&every(1000, 1..=100), now);
    play(&mut schedule, now, now + 3 * SECOND);
    let then = now + 3 * SECOND;
    schedule.replace(&every(10_000, 1..=100), then);
    let starts = play(&mut schedule, then, then + 10 * SECOND);
    assert_eq!(starts.len(), 100);
    let first_second = starts.iter().filter(|(at, _)| *at < then + SECOND).count();
    assert!(first_second <= 12, "{first_second} of 100 in a tenth of the interval");
}

#[test]
fn absurd_intervals_are_held() {
    let (mut schedule, now) = (unlimited(0.0), Instant::now());
    let mut orders = every(0, [1]);
    orders.push(Standing { interval: Duration::MAX, ..every(1, [2]).remove(0) });
    schedule.replace(&orders, now);
    assert_eq!(play(&mut schedule, now, now + SECOND).len(), 1 + 100 + 1);
}

/// Asks one target every five seconds, confirms every second until three failures; `seen` are its results, and `took`
/// how long each attempt takes if nothing ends it before. Gives when each began, in milliseconds, and what it was allowed.
fn confirmed(seen: &str, took: u64) -> Vec<(u128, u128)> {
    let (mut schedule, now) = (unlimited(0.5), Instant::now());
    let confirm = Some(Confirm { interval: SECOND, fall: 3 });
    schedule.replace(&[Standing { confirm, timeout: 2 * SECOND, ..every(5000, [1]).remove(0) }], now);
    let mut starts = Vec::new();
    let mut at = now;
    for result in seen.chars() {
        let start = schedule.start(at).unwrap();
        starts.push(((at - now).as_millis(), start.timeout.as_millis()));
        let end = at + Duration::from_millis(took).min(start.timeout);
        schedule.finish(start.slot, Some(result == '-').filter(|_| result != '0'), end);
        at = schedule.next_due().unwrap();
    }
    starts
}

#[test]
fn a_failure_is_confirmed_fast_and_then_the_beat_goes_on() {
    // Beats are at 0.59, 5.59, 10.59, 15.59 … seconds.
    let beats: Vec<_> = confirmed("+++", 0).iter().map(|start| start.0).collect();
    assert_eq!(beats, [0, 590, 5590]);
    let at = |seen, took| confirmed(seen, took).into_iter().map(|start| start.0).collect::<Vec<_>>();
    assert_eq!(at("++---+", 0), [0, 590, 5590, 6590, 7590, 10590]);
    assert_eq!(at("++-+++", 0), [0, 590, 5590, 6590, 10590, 15590], "laid to rest");
    assert_eq!(
        at("++-0-++", 0),
        [0, 590, 5590, 6590, 7590, 8590, 10590],
        "what says nothing confirms nothing"
    );
    // An attempt that takes long ends first; the next one follows at once, with less time.
    assert_eq!(at("---+", 4000), [0, 2000, 3000, 5590]);
}

#[test]
fn a_black_hole_is_confirmed_as_fast() {
    let starts = confirmed("++---+", 60_000);
    assert_eq!(starts[2], (10590, 2000));
    assert_eq!(starts[3..5], [(12590, 1000), (13590, 1000)]);
    // interval + (fall − 1) × fast interval + timeout, from the last moment at which it was well.
    assert!(starts[4].0 + starts[4].1 - starts[2].0 <= 2000 + 2 * 1000);
}

#[test]
fn a_target_that_is_down_is_asked_at_the_interval() {
    let starts = confirmed("----------", 0);
    let after: Vec<_> = starts[3..].windows(2).map(|pair| pair[1].0 - pair[0].0).collect();
    assert!(after.iter().all(|gap| *gap == 5000), "{starts:?}");
}

#[test]
fn the_budget_spreads_what_comes_at_once_and_loses_nobody() {
    let budget = ProbeBudget { per_second: 0, per_address: 10, ..NO_LIMIT };
    let (mut schedule, start) = (Schedule::new(0.2, budget), Instant::now());
    schedule.replace(&every(60_000, 1..=30), start);
    let starts = play(&mut schedule, start, start + 4 * SECOND);
    let ports: Vec<_> = starts.iter().map(|(_, port)| *port).collect();
    assert_eq!(ports[..30], (1..=30).collect::<Vec<u16>>(), "in the order in which they came");
    for (place, (at, _)) in starts[..30].iter().enumerate() {
        assert_eq!(*at - start, place as u32 * SECOND / 10);
    }
    // A larger one holds at once for what is not booked yet.
    schedule.set_budget(NO_LIMIT);
    schedule.replace(&every(60_000, 31..=90), start + 5 * SECOND);
    assert_eq!(round(&mut schedule, start + 5 * SECOND).len(), 60);
}

#[test]
fn nobody_gets_around_the_budget_by_hurrying_or_by_a_new_interval() {
    let budget = ProbeBudget { per_second: 1, per_address: 0, ..NO_LIMIT };
    let (mut schedule, start) = (Schedule::new(0.2, budget), Instant::now());
    schedule.replace(&every(5000, [1, 2, 3]), start);
    assert_eq!(round(&mut schedule, start), [1]);
    schedule.hurry(&target(3));
    schedule.replace(&every(4000, [1, 2, 3]), start);
    assert_eq!(round(&mut schedule, start), [0u16; 0]);
    assert_eq!(round(&mut schedule, start + SECOND), [2]);
    assert_eq!(round(&mut schedule, start + 2 * SECOND), [3]);
}

#[test]
fn with_more_to_do_than_the_budget_allows_everybody_has_a_turn() {
    let budget = ProbeBudget { per_second: 10, per_address: 0, ..NO_LIMIT };
    let (mut schedule, start) = (Schedule::new(0.2, budget), Instant::now());
    schedule.replace(&every(1000, 1..=40), start);
    let starts = play(&mut schedule, start, start + 100 * SECOND);
    assert!((990..=1010).contains(&starts.len()), "{}", starts.len());
    for port in 1..=40 {
        let count = starts.iter().filter(|(_, one)| *one == port).count();
        assert!((20..=30).contains(&count), "{port} had {count} turns");
    }
}
