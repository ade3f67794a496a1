//! The machine in rows: reports at a time, and the order that comes of them.

use std::time::UNIX_EPOCH;

use super::*;
use crate::model::{LatencyRow, RegionId};

const REGIONS: [&str; 3] = ["eu", "us", "ap"];

fn regions(names: &[&str]) -> Vec<Region> {
    names.iter().map(|name| Region { name: (*name).into(), ..Region::default() }).collect()
}

fn machine(rules: LatencyRules, rows: Vec<LatencyRow>) -> Latencies {
    let mut latencies = Latencies::default();
    latencies.replace(&config::Latency { rules, rows }, &regions(&REGIONS), at(0));
    latencies
}

fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_790_000_000 + seconds)
}

fn network(text: &str) -> Vantage {
    text.parse().unwrap()
}

const HERE: &str = "198.51.100.0/24";

fn tell(latencies: &mut Latencies, region: &str, rtt_ms: f64, samples: u32, now: u64) {
    latencies.take(network(HERE), region, Measured { rtt_ms, samples }, at(now));
}

/// The order of [`HERE`] as of a moment.
fn settled(latencies: &mut Latencies, now: u64) -> String {
    latencies.settle(at(now));
    let order = latencies.orders().find(|(vantage, _)| *vantage == network(HERE));
    order.map_or(String::new(), |(_, order)| order.join(" "))
}

fn only(latencies: &Latencies, now: u64) -> RowReport {
    let (rows, all) = latencies.list(&RowsWanted { most: 2, ..RowsWanted::default() }, at(now));
    assert_eq!((rows.len(), all), (1, 1));
    rows[0].clone()
}

#[test]
fn reports_of_one_moment_are_a_mean_by_samples() {
    let mut latencies = machine(LatencyRules::default(), vec![]);
    tell(&mut latencies, "eu", 10.0, 30, 0);
    tell(&mut latencies, "eu", 50.0, 10, 0);
    let row = only(&latencies, 0);
    assert_eq!((row.rtt_ms, row.samples), (20.0, 40.0));
}

#[test]
fn after_a_half_life_a_report_weighs_half() {
    let mut latencies = machine(LatencyRules::default(), vec![]);
    tell(&mut latencies, "eu", 10.0, 20, 0);
    assert_eq!(only(&latencies, 3600).samples, 10.0);
    assert_eq!(only(&latencies, 3600).rtt_ms, 10.0, "age alone changes no mean");
    tell(&mut latencies, "eu", 40.0, 10, 3600);
    let row = only(&latencies, 3600);
    assert_eq!((row.rtt_ms, row.samples), (25.0, 20.0));
    assert_eq!(row.reported, Some(at(3600)));
}

#[test]
fn too_few_samples_steer_nobody_and_enough_do_until_half_are_gone() {
    let mut latencies = machine(LatencyRules::default(), vec![]);
    tell(&mut latencies, "eu", 10.0, 9, 0);
    assert_eq!(settled(&mut latencies, 0), "");
    tell(&mut latencies, "eu", 10.0, 1, 0);
    assert_eq!(settled(&mut latencies, 0), "eu");
    assert_eq!(settled(&mut latencies, 3599), "eu");
    assert_eq!(settled(&mut latencies, 3601), "");
    tell(&mut latencies, "eu", 10.0, 4, 3601);
    assert_eq!(settled(&mut latencies, 3601), "", "nine are too few again");
}

#[test]
fn noise_of_five_percent_moves_nobody_and_a_real_change_does() {
    let rules = LatencyRules { half_life: Duration::from_secs(60), ..LatencyRules::default() };
    let mut latencies = machine(rules, vec![]);
    tell(&mut latencies, "eu", 20.0, 50, 0);
    tell(&mut latencies, "us", 20.5, 50, 0);
    assert_eq!(settled(&mut latencies, 0), "eu us");
    for round in 1..200 {
        let (eu, us) = if round % 2 == 0 { (21.0, 19.0) } else { (19.0, 21.0) };
        tell(&mut latencies, "eu", eu, 50, round * 60);
        tell(&mut latencies, "us", us, 50, round * 60);
        assert_eq!(settled(&mut latencies, round * 60), "eu us", "round {round}");
    }
    assert_eq!(latencies.counts().moves, 1);
    for round in 200..206 {
        tell(&mut latencies, "eu", 40.0, 50, round * 60);
        tell(&mut latencies, "us", 20.0, 50, round * 60);
        settled(&mut latencies, round * 60);
    }
    assert_eq!(settled(&mut latencies, 206 * 60), "us eu");
    assert_eq!(latencies.counts().moves, 2, "once, not back and forth");
}

#[test]
fn nothing_moves_without_a_hysteresis_to_pass() {
    let rules = LatencyRules { hysteresis: 0.0, ..LatencyRules::default() };
    let mut latencies = machine(rules, vec![]);
    tell(&mut latencies, "eu", 20.0, 50, 0);
    tell(&mut latencies, "us", 20.5, 50, 0);
    assert_eq!(settled(&mut latencies, 0), "eu us");
    tell(&mut latencies, "us", 19.0, 50, 0);
    assert_eq!(settled(&mut latencies, 0), "us eu");
}

#[test]
fn what_nobody_reports_any_more_expires() {
    let rules = LatencyRules { expires: Duration::from_secs(600), ..LatencyRules::default() };
    let mut latencies = machine(rules, vec![]);
    tell(&mut latencies, "eu", 20.0, 1_000_000, 0);
    tell(&mut latencies, "us", 30.0, 1_000_000, 300);
    assert_eq!(settled(&mut latencies, 599), "eu us");
    assert_eq!(settled(&mut latencies, 600), "us");
    assert_eq!(settled(&mut latencies, 900), "");
    let LatencyCounts { rows, orders, expired, reports, .. } = latencies.counts();
    assert_eq!((rows, orders, expired, reports), (0, 0, 2, 2));
}

#[test]
fn rows_of_the_file_do_not_grow_old_and_reports_go_on_top() {
    let rules = LatencyRules::default();
    let listed = |region, rtt_ms| LatencyRow {
        vantage: network(HERE),
        region: RegionId(region),
        measured: Measured { rtt_ms, samples: 10 },
    };
    let mut latencies = machine(rules, vec![listed(0, 20.0), listed(1, 30.0)]);
    assert_eq!(settled(&mut latencies, 1_000_000), "eu us");
    tell(&mut latencies, "eu", 60.0, 30, 1_000_000);
    assert_eq!(settled(&mut latencies, 1_000_000), "us eu");
    let (rows, _) = latencies.list(&RowsWanted { most: 9, ..RowsWanted::default() }, at(1_000_000));
    assert_eq!((rows[0].rtt_ms, rows[0].samples, rows[0].listed), (50.0, 40.0, true));
    assert_eq!(
        settled(&mut latencies, 2_000_000),
        "eu us",
        "what was reported is forgotten, the file is not"
    );
    // Without the file nothing is left.
    latencies.replace(&config::Latency { rules, rows: vec![] }, &regions(&REGIONS), at(2_000_000));
    assert_eq!(latencies.counts().rows, 0);
}

#[test]
fn reports_outlast_a_reload_by_the_names_of_their_regions() {
    let mut latencies = machine(LatencyRules::default(), vec![]);
    tell(&mut latencies, "eu", 20.0, 50, 0);
    tell(&mut latencies, "us", 30.0, 50, 0);
    assert_eq!(settled(&mut latencies, 0), "eu us");
    latencies.replace(&config::Latency::default(), &regions(&["ap", "us"]), at(1));
    assert_eq!(settled(&mut latencies, 1), "us");
    assert_eq!(latencies.counts().rows, 1);
    tell(&mut latencies, "eu", 20.0, 50, 2);
    assert_eq!(latencies.counts().rows, 1, "there is no such region any more");
}

#[test]
fn beyond_the_bound_the_rows_with_the_fewest_samples_go() {
    let rules = LatencyRules { max_entries: 200, ..LatencyRules::default() };
    let row = LatencyRow {
        vantage: network(HERE),
        region: RegionId(0),
        measured: Measured { rtt_ms: 1.0, samples: 1 },
    };
    let mut latencies = machine(rules, vec![row]);
    let far = |number: u32| Vantage::Asn(number + 1);
    for number in 0..250 {
        let measured = Measured { rtt_ms: 20.0, samples: 1000 - number };
        latencies.take(far(number), "eu", measured, at(0));
        latencies.trim(at(0));
        assert!(latencies.counts().rows <= 200, "{number}");
    }
    let (rows, _) = latencies.list(&RowsWanted { most: 1000, ..RowsWanted::default() }, at(0));
    assert!(rows[0].listed, "what the file says stays");
    let systems: Vec<_> = rows[1..].iter().map(|row| row.vantage).collect();
    // The newest are not looked at before there are too many again.
    assert_eq!(systems[..197], (0..197).map(far).collect::<Vec<_>>(), "the best known stay");
    assert!(latencies.counts().crowded >= 50);
}

#[test]
fn a_look_is_due_soon_after_a_report_and_seldom_without() {
    let mut latencies = machine(LatencyRules::default(), vec![]);
    assert_eq!([9, 10, 59, 60].map(|now| latencies.is_due(at(now))), [false, false, false, true]);
    tell(&mut latencies, "eu", 20.0, 50, 5);
    assert_eq!([9, 10].map(|now| latencies.is_due(at(now))), [false, true]);
    latencies.settle(at(10));
    assert!(!latencies.is_due(at(20)));
    assert!(latencies.is_due(UNIX_EPOCH), "a clock that was set back");
}

#[test]
fn the_longest_network_with_an_order_decides_and_then_the_system() {
    let mut latencies = machine(LatencyRules::default(), vec![]);
    let take = |latencies: &mut Latencies, vantage: &str, samples| {
        latencies.take(network(vantage), "eu", Measured { rtt_ms: 20.0, samples }, at(0));
    };
    take(&mut latencies, "198.51.0.0/16", 50);
    take(&mut latencies, "198.51.100.0/24", 5);
    take(&mut latencies, "AS64500", 50);
    latencies.settle(at(0));
    let decides = |address: &str, asn| {
        let rows = latencies.at(address.parse().unwrap(), asn, at(0));
        rows.first().map_or(String::new(), |row| row.vantage.to_string())
    };
    assert_eq!(decides("198.51.100.7", Some(64500)), "198.51.0.0/16", "the longer one has too few samples");
    assert_eq!(decides("203.0.113.7", Some(64500)), "AS64500");
    assert_eq!(decides("203.0.113.7", Some(64501)), "");
    assert_eq!(decides("2001:db8::1", None), "");
}

#[test]
fn rows_are_listed_sorted_page_by_page() {
    let mut latencies = machine(LatencyRules::default(), vec![]);
    for vantage in ["AS9", "198.51.100.0/24", "198.51.0.0/16", "2001:db8::/48", "AS10"] {
        for region in REGIONS {
            latencies.take(network(vantage), region, Measured { rtt_ms: 20.0, samples: 5 }, at(0));
        }
    }
    let mut wanted = RowsWanted { most: 4, ..RowsWanted::default() };
    let mut seen = Vec::new();
    loop {
        let (rows, all) = latencies.list(&wanted, at(0));
        assert_eq!(all, 15);
        let Some(last) = rows.last() else { break };
        wanted.after = Some((last.vantage, last.region.to_string()));
        seen.extend(rows.iter().map(|row| format!("{} {}", row.vantage, row.region)));
    }
    assert_eq!(seen.len(), 15);
    assert_eq!((&*seen[0], &*seen[14]), ("198.51.0.0/16 ap", "AS10 us"));
    let count = |vantage: &str, region: Option<&str>| {
        let (vantage, region) = (Some(network(vantage)), region.map(str::to_owned));
        latencies.list(&RowsWanted { vantage, region, after: None, most: 99 }, at(0)).1
    };
    assert_eq!(count("198.51.0.0/16", None), 6, "what is inside counts");
    assert_eq!(count("198.51.100.0/24", Some("us")), 1);
    assert_eq!([count("AS10", None), count("10.0.0.0/8", None)], [3, 0]);
}

#[test]
fn what_was_measured_outlasts_a_restart() {
    let mut latencies = machine(LatencyRules::default(), vec![]);
    tell(&mut latencies, "eu", 20.0, 50, 0);
    tell(&mut latencies, "us", 21.0, 50, 0);
    assert_eq!(settled(&mut latencies, 0), "eu us");
    tell(&mut latencies, "us", 18.6, 500, 1);
    assert_eq!(settled(&mut latencies, 1), "eu us");
    assert!(latencies.is_unsaved());
    let bytes = latencies.save();
    assert!(!latencies.is_unsaved());
    let mut after = machine(LatencyRules::default(), vec![]);
    assert_eq!(after.restore(&bytes, at(2)), 2);
    assert_eq!(settled(&mut after, 2), "eu us", "with its hysteresis");
    let all = RowsWanted { most: 9, ..RowsWanted::default() };
    assert_eq!(after.list(&all, at(2)), latencies.list(&all, at(2)));
    // Regions may have gone, and time passed.
    let mut later = machine(LatencyRules::default(), vec![]);
    later.replace(&config::Latency::default(), &regions(&["us"]), at(2));
    assert_eq!(later.restore(&bytes, at(2)), 1);
    assert_eq!(settled(&mut later, 2), "us");
    let mut late = machine(LatencyRules::default(), vec![]);
    late.restore(&bytes, at(200_000));
    assert_eq!(late.counts().rows, 0);
}

#[test]
fn what_is_no_memory_is_forgotten() {
    let row = |row: &str| format!(r#"{{"places":[{{"vantage":"AS1","order":["eu"],"rows":[{row}]}}]}}"#);
    let good = r#"{"region":"eu","rtt_ms":20.0,"samples":50.0,"at":1790000000,"counts":true}"#;
    let rows = [
        (row(good), 1),
        (row(&good.replace("20.0", "-1.0")), 0),
        (row(&good.replace("20.0", "1e300")), 0),
        (row(&good.replace("50.0", "-5.0")), 0),
        (row(&good.replace("eu", "mars")), 0),
        (row(&good.replace("1790000000", "18446744073709551615")), 0),
        (row(good).replace("AS1", "AS0"), 0),
        (row(good).replace("AS1", "198.51.100.0/33"), 0),
        ("[]".to_owned(), 0),
        (String::new(), 0),
    ];
    for (text, restored) in rows {
        let mut latencies = machine(LatencyRules::default(), vec![]);
        assert_eq!(latencies.restore(text.as_bytes(), at(1)), restored, "{text}");
        assert_eq!(latencies.counts().rows, restored, "{text}");
    }
}
