//! Who is probed, and for whom.

use super::*;
use crate::model::ProbeBudget;

/// The plan for these services, with two regions beside them.
fn plan(services: &str) -> Plan {
    let text = format!("[regions.eu]\n[regions.us]\n{services}");
    let read = |_: &std::path::Path| unreachable!("no file is named");
    let (config, problems) = crate::config::parse("m.toml".as_ref(), &text, &read);
    assert_eq!(problems.to_string(), "");
    Plan::new(&config.unwrap())
}

/// What is probed, in words, in order.
fn targets(plan: &Plan) -> Vec<String> {
    plan.standing.iter().map(|standing| standing.target.to_string()).collect()
}

fn shown(look: &Look) -> String {
    match look {
        Look::Target(target) => target.to_string(),
        Look::Service(other) => format!("service {}", other.0),
    }
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
        .map(|looks| looks.iter().map(|looks| shown(&looks[0])).collect::<Vec<_>>());
    assert_eq!(by_family[0], ["http://10.0.0.1:8080/", "http://10.0.0.3:8080/"]);
    assert_eq!(by_family[1], ["http://10.0.0.2:8080/"]);
}

/// By target's address, the group that it vouches in (`-`: none) and whether it needs somebody else's word.
fn vouching(text: &str) -> Vec<String> {
    let plan = plan(text);
    let mut rows: Vec<_> = plan.wanted.iter().collect();
    rows.sort_by_key(|wanted| wanted.target.address);
    let group =
        |wanted: &&crate::health::Wanted| wanted.vouching.gives.map_or("-".into(), |group| group.to_string());
    rows.iter()
        .map(|wanted| format!("{} {} {}", wanted.target.address, group(wanted), wanted.vouching.needs))
        .collect()
}

#[test]
fn whoever_stands_outside_vouches_for_the_node_s_network() {
    let two = "[services.a]\nnames = ['a.example.']\ncheck.kind = 'icmp'\nendpoints.eu.addresses = ['192.0.2.1']\n\
        endpoints.us.addresses = ['192.0.2.2']\n";
    assert_eq!(vouching(two), ["192.0.2.1 0 true", "192.0.2.2 1 true"]);
    // Its own region proves nothing; the other one has nobody else who could.
    let at_home = format!("{two}[server]\nregion = 'eu'\n");
    assert_eq!(vouching(&at_home), ["192.0.2.1 - true", "192.0.2.2 1 false"]);
    let witnessed = format!("{at_home}[witnesses.w]\naddress = '192.0.2.9'\ncheck.kind = 'icmp'\n");
    assert_eq!(vouching(&witnessed), ["192.0.2.1 - true", "192.0.2.2 1 true", "192.0.2.9 65535 true"]);
    // One region alone, by both families: the same machine, for all that is known.
    let one = service("a", "kind = 'icmp'", "addresses = ['192.0.2.1', '2001:db8::1']");
    assert_eq!(vouching(&one), ["192.0.2.1 0 false", "2001:db8::1 0 false"]);
}

#[test]
fn a_target_is_also_about_those_who_depend_on_it() {
    let end = "addresses = ['192.0.2.1']";
    let text = service("db", "kind = 'http'", end)
        + &service("app", "kind = 'service', service = 'db'", "addresses = ['192.0.2.2']")
        + "[services.web]\nnames = ['web.example.']\ncheck = { kind = 'service', service = 'app' }\n\
           endpoints.us.addresses = ['192.0.2.3']\nendpoints.eu.addresses = ['192.0.2.4']\n";
    let plan = plan(&text);
    assert_eq!(targets(&plan), ["http://192.0.2.1:80/"]);
    // The endpoint in a region where the other service has none looks at all of them.
    assert_eq!(plan.about[&plan.standing[0].target], [0, 1, 2, 3].map(EndpointId));
}

#[test]
fn what_asks_for_more_than_the_budget_is_told() {
    let many = |count: usize, check: &str| -> String {
        let one = |at: usize| {
            service(&format!("s{at}"), &format!("{check}, path = '/{at}'"), "addresses = ['192.0.2.1']")
        };
        (0..count).map(one).collect()
    };
    let budget = ProbeBudget { in_flight: 4, per_second: 10, per_address: 5 };
    let strains = |count, check: &str| plan(&many(count, check)).strains(budget);
    assert_eq!(strains(4, "kind = 'http', interval = '1s', timeout = '1s'"), [""; 0]);
    let told = strains(6, "kind = 'http', interval = '1s', timeout = '500ms'");
    assert_eq!(
        told,
        [
            "more probes a second are asked for than probes.per_address allows, which is 5: of 192.0.2.1 (6); they will come late"
        ]
    );
    let told = strains(20, "kind = 'http', interval = '1s', timeout = '1s'");
    assert_eq!(told.len(), 3, "{told:?}");
    assert!(
        told[0].starts_with("the checks ask for 20 probes a second, and probes.per_second is 10: "),
        "{told:?}"
    );
    assert!(
        told[1].starts_with("probes.in_flight is 4; should every target hang until its timeout, 20 "),
        "{told:?}"
    );
    let no_limit = ProbeBudget { in_flight: 100, per_second: 0, per_address: 0 };
    assert_eq!(plan(&many(20, "kind = 'http', interval = '1s'")).strains(no_limit), [""; 0]);
}
