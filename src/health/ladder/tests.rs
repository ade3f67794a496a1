use std::time::Duration;

use super::*;

/// The level as a letter, or `.` where nothing flipped.
fn letter(change: Option<&Change>) -> char {
    match change.map(|change| change.to) {
        None => '.',
        Some(Level::Healthy) => 'U',
        Some(Level::Degraded) => 'd',
        Some(Level::Unhealthy) => 'D',
        Some(Level::Unknown) => '?',
    }
}

/// `+` passes, `~` passes with cause for concern, `-` fails.
fn seen_as(letter: char) -> Seen {
    let second = Duration::from_secs(1);
    match letter {
        '+' => Seen::Up,
        '~' => Seen::Doubtful(Concern::Slow { took: 2 * second, over: second }),
        _ => Seen::Down(Reason::Refused),
    }
}

fn tuning(rise: u32, fall: u32) -> Tuning {
    Tuning { rise, fall, half_life: Duration::ZERO, slow: None, certificate_warning: None }
}

/// Feeds results a second apart; what flipped (`U`, `d`, `D`), and what remained after each.
fn check(rise: u32, fall: u32, seen: &str, flips: &str, remaining: &str) {
    let start = Instant::now();
    let mut ladder = Ladder::new(tuning(rise, fall), start);
    let (mut got, mut left) = (String::new(), String::new());
    let (mut level, mut since) = (Level::Unknown, start);
    for (second, result) in seen.chars().enumerate() {
        let now = start + Duration::from_secs(second as u64);
        let change = ladder.observe(seen_as(result), now);
        if let Some(change) = &change {
            assert_eq!((change.from, change.at), (level, now), "{seen}");
            (level, since) = (change.to, now);
        }
        got.push(letter(change.as_ref()));
        left.push_str(&ladder.verdict().remaining.to_string());
        assert_eq!((ladder.verdict().level, ladder.verdict().since), (level, since), "{seen}");
    }
    assert_eq!((got.as_str(), left.as_str()), (flips, remaining), "rise {rise}, fall {fall}: {seen}");
}

#[test]
fn the_first_result_decides() {
    check(2, 3, "+", "U", "3");
    check(2, 3, "-", "D", "2");
}

#[test]
fn three_misses_bring_it_down() {
    check(2, 3, "+---", "U..D", "3212");
    check(2, 3, "+--+---", "U.....D", "3213212");
    check(2, 3, "+--+--+--", "U........", "321321321");
}

#[test]
fn two_hits_bring_it_back() {
    check(2, 3, "+---++", "U..D.U", "321213");
    check(2, 3, "-+-+-++", "D.....U", "2121213");
    check(2, 3, "----", "D...", "2222");
}

#[test]
fn a_cause_for_concern_takes_its_own_run() {
    check(2, 3, "~", "d", "3");
    check(2, 3, "+~~~", "U..d", "3333");
    check(2, 3, "+~~+~~+", "U......", "3333333");
    check(2, 3, "~++", "d.U", "333");
    check(2, 3, "~+~+~+~", "d......", "3333333");
}

#[test]
fn what_passes_with_a_concern_is_up() {
    // It holds off the fall, and it lifts, to what it is itself.
    check(2, 3, "+--~--~--", "U........", "321321321");
    check(2, 3, "+---~~", "U..D.d", "321213");
    check(2, 3, "+---~+", "U..D.U", "321213");
    check(2, 3, "~---+~", "d..D.d", "321213");
    check(2, 3, "~-+-+-+", "d......", "3232323");
}

#[test]
fn whoever_flaps_is_lifted_later_each_time() {
    let (start, second) = (Instant::now(), Duration::from_secs(1));
    let mut ladder = Ladder::new(Tuning { half_life: 60 * second, ..tuning(1, 1) }, start);
    let mut at = start;
    let mut waits = Vec::new();
    for _ in 0..6 {
        at += second;
        ladder.observe(Seen::Down(Reason::Refused), at);
        let fell = at;
        while ladder.verdict().level == Level::Unhealthy {
            at += second;
            ladder.observe(Seen::Up, at);
            assert!(at < fell + 1000 * second, "never lifted");
        }
        waits.push((at - fell).as_secs());
    }
    // The first result of all is no fall: it decided alone.
    assert_eq!(waits, WAITS);
}

/// Seconds from each fall to the recovery that was believed.
const WAITS: [u64; 6] = [1, 1, 84, 73, 73, 73];

#[test]
fn thresholds_of_one_and_none_flip_at_once() {
    check(1, 1, "+-+--+", "UDUD.U", "111111");
    check(0, 0, "+-+", "UDU", "111");
}

#[test]
fn an_unhealthy_verdict_shows_the_newest_failure() {
    let now = Instant::now();
    let mut ladder = Ladder::new(tuning(2, 1), now);
    assert_eq!(
        (ladder.verdict().why.to_string().as_str(), ladder.verdict().severity()),
        ("not probed yet", None)
    );
    ladder.observe(Seen::Down(Reason::ConnectTimeout(Duration::from_secs(2))), now);
    assert_eq!(ladder.verdict().why.to_string(), "no connection within 2s");
    ladder.observe(Seen::Down(Reason::TimedOut(crate::health::Stage::Head, Duration::from_secs(2))), now);
    assert_eq!(ladder.verdict().severity(), Some(Severity::Soft));
    ladder.observe(Seen::Up, now);
    assert_eq!(ladder.verdict().severity(), Some(Severity::Soft), "one hit of two lifts nothing");
    ladder.observe(Seen::Up, now);
    assert_eq!((&ladder.verdict().why, ladder.verdict().severity()), (&Why::Passed, None));
}

#[test]
fn a_reload_keeps_the_verdict_and_the_run() {
    // Results so far, new rise and fall, then (level, remaining, threshold).
    let rows = [
        ("", 4, 5, (Level::Unknown, 1, 1)),
        ("+", 2, 5, (Level::Healthy, 5, 5)),
        ("+--", 2, 5, (Level::Healthy, 3, 5)),
        ("+--", 2, 2, (Level::Healthy, 1, 2)),
        ("+--", 2, 0, (Level::Healthy, 1, 1)),
        ("-+", 4, 3, (Level::Unhealthy, 3, 4)),
        ("-+", 1, 3, (Level::Unhealthy, 1, 1)),
    ];
    for (seen, rise, fall, expected) in rows {
        let mut ladder = Ladder::new(tuning(2, 3), Instant::now());
        for result in seen.chars() {
            ladder.observe(seen_as(result), Instant::now());
        }
        ladder.retune(tuning(rise, fall), Instant::now());
        let verdict = ladder.verdict();
        assert_eq!((verdict.level, verdict.remaining, verdict.threshold), expected, "{seen} {rise} {fall}");
    }
}
