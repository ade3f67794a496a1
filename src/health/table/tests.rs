use super::*;
use crate::health::Stage;
use crate::model::{HttpRequest, Request};

const WALL: SystemTime = SystemTime::UNIX_EPOCH;

fn target(port: u16) -> Arc<Target> {
    let request = HttpRequest { path: "/".into(), ..HttpRequest::default() };
    Arc::new(Target { address: [127, 0, 0, 1].into(), port, request: Request::Http(request) })
}

fn wanted(rows: &[(u16, u32, u32)]) -> Vec<Wanted> {
    let half_life = Duration::ZERO;
    let tuning = |rise, fall| Tuning { rise, fall, half_life, slow: None, certificate_warning: None };
    rows.iter()
        .map(|&(port, rise, fall)| Wanted {
            target: target(port),
            tuning: tuning(rise, fall),
            vouching: Vouching::default(),
        })
        .collect()
}

/// `+` up, `-` down, `0` nothing; how many flips came of it.
fn feed(table: &mut Table, port: u16, seen: &str, at: Instant) -> usize {
    let outcome = |c| match c {
        '+' => Outcome::Up,
        '-' => Outcome::Down(Reason::Refused),
        _ => Outcome::Nothing(OwnFault::Aborted),
    };
    let observation = |outcome| Observation {
        target: target(port),
        at,
        outcome,
        elapsed: Duration::from_millis(7),
        certificate_expires: None,
        told: Default::default(),
    };
    seen.chars().map(|c| table.observe(&observation(outcome(c)), WALL).changes.len()).sum()
}

#[test]
fn a_reload_keeps_those_who_stay() {
    let now = Instant::now();
    let mut table = Table::default();
    table.replace(wanted(&[(1, 2, 3), (2, 2, 3)]), now);
    assert_eq!(table.unknown(), 2);
    assert_eq!((feed(&mut table, 1, "+--", now), feed(&mut table, 2, "-", now)), (1, 1));
    assert_eq!(table.unknown(), 0);

    table.replace(wanted(&[(3, 2, 3), (1, 2, 4)]), now);
    let verdict = table.verdict(&target(1)).unwrap();
    assert_eq!((verdict.level, verdict.remaining, verdict.threshold), (Level::Healthy, 2, 4));
    assert_eq!(table.facts(&target(1)).unwrap().failed, 2);
    assert_eq!(table.verdict(&target(2)), None);
    assert_eq!(table.verdict(&target(3)).unwrap().level, Level::Unknown);
    assert_eq!((table.unknown(), table.iter().count()), (1, 2));

    assert_eq!(feed(&mut table, 2, "+", now), 0, "a late result of a target that left");
    assert_eq!(table.verdict(&target(2)), None);
}

#[test]
fn checks_that_disagree_leave_early_and_come_back_late() {
    let now = Instant::now();
    let mut table = Table::default();
    table.replace(wanted(&[(1, 2, 5), (1, 4, 2)]), now);
    feed(&mut table, 1, "+", now);
    assert_eq!(table.verdict(&target(1)).unwrap().threshold, 2);
    feed(&mut table, 1, "--", now);
    assert_eq!(table.verdict(&target(1)).unwrap().threshold, 4);
}

#[test]
fn faults_of_our_own_move_no_verdict() {
    let (start, later) = (Instant::now(), Instant::now() + Duration::from_secs(9));
    let mut table = Table::default();
    table.replace(wanted(&[(1, 1, 1)]), start);
    assert_eq!(feed(&mut table, 1, "000", start), 0);
    assert_eq!(table.unknown(), 1);
    feed(&mut table, 1, "+", start);
    assert_eq!(feed(&mut table, 1, "000", later), 0);
    let facts = table.facts(&target(1)).unwrap();
    assert_eq!((facts.passed, facts.failed, facts.said_nothing), (1, 0, 6));
    assert_eq!(facts.strip.to_string(), "000+000".replace('0', "?"));
    assert_eq!(facts.staleness(later), Some(later - start));
    assert_eq!(facts.own_fault, Some(OwnFault::Aborted));
    assert_eq!(facts.last_latency, Some(Duration::from_millis(7)));
}

/// Three targets in three regions, of which each can prove that the others may be believed.
fn three_regions(now: Instant) -> Table {
    let mut table = Table::default();
    let vouching = |group| Vouching { gives: Some(group), needs: true };
    let rows = wanted(&[(1, 1, 2), (2, 1, 2), (3, 1, 2)]);
    table.replace(
        rows.into_iter().zip(1..).map(|(row, group)| Wanted { vouching: vouching(group), ..row }),
        now,
    );
    for port in 1..=3 {
        feed(&mut table, port, "+", now);
    }
    table
}

/// What came of an attempt.
fn saw(table: &mut Table, port: u16, outcome: Outcome, at: Instant) -> Effect {
    let (target, elapsed) = (target(port), Duration::from_millis(7));
    let seen =
        Observation { target, at, outcome, elapsed, certificate_expires: None, told: Default::default() };
    table.observe(&seen, WALL)
}

#[test]
fn who_is_silent_is_not_asked_again_for_it() {
    let now = Instant::now();
    let mut table = three_regions(now);
    let silence = || Outcome::Down(Reason::ConnectTimeout(Duration::from_secs(2)));
    let later = now + Duration::from_secs(5);
    saw(&mut table, 2, silence(), later);
    let asked = |table: &mut Table, at| {
        let mut ports: Vec<_> = table.whom_to_ask(at).iter().map(|target| target.port).collect();
        ports.sort_unstable();
        ports
    };
    assert_eq!(asked(&mut table, later), [1, 3]);
    saw(&mut table, 1, silence(), later);
    saw(&mut table, 3, silence(), later);
    assert_eq!(asked(&mut table, later + Duration::from_secs(1)), [0u16; 0], "all are silent");
    assert_eq!(table.doubt(later + Duration::from_secs(3)), Doubt::Cut(later));
    // What is settled moves, too: an answer that ends no cut lets the silence of the others count.
    let mut table = three_regions(now);
    saw(&mut table, 2, silence(), later);
    let effect = saw(&mut table, 1, Outcome::Up, later);
    assert_eq!((effect.moved, effect.changes), (vec![target(2)], vec![]));
}

#[test]
fn a_machine_without_a_network_is_cut_off() {
    let now = Instant::now();
    let mut table = three_regions(now);
    let nothing = || Outcome::Nothing(OwnFault::Network("no route".into()));
    let later = now + Duration::from_secs(5);
    let effects = [1, 2, 3, 1].map(|port| saw(&mut table, port, nothing(), later).unasked);
    assert_eq!(effects, [true, true, true, false], "once for each");
    assert_eq!(table.doubt(later), Doubt::Asking);
    assert_eq!(table.doubt(later + Duration::from_secs(2)), Doubt::Cut(later));
    let effect = saw(&mut table, 3, Outcome::Up, later + Duration::from_secs(3));
    assert_eq!((table.doubt(later + Duration::from_secs(9)), effect), (Doubt::None, Effect::default()));
    // Out of descriptors is not without a network.
    saw(&mut table, 1, Outcome::Nothing(OwnFault::System("no descriptors".into())), later);
    assert_eq!(table.doubt(later + Duration::from_secs(9)), Doubt::None);
}

#[test]
fn a_certificate_stays_known_when_the_next_attempt_sees_none() {
    let now = Instant::now();
    let mut table = Table::default();
    table.replace(wanted(&[(1, 1, 1)]), now);
    let expires = Some(SystemTime::UNIX_EPOCH + Duration::from_secs(4_000_000_000));
    let seen = Observation {
        target: target(1),
        at: now,
        outcome: Outcome::Up,
        elapsed: Duration::ZERO,
        certificate_expires: expires,
        told: Default::default(),
    };
    table.observe(&seen, WALL);
    feed(&mut table, 1, "-", now);
    assert_eq!(table.facts(&target(1)).unwrap().certificate_expires, expires);
}

/// Targets 1 and 2 stand outside, fall at once, and pass at first. Then each step is a target, when its attempt began and
/// ended in milliseconds, and what came: `.` silence, `s` silence after it was connected, `r` refused. Who is down, and what
/// the node thinks of its network when the last attempt has ended.
fn check_guard(steps: &[(u16, u64, u64, char)], down: &[u16], cut: bool, doubts: bool) {
    let start = Instant::now();
    let at = |milliseconds| start + Duration::from_millis(milliseconds);
    let mut all = wanted(&[(1, 1, 1), (2, 1, 1)]);
    for (group, row) in all.iter_mut().enumerate() {
        row.vouching = Vouching { gives: Some(group as u32), needs: true };
    }
    let mut table = Table::default();
    table.replace(all, start);
    assert_eq!((1..=2).map(|port| feed(&mut table, port, "+", start)).sum::<usize>(), 2);
    for &(port, began, ended, seen) in steps {
        let elapsed = Duration::from_millis(ended - began);
        let reason = match seen {
            '.' => Reason::ConnectTimeout(elapsed),
            's' => Reason::TimedOut(Stage::Head, elapsed),
            _ => Reason::Refused,
        };
        table.observe(
            &Observation {
                target: target(port),
                at: at(ended),
                outcome: Outcome::Down(reason),
                elapsed,
                certificate_expires: None,
                told: Default::default(),
            },
            WALL,
        );
    }
    let is_down = |port: &u16| table.verdict(&target(*port)).unwrap().level == Level::Unhealthy;
    let fallen: Vec<u16> = (1..=2).filter(is_down).collect();
    let doubt = table.doubt(at(steps.last().unwrap().2));
    let thinks = (matches!(doubt, Doubt::Cut(_)), doubt != Doubt::None);
    assert_eq!((fallen.as_slice(), thinks), (down, (cut, doubts)), "{steps:?}");
}

#[test]
fn who_said_anything_is_not_silent() {
    // Everybody accepts and then hangs: no cut, however long.
    check_guard(&[(1, 100, 1100, 's')], &[1], false, false);
    check_guard(&[(1, 100, 1100, 's'), (2, 100, 1100, 's'), (1, 5000, 6000, 's')], &[1, 2], false, false);
    // One is gone, the other one hangs: it was connected to later than the first was asked.
    check_guard(&[(1, 100, 1100, '.'), (2, 100, 1100, 's')], &[1, 2], false, false);
    check_guard(&[(1, 100, 1100, '.'), (2, 1101, 2101, 's')], &[1, 2], false, false);
    check_guard(&[(2, 100, 1100, 's'), (1, 100, 1200, '.')], &[1, 2], false, false);
    // The network broke after it was connected to: that says nothing of whom was asked after that.
    check_guard(&[(2, 100, 1100, 's'), (1, 101, 1101, '.')], &[2], false, true);
    check_guard(&[(1, 101, 1101, '.'), (2, 100, 1102, 's')], &[2], false, true);
    // Nobody says anything: a cut, in which what was connected to before it changes nothing.
    check_guard(&[(1, 100, 300, '.'), (2, 100, 300, '.'), (1, 2200, 2400, '.')], &[], true, true);
    check_guard(&[(1, 100, 300, '.'), (2, 50, 1300, 's'), (1, 2200, 2400, '.')], &[2], true, true);
    // It ends with whoever says anything; what was seen through it is forgotten.
    let cut = [(1, 100, 300, '.'), (1, 2200, 2400, '.')];
    check_guard(&[cut[0], cut[1], (2, 2500, 2600, 'r')], &[2], false, false);
    check_guard(&[cut[0], cut[1], (2, 2500, 2600, 's')], &[2], false, false);
}

#[test]
fn the_newest_results_are_kept_as_a_strip() {
    let now = Instant::now();
    let mut table = Table::default();
    table.replace(wanted(&[(1, 1, 1)]), now);
    feed(&mut table, 1, &("+".repeat(30) + "-0+"), now);
    let strip = table.facts(&target(1)).unwrap().strip.to_string();
    assert_eq!(strip, "+".repeat(Strip::LENGTH - 3) + "-?+");
}

/// What a success after so many milliseconds comes to, with a certificate that ends after so many seconds.
fn check_concern(slow: Option<u64>, warning: Option<u64>, took: u64, left: u64, expected: &str) {
    let now = Instant::now();
    let mut all = wanted(&[(1, 1, 1)]);
    all[0].tuning.slow = slow.map(Duration::from_millis);
    all[0].tuning.certificate_warning = warning.map(Duration::from_secs);
    let mut table = Table::default();
    table.replace(all, now);
    let seen = Observation {
        target: target(1),
        at: now,
        outcome: Outcome::Up,
        elapsed: Duration::from_millis(took),
        certificate_expires: Some(WALL + Duration::from_secs(left)),
        told: Default::default(),
    };
    table.observe(&seen, WALL);
    let verdict = table.verdict(&target(1)).unwrap();
    assert_eq!(format!("{}: {}", verdict.level.name(), verdict.why), expected);
}

#[test]
fn what_passes_slowly_or_with_an_old_certificate_is_degraded() {
    let passes = "healthy: passes its check";
    check_concern(None, None, 5000, 0, passes);
    check_concern(Some(500), Some(60), 500, 61, passes);
    check_concern(Some(500), None, 501, 0, "degraded: passes its check, but takes 501 ms, over 500 ms");
    check_concern(
        None,
        Some(60),
        1,
        60,
        "degraded: passes its check, but the certificate ends on 1970-01-01 00:01:00 UTC",
    );
    check_concern(Some(500), Some(60), 501, 60, "degraded: passes its check, but takes 501 ms, over 500 ms");
}
