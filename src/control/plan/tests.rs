//! Who is probed, and for whom.

use super::*;

/// The plan for these services, with two regions beside them.
fn plan(services: &str) -> Plan {
    let text = format!("[regions.eu]\n[regions.us]\n{services}");
    let read = |_: &std::path::Path| unreachable!("no file is named");
    let (config, problems) = crate::config::parse("m.toml".as_ref(), &text, &read);
    assert_eq!(problems.to_string(), "");
    Plan::new(&config.unwrap().services)
}

/// What is probed, in words, in order.
fn targets(plan: &Plan) -> Vec<String> {
    plan.standing.iter().map(|standing| standing.target.to_string()).collect()
}

fn service(name: &str, check: &str, endpoint: &str) -> String {
    format!(
        "[services.{name}]\nnames = ['{name}.example.']\ncheck = {{ {check} }}\nendpoints.eu = {{ {endpoint} }}\n"
    )
}

#[test]
fn what_several_services_want_is_probed_once() {
    let checks = [
        "kind = 'http', body = 'ok', headers = { a = 'b' }",
        "kind = 'http', body = 'ok', headers = { A = 'b' }, interval = '1s', fall = 9",
    ];
    let own = "addresses = ['192.0.2.1']";
    let elsewhere = "addresses = ['192.0.2.7'], probe_addresses = ['192.0.2.1']";
    let text =
        service("a", checks[0], own) + &service("b", checks[1], own) + &service("c", checks[0], elsewhere);
    let plan = plan(&text);
    assert_eq!(targets(&plan), ["http://192.0.2.1:80/"]);
    assert_eq!(plan.standing[0].interval, std::time::Duration::from_secs(1));
    assert_eq!(plan.wanted.len(), 3);
    assert_eq!(plan.about[&plan.standing[0].target], [0, 1, 2].map(EndpointId));
}

#[test]
fn what_is_asked_otherwise_is_another_target() {
    let rows =
        ["body = 'ok'", "body_regex = 'ok'", "method = 'HEAD'", "http2 = true", "headers = { a = 'b' }"];
    let text: String = rows
        .iter()
        .enumerate()
        .map(|(at, more)| {
            service(&format!("s{at}"), &format!("kind = 'http', {more}"), "addresses = ['192.0.2.1']")
        })
        .collect();
    assert_eq!(plan(&text).standing.len(), rows.len());
}

#[test]
fn an_endpoint_may_be_probed_by_other_addresses_and_another_port() {
    let endpoint = "addresses = ['192.0.2.1', '2001:db8::1', '192.0.2.2'], \
        probe_addresses = ['10.0.0.1', '10.0.0.2', '10.0.0.3'], probe_port = 8080";
    let plan = plan(&service("a", "kind = 'http'", endpoint));
    let by_family = plan.endpoints[0]
        .by_family
        .clone()
        .map(|targets| targets.into_iter().map(|target| target.unwrap().to_string()).collect::<Vec<_>>());
    assert_eq!(by_family[0], ["http://10.0.0.1:8080/", "http://10.0.0.3:8080/"]);
    assert_eq!(by_family[1], ["http://10.0.0.2:8080/"]);
}
