use super::*;
use crate::model::{HttpRequest, Request};

fn target(port: u16) -> Arc<Target> {
    let request = HttpRequest { path: "/".into(), ..HttpRequest::default() };
    Arc::new(Target { address: [127, 0, 0, 1].into(), port, request: Request::Http(request) })
}

fn wanted(rows: &[(u16, u32, u32)]) -> Vec<Wanted> {
    rows.iter().map(|&(port, rise, fall)| Wanted { target: target(port), rise, fall }).collect()
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
    };
    seen.chars().filter(|&c| table.observe(&observation(outcome(c))).is_some()).count()
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
    assert_eq!(facts.staleness(later), Some(later - start));
    assert_eq!(facts.last_own_fault, Some((later, OwnFault::Aborted)));
    assert_eq!(facts.last_latency, Some(Duration::from_millis(7)));
}

#[test]
fn a_certificate_stays_known_when_the_next_attempt_sees_none() {
    let now = Instant::now();
    let mut table = Table::default();
    table.replace(wanted(&[(1, 1, 1)]), now);
    let expires = Some(SystemTime::UNIX_EPOCH + Duration::from_secs(4_000_000_000));
    table.observe(&Observation {
        target: target(1),
        at: now,
        outcome: Outcome::Up,
        elapsed: Duration::ZERO,
        certificate_expires: expires,
    });
    feed(&mut table, 1, "-", now);
    assert_eq!(table.facts(&target(1)).unwrap().certificate_expires, expires);
}
