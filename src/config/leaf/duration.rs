//! Durations: `5s`, `500ms`, `1m30s`, `1h`.

use std::borrow::Cow;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use toml::de::DeValue;

use super::{Leaf, Wrong, leaf_schema};
use crate::model::TtlRange;
pub use crate::model::{parse_duration as parse, print_duration as print};

/// What the schema says of durations.
const PATTERN: &str = "^([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?$";

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
