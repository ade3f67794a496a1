//! Pages in, signals out.

use std::time::{Duration, Instant};

use super::*;
use crate::health::tests::{LONG, ask as ask_any, goes_on, replies, words};
use crate::health::{Signals, Told};
use crate::model::{Formula, HttpRequest, Request, Signal};

/// `connections=a, errors=b{c="5"} / b`
fn request(formulas: &[(&str, &str)]) -> ScrapeRequest {
    let formula =
        |(signal, text): &(&str, &str)| (Signal::named(signal).unwrap(), Formula::parse(text).unwrap());
    let http = HttpRequest { path: "/metrics".into(), ..HttpRequest::default() };
    ScrapeRequest {
        http,
        format: MetricsFormat::Exposition,
        formulas: formulas.iter().map(formula).collect(),
    }
}

fn shown(signals: &Signals) -> String {
    let known = Signal::ALL.into_iter().filter_map(|signal| Some((signal.name(), signals.get(signal)?)));
    known.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ")
}

/// What pages, ten seconds apart, say in the end.
fn check(formulas: &[(&str, &str)], pages: &[&str], expected: &str) {
    let (request, start, mut rates) = (request(formulas), Instant::now(), Rates::default());
    let mut said = String::new();
    for (turn, page) in (0..).zip(pages) {
        let samples = sum(page.as_bytes(), &request, false);
        let signals = rates.take(&request.formulas, samples, start + Duration::from_secs(10 * turn));
        said = shown(&signals);
    }
    assert_eq!(said, expected, "{formulas:?} {pages:?}");
}

//------------ Exposition ----------------------------------------------------

#[test]
fn lines_become_samples() {
    let page = b"# HELP a What.\n# TYPE a counter\na 1\na_total{x=\"y\"} 2.5 1700000000 # {id=\"}\"} 1\r\n\n\
        # TYPE g gauge\ng_count 1\ng{x=\"a}\\\"b\\n\\\\\",z=\"\",} +1e3\nb{ } 4\nh_sum 7\nplain -1\nempty NaN\nfull +Inf\n\
        bad\nbad {x=y} 1\nbad{x=\"y} 1\n{x=\"y\"} 1\nbad{x=\"y\"} one\n\xff 1\n# EOF\n";
    let mut lines = Exposition::new(page);
    let samples: Vec<_> = lines.by_ref().collect();
    let shown: Vec<_> =
        samples.iter().map(|one| format!("{} {} {:?}", one.metric, one.value, one.kind)).collect();
    let expected = [
        "a 1 Counter",
        "a_total 2.5 Counter",
        "g_count 1 Counter",
        "g 1000 Gauge",
        "b 4 Gauge",
        "h_sum 7 Counter",
        "plain -1 Gauge",
    ];
    assert_eq!(shown, expected);
    assert_eq!(samples[1].label("x"), "y");
    assert_eq!((samples[3].label("x"), samples[3].label("z")), ("a}\"b\n\\".into(), "".into()));
    assert_eq!(samples[3].label("other"), "");
    assert_eq!(lines.unreadable, 6);
}

#[test]
fn the_page_of_nginx_reads_under_the_names_of_its_exporter() {
    let page = b"Active connections: 291 \nserver accepts handled requests\n 16630948 16630947 31070465 \n\
        Reading: 6 Writing: 179 Waiting: 106 \n";
    let values: Vec<_> = stub_status(page).unwrap().iter().map(|one| (one.metric, one.value)).collect();
    assert_eq!(values[0], ("nginx_connections_active", 291.0));
    assert_eq!(values[3], ("nginx_http_requests_total", 31_070_465.0));
    assert_eq!(values[6], ("nginx_connections_waiting", 106.0));
    for wrong in
        [&b""[..], b"<html>", b"Active connections: 1\nserver accepts handled requests\n 1 2\n", b"\xff"]
    {
        assert_eq!(stub_status(wrong), None);
    }
    let ask = ScrapeRequest {
        format: MetricsFormat::StubStatus,
        ..request(&[("connections", "nginx_connections_active")])
    };
    let notes = |page| sum(page, &ask, false).notes(&ask.formulas).map(String::from);
    assert_eq!(notes(page), None);
    let expected =
        "one line of the page cannot be read; nothing there is 'nginx_connections_active' for connections";
    assert_eq!(notes(b"nothing").as_deref(), Some(expected));
}

//------------ Sums and rates ------------------------------------------------

#[test]
fn gauges_are_summed_over_what_matches() {
    let page = "a{x=\"1\",y=\"q\"} 1\na{x=\"2\"} 2\na{x=\"30\"} 4\nb 8\n";
    check(&[("connections", "a")], &[page], "connections=7");
    check(&[("connections", "a{x=\"2\"}")], &[page], "connections=2");
    check(&[("connections", "a{y!=\"q\"}")], &[page], "connections=6");
    check(&[("connections", "a{x=~\"[0-9]\"}")], &[page], "connections=3");
    check(&[("utilization", "a / b"), ("latency", "b * 0.001")], &[page], "latency=0.008 utilization=0.875");
    check(&[("connections", "c"), ("capacity", "b")], &[page], "capacity=8");
}

#[test]
fn counters_become_rates_and_are_not_known_at_first() {
    let pages = ["r_total 100\n", "r_total 150\n"];
    check(&[("requests", "r_total")], &pages[..1], "");
    check(&[("requests", "r_total")], &pages, "requests=5");
    check(
        &[("latency", "l_sum / l_count")],
        &["l_sum 1\nl_count 10\n", "l_sum 3\nl_count 14\n"],
        "latency=0.5",
    );
    check(&[("latency", "l_sum / l_count")], &["l_sum 1\nl_count 10\n", "l_sum 1\nl_count 10\n"], "");
}

#[test]
fn a_counter_that_is_reset_counts_from_zero_and_the_others_go_on() {
    let pages =
        ["r_total{a=\"1\"} 100\nr_total{a=\"2\"} 1000\n", "r_total{a=\"1\"} 20\nr_total{a=\"2\"} 1010\n"];
    check(&[("requests", "r_total")], &pages, "requests=3");
    check(&[("requests", "r_total")], &["r_total 5\n", "other 1\n", "r_total 7\n"], "");
}

#[test]
fn a_share_is_there_as_soon_as_its_whole_is() {
    let errors = [("errors", "r_total{code=~\"5..\"} / r_total")];
    let before = "r_total{code=\"200\"} 100\n";
    check(&errors, &[before, "r_total{code=\"200\"} 120\n"], "errors=0");
    // The first error brings its series.
    let after = "r_total{code=\"200\"} 115\nr_total{code=\"502\"} 5\n";
    check(&errors, &[before, before, after], "errors=0.25");
    check(&errors, &[before, after, after], "");
    check(&[("draining", "d")], &["d 0\n"], "draining=0");
    check(&[("draining", "d")], &["d 3\n"], "draining=1");
    check(&[("connections", "d")], &["d -3\n"], "");
}

//------------ Scrapes -------------------------------------------------------

#[tokio::test]
async fn a_page_is_fetched_and_summed() {
    let page = "# TYPE c gauge\nc 12\n";
    let at = replies(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{page}", page.len())).await;
    let ask = request(&[("connections", "c")]);
    let attempt = ask_any(at, Request::Scrape(ask.clone()), LONG).await;
    assert_eq!(words(&attempt.outcome), "up");
    let Told::Samples(samples) = attempt.told else { panic!("{:?}", attempt.told) };
    assert_eq!(shown(&Rates::default().take(&ask.formulas, *samples, Instant::now())), "connections=12");
}

#[tokio::test]
async fn pages_that_are_none_say_why() {
    let at = replies("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n").await;
    let attempt = ask_any(at, Request::Scrape(request(&[])), LONG).await;
    assert_eq!(words(&attempt.outcome), "hard: answered 404, expected 2xx");
    assert_eq!(attempt.told, Told::Nothing);
}

#[tokio::test]
async fn a_page_without_end_is_read_to_its_limit() {
    let line = "c{x=\"y\"} 1\n".repeat(10_000);
    let at = goes_on("HTTP/1.1 200 OK\r\n\r\n", line, Duration::ZERO).await;
    let ask = request(&[("connections", "c")]);
    let attempt = ask_any(at, Request::Scrape(ask.clone()), LONG).await;
    let Told::Samples(samples) = attempt.told else { panic!("{:?}", attempt.outcome) };
    assert_eq!(samples.notes(&ask.formulas).as_deref(), Some("only the first 4 MiB of the page were read"));
}
