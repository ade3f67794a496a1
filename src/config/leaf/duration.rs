//! Durations: `5s`, `500ms`, `1m30s`, `1h`.

use std::borrow::Cow;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use toml::de::DeValue;

use super::{Leaf, Wrong, leaf_schema};
use crate::model::TtlRange;

/// What the schema says of durations.
const PATTERN: &str = "^([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?$";

/// The units, from the largest, each with its milliseconds.
const UNITS: &[(&str, u64)] = &[("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

/// Whole numbers with units, each unit at most once, the larger first.
pub fn parse(word: &str) -> Option<Duration> {
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
pub fn print(duration: Duration) -> String {
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

//------------ Lasting -------------------------------------------------------

/// A duration from `LOW` to `HIGH` milliseconds, both included.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lasting<const LOW: u64, const HIGH: u64>(pub Duration);

impl<const LOW: u64, const HIGH: u64> Leaf for Lasting<LOW, HIGH> {
    fn leaf(value: &DeValue) -> Result<Self, Wrong> {
        let [low, high] = [LOW, HIGH].map(Duration::from_millis);
        let duration = value.as_str().and_then(parse).filter(|duration| (low..=high).contains(duration));
        duration.map(Lasting).ok_or_else(|| {
            let range = format!("from {} to {}", print(low), print(high));
            Wrong::not(format!("a duration {range}; write it like '5s', '500ms' or '1m30s'"))
        })
    }
}

impl<const LOW: u64, const HIGH: u64> JsonSchema for Lasting<LOW, HIGH> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Lasting_from_{LOW}_to_{HIGH}").into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": PATTERN })
    }
}

//------------ Ttl -----------------------------------------------------------

/// A TTL: whole seconds that a live word can say.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ttl(pub u32);

impl Leaf for Ttl {
    fn leaf(value: &DeValue) -> Result<Self, Wrong> {
        let duration = value.as_str().and_then(parse).filter(|duration| duration.subsec_millis() == 0);
        let seconds = duration.and_then(|duration| u32::try_from(duration.as_secs()).ok());
        seconds.filter(|seconds| (1..=TtlRange::MAX).contains(seconds)).map(Ttl).ok_or_else(|| {
            let most = print(Duration::from_secs(TtlRange::MAX.into()));
            Wrong::not(format!("a duration of whole seconds from 1s to {most}"))
        })
    }
}

leaf_schema!(Ttl, "Ttl", { "type": "string", "pattern": PATTERN });

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
            assert_eq!(parse(word).map(print).as_deref(), printed, "{word}");
        }
    }
}
