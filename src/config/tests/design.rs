//! The documented example, and what becomes of every key in it.

use std::time::Duration;

use super::*;
use crate::model::{Families, HttpRequest, Location, OnAllDown, Probe, RegionId, Request, Steer, TtlRange};

/// DESIGN.md section 3 as it stands, but with a real digest.
const DESIGN: &str = include_str!("../../../tests/config/design.toml");

/// The region that the example's order rule names and the example leaves out.
const US_EAST: &str = "[regions.us-east]\nlocation = { lat = 39.04, lon = -77.49 }\n";

fn design() -> Config {
    let (config, problems) = parsed(&format!("{DESIGN}{US_EAST}"));
    assert_eq!(problems.to_string(), "");
    config.unwrap()
}

#[test]
fn the_example_alone_lacks_one_region() {
    let (config, problems) = parsed(DESIGN);
    let text = "m.toml:21:24: no region is called 'us-east'; regions: eu-west, ap-northeast";
    assert_eq!((config, problems.to_string().as_str()), (None, text));
}

#[test]
fn tables_of_the_node_are_read() {
    let config = design();
    let server = &config.server;
    assert_eq!(server.listen, ["127.0.0.1:5300".parse().unwrap(), "[::1]:5300".parse().unwrap()]);
    assert_eq!((server.identity.as_deref(), server.region), (Some("lhr1"), Some(RegionId(0))));
    assert_eq!(hex::encode(server.cookies[0].0), "0123456789abcdef0123456789abcdef");
    assert_eq!(config.state, Path::new("state"));
    let token = &config.api.tokens[0];
    assert_eq!((token.name.as_str(), token.sha256[0], token.role), ("oncall", 0x9f, Role::Operate));
}

#[test]
fn tables_of_the_world_are_read() {
    let config = design();
    let place = Place::file("m.toml");
    let zone = &config.zones[0];
    assert_eq!((zone.origin.to_string().as_str(), &zone.place), ("gslb.example.", &place.at(24, 8)));
    assert_eq!(zone.file, Path::new("zones/gslb.example.zone"));
    assert_eq!(config.geo.databases, [("geoip/country.mmdb".into(), place.at(18, 14))]);
    let rule = &config.geo.rules[0];
    assert_eq!(rule.networks, ["10.20.0.0/16".parse().unwrap(), "2001:db8:20::/48".parse().unwrap()]);
    assert_eq!(rule.steer, Steer::Regions(vec![RegionId(0), RegionId(2)]));
    let region = &config.regions[0];
    assert_eq!((region.name.as_str(), region.location), ("eu-west", Location::new(53.35, -6.26)));
    assert_eq!((region.capacity, region.bias, &region.place), (Some(4000), 0, &place.at(27, 10)));
}

#[test]
fn the_service_is_read() {
    let config = design();
    let service = &config.services[0];
    let names: Vec<_> = service.names.iter().map(|(name, _)| name.to_string()).collect();
    assert_eq!(names, ["www.gslb.example.", "*.cust.gslb.example."]);
    assert_eq!((service.policy.name, service.ttl), ("nearest", TtlRange { min: 5, max: 60 }));
    assert_eq!((service.families, service.on_all_down), (Families::Independent, OnAllDown::All));
    let host = Some("www.example.com".to_owned());
    let http = HttpRequest { path: "/healthz".into(), host, ..HttpRequest::default() };
    assert_eq!(service.checks[0].probe, Some(Probe { port: 8080, request: Request::Http(http) }));
    assert_eq!(
        (service.checks[0].interval, service.checks[0].timeout),
        (Duration::from_secs(5), Duration::from_secs(2))
    );
    let endpoints: Vec<_> =
        service.endpoints.iter().map(|e| (e.region, e.weight, e.addresses.len())).collect();
    assert_eq!(endpoints, [(RegionId(0), 100, 2), (RegionId(1), 100, 2)]);
}

#[test]
fn nothing_written_is_all_defaults() {
    let (config, problems) = parsed("");
    let config = config.unwrap();
    assert!(problems.is_empty());
    assert_eq!((config.server, config.api), (Server::default(), Api::default()));
}

#[test]
fn written_order_is_kept() {
    let (config, _) = parsed("[regions.zulu]\n[regions.alpha]\n[regions.mike]\n");
    let names: Vec<_> = config.unwrap().regions.into_iter().map(|region| region.name).collect();
    assert_eq!(names, ["zulu", "alpha", "mike"]);
}

#[test]
fn https_is_http_inside_tls() {
    let rows = [("http", false, 80), ("https", true, 443)];
    for (kind, tls, port) in rows {
        let check = format!("[services.www.check]\nkind = '{kind}'\nhost = 'a.example'\ninterval = '1s'\n");
        let (config, problems) = parsed(&errors::service(&check));
        assert!(problems.is_empty(), "{problems}");
        let check = &config.unwrap().services[0].checks[0];
        let probe = check.probe.clone().unwrap();
        let Request::Http(http) = &probe.request else { panic!("{probe:?}") };
        assert_eq!((http.tls.is_some(), probe.port, http.path.as_str()), (tls, port, "/"));
        assert_eq!(check.timeout, Duration::from_secs(1), "no timeout is longer than the interval");
    }
}

#[test]
fn a_service_has_its_own_order_rules() {
    let rule = "[[services.www.override]]\ncountries = ['ie']\nlocation = { lat = 53, lon = -6.5 }\n";
    let (config, problems) = parsed(&errors::service(rule));
    assert!(problems.is_empty(), "{problems}");
    let config = config.unwrap();
    let rule = &config.services[0].order_rules[0];
    assert_eq!(rule.countries, [*b"IE"]);
    assert_eq!(rule.steer, Steer::Location(Location::new(53.0, -6.5).unwrap()));
}

#[test]
fn paths_are_seen_from_the_file() {
    let text = "[server]\nstate = '/var/lib/meridian'\n[geo]\ndatabases = ['geoip/a.mmdb']\n[zones.'example.']\nfile = 'z'\n";
    let (config, _) = parse(Path::new("/etc/meridian/m.toml"), text, &|_| unreachable!());
    let config = config.unwrap();
    assert_eq!(config.state, Path::new("/var/lib/meridian"));
    assert_eq!(config.geo.databases[0].0, Path::new("/etc/meridian/geoip/a.mmdb"));
    assert_eq!(config.zones[0].file, Path::new("/etc/meridian/z"));
}

#[test]
fn files_are_loaded_with_their_networks() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("meridian.toml");
    let text = "[regions.eu]\n[[geo.override]]\nnetworks_file = 'offices.txt'\nregions = ['eu']\n";
    std::fs::write(&path, text).unwrap();
    std::fs::write(directory.path().join("offices.txt"), "10.1.0.0/16 # Dublin\n\n2001:db8::/48\n").unwrap();
    let (config, problems) = load(&path);
    assert_eq!(problems.to_string(), "");
    let config = config.unwrap();
    assert_eq!(config.geo.rules[0].networks.len(), 2);
    assert_eq!(config.networks_files, [directory.path().join("offices.txt")]);
}

#[test]
fn measurements_are_loaded_with_their_rules() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("meridian.toml");
    let service = errors::service("policy = 'latency'\n");
    let text = format!(
        "{service}\n[latency]\nfile = 'rtt.txt'\nmin_samples = 5\nhalf_life = '30m'\nhysteresis = '20%'\n\
         expires = '2d'\nmax_entries = 3\n"
    );
    std::fs::write(&path, text).unwrap();
    std::fs::write(directory.path().join("rtt.txt"), "198.51.100.0/24 eu 23.5 40 # Dublin\nAS7 us 90\n")
        .unwrap();
    let (config, problems) = load(&path);
    assert_eq!(problems.to_string(), "");
    let config = config.unwrap();
    let rules = crate::model::LatencyRules {
        min_samples: 5,
        half_life: Duration::from_secs(1800),
        hysteresis: 0.2,
        expires: Duration::from_secs(2 * 86_400),
        max_entries: 3,
    };
    assert_eq!(config.latency.rules, rules);
    let rows = config.latency.rows.iter().map(|row| {
        format!("{} {} {} {}", row.vantage, row.region.0, row.measured.rtt_ms, row.measured.samples)
    });
    assert_eq!(rows.collect::<Vec<_>>(), ["198.51.100.0/24 0 23.5 40", "AS7 1 90 5"]);
    assert_eq!(config.latency_files, [directory.path().join("rtt.txt")]);
}

#[test]
fn unreadable_files_are_one_error() {
    let directory = tempfile::tempdir().unwrap();
    let said = |path: &Path| load(path).1.to_string().replace(directory.path().to_str().unwrap(), "D");
    assert_eq!(
        said(&directory.path().join("none.toml")),
        "D/none.toml: cannot be read: No such file or directory (os error 2)"
    );
    let latin = directory.path().join("latin.toml");
    std::fs::write(&latin, b"# fine\n# caf\xe9\n").unwrap();
    assert_eq!(said(&latin), "D/latin.toml: cannot be read: line 2 is not UTF-8");
    let long = directory.path().join("long.toml");
    std::fs::File::create(&long).unwrap().set_len(LONGEST_FILE + 1).unwrap();
    assert_eq!(said(&long), "D/long.toml: cannot be read: longer than 16 MiB");
    // Opening it would wait for a writer, and a reload with it.
    let pipe = directory.path().join("pipe.toml");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    assert_eq!(said(&pipe), "D/pipe.toml: cannot be read: not a regular file");
}

#[test]
fn secrets_never_reach_a_log() {
    let shown = format!("{:?}", design());
    let secret = u128::from_str_radix("0123456789abcdef0123456789abcdef", 16).unwrap().to_be_bytes();
    assert!(shown.contains("CookieSecret(…)") && shown.contains("Token(oncall, Operate)"));
    assert!(!shown.contains("0123456789abcdef") && !shown.contains(&format!("{secret:?}")));
}
