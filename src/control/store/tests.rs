//! What is written is read again: today's commands, yesterday's logs, and files that are gone or broken.

use super::*;
use crate::model::Ramp;

fn set(region: &str, state: OverrideState, until: Option<u64>) -> Command {
    let (who, reason) = ("oncall".to_owned(), "drill".to_owned());
    let (since, until) = (time(1_000), until.map(time));
    let word = Override { state, who, reason, since, until, rolled_back: None };
    Command::Set { subject: Subject::Region(region.into()), word }
}

/// A ramp on www in eu-west, and the same gone back.
fn ramps() -> [Command; 2] {
    let share = |text: &str| text.parse().unwrap();
    let (over, watch) = (Duration::from_secs(1_800), Duration::from_secs(600));
    let (from, to, max_errors) = (share("0.5%"), share("100%"), Some(share("2%")));
    let state = OverrideState::Ramp(Ramp { from, to, over, watch, max_errors });
    let (who, reason) = ("oncall".to_owned(), "release".to_owned());
    let (since, until) = (time(1_000), Some(time(1_400)));
    let word = Override { state, who, reason, since, until, rolled_back: None };
    let subject = Subject::Endpoint { service: "www".into(), region: "eu-west".into() };
    let back = word.gone_back(time(1_300), "refused".into());
    [Command::Set { subject: subject.clone(), word }, Command::RollBack { subject, word: back }]
}

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

fn challenge(of: &str, until: u64) -> Command {
    let (values, who) = (vec!["one".to_owned(), "two".to_owned()], "certbot".to_owned());
    let challenge = Challenge { name: name(of), values, who, since: time(1_000), until: time(until) };
    Command::Challenge(Arc::new(challenge))
}

#[test]
fn what_was_stored_is_there_again() {
    let directory = tempfile::tempdir().unwrap();
    let endpoint = Subject::Endpoint { service: "www".into(), region: "eu-west".into() };
    let commands = [
        set("eu-west", OverrideState::Down, Some(5_000)),
        set("us-east", OverrideState::Weight(5), None),
        Command::Lift { subject: endpoint, who: "local".into(), at: time(1_001) },
        set("sa-east", OverrideState::Drain, Some(1_500)),
        challenge("www.example.", 5_000),
        challenge("a\\.b.example.", 5_000),
        challenge("c.example.", 1_500),
        Command::Clear { name: name("a\\.b.example."), who: "local".into(), at: time(1_001) },
    ];
    let (mut store, mut state) = Store::open(directory.path(), time(1_000)).unwrap();
    for command in &commands {
        store.append(state.revision + 1, command).unwrap();
        state = apply(state, command, time(1_002));
    }
    drop(store);
    let (_, replayed) = Store::open(directory.path(), time(1_002)).unwrap();
    assert_eq!(replayed, state);
    let (_, later) = (0, Store::open(directory.path(), time(2_000)).unwrap().1);
    assert_eq!(later.words(time(2_000)).count(), 2, "the drain ran out meanwhile");
    let names: Vec<_> = later.challenges(time(2_000)).map(|one| one.word.name.to_string()).collect();
    assert_eq!(names, ["www.example."], "one was cleared, one ran out");
    assert_eq!(later.revision, 8, "revisions never go back");
}

/// What was written by earlier versions, as it was written; and what is written now.
#[test]
fn the_shape_is_a_promise() {
    let rows = [
        (
            r#"{"region":"eu-west","word":{"state":"down","reason":"drill","until":5000},"who":"oncall","at":1000}"#,
            set("eu-west", OverrideState::Down, Some(5_000)),
        ),
        (
            r#"{"region":"eu-west","service":"www","who":"local","at":1000}"#,
            Command::Lift {
                subject: Subject::Endpoint { service: "www".into(), region: "eu-west".into() },
                who: "local".into(),
                at: time(1_000),
            },
        ),
        (
            r#"{"region":"","challenge":{"name":"www.example.","values":["one","two"],"until":5000},"who":"certbot","at":1000}"#,
            challenge("www.example.", 5_000),
        ),
        (
            r#"{"region":"","challenge":{"name":"www.example.","until":0},"who":"certbot","at":1000}"#,
            Command::Clear { name: name("www.example."), who: "certbot".into(), at: time(1_000) },
        ),
        (
            r#"{"region":"","ramp":{"region":"eu-west","service":"www","from":50,"to":10000,"over":1800,"watch":600,"max_errors":200,"reason":"release","until":1400},"who":"oncall","at":1000}"#,
            ramps()[0].clone(),
        ),
        (
            r#"{"region":"","ramp":{"region":"eu-west","service":"www","from":50,"to":10000,"over":1800,"watch":600,"max_errors":200,"reason":"release","back":{"at":1300,"reason":"refused"}},"who":"oncall","at":1000}"#,
            ramps()[1].clone(),
        ),
    ];
    for (text, command) in rows {
        assert_eq!(decode(text.as_bytes()).unwrap(), command, "{text}");
        assert_eq!(String::from_utf8(encode(&command)).unwrap(), text);
    }
}

#[test]
fn a_ramp_that_went_back_stays_so_when_the_end_that_was_said_is_long_over() {
    let directory = tempfile::tempdir().unwrap();
    let (mut store, _) = Store::open(directory.path(), time(1_000)).unwrap();
    store.append_all(1, &ramps()).unwrap();
    store.append(3, &set("us-east", OverrideState::Down, None)).unwrap();
    let (_, expected) = store.replay(time(1_300)).map(|(state, length)| (length, state)).unwrap();
    drop(store);
    let (store, state) = Store::open(directory.path(), time(9_000)).unwrap();
    let [_, Command::RollBack { subject, word }] = ramps() else { panic!() };
    let kept = state.word(&subject, time(9_000)).unwrap();
    assert_eq!((&kept.word, kept.revision), (&word, 2));
    store.compact(&state, time(9_000)).unwrap();
    assert_eq!(store.replay(time(9_000)).unwrap(), (expected, 2));
}

#[test]
fn ramps_that_are_none_are_refused_and_never_a_panic() {
    let sound = String::from_utf8(encode(&ramps()[1])).unwrap();
    for (part, other, refused) in [
        ("\"to\":10000", "\"to\":10001", true),
        ("\"from\":50", "\"from\":65536", true),
        ("\"over\":1800,", "", true),
        ("\"max_errors\":200", "\"max_errors\":20000", true),
        ("\"over\":1800", "\"over\":18446744073709551615", false),
        ("\"watch\":600", "\"watch\":18446744073709551615", false),
        ("\"at\":1300", "\"at\":18446744073709551615", false),
    ] {
        assert!(sound.contains(part), "{part}");
        let decoded = decode(sound.replace(part, other).as_bytes());
        assert_eq!(decoded.is_err(), refused, "{other}: {decoded:?}");
        if let Ok(command) = decoded {
            let state = apply(State::default(), &command, time(2_000));
            let words = state.words(time(u64::MAX)).map(|(_, one)| one.word.share(time(u64::MAX)));
            assert_eq!(words.collect::<Vec<_>>(), [Some(0.005)], "{other}");
        }
    }
}

#[test]
fn a_long_log_is_rewritten_without_losing_a_word_or_the_revision() {
    let directory = tempfile::tempdir().unwrap();
    let (store, state) = Store::open(directory.path(), time(1_000)).unwrap();
    let mut expected = state;
    let rows: Vec<_> = (1..=COMPACT_ABOVE + 1)
        .map(|revision| match revision % 7 {
            0 => (revision, challenge("www.example.", 5_000)),
            rest => (revision, set(&format!("r{rest}"), OverrideState::Down, None)),
        })
        .collect();
    store
        .write(|table| {
            for (revision, command) in &rows {
                table.insert(*revision, encode(command).as_slice())?;
            }
            Ok(())
        })
        .unwrap();
    for (_, command) in &rows {
        expected = apply(expected, command, time(1_000));
    }
    drop(store);
    drop(Store::open(directory.path(), time(1_000)).unwrap());
    let (store, state) = Store::open(directory.path(), time(1_000)).unwrap();
    assert_eq!(state, expected);
    assert!(store.replay(time(1_000)).unwrap().1 < 10);
}

#[test]
fn nothing_is_acknowledged_into_a_file_that_is_gone() {
    let directory = tempfile::tempdir().unwrap();
    let (mut store, _) = Store::open(directory.path(), time(0)).unwrap();
    store.append(1, &set("eu-west", OverrideState::Down, None)).unwrap();
    std::fs::remove_file(directory.path().join(FILE)).unwrap();
    let error = store.append(2, &set("eu-west", OverrideState::Up, None)).unwrap_err();
    assert!(matches!(error, StoreError::Gone(_)), "{error}");
}

#[test]
fn a_file_that_is_opened_anew_goes_on_where_it_was() {
    let directory = tempfile::tempdir().unwrap();
    let (mut store, _) = Store::open(directory.path(), time(0)).unwrap();
    store.append(1, &set("eu-west", OverrideState::Down, None)).unwrap();
    store.reopen().unwrap();
    store.append(2, &set("us-east", OverrideState::Down, None)).unwrap();
    assert_eq!(store.replay(time(0)).unwrap().0.words(time(0)).count(), 2);
}

#[test]
fn a_file_in_use_or_broken_is_a_clear_error() {
    let directory = tempfile::tempdir().unwrap();
    let held = Store::open(directory.path(), time(0)).unwrap();
    let error = Store::open(directory.path(), time(0)).unwrap_err();
    assert!(error.to_string().contains("is another meridian using it?"), "{error}");
    drop(held);
    std::fs::write(directory.path().join(FILE), b"not a database").unwrap();
    assert!(matches!(Store::open(directory.path(), time(0)), Err(StoreError::Open(..))));
}

#[test]
fn no_damage_of_the_file_is_a_panic() {
    let directory = tempfile::tempdir().unwrap();
    let (mut store, _) = Store::open(directory.path(), time(0)).unwrap();
    for revision in 1..50 {
        store.append(revision, &set("eu", OverrideState::Down, None)).unwrap();
    }
    drop(store);
    let path = directory.path().join(FILE);
    let sound = std::fs::read(&path).unwrap();
    let rows = sound.chunks(4096).count();
    let (mut refused, mut opened) = (0, 0);
    for page in 1..rows.min(64) {
        for filler in [0, 0xff] {
            let mut damaged = sound.clone();
            let end = sound.len().min((page + 1) * 4096);
            damaged[page * 4096..end].fill(filler);
            std::fs::write(&path, &damaged).unwrap();
            match Store::open(directory.path(), time(0)) {
                Ok((mut store, state)) => {
                    // A page that nothing is kept in: then all is there, and stays writable.
                    assert!(state.revision == 49, "page {page}: {}", state.revision);
                    assert!(store.append(50, &set("eu", OverrideState::Up, None)).is_ok());
                    opened += 1;
                }
                Err(_) => refused += 1,
            }
        }
    }
    assert!(refused > 0 && opened + refused >= 8, "{opened} opened, {refused} refused");
    for length in [0, 1, 100, 4096, sound.len() / 2, sound.len() - 1] {
        std::fs::write(&path, &sound[..length]).unwrap();
        if let Err(error) = Store::open(directory.path(), time(0)) {
            assert!(!error.to_string().contains("another meridian"), "{length}: {error}");
        }
    }
}
