//! Numbers within their ranges.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use toml::de::DeValue;

use super::{Leaf, Wrong, leaf_schema};

/// A whole number from `LOW` to `HIGH`, both included.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Whole<const LOW: i64, const HIGH: i64>(pub i64);

impl<const LOW: i64, const HIGH: i64> Leaf for Whole<LOW, HIGH> {
    fn leaf(value: &DeValue) -> Result<Self, Wrong> {
        let number = value.as_integer().and_then(|n| i64::from_str_radix(n.as_str(), n.radix()).ok());
        let within = number.filter(|number| (LOW..=HIGH).contains(number));
        within.map(Whole).ok_or_else(|| {
            Wrong::not(match HIGH {
                i64::MAX => format!("a whole number of at least {LOW}"),
                _ => format!("a whole number from {LOW} to {HIGH}"),
            })
        })
    }
}

impl<const LOW: i64, const HIGH: i64> JsonSchema for Whole<LOW, HIGH> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Whole_from_{LOW}_to_{HIGH}").into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        match HIGH {
            i64::MAX => json_schema!({ "type": "integer", "minimum": LOW }),
            _ => json_schema!({ "type": "integer", "minimum": LOW, "maximum": HIGH }),
        }
    }
}

/// A number from `LOW` to `HIGH`, both included.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Decimal<const LOW: i32, const HIGH: i32>(pub f64);

impl<const LOW: i32, const HIGH: i32> Leaf for Decimal<LOW, HIGH> {
    fn leaf(value: &DeValue) -> Result<Self, Wrong> {
        let number = match value {
            DeValue::Integer(whole) if whole.radix() == 10 => whole.as_str().parse().ok(),
            DeValue::Float(float) => float.as_str().parse::<f64>().ok(),
            _ => None,
        };
        let within = number.filter(|number| (f64::from(LOW)..=f64::from(HIGH)).contains(number));
        within.map(Decimal).ok_or_else(|| Wrong::not(format!("a number from {LOW} to {HIGH}")))
    }
}

impl<const LOW: i32, const HIGH: i32> JsonSchema for Decimal<LOW, HIGH> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Decimal_from_{LOW}_to_{HIGH}").into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "number", "minimum": LOW, "maximum": HIGH })
    }
}

/// A share of a whole, 0 to 100.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Percent(pub u8);

impl Leaf for Percent {
    fn leaf(value: &DeValue) -> Result<Self, Wrong> {
        let digits = value.as_str().and_then(|word| word.strip_suffix('%'));
        let plain = digits.filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
        let share = plain.and_then(|digits| digits.parse().ok()).filter(|share| *share <= 100);
        share.map(Percent).ok_or(Wrong::not("a percentage from '0%' to '100%'"))
    }
}

leaf_schema!(Percent, "Percent", { "type": "string", "pattern": "^(100|[0-9]{1,2})%$" });
