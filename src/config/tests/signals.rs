//! Signals: what becomes of a preset, of an operator's own metrics, and of passive rules.

use std::time::Duration;

use super::*;
use crate::model::{MetricsFormat, PassiveRule, Scrape, Signal, Then, Trust};

fn service(text: &str) -> crate::model::Service {
    let (config, problems) = parsed(&errors::service(text));
    assert_eq!(problems.to_string(), "", "{text}");
    config.unwrap().services.remove(0)
}

fn scrape(text: &str) -> Scrape {
    service(&format!("[services.www.signals]\n{text}")).scrape.unwrap()
}

/// What is said, where the table begins at line 5.
fn says(text: &str, expected: &str) {
    assert_eq!(parsed(&errors::service(text)).1.to_string(), expected, "{text}");
}

#[test]
fn a_preset_says_everything_that_is_not_written() {
    assert!(service("").scrape.is_none() && service("").passive.is_empty());
    let haproxy = scrape("preset = 'haproxy'");
    assert_eq!((haproxy.port, haproxy.request.http.path.as_str()), (8404, "/metrics"));
    assert_eq!((haproxy.interval, haproxy.timeout), (Duration::from_secs(10), Duration::from_secs(2)));
    assert_eq!((haproxy.request.format, haproxy.request.formulas.len()), (MetricsFormat::Exposition, 5));
    let nginx = scrape("preset = 'nginx'\nport = 8081\ninterval = '1s'");
    assert_eq!(
        (nginx.request.format, nginx.request.http.path.as_str()),
        (MetricsFormat::StubStatus, "/stub_status")
    );
    assert_eq!((nginx.port, nginx.timeout), (8081, Duration::from_secs(1)));
    let ports = [("nginx-exporter", 9113), ("envoy", 9901), ("traefik", 8080)];
    assert_eq!(
        ports.map(|(preset, _)| scrape(&format!("preset = '{preset}'")).port),
        ports.map(|(_, port)| port)
    );
}

#[test]
fn an_operator_s_own_metrics_come_before_the_preset_s() {
    let text = "preset = 'haproxy'\nport = 9000\npath = '/m?x'\nlabels = 'proxy=\"www\"'\nheaders = { authorization = 'x' }\n\
        metrics = { connections = 'mine', timeouts = 'a / b * 0.5' }";
    let scrape = scrape(text);
    assert_eq!((scrape.port, scrape.request.http.path.as_str()), (9000, "/m?x"));
    assert_eq!(scrape.request.http.headers.len(), 1);
    let shown: Vec<_> =
        scrape.request.formulas.iter().map(|(signal, formula)| (*signal, formula.as_str())).collect();
    assert_eq!(shown[0], (Signal::Connections, "mine"));
    assert_eq!(shown[1], (Signal::Requests, "haproxy_backend_http_requests_total{proxy=\"www\"}"));
    assert_eq!(shown[3], (Signal::Timeouts, "a / b * 0.5"));
    assert_eq!(shown.len(), 6);
}

#[test]
fn a_scrape_inside_tls_trusts_as_a_check_does() {
    let scrape = scrape("preset = 'envoy'\ntls = true\nhost = 'a.example'\nca = 'ca.pem'");
    assert!(matches!(scrape.request.http.tls, Some(Trust::Only(_))));
    assert_eq!(scrape.request.http.host.as_deref(), Some("a.example"));
}

#[test]
fn what_is_wrong_with_signals_is_said() {
    let rows = [
        (
            "[services.www.signals]\nport = 1",
            "m.toml:5:1: the signals have no 'preset'; presets: haproxy, nginx, nginx-exporter, envoy, traefik, prometheus",
        ),
        (
            "[services.www.signals]\npreset = 'nginx'",
            "m.toml:5:1: the signals have no 'port', and preset 'nginx' has none of its own",
        ),
        (
            "[services.www.signals]\npreset = 'prometheus'\nport = 1",
            "m.toml:5:1: preset 'prometheus' knows no metrics; write metrics = { connections = 'name{label=\"value\"}' }",
        ),
        (
            "[services.www.signals]\npreset = 'nginx'\nport = 1\nlabels = 'a=\"b\"'\nca = 'ca.pem'\ntimeout = '11s'",
            "m.toml:8:10: warning: labels has no effect: the metrics of preset 'nginx' have none\n\
             m.toml:9:6: warning: ca has no effect without tls = true\n\
             m.toml:10:11: timeout '11s' is longer than the interval '10s'",
        ),
        (
            "[services.www.signals]\npreset = 'envoy'\nlabels = 'a'\nmetrics = { errors = 'a{b}' }",
            "m.toml:7:10: labels 'a' is not labels and what they must be, like 'proxy=\"www\"': there is '}' where '=' should be\n\
             m.toml:8:22: errors 'a{b}' is not a selector of metrics of 1 to 1024 octets, like 'name{label=\"value\"}': there is '}' where '=' should be",
        ),
    ];
    for (text, expected) in rows {
        says(text, expected);
    }
}

#[test]
fn passive_rules_are_as_they_are_written() {
    let rules = service(
        "[[services.www.passive]]\nsignal = 'errors'\nover = 0.05\nfor = '30s'\nthen = 'unhealthy'\n\
         [[services.www.passive]]\nsignal = 'latency'\nover = 2\nunder = 1.5\nfor = '1m'\nthen = 'degraded'",
    )
    .passive;
    let errors = PassiveRule {
        signal: Signal::Errors,
        over: 0.05,
        under: 0.05 * 0.8,
        lasting: Duration::from_secs(30),
        then: Then::Unhealthy,
    };
    assert_eq!(rules[0], errors);
    assert_eq!((rules[1].under, rules[1].then), (1.5, Then::Degraded));
    says(
        "[[services.www.passive]]\nsignal = 'connections'\n",
        "m.toml:5:1: the passive rule has no 'over'\nm.toml:5:1: the passive rule has no 'for'\n\
         m.toml:5:1: the passive rule has no 'then'; write degraded or unhealthy\n\
         m.toml:6:10: signal 'connections' is not one of errors, timeouts, latency, utilization",
    );
    says(
        "[[services.www.passive]]\nsignal = 'errors'\nover = 5\nunder = 6\nfor = '1s'\nthen = 'degraded'",
        "m.toml:7:8: errors is a share: over (5) is less than 1\nm.toml:8:9: under (6) is greater than over (5)",
    );
    says(
        "[[services.www.passive]]\nsignal = 'errors'\nover = 0\nfor = '1s'\nthen = 'degraded'",
        "m.toml:7:8: nothing is less than 0: an endpoint would never come back",
    );
}
