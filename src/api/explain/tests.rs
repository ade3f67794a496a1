//! Explanations word for word, against a world without databases and words that the tests set.

use crate::api::wire::Explanation;
use crate::config;
use crate::control::latency::Latencies;
use crate::control::{Node, Threads, compile::compile};
use crate::model::{Name, Problems};
use crate::snapshot::Snapshot;
use crate::steer::{Keep, Tier, Word};

use super::*;

const CONFIG: &str = r#"
[geo]
databases = []
[[geo.override]]
networks = ["203.0.113.0/24"]
regions = ["ap"]
[[geo.override]]
networks = ["10.0.0.0/8"]
location = { lat = 35.0, lon = 135.0 }
[[geo.override]]
networks = ["192.0.2.0/24"]
regions = []
[zones."g.example."]
file = "g.zone"
[regions.eu]
location = { lat = 53.35, lon = -6.26 }
[regions.ap]
location = { lat = 35.68, lon = 139.69 }
bias = 50
[services.www]
names = ["www.g.example.", "*.c.g.example."]
check = { kind = "http", port = 80, path = "/" }
ON_ALL_DOWN
[services.www.endpoints.eu]
addresses = ["198.51.100.10", "198.51.100.11"]
[services.www.endpoints.ap]
addresses = ["198.51.100.20", "2001:db8:2::10"]
"#;

const ZONE: &str = "$ORIGIN g.example.\n@ 60 SOA ns1 host 1 1 1 1 7\n@ 60 NS ns1\nns1 60 A 192.0.2.53\n\
                    shop 60 CNAME x.c\nloop 60 CNAME loop2\nloop2 60 CNAME loop\nsub 60 NS ns.example.net.\n\
                    out 60 CNAME www.example.org.\n";

/// For services that look at it.
const MEASURED: &str =
    "198.18.0.0/16 eu 23.456 34\n198.18.0.0/16 ap 20 3\n198.19.0.0/16 eu 90\n198.19.0.0/16 ap 80\n";

const NOW: u64 = 1_790_000_000;

/// A world whose endpoints (eu, ap) have these tiers and keep these weights of 100, in both families.
fn world(endpoints: [(Tier, u16, u16); 2], on_all_down: &str) -> (Snapshot, config::Config) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("m.toml");
    std::fs::write(&path, CONFIG.replace("ON_ALL_DOWN", on_all_down)).unwrap();
    std::fs::write(directory.path().join("g.zone"), ZONE).unwrap();
    std::fs::write(directory.path().join("rtt.txt"), MEASURED).unwrap();
    let (config, mut problems): (_, Problems) = config::load(&path);
    let node = Node { host_name: "host".into(), cookie_secret: [0; 16] };
    let config = config.unwrap_or_else(|| panic!("{problems}"));
    let built = compile(config, &node, Threads::One, &mut problems).unwrap_or_else(|| panic!("{problems}"));
    let now = std::time::UNIX_EPOCH + std::time::Duration::from_secs(NOW);
    let config = built.config.clone();
    let snapshot = built.at_rest(now, 0);
    for (index, live) in snapshot.live.iter().enumerate() {
        let (tier, weight, ttl) = endpoints[index / 2];
        let all = live.load();
        if all.tier != Tier::Absent {
            let keep = Keep::of_weights(weight, 100);
            live.store(Word { tier, keep, ttl, deadline: 0, mask: 0b11 & all.mask.max(1) });
        }
    }
    (snapshot, config)
}

fn ask(world: &(Snapshot, config::Config), name: &str, client: &str) -> Explanation {
    let name: Name = name.parse().unwrap();
    let mut question = Question::new(&world.0, &name, client.parse().unwrap(), NOW);
    question.rules = &world.1.geo.rules;
    let (mut latencies, now) = (Latencies::default(), std::time::UNIX_EPOCH);
    latencies.replace(&world.1.latency, &world.1.regions, now);
    question.latency = latencies.at(question.client.address(), question.asn(), now);
    explain(&question)
}

const FIT: (Tier, u16, u16) = (Tier::Fit, 100, 60);

/// Filter, region, action and the beginning of the words, a line each.
fn steps(explanation: &Explanation) -> Vec<String> {
    let filters = &explanation.decisions[0].filters;
    let lines = filters.iter().flat_map(|filter| {
        filter
            .endpoints
            .iter()
            .map(|one| format!("{} {} {}: {}", filter.filter, one.action, one.region, one.words))
    });
    lines.collect()
}

const FAST: &str = "policy = 'latency'\n[latency]\nfile = 'rtt.txt'";

#[test]
fn measured_latency_is_told_with_its_samples_and_where_it_is_from() {
    let world = world([FIT, FIT], FAST);
    let said = ask(&world, "www.g.example.", "198.18.1.2");
    let wanted = [
        "healthy kept eu: fit",
        "healthy kept ap: fit",
        "fast kept eu: 1st, 23.5 ms (34 samples, network 198.18.0.0/16)",
        "fast kept ap: 2nd, too few samples (3 samples, network 198.18.0.0/16): by distance, distance unknown",
        "spill kept eu: keeps 100 % of its clients: this one stays",
        "spill kept ap: not asked: one before it keeps this client",
        "first kept eu: hands out 2 of 2 addresses",
        "first cut ap: stands behind",
    ];
    assert_eq!(steps(&said), wanted);
    assert!(said.decisions[0].order_by.starts_with("measured latency from network 198.18.0.0/16, then what"));
    let said = ask(&world, "www.g.example.", "198.19.1.2");
    assert_eq!(steps(&said)[2], "fast moved ap: 1st, 80 ms (10 samples, network 198.19.0.0/16)");
    assert_eq!((said.decisions[0].scope, said.decisions[0].depth), (Some(16), 16));
}

#[test]
fn where_nothing_is_measured_or_a_rule_decides_the_filter_says_so() {
    let world = world([FIT, FIT], FAST);
    let said = ask(&world, "www.g.example.", "10.1.2.3");
    let wanted = [
        "fast moved ap: 1st, nothing measured: by distance, 432 km, 216 km with its bias of 50",
        "fast moved eu: 2nd, nothing measured: by distance, 9505 km",
    ];
    assert_eq!(steps(&said)[2..4], wanted);
    let said = ask(&world, "www.g.example.", "203.0.113.7");
    assert!(
        steps(&said)[2].starts_with("fast moved ap: 1st, distance unknown, by the rule at "),
        "{:?}",
        steps(&said)
    );
    let fast = &said.decisions[0].filters[1];
    assert_eq!(fast.words, "a rule lists regions for this client, so that measured latency does not count");
}

#[test]
fn a_chain_that_groups_and_measures_tells_of_both() {
    let policy = "policy = ['healthy', 'near(9000km)', 'fast', 'first']\n[latency]\nfile = 'rtt.txt'";
    let said = ask(&world([FIT, FIT], policy), "www.g.example.", "198.19.1.2");
    let fast: Vec<_> = steps(&said).into_iter().filter(|line| line.starts_with("fast ")).collect();
    // Their distance is more than that, so each is a group of its own.
    let wanted = [
        "fast kept eu: 1st, 90 ms (10 samples, network 198.19.0.0/16)",
        "fast kept ap: 2nd, 80 ms (10 samples, network 198.19.0.0/16)",
    ];
    assert_eq!(fast, wanted);
}

#[test]
fn a_fit_world_answers_from_the_nearest() {
    let world = world([FIT, FIT], "");
    let said = ask(&world, "www.g.example.", "10.1.2.3");
    let wanted = [
        "healthy kept eu: fit",
        "healthy kept ap: fit",
        "near moved ap: 1st, 432 km, 216 km with its bias of 50",
        "near moved eu: 2nd, 9505 km",
        "spill kept ap: keeps 100 % of its clients: this one stays",
        "spill kept eu: not asked: one before it keeps this client",
        "first kept ap: hands out 1 of 1 addresses",
        "first cut eu: stands behind",
    ];
    let found = steps(&said);
    assert_eq!(found, wanted);
    let outcome = &said.decisions[0].outcome;
    assert_eq!((outcome.answer.as_str(), outcome.region.as_deref()), ("endpoint", Some("ap")));
    assert_eq!((outcome.ttl_seconds, outcome.tier.as_deref()), (60, Some("fit")));
    assert_eq!(outcome.ttl_from, "ttl.max: nothing that was consulted may flip soon");
    assert!(
        said.client.location_from.as_ref().unwrap().contains("m.toml:7:1 (network 10.0.0.0/8)"),
        "{:?}",
        said.client
    );
}

#[test]
fn rules_are_named_where_they_decide() {
    let world = world([FIT, FIT], "");
    let said = ask(&world, "www.g.example.", "203.0.113.0/24");
    let near = steps(&said)[2].clone();
    assert!(near.starts_with("near moved ap: 1st, distance unknown, by the rule at "), "{near}");
    assert!(near.ends_with("m.toml:4:1 (network 203.0.113.0/24)"), "{near}");
    assert_eq!(said.decisions[0].scope, Some(24));
    let said = ask(&world, "www.g.example.", "192.0.2.7");
    let outcome = &said.decisions[0].outcome;
    assert_eq!((outcome.answer.as_str(), outcome.ttl_seconds), ("nodata", 5));
    assert_eq!(outcome.why, "a rule gives these clients no region");
    assert!(said.decisions[0].filters.is_empty());
}

#[test]
fn tiers_spills_and_falls_are_told() {
    let failing = (Tier::Failing, 100, 5);
    let rows = [
        // eu, ap, on_all_down, answer, region, ttl, part of the steps
        ((Tier::Failing, 100, 30), FIT, "", "endpoint", Some("ap"), 30, "healthy cut eu: failing"),
        ((Tier::Unknown, 100, 5), failing, "", "endpoint", Some("eu"), 5, "healthy kept eu: unknown"),
        (
            (Tier::Idle, 0, 60),
            failing,
            "",
            "endpoint",
            Some("eu"),
            5,
            "spill kept eu: no weight counts in this tier",
        ),
        ((Tier::Barred, 0, 60), FIT, "", "endpoint", Some("ap"), 60, "healthy cut eu: barred"),
        (failing, failing, "", "endpoint", Some("eu"), 5, "healthy kept ap: failing"),
        ((Tier::Failing, 0, 5), failing, "", "endpoint", Some("ap"), 5, "healthy cut eu: failing"),
        (failing, failing, "on_all_down = \"nodata\"", "nodata", None, 5, "healthy cut eu: failing"),
        (failing, failing, "on_all_down = \"servfail\"", "servfail", None, 5, "healthy cut ap: failing"),
        (
            (Tier::Barred, 0, 60),
            (Tier::Barred, 0, 60),
            "fallback = [\"192.0.2.99\"]",
            "fallback",
            None,
            5,
            "healthy cut",
        ),
    ];
    for (eu, ap, all_down, answer, region, ttl, part) in rows {
        let said = ask(&world([eu, ap], all_down), "www.g.example.", "198.51.100.1");
        let outcome = &said.decisions[0].outcome;
        let found = (outcome.answer.as_str(), outcome.region.as_deref(), outcome.ttl_seconds);
        assert_eq!(found, (answer, region, ttl), "{eu:?} {ap:?} {all_down}: {outcome:?}");
        let steps = steps(&said);
        assert!(steps.iter().any(|step| step.starts_with(part)), "{part} in {steps:#?}");
    }
}

#[test]
fn a_client_that_moves_on_is_told_why() {
    let world = world([(Tier::Fit, 1, 60), FIT], "");
    let clients = (0..64).map(|host| format!("198.51.{host}.1"));
    let moved = clients.map(|client| ask(&world, "www.g.example.", &client));
    let mut moved = moved.filter(|said| said.decisions[0].outcome.region.as_deref() == Some("ap"));
    let moved = moved.next().unwrap();
    assert!(steps(&moved).contains(&"spill cut eu: keeps 1 % of its clients: this one moves on".to_owned()));
    assert!(!steps(&moved).iter().any(|step| step.starts_with("first cut eu")), "spill has cut it already");
    assert_eq!(moved.decisions[0].scope, Some(24), "the hash looked at a /24");
}

#[test]
fn an_end_that_clamps_the_ttl_is_named() {
    let world = world([FIT, FIT], "");
    let word = world.0.live[0].load();
    world.0.live[0].store(Word { deadline: Word::deadline_for(NOW + 9, NOW), ..word });
    let outcome = ask(&world, "www.g.example.", "198.51.100.1").decisions[0].outcome.clone();
    assert_eq!((outcome.ttl_seconds, outcome.ttl_from.as_str()), (9, "an override of eu ends then"));
}

#[test]
fn zones_speak_for_what_is_not_steered() {
    let world = world([FIT, FIT], "");
    let rows = [
        ("ns1.g.example.", "ns1.g.example. is static: A 192.0.2.53 for 60 s"),
        (
            "nowhere.g.example.",
            "nowhere.g.example. does not exist; the closest name above it is g.example.: NXDOMAIN",
        ),
        ("a.sub.g.example.", "a.sub.g.example. is delegated at sub.g.example. to ns.example.net.: referral"),
        ("example.org.", "example.org. is in no zone of this node: REFUSED"),
        ("loop.g.example.", "loop.g.example. is an alias of loop2.g.example."),
        ("c.g.example.", "c.g.example. is static and has no A: NODATA"),
        ("x.c.g.example.", "x.c.g.example. is steered by service 'www' through *.c.g.example."),
        ("shop.g.example.", "shop.g.example. is an alias of x.c.g.example."),
    ];
    for (name, line) in rows {
        let said = ask(&world, name, "198.51.100.1");
        assert_eq!(said.zone[0], line);
        let steered = said.zone.iter().any(|line| line.contains("steered by"));
        assert_eq!(!said.decisions.is_empty(), steered, "{name}");
    }
    assert_eq!(
        ask(&world, "loop.g.example.", "::1").zone.last().unwrap(),
        "more than 8 aliases: the chain is cut here"
    );
    assert_eq!(
        ask(&world, "out.g.example.", "::1").zone[1],
        "www.example.org. is in no zone of this node: REFUSED"
    );
}

#[test]
fn ipv4_inside_ipv6_is_unfolded_and_scopes_get_their_offset_back() {
    let world = world([FIT, FIT], "");
    let said = ask(&world, "www.g.example.", "64:ff9b::203.0.113.7");
    assert_eq!(said.client.address, "203.0.113.7");
    assert_eq!(said.client.unfolded_from.as_deref(), Some("64:ff9b::cb00:7107"));
    assert_eq!(said.decisions[0].scope, Some(120));
    assert_eq!("203.0.113.255/24".parse::<ClientAsked>().unwrap().address().to_string(), "203.0.113.0");
}

#[test]
fn a_terminal_reads_aligned_lines() {
    let world = world([FIT, (Tier::Failing, 100, 60)], "");
    let mut said = ask(&world, "www.g.example.", "198.51.100.1");
    said.decisions.truncate(1);
    let wanted = "\
www.g.example. is steered by service 'www'
client 198.51.100.1: 198.51.100.1

A: cell CELL
  order   eu > ap
          by what the databases said at the last reload
  healthy keeps what is fit
    kept  eu  fit
    cut   ap  failing
  near    orders by the client's cell
    kept  eu  1st, distance unknown
  spill   lets every endpoint keep its fraction of clients
    kept  eu  keeps 100 % of its clients: this one stays
  first   keeps the first
    kept  eu  hands out 2 of 2 addresses
  answer  198.51.100.10, 198.51.100.11 of eu
  ttl     60 s: ttl.max: nothing that was consulted may flip soon
  why     the first of tier 'fit' that keeps this client
";
    let DecisionBody { cell, depth, scope, .. } = &said.decisions[0];
    let cell = format!("{cell}, depth {depth}, ECS scope {}", scope.unwrap());
    assert_eq!(render(&said), wanted.replace("CELL", &cell));
}

#[test]
fn every_preset_says_what_each_of_its_filters_did() {
    let rows = [
        (
            "'failover'",
            "healthy kept eu: fit; healthy kept ap: fit; listed kept eu: 1st; listed kept ap: 2nd; \
          first kept eu: hands out 2 of 2 addresses; first cut ap: stands behind",
        ),
        (
            "'all'",
            "healthy kept eu: fit; healthy kept ap: fit; near kept ap: 1st, 432 km, 216 km with its bias of 50; \
          near kept eu: 2nd, 9505 km; first(8) kept ap: hands out 1 of 1 addresses; \
          first(8) kept eu: hands out 2 of 2 addresses",
        ),
        (
            "'least-connections'",
            "healthy kept eu: fit; healthy kept ap: fit; \
          least(connections) kept eu: 1st, connections unknown: counts as the mean of the others; \
          least(connections) kept ap: 2nd, connections unknown: counts as the mean of the others; \
          first kept eu: hands out 2 of 2 addresses; first cut ap: stands behind",
        ),
        (
            "['fence', 'healthy', 'near', 'first']\n[services.www.endpoints.ap.deny]\nnetworks = ['10.1.0.0/16']",
            "fence kept eu: lets this client in; fence cut ap: does not let this client in; \
          healthy kept eu: fit; near kept eu: 1st, 9505 km; first kept eu: hands out 2 of 2 addresses",
        ),
        (
            "['healthy', 'near', 'first(1)', 'priority']",
            "healthy kept eu: fit; healthy kept ap: fit; \
          near kept ap: 1st, 432 km, 216 km with its bias of 50; near kept eu: 2nd, 9505 km; \
          first kept ap: hands out 1 of 1 addresses; first cut eu: stands behind; priority kept ap: priority 0",
        ),
    ];
    for (policy, wanted) in rows {
        let world = world([FIT, FIT], &format!("policy = {policy}"));
        let said = ask(&world, "www.g.example.", "10.1.2.3");
        assert_eq!(
            steps(&said).join("; "),
            wanted.split_whitespace().collect::<Vec<_>>().join(" "),
            "{policy}"
        );
    }
}

#[test]
fn chance_is_told_as_chance_and_sets_with_all_their_regions() {
    for policy in ["round-robin", "weighted", "two-choices", "consistent-hash"] {
        let world = world([FIT, (Tier::Fit, 50, 60)], &format!("policy = '{policy}'"));
        let said = ask(&world, "www.g.example.", "198.51.100.1");
        let (found, outcome) = (steps(&said), &said.decisions[0].outcome);
        let shares =
            ["66.67 %", "33.33 %"].map(|share| found.iter().filter(|step| step.contains(share)).count());
        assert!(policy == "two-choices" || shares == [1, 1], "{policy}: {found:#?}");
        let all = ["198.51.100.10", "198.51.100.11", "198.51.100.20"];
        match policy {
            "round-robin" => {
                assert_eq!(
                    (outcome.answer.as_str(), &outcome.addresses[..]),
                    ("endpoints", &all.map(String::from)[..])
                );
                assert_eq!(outcome.regions, ["eu", "ap"]);
                assert!(
                    super::render(&said)
                        .contains("  answer  198.51.100.10, 198.51.100.11, 198.51.100.20 of eu, ap\n")
                );
            }
            _ => assert_eq!(outcome.region.as_ref(), outcome.regions.first(), "{policy}"),
        }
        assert_eq!(
            said.decisions[0].scope,
            Some(if policy == "consistent-hash" { 24 } else { 6 }),
            "{policy}: a rule gives some clients no region"
        );
    }
    let world = world(
        [(Tier::Failing, 100, 60), (Tier::Failing, 100, 60)],
        "policy = 'round-robin'\non_all_down = 'nodata'",
    );
    let said = ask(&world, "www.g.example.", "198.51.100.1");
    assert_eq!(said.decisions[0].outcome.answer, "nodata");
    assert!(said.decisions[0].filters[0].words.starts_with("nothing is fit, unknown or idle"));
}
