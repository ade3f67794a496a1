//! What load balancers and applications tell of signals: pages of metrics, twice in a row, and the answer to a probe.
//!
//! Whatever comes: no panic; nothing but numbers that can be; and the same page again is no growth.
#![no_main]

use std::time::{Duration, Instant};

use hyper::header::{HeaderName, HeaderValue};
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;
use meridian::health::{Rates, Signals, Told, read_told, sum_page};
use meridian::model::{Formula, HttpRequest, MetricsFormat, ScrapeRequest, Signal};

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    stub_status: bool,
    cut: bool,
    /// Which of the two kinds of body an answer says to have, if any.
    kind: u8,
    head: Vec<(&'a str, &'a [u8])>,
    first: &'a [u8],
    second: &'a [u8],
}

fn request(stub_status: bool) -> ScrapeRequest {
    let formulas = [
        (Signal::Connections, "nginx_connections_active"),
        (Signal::Requests, "r_total"),
        (Signal::Errors, "r_total{code=~\"5..\"} / r_total{code!=\"\"}"),
        (Signal::Latency, "l_sum / l_count * 0.001"),
        (Signal::Draining, "d{x=\"y\"}"),
    ];
    let formula = |(signal, text): (Signal, &str)| Some((signal, Formula::parse(text).ok()?));
    let format = if stub_status { MetricsFormat::StubStatus } else { MetricsFormat::Exposition };
    let formulas = formulas.into_iter().filter_map(formula).collect();
    ScrapeRequest { http: HttpRequest::default(), format, formulas }
}

fn sound(signals: &Signals) {
    for signal in Signal::ALL {
        if let Some(value) = signals.get(signal) {
            assert!(value.is_finite() && value >= 0.0, "{signal:?} {value}");
            assert!(!signal.is_share() || value <= 1.0, "{signal:?} {value}");
        }
    }
}

fuzz_target!(|input: Input| {
    let request = request(input.stub_status);
    let (mut rates, mut now) = (Rates::default(), Instant::now());
    for (turn, page) in [input.first, input.second, input.second].into_iter().enumerate() {
        let samples = sum_page(page, &request, input.cut);
        let (signals, note) = rates.take(&request.formulas, samples, now);
        assert!(note.is_none_or(|note| note.len() < 1_000 && !note.contains('\n')));
        sound(&signals);
        assert!(turn < 2 || signals.get(Signal::Requests).is_none_or(|rate| rate == 0.0));
        now += Duration::from_secs(10);
    }
    let field = |(name, value): &(&str, &[u8])| -> Option<(HeaderName, HeaderValue)> {
        let name = format!("meridian-{name}").parse().or_else(|_| name.parse()).ok()?;
        Some((name, HeaderValue::from_bytes(value).ok()?))
    };
    let mut head: hyper::HeaderMap = input.head.iter().take(100).filter_map(field).collect();
    let kinds = ["application/json", "text/plain"];
    if let Some(kind) = kinds.get(usize::from(input.kind % 3)) {
        head.insert("content-type", HeaderValue::from_static(kind));
    }
    let (_, told) = read_told(&head, &input.second[..input.second.len().min(5 * 1024)]);
    if let Told::Signals(told) = told {
        sound(&told.0);
        assert!(told.1.is_none_or(|note| note.len() < 1_000 && !note.contains('\n')));
    }
});
