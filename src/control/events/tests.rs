use tokio::sync::broadcast::error::TryRecvError;

use super::*;
use crate::model::{OverrideState, Ramp};

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

fn cut() -> What {
    What::Cut { cut: true }
}

#[test]
fn ids_grow_over_restarts_and_fit_what_json_keeps() {
    let mut old = Journal::new(at(1_790_000_000));
    for _ in 0..10_000 {
        old.note(at(1), About::default(), cut());
    }
    let new = Journal::new(at(1_790_000_001));
    assert!(old.next < new.first && new.first < 1 << 53);
}

#[test]
fn what_was_missed_comes_first_and_what_is_lost_is_counted() {
    let mut journal = Journal::new(at(1));
    let first = journal.first;
    for _ in 0..Journal::KEPT + 10 {
        journal.note(at(2), About::default(), cut());
    }
    // after, missed, lost
    let rows = [
        (None, 0, 0),
        (Some(journal.next - 1), 0, 0),
        (Some(journal.next - 6), 5, 0),
        (Some(first + 9), 1000, 0),
        (Some(first + 4), 1000, 5),
        (Some(0), 1000, 10),
        (Some(u64::MAX), 0, 0),
    ];
    for (after, missed, lost) in rows {
        let following = journal.follow(after);
        assert_eq!((following.missed.len(), following.lost), (missed, lost), "{after:?}");
        let ids: Vec<_> = following.missed.iter().map(|event| event.id).collect();
        assert!(ids.is_sorted() && ids.last().is_none_or(|last| *last == journal.next - 1));
    }
}

#[test]
fn a_listener_that_stands_still_loses_the_oldest_and_holds_nobody_up() {
    let mut journal = Journal::new(at(1));
    let mut coming = journal.follow(None).coming;
    for _ in 0..5 * Journal::KEPT {
        journal.note(at(2), About::default(), cut());
    }
    let mut count = 0;
    let Err(TryRecvError::Lagged(lost)) = coming.try_recv() else { panic!("nothing was lost") };
    while coming.try_recv().is_ok() {
        count += 1;
    }
    assert_eq!(lost + count, 5 * Journal::KEPT as u64);
    assert!((Journal::KEPT as u64..=1024).contains(&count), "{count}");
}

#[test]
fn names_are_listed_once_and_only_so_many() {
    let mut about = About::default();
    for service in 0..40 {
        about.add(&format!("s{service}"), "eu");
    }
    assert_eq!((about.services.len(), about.regions.len(), about.more), (About::LISTED, 1, 8));
    let event = |about: &About| Event { id: 1, at: at(1), about: about.clone(), what: cut() };
    assert!(event(&about).is_about("s39"), "it is not listed, but it may be meant");
    let mut one = About::default();
    one.add("www", "eu");
    assert!(event(&one).is_about("www") && !event(&one).is_about("mail"));
}

#[test]
fn events_are_one_line_for_people() {
    let word = |until| Override {
        state: OverrideState::Down,
        who: "oncall".into(),
        reason: "fire drill".into(),
        since: at(0),
        until,
        rolled_back: None,
    };
    let share = |text: &str| text.parse().unwrap();
    let (from, to, over) = (share("1%"), share("50%"), Duration::from_secs(1_800));
    let state = OverrideState::Ramp(Ramp { from, to, over, watch: Ramp::WATCH, max_errors: None });
    let ramp = || Override { state, ..word(None) };
    let region = || Subject::Region("eu".into());
    let said = |turn, who: Option<&str>, word| What::Override {
        subject: region(),
        turn,
        who: who.map(str::to_owned),
        word,
    };
    let reload = |swapped, problems| What::Reload { swapped, generation: 3, problems };
    let rows = [
        (
            What::Transition {
                target: "http://[::1]:80/".into(),
                from: Level::Healthy,
                to: Level::Unhealthy,
                reason: "connection refused".into(),
            },
            "http://[::1]:80/ is unhealthy, was healthy: connection refused",
        ),
        (
            What::Endpoint {
                service: "www".into(),
                region: "eu".into(),
                family: Family::V4,
                from: Tier::Fit,
                to: Tier::Failing,
            },
            "www in eu (IPv4) is failing, was fit",
        ),
        (
            said(Turn::Set, Some("oncall"), Some(word(Some(at(1800))))),
            "region eu is to be down, says oncall: fire drill (for 30m)",
        ),
        (
            said(Turn::Set, Some("oncall"), Some(word(None))),
            "region eu is to be down, says oncall: fire drill",
        ),
        (said(Turn::Lifted, Some("local"), None), "override of region eu lifted by local"),
        (said(Turn::Ended, None, None), "override of region eu ended"),
        (
            said(Turn::Set, Some("oncall"), Some(ramp())),
            "region eu is to be ramped from 1% to 50% of its weight over 30m, says oncall: fire drill",
        ),
        (
            What::Arrived { subject: region(), word: ramp() },
            "region eu was ramped from 1% to 50% of its weight over 30m, and has arrived",
        ),
        (
            What::RolledBack { subject: region(), word: ramp().gone_back(at(9), "refused".into()) },
            "region eu went back to 1% of its weight, and stays there: refused",
        ),
        (reload(true, 0), "reloaded: generation 3"),
        (reload(false, 2), "a reload changed nothing: still generation 3, problems: 2"),
        (What::Cut { cut: false }, "somebody outside answers again: verdicts fall as they should"),
        (What::Ready { ready: false, missing: vec!["a".into(), "b".into()] }, "the node is not ready: a; b"),
    ];
    for (what, text) in rows {
        assert_eq!(what.to_string(), text);
    }
}
