//! The page of nginx' `stub_status`, under the names that its exporter for Prometheus gives.
//!
//! ```text
//! Active connections: 291
//! server accepts handled requests
//!  16630948 16630948 31070465
//! Reading: 6 Writing: 179 Waiting: 106
//! ```

use super::{Kind, Sample};

/// What the page says; `None` where it is none.
pub fn stub_status(page: &[u8]) -> Option<[Sample<'static>; 7]> {
    let text = std::str::from_utf8(page.get(..1024).unwrap_or(page)).ok()?;
    let mut lines = text.lines().map(str::trim);
    let active = lines.next()?.strip_prefix("Active connections:")?;
    lines.next().filter(|line| line.starts_with("server accepts handled requests"))?;
    let [accepted, handled, requests] = numbers(lines.next()?.split_ascii_whitespace())?;
    let mut words = lines.next()?.split_ascii_whitespace();
    let mut behind = |word: &str| words.next().filter(|found| *found == word).and_then(|_| words.next());
    let [reading, writing, waiting] =
        numbers([behind("Reading:")?, behind("Writing:")?, behind("Waiting:")?].into_iter())?;
    let [active] = numbers([active.trim()].into_iter())?;
    let sample = |metric, value, kind| Sample { metric, labels: "", value, kind };
    Some([
        sample("nginx_connections_active", active, Kind::Gauge),
        sample("nginx_connections_accepted", accepted, Kind::Counter),
        sample("nginx_connections_handled", handled, Kind::Counter),
        sample("nginx_http_requests_total", requests, Kind::Counter),
        sample("nginx_connections_reading", reading, Kind::Gauge),
        sample("nginx_connections_writing", writing, Kind::Gauge),
        sample("nginx_connections_waiting", waiting, Kind::Gauge),
    ])
}

/// Exactly so many whole numbers.
fn numbers<'a, const COUNT: usize>(mut words: impl Iterator<Item = &'a str>) -> Option<[f64; COUNT]> {
    let mut numbers = [0.0; COUNT];
    for number in &mut numbers {
        *number = words.next()?.parse::<u64>().ok()? as f64;
    }
    words.next().is_none().then_some(numbers)
}
