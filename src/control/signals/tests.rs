//! What presets make of pages that real load balancers wrote: before any request, and twice while 20 requests a second came,
//! one in ten of them answered 503, one in ten after 0.3 s.

use std::time::Duration;

use super::*;
use crate::health::sum_page;
use crate::model::Signal;

/// All that a preset makes of pages ten seconds apart: what the last says, and what is wrong with it.
fn check(preset: &str, pages: &[&str], expected: &str) {
    let text = format!(
        "[regions.eu]\n[services.www]\nnames = ['www.example.']\nsignals = {{ {preset} }}\n\
         endpoints.eu = {{ addresses = ['192.0.2.1'] }}\n"
    );
    let read = |_: &std::path::Path| unreachable!("no file is named");
    let (config, problems) = crate::config::parse("m.toml".as_ref(), &text, &read);
    assert_eq!(problems.to_string(), "");
    let request = config.unwrap().services.remove(0).scrape.unwrap().request;
    let (mut rates, mut now, mut said) = (Rates::default(), Moment::now(), String::new());
    for page in pages {
        let (signals, note) = rates.take(&request.formulas, sum_page(page.as_bytes(), &request, false), now);
        let known = |signal: Signal| Some(format!("{}={:.3}", signal.name(), signals.get(signal)?));
        let known: Vec<_> = Signal::ALL.into_iter().filter_map(known).chain(note.map(String::from)).collect();
        (said, now) = (known.join(" "), now + Duration::from_secs(10));
    }
    assert_eq!(said, expected, "{preset}");
}

#[test]
fn envoy_tells_of_everything_but_itself() {
    let [cold, first, second] = [
        include_str!("pages/envoy-cold.txt"),
        include_str!("pages/envoy-first.txt"),
        include_str!("pages/envoy-second.txt"),
    ];
    let all = "connections=4.000 requests=20.500 errors=0.112 timeouts=0.015 latency=0.039";
    check("preset = 'envoy'", &[first, second], all);
    check("preset = 'envoy'", &[cold, cold], "connections=0.000 requests=0.000");
    // Two listeners: the timeouts of one are no fault of the other.
    let listener =
        |name: &str| format!("preset = 'envoy', labels = 'envoy_http_conn_manager_prefix=\"{name}\"'");
    let www = "connections=4.000 requests=20.500 errors=0.112 latency=0.039";
    check(&listener("www"), &[first, second], www);
    check(&listener("other"), &[first, second], "connections=0.000 requests=0.000");
}

#[test]
fn traefik_tells_of_everything_but_itself() {
    let [cold, first, second] = [
        include_str!("pages/traefik-cold.txt"),
        include_str!("pages/traefik-first.txt"),
        include_str!("pages/traefik-second.txt"),
    ];
    let all = "connections=4.000 requests=20.300 errors=0.099 latency=0.031";
    check("preset = 'traefik'", &[first, second], all);
    check("preset = 'traefik', labels = 'service=\"www@file\"'", &[first, second], all);
    // A service has no series before its first request.
    let note = "connections=0.000 nothing there is 'traefik_service_requests_total' for requests";
    check("preset = 'traefik'", &[cold, cold], note);
}
