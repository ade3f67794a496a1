//! One broken thing a row, and every line that is said of it.

use super::*;

mod checks;
mod files;
mod names;
mod services;

/// A sound service with something added to it, from line 5 on.
pub fn service(more: &str) -> String {
    let endpoint = "[services.www.endpoints.eu]\naddresses = ['192.0.2.1', '2001:db8::1', '2001:db8::2']\n";
    format!("[regions.eu]\n[regions.us]\n[services.www]\nnames = ['www.example.']\n{more}\n{endpoint}")
}

fn check(text: &str, expected: &str) {
    let (config, problems) = parsed(text);
    let said = problems.to_string();
    assert_eq!(said, expected, "\n{text}");
    assert_eq!(config.is_none(), problems.has_errors(), "\n{text}");
}

#[test]
fn ten_problems_at_once() {
    let text = r#"
[server]
listen = ["localhost:53"]
region = "eu-wst"
[regions.eu-west]
location = { lat = 153.35, lon = -6.26 }
[services.www]
names = ["www.example"]
policy = "random"
tll = { min = "5s" }
[services.www.check]
kind = "htpp"
interval = "5"
[services.www.endpoints.eu-west]
addresses = ["198.51.100.300"]
weight = 20000
"#;
    let expected = r#"m.toml:3:11: listen 'localhost:53' is not an address with a port; write it like '127.0.0.1:5300' or '[::1]:5300'
m.toml:4:10: no region is called 'eu-wst' (did you mean 'eu-west'?); regions: eu-west
m.toml:6:20: lat 153.35 is not a number from -90 to 90
m.toml:8:10: 'www.example' does not end in a dot; write 'www.example.'
m.toml:9:10: no policy is called 'random'; policies: nearest, failover, round-robin, weighted, least-connections, two-choices, consistent-hash, latency, all; or a list of filters
m.toml:10:1: unknown key 'tll' (did you mean 'ttl'?); keys here: names, policy, ttl, ecs, families, on_all_down, fallback, max_ejected, min_addresses, capacity_unit, soft, hard, slow_start, manual_resume, latency_objective, check, checks, combine, at_least, signals, passive, override, endpoints
m.toml:12:8: kind 'htpp' is not one of none, http, https, tcp, dns, grpc, icmp, command, service (did you mean 'http'?)
m.toml:13:12: interval '5' is not a duration from 100ms to 1h; write it like '5s', '500ms' or '1m30s'
m.toml:15:14: addresses '198.51.100.300' is not an IP address
m.toml:16:10: weight 20000 is not a whole number from 0 to 10000"#;
    check(text, expected);
}

#[test]
fn too_many_are_refused_once() {
    let regions: String = (0..=Config::MAX_REGIONS).map(|n| format!("[regions.r{n}]\n")).collect();
    check(&regions, "m.toml:1025:10: 1025 regions are too many; at most 1024 are possible");
    let endpoints: String = (0..=Config::MAX_ENDPOINTS)
        .map(|n| format!("[regions.r{n}]\n[services.a.endpoints.r{n}]\naddresses = ['192.0.2.{n}']\n"))
        .collect();
    let service = "[services.a]\nnames = ['a.example.']\n";
    check(
        &format!("{service}{endpoints}"),
        "m.toml:196:23: 65 endpoints are too many; a service has at most 64",
    );
    let addresses: Vec<_> = (0..17).map(|n| format!("'192.0.2.{n}'")).collect();
    let one = format!(
        "[regions.eu]\n[services.a.endpoints.eu]\naddresses = [\n{}]\n{service}",
        addresses.join(",\n")
    );
    check(&one, "m.toml:20:1: too many IPv4 addresses; at most 16 of each family are possible");
    let many = "[[geo.override]]\nnetworks_file = 'many.txt'\nlocation = { lat = 1, lon = 1 }\n";
    let said = parsed(many).1;
    assert_eq!(said.errors().count(), 21);
    assert!(said.to_string().starts_with("many.txt: 5 more lines are not networks either\n"), "{said}");
}

#[test]
fn only_so_many_unknown_regions_are_compared() {
    let order = "'eu-wset', ".repeat(150);
    let said = parsed(&format!("[regions.eu-west]\n[[geo.override]]\nasns = [1]\nregions = [{order}]\n")).1;
    let hints = said.errors().filter(|problem| problem.text.contains("did you mean 'eu-west'?")).count();
    assert_eq!((said.errors().count(), hints), (150, 100));
}

#[test]
fn places_count_characters() {
    let text = "[regions]\n\"é\" = { bias = 1, \"ü\" = 2 }";
    let expected = "m.toml:2:1: 'é' cannot name a region; names are 1 to 63 letters, digits, '-', '_' or '.', the first a \
        letter or digit\nm.toml:2:19: unknown key 'ü'; keys here: location, capacity, bias, continent, country, subdivision";
    check(text, expected);
}

#[test]
fn edges_are_inside() {
    let sixteen: Vec<_> = (1..=16).map(|n| format!("'192.0.2.{n}', '2001:db8::{n:x}'")).collect();
    let rows = [
        "ttl = { min = '1s', max = '9h6m7s' }".to_owned(),
        "ttl = { min = '30s', max = '30s' }\nmin_addresses = 1".into(),
        "on_all_down = 'fallback'\nfallback = ['192.0.2.9']".into(),
        "on_all_down = 'nodata'\nfallback = ['127.0.0.1', '::1']".into(),
        "policy = ['healthy', 'near', 'spill', 'first']".into(),
        "[services.www.check]\nkind = 'http'\ninterval = '100ms'\ntimeout = '100ms'\nrise = 1\nfall = 100"
            .into(),
        "[services.www.check]\nkind = 'https'\nhost = '192.0.2.1'\nport = 65535".into(),
        format!("[services.www.endpoints.us]\nweight = 0\naddresses = [{}]", sixteen.join(", ")),
        "[services.www.endpoints.us]\nweight = 10000\naddresses = ['192.0.2.2']".into(),
        "[[services.www.override]]\nnetworks = ['0.0.0.0/0', '::/0', '192.0.2.0/24']\nregions = ['us']"
            .into(),
        "[[services.www.override]]\nasns = [4294967295]\nlocation = { lat = -90, lon = 180 }".into(),
        "[server]\nlisten = ['127.0.0.1:0']\n[api]\nlisten = '127.0.0.1:0'".into(),
        "[server]\npayload = 512\nworkers = 1024\nwhoami = 'whoami.example.'".into(),
    ];
    for row in rows {
        check(&service(&row), "");
    }
}

#[test]
fn a_token_opens_the_api_beyond_loopback() {
    let token = format!("[[api.tokens]]\nname = 'oncall'\nsha256 = '{}'\nrole = 'admin'\n", "ab".repeat(32));
    check(&format!("[api]\nlisten = '[::]:8053'\n{token}"), "");
}

#[test]
fn no_capacity_is_no_limit() {
    let rows = [("", None), ("capacity = 0", None), ("capacity = 1", Some(1))];
    for (capacity, limit) in rows {
        let config = parsed(&format!("[regions.eu]\n{capacity}\n")).0.unwrap();
        assert_eq!(config.regions[0].capacity, limit, "{capacity}");
    }
}

#[test]
fn a_storm_of_syntax_errors_is_cut() {
    assert_eq!(
        parsed(&"x = y\n".repeat(50)).1.errors().count(),
        20 + 49,
        "twenty and every key that is repeated"
    );
}
