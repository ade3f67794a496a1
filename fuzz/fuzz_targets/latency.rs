//! A file of measurements of any text.
//!
//! Whatever comes: no panic; rows or errors, each error with a line of the file; every row is one that can be measured,
//! none stands there twice, and what a row says can be written and read again.
#![no_main]

use std::collections::HashSet;

use libfuzzer_sys::fuzz_target;
use meridian::config::parse;
use meridian::model::{Measured, Vantage};

/// Two regions, and the file.
const CONFIG: &str = "[regions.eu]\n[regions.us]\n[latency]\nfile = 'rtt.txt'\nmax_entries = 1000\n";

fuzz_target!(|text: &str| {
    let read = |_: &std::path::Path| Ok(text.to_owned());
    let (config, problems) = parse("m.toml".as_ref(), CONFIG, &read);
    assert_eq!(config.is_none(), problems.has_errors(), "{problems}");
    let lines = text.lines().count();
    for problem in problems.errors() {
        assert!(problem.place.line as usize <= lines, "{problem}");
        assert!(!problem.text.is_empty() && !problem.text.contains('\n'), "{problem}");
    }
    let rows = config.map(|config| config.latency.rows).unwrap_or_default();
    let mut seen = HashSet::new();
    for row in &rows {
        assert!(Measured::is_time(row.measured.rtt_ms) && row.region.index() < 2);
        assert!((1..=Measured::MOST).contains(&row.measured.samples));
        assert_eq!(row.vantage.to_string().parse::<Vantage>(), Ok(row.vantage));
        assert!(seen.insert((row.vantage, row.region)));
    }
    assert!(rows.len() <= 1000);
});
