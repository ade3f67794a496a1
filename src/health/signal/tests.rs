//! Reports in, readings out.

use super::*;
use crate::model::{Request, TcpRequest};

fn whose(region: &str) -> Whose {
    Whose { service: "www".into(), region: region.into() }
}

fn push(name: &str) -> Source {
    Source::Push(name.into())
}

fn at(address: &str) -> Arc<Target> {
    let request = Request::Tcp(TcpRequest::default());
    Arc::new(Target { address: address.parse().unwrap(), port: 80, request })
}

/// `connections=12 draining=true`
fn signals(words: &str) -> Signals {
    let mut signals = Signals::default();
    for (name, value) in words.split_whitespace().filter_map(|word| word.split_once('=')) {
        signals.read(Signal::named(name).unwrap(), value).unwrap();
    }
    signals
}

fn report(words: &str, sequence: Option<u64>) -> Report {
    Report { signals: signals(words), sequence, lifetime: Duration::from_secs(30), note: None }
}

/// A table and the moment at which its seconds begin.
struct Desk {
    table: SignalTable,
    start: Instant,
}

impl Desk {
    fn new() -> Desk {
        Desk { table: SignalTable::default(), start: Instant::now() }
    }

    fn at(&self, second: f64) -> Instant {
        self.start + Duration::from_secs_f64(second)
    }

    fn take(&mut self, source: Source, words: &str, sequence: Option<u64>, second: f64) -> Taken {
        let now = self.at(second);
        self.table.take(&whose("eu"), source, report(words, sequence), now)
    }

    /// Value, smoothed value and age, rounded to tenths; nothing where nothing is known.
    fn reads(&self, signal: Signal, second: f64) -> String {
        let tenths = |value: f64| (value * 10.0).round() / 10.0;
        match self.table.reading(&whose("eu"), signal, self.at(second)) {
            Some(Reading { value, smoothed, age, .. }) => {
                format!("{} ~{} {}s", tenths(value), tenths(smoothed), tenths(age.as_secs_f64()))
            }
            None => "nothing".into(),
        }
    }
}

#[test]
fn a_report_counts_until_its_lifetime_is_over_and_is_then_absent() {
    let mut desk = Desk::new();
    assert_eq!(desk.reads(Signal::Connections, 0.0), "nothing");
    desk.take(push("lb"), "connections=12", None, 0.0);
    assert_eq!(desk.reads(Signal::Connections, 0.0), "12 ~12 0s");
    assert_eq!(desk.reads(Signal::Connections, 29.9), "12 ~12 29.9s");
    assert_eq!(desk.reads(Signal::Connections, 30.0), "nothing");
    assert_eq!(desk.reads(Signal::Requests, 1.0), "nothing", "it was never told");
    assert!(desk.table.readings(&whose("us"), desk.at(1.0)).is_empty(), "another endpoint's");
    // What a report leaves out is not known any more.
    desk.take(push("lb"), "requests=3", None, 1.0);
    assert_eq!(desk.reads(Signal::Connections, 1.0), "nothing");
}

#[test]
fn an_older_or_equal_sequence_is_ignored_while_its_source_is_fresh() {
    let mut desk = Desk::new();
    assert_eq!(desk.take(push("lb"), "connections=1", Some(7), 0.0), Taken::New);
    assert_eq!(desk.take(push("lb"), "connections=2", Some(7), 1.0), Taken::Old(7));
    assert_eq!(desk.take(push("lb"), "connections=3", Some(6), 1.0), Taken::Old(7));
    assert_eq!(desk.reads(Signal::Connections, 1.0), "1 ~1 1s");
    assert_eq!(desk.take(push("other"), "connections=10", Some(1), 1.0), Taken::New, "it counts its own");
    assert_eq!(desk.take(push("lb"), "connections=4", None, 1.0), Taken::New, "it does not count any more");
    assert_eq!(desk.take(push("lb"), "connections=1", Some(1), 2.0), Taken::New);
    assert_eq!(desk.take(push("lb"), "connections=5", Some(8), 3.0), Taken::New);
    // Silent for its lifetime: whoever starts anew may count anew.
    assert_eq!(desk.take(push("lb"), "connections=6", Some(1), 33.0), Taken::New);
    assert_eq!(desk.reads(Signal::Connections, 33.0), "6 ~6 0s");
}

#[test]
fn smoothing_is_over_time_and_not_over_reports() {
    let mut desk = Desk::new();
    desk.take(push("lb"), "connections=100 draining=false", None, 0.0);
    desk.take(push("lb"), "connections=0 draining=true", None, 10.0);
    assert_eq!(desk.reads(Signal::Connections, 10.0), "0 ~50 0s");
    assert_eq!(desk.reads(Signal::Draining, 10.0), "1 ~1 0s");
    desk.take(push("lb"), "connections=0", None, 20.0);
    assert_eq!(desk.reads(Signal::Connections, 20.0), "0 ~25 0s");
    // The same again, in a hundred reports.
    let mut often = Desk::new();
    often.take(push("lb"), "connections=100", None, 0.0);
    (1..=200).for_each(|tenth| {
        often.take(push("lb"), "connections=0", None, f64::from(tenth) / 10.0);
    });
    assert_eq!(often.reads(Signal::Connections, 20.0), "0 ~25 0s");
    // Nothing is smoothed over a silence.
    often.take(push("lb"), "connections=7", None, 90.0);
    assert_eq!(often.reads(Signal::Connections, 90.0), "7 ~7 0s");
}

#[test]
fn sources_of_a_kind_add_up_and_what_was_pushed_counts_first() {
    let mut desk = Desk::new();
    desk.take(
        Source::Pull(at("192.0.2.1")),
        "connections=1 requests=30 errors=0.1 utilization=0.2",
        None,
        0.0,
    );
    desk.take(
        Source::Pull(at("192.0.2.2")),
        "connections=2 requests=10 errors=0.5 utilization=0.4",
        None,
        5.0,
    );
    assert_eq!(desk.reads(Signal::Connections, 6.0), "3 ~3 6s");
    assert_eq!(desk.reads(Signal::Errors, 6.0), "0.2 ~0.2 6s");
    assert_eq!(desk.reads(Signal::Utilization, 6.0), "0.3 ~0.3 6s");
    desk.take(Source::Check(at("192.0.2.1")), "connections=40", None, 6.0);
    assert_eq!(desk.reads(Signal::Connections, 6.0), "40 ~40 0s");
    desk.take(push("lb"), "connections=500", None, 6.0);
    assert_eq!(desk.reads(Signal::Connections, 6.0), "500 ~500 0s");
    assert_eq!(desk.reads(Signal::Requests, 6.0), "40 ~40 6s", "nobody else tells of it");
    assert_eq!(desk.reads(Signal::Connections, 37.0), "nothing");
    // Without requests of all of them, means are plain.
    desk.take(push("lb"), "latency=1 requests=9", None, 50.0);
    desk.take(push("lc"), "latency=3", None, 50.0);
    assert_eq!(desk.reads(Signal::Latency, 50.0), "2 ~2 0s");
}

#[test]
fn whoever_wishes_to_drain_is_known_by_address() {
    let mut desk = Desk::new();
    desk.take(Source::Check(at("192.0.2.1")), "draining=true", None, 0.0);
    desk.take(Source::Check(at("192.0.2.2")), "draining=false", None, 0.0);
    let address = |text: &str| Some(text.parse().unwrap());
    assert_eq!(desk.table.draining(&whose("eu"), desk.at(1.0)), [address("192.0.2.1")]);
    desk.take(push("lb"), "draining=true", None, 1.0);
    assert_eq!(desk.table.draining(&whose("eu"), desk.at(1.0)), [None, address("192.0.2.1")]);
    assert!(desk.table.silence(&whose("eu"), &push("lb")));
    assert!(desk.table.draining(&whose("eu"), desk.at(31.0)).is_empty(), "its wish is stale");
}

#[test]
fn numbers_that_cannot_be_are_refused() {
    let rows = [
        (Signal::Connections, "12", Ok(())),
        (Signal::Connections, "-1", Err("a number from 0 to 1e18")),
        (Signal::Latency, "NaN", Err("a number from 0 to 1e18")),
        (Signal::Utilization, "inf", Err("a number from 0 to 1e18")),
        (Signal::Utilization, "1.7", Ok(())),
        (Signal::Errors, "1", Ok(())),
        (Signal::Errors, "5", Err("a share from 0 to 1")),
        (Signal::Timeouts, "many", Err("a share from 0 to 1")),
        (Signal::Draining, "false", Ok(())),
        (Signal::Draining, "1", Ok(())),
        (Signal::Draining, "yes", Err("true or false")),
    ];
    for (signal, word, expected) in rows {
        assert_eq!(Signals::default().read(signal, word), expected, "{signal:?} {word}");
    }
}

#[test]
fn numbers_in_the_wrong_unit_are_taken_and_doubted() {
    let rows = [
        ("latency=59 utilization=9", None),
        ("latency=250", Some("latency is in seconds: are 250 milliseconds?")),
        ("utilization=45.5", Some("a utilization of 1 is full: are 45.5 percent?")),
    ];
    for (words, expected) in rows {
        let mut desk = Desk::new();
        assert_eq!(desk.take(push("lb"), words, None, 0.0), Taken::New);
        assert_eq!(desk.table.sources(&whose("eu"), desk.at(0.0))[0].note.as_deref(), expected);
    }
}

#[test]
fn sources_are_bounded_shown_and_forgotten() {
    let mut desk = Desk::new();
    for number in 0..MOST_SOURCES {
        assert_eq!(desk.take(push(&number.to_string()), "connections=1", None, 0.0), Taken::New);
    }
    let room = |desk: &Desk, names: &[&str], second| {
        desk.table.has_room(&whose("eu"), &names.iter().copied().collect(), desk.at(second))
    };
    assert_eq!(desk.take(push("one more"), "connections=1", None, 0.0), Taken::Full);
    assert!(room(&desk, &["7", "8"], 0.0) && !room(&desk, &["one more"], 0.0));
    // What an address says is no matter of who pushes.
    assert_eq!(desk.take(Source::Check(at("192.0.2.1")), "capacity=1", None, 0.0), Taken::New);
    // Whoever is silent makes room.
    desk.take(push("7"), "connections=1", None, 20.0);
    assert!(room(&desk, &["one more", "another"], 40.0));
    assert_eq!(desk.take(push("one more"), "connections=1", None, 40.0), Taken::New);
    assert_eq!(desk.reads(Signal::Connections, 40.0), "2 ~2 20s");
    let mut desk = Desk::new();
    for number in 0..MOST_SOURCES {
        assert_eq!(desk.take(push(&number.to_string()), "connections=1", None, 0.0), Taken::New);
    }
    desk.table.retain(|_, source| *source == push("7"));
    desk.table.miss(&whose("eu"), Source::Pull(at("192.0.2.1")), "connection refused", desk.at(1.0));
    let shown =
        |standing: &SourceState| (standing.source.clone(), standing.age.is_some(), standing.note.clone());
    let sources = desk.table.sources(&whose("eu"), desk.at(1.0));
    let refused = ("pull tcp://192.0.2.1:80".into(), false, Some("connection refused".into()));
    assert_eq!(sources.iter().map(shown).collect::<Vec<_>>(), [("push by 7".into(), true, None), refused]);
    assert_eq!(desk.reads(Signal::Connections, 1.0), "1 ~1 1s", "a miss says nothing");
    desk.table.forget(desk.at(600.5));
    assert_eq!(desk.table.sources(&whose("eu"), desk.at(600.5)).len(), 1);
    desk.table.forget(desk.at(700.0));
    assert_eq!(desk.table.whose().count(), 0);
}
