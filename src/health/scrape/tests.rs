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
    let pages: Vec<_> = pages.iter().map(|page| (*page, false)).collect();
    assert_eq!(said(formulas, &pages).pop().unwrap().0, expected, "{formulas:?} {pages:?}");
}

/// What pages say, ten seconds apart, each perhaps cut: signals, and notes.
fn said(formulas: &[(&str, &str)], pages: &[(&str, bool)]) -> Vec<(String, String)> {
    let (request, start, mut rates) = (request(formulas), Instant::now(), Rates::default());
    let say = |(turn, (page, cut)): (u64, &(&str, bool))| {
        let samples = sum(page.as_bytes(), &request, *cut);
        let now = start + Duration::from_secs(10 * turn);
        let (signals, note) = rates.take(&request.formulas, samples, now);
        (shown(&signals), note.map(String::from).unwrap_or_default())
    };
    (0..).zip(pages).map(say).collect()
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
    let notes = |page| sum(page, &ask, false).notes(&ask.formulas).join("; ");
    assert_eq!(notes(page), "");
    let expected = "one line of the page cannot be read: 'nothing'; \
        nothing there is 'nginx_connections_active' for connections";
    assert_eq!(notes(b"nothing"), expected);
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
}

#[test]
fn what_cannot_be_is_absent_and_noted() {
    let row = |signal, formula, page, note: &str| {
        assert_eq!(
            said(&[(signal, formula)], &[(page, false)]),
            [(String::new(), note.to_owned())],
            "{page}"
        );
    };
    row("connections", "d", "d -3\n", "connections -3 is not a number from 0 to 1e18");
    row("connections", "d", "d{a=\"1\"} 1e308\nd 1e308\n", "connections inf is not a number from 0 to 1e18");
    row("connections", "d", "d NaN\n", "nothing there is 'd' for connections");
    // A percentage is no share: all of its requests would have failed.
    row("errors", "d", "d 5\n", "errors 5 is not a share from 0 to 1");
    row(
        "connections",
        "d",
        "<html>\n</html>\n",
        "2 lines of the page cannot be read; the first: '<html>'; nothing there is 'd' for connections",
    );
    let page: String = (0..=10_000).map(|at| format!("d{{a=\"{at}\"}} 1\n")).collect();
    row("connections", "d", &page, "more than 10000 series are 'd' for connections; narrow it by labels");
}

#[test]
fn a_series_that_is_there_twice_counts_once() {
    check(&[("connections", "a")], &["a 5\na 5\na{b=\"\"} 1\n"], "connections=6");
    check(&[("requests", "r_total")], &["r_total 5\nr_total 5\n", "r_total 25\nr_total 25\n"], "requests=2");
}

#[test]
fn of_gauges_that_are_no_amounts_the_mean_counts() {
    let page = "l{p=\"1\"} 0.2\nl{p=\"2\"} 0.4\nu{p=\"1\"} 0.5\nu{p=\"2\"} 1\n";
    check(
        &[("latency", "l * 0.5"), ("utilization", "u")],
        &[page],
        "latency=0.15000000000000002 utilization=0.75",
    );
}

#[test]
fn whoever_is_asked_nothing_has_no_latency_left() {
    let formulas = [("requests", "r_total"), ("latency", "l"), ("errors", "e")];
    check(&formulas, &["r_total 5\nl 3\ne 1\n", "r_total 15\nl 3\ne 1\n"], "requests=1 errors=1 latency=3");
    check(&formulas, &["r_total 5\nl 3\ne 1\n", "r_total 5\nl 3\ne 1\n"], "requests=0");
}

//------------ Counters that do not only grow --------------------------------

/// What `r_total` says at each value, ten seconds apart, in requests per second; `|`: a new line, `-`: nothing, `!`: a jump is
/// noted.
fn grows(values: &[&str], expected: &str) {
    let pages: Vec<_> = values.iter().map(|value| value.replace('|', "\n") + "\n").collect();
    let pages: Vec<_> = pages.iter().map(|page| (page.as_str(), false)).collect();
    let said = said(&[("requests", "r_total")], &pages);
    let shown = said.iter().map(|(signals, note)| {
        let rate = signals.strip_prefix("requests=").unwrap_or("-");
        format!("{rate}{}", if note.contains("several processes") { "!" } else { "" })
    });
    assert_eq!(shown.collect::<Vec<_>>().join(" "), expected, "{values:?}");
}

#[test]
fn two_processes_behind_one_address_make_no_rates_of_thousands() {
    let one = ["r_total 1000000", "r_total 1000100", "r_total 5000", "r_total 5050"];
    let other = ["r_total 1000200", "r_total 5100", "r_total 1000300", "r_total 1000400"];
    grows(&[one, other].concat(), "- 10 500 5 -! -! -! 10!");
}

#[test]
fn a_process_that_began_anew_may_pass_where_it_was() {
    grows(&["r_total 100", "r_total 20", "r_total 60", "r_total 120", "r_total 10"], "- 2 4 6 1");
}

#[test]
fn a_series_that_was_missing_goes_on_from_where_it_is() {
    grows(
        &["r_total 5000|r_total{a=\"1\"} 1", "r_total{a=\"1\"} 11", "r_total 5100|r_total{a=\"1\"} 21"],
        "- 1 1",
    );
    grows(&["r_total 5000", "other 1", "r_total 5100", "r_total 5200"], "- - - 10");
}

#[test]
fn what_comes_and_goes_at_the_end_of_a_cut_page_did_not_begin_since() {
    let pages = [
        ("r_total 5\n", true),
        ("r_total 15\nr_total{a=\"1\"} 90000\n", false),
        ("r_total 25\nr_total{a=\"1\"} 90010\n", false),
    ];
    let rates: Vec<_> =
        said(&[("requests", "r_total")], &pages).into_iter().map(|(signals, _)| signals).collect();
    assert_eq!(rates, ["", "requests=1", "requests=2"]);
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
    let (signals, note) = Rates::default().take(&ask.formulas, *samples, Instant::now());
    assert_eq!((shown(&signals).as_str(), note), ("connections=12", None));
}

#[tokio::test]
async fn pages_that_are_none_say_why() {
    let at = replies("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n").await;
    let attempt = ask_any(at, Request::Scrape(request(&[])), LONG).await;
    assert_eq!(words(&attempt.outcome), "hard: answered 404, expected 2xx");
    assert_eq!(attempt.told, Told::Nothing);
}

#[tokio::test]
async fn a_page_that_is_compressed_unasked_is_not_read_as_text() {
    let at =
        replies("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\n\x1f\u{b}ab").await;
    let ask = request(&[]);
    let attempt = ask_any(at, Request::Scrape(ask.clone()), LONG).await;
    let Told::Samples(samples) = attempt.told else { panic!("{:?}", attempt.outcome) };
    let expected = "the page is compressed (gzip), although it was asked for as it is";
    assert_eq!(samples.notes(&ask.formulas), [expected]);
}

#[tokio::test]
async fn a_page_without_end_is_read_to_its_limit() {
    let line = "c{x=\"y\"} 1\n".repeat(10_000);
    let at = goes_on("HTTP/1.1 200 OK\r\n\r\n", line, Duration::ZERO).await;
    let ask = request(&[("connections", "c")]);
    let attempt = ask_any(at, Request::Scrape(ask.clone()), LONG).await;
    let Told::Samples(samples) = attempt.told else { panic!("{:?}", attempt.outcome) };
    assert_eq!(samples.notes(&ask.formulas), ["only the first 4 MiB of the page were read"]);
}
