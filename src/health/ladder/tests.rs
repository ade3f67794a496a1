use std::time::Duration;

use super::*;

/// The level as a letter, or `.` where nothing flipped.
fn letter(change: Option<&Change>) -> char {
    match change.map(|change| change.to) {
        None => '.',
        Some(Level::Healthy) => 'U',
        Some(Level::Unhealthy) => 'D',
        Some(Level::Unknown) => '?',
    }
}

/// Feeds results a second apart; what flipped (`U`, `D`), and what remained after each.
fn check(rise: u32, fall: u32, seen: &str, flips: &str, remaining: &str) {
    let start = Instant::now();
    let mut ladder = Ladder::new(rise, fall, start);
    let (mut got, mut left) = (String::new(), String::new());
    let (mut level, mut since) = (Level::Unknown, start);
    for (second, result) in seen.chars().enumerate() {
        let now = start + Duration::from_secs(second as u64);
        let result = if result == '+' { Ok(()) } else { Err(Reason::Refused) };
        let change = ladder.observe(result, now);
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
fn thresholds_of_one_and_none_flip_at_once() {
    check(1, 1, "+-+--+", "UDUD.U", "111111");
    check(0, 0, "+-+", "UDU", "111");
}

#[test]
fn an_unhealthy_verdict_shows_the_newest_failure() {
    let now = Instant::now();
    let mut ladder = Ladder::new(2, 1, now);
    assert_eq!(
        (ladder.verdict().why.to_string().as_str(), ladder.verdict().severity()),
        ("not probed yet", None)
    );
    ladder.observe(Err(Reason::ConnectTimeout(Duration::from_secs(2))), now);
    assert_eq!(ladder.verdict().why.to_string(), "no connection within 2s");
    ladder.observe(Err(Reason::TimedOut(crate::health::Stage::Head, Duration::from_secs(2))), now);
    assert_eq!(ladder.verdict().severity(), Some(Severity::Soft));
    ladder.observe(Ok(()), now);
    assert_eq!(ladder.verdict().severity(), Some(Severity::Soft), "one hit of two lifts nothing");
    ladder.observe(Ok(()), now);
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
        let mut ladder = Ladder::new(2, 3, Instant::now());
        for result in seen.chars() {
            ladder.observe(if result == '+' { Ok(()) } else { Err(Reason::Refused) }, Instant::now());
        }
        ladder.retune(rise, fall);
        let verdict = ladder.verdict();
        assert_eq!((verdict.level, verdict.remaining, verdict.threshold), expected, "{seen} {rise} {fall}");
    }
}
