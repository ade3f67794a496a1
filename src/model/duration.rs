//! Durations as operators write them, in the configuration and to the API: `5s`, `500ms`, `1m30s`, `1h`.

use std::time::Duration;

/// The units, from the largest, each with its milliseconds.
const UNITS: &[(&str, u64)] = &[("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

/// Whole numbers with units, each unit at most once, the larger first.
pub fn parse_duration(word: &str) -> Option<Duration> {
    let (mut rest, mut units, mut total) = (word, UNITS, 0u64);
    while !rest.is_empty() || total == 0 && units.len() == UNITS.len() {
        let (number, after) = rest.split_at(rest.find(|c: char| !c.is_ascii_digit())?);
        let (unit, next) = after.split_at(after.find(|c: char| c.is_ascii_digit()).unwrap_or(after.len()));
        let position = units.iter().position(|(known, _)| *known == unit)?;
        let part = number.parse::<u64>().ok()?.checked_mul(units[position].1)?;
        total = total.checked_add(part)?;
        (rest, units) = (next, &units[position + 1..]);
    }
    Some(Duration::from_millis(total))
}

/// A duration as it would be written.
pub fn print_duration(duration: Duration) -> String {
    let mut rest = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    let mut text = String::new();
    for (unit, size) in UNITS {
        if rest / size > 0 {
            text.push_str(&format!("{}{unit}", rest / size));
            rest %= size;
        }
    }
    if text.is_empty() { "0s".into() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_and_print() {
        let rows = [
            ("5s", Some("5s")),
            ("500ms", Some("500ms")),
            ("1m30s", Some("1m30s")),
            ("90s", Some("1m30s")),
            ("1h", Some("1h")),
            ("1d2h3m4s5ms", Some("1d2h3m4s5ms")),
            ("0s", Some("0s")),
            ("0m0s", Some("0s")),
            ("", None),
            ("5", None),
            ("s", None),
            ("5 s", None),
            ("-5s", None),
            ("1.5s", None),
            ("5S", None),
            ("30s1m", None),
            ("1s1s", None),
            ("5sms", None),
            ("5µs", None),
            ("٣s", None),
            ("18446744073709551616ms", None),
            ("18446744073709551615s", None),
        ];
        for (word, printed) in rows {
            assert_eq!(parse_duration(word).map(print_duration).as_deref(), printed, "{word}");
        }
    }
}
