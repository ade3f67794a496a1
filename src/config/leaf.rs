//! Single values: what one may be, how it reads, and how the schema says so.

mod address;
mod check;
mod duration;
mod http;
mod number;
mod place;
mod signal;
mod web;
mod word;

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use toml::de::DeValue;

pub use address::{Cidr, NameServer, Socket, SteeredAddress, parse_network, parse_vantage};
pub use check::{Address, Argument, Expression, FieldValue, GrpcService, RecordWord, Said, is_field_name};
pub use duration::{Lasting, Ttl, print as print_duration};
pub use http::{Host, Statuses, UrlPath};
pub use number::{Decimal, Percent, Whole};
pub use place::{Continent, Country, Subdivision};
pub use signal::{FormulaText, Labels, Preset};
pub use web::WebAddress;
pub use word::{Combine, Kind, OneOf, Word};

use super::config::CookieSecret;
use super::reader::quoted;
use crate::model::{Name, NameError, Policy};

/// A value that is read whole.
pub trait Leaf: Sized {
    /// Reads it, or says what is wrong.
    fn leaf(value: &DeValue) -> Result<Self, Wrong>;
}

/// Why a value cannot be used.
#[derive(Debug)]
pub enum Wrong {
    /// It is not what this names: `a whole number from 1 to 100`. The reader adds the key and the word.
    Not(Cow<'static, str>),
    /// All that there is to say.
    Says(String),
}

impl Wrong {
    /// It is not what `wants` names.
    pub fn not(wants: impl Into<Cow<'static, str>>) -> Wrong {
        Wrong::Not(wants.into())
    }
}

/// The text of a string value.
pub fn string<'v>(value: &'v DeValue, wants: &'static str) -> Result<&'v str, Wrong> {
    value.as_str().ok_or(Wrong::Not(wants.into()))
}

/// Whether other rooms' messages may repeat a word as it is: short, and nothing that moves a terminal's cursor.
fn repeatable(word: &str) -> bool {
    word.len() <= 1024 && !word.chars().any(char::is_control)
}

/// Gives a leaf its JSON Schema.
macro_rules! leaf_schema {
    ($type:ty, $name:literal, $schema:tt) => {
        impl schemars::JsonSchema for $type {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> std::borrow::Cow<'static, str> {
                $name.into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!($schema)
            }
        }
    };
}
use leaf_schema;

impl Leaf for bool {
    fn leaf(value: &DeValue) -> Result<Self, Wrong> {
        value.as_bool().ok_or(Wrong::not("true or false"))
    }
}

impl Leaf for String {
    fn leaf(value: &DeValue) -> Result<Self, Wrong> {
        string(value, "a string").map(str::to_owned)
    }
}

//------------ Identity ------------------------------------------------------

/// How a node calls itself: NSID (RFC 5001). At most 64 octets, so that a question and its OPT always fit into 512.
#[derive(Clone, Debug)]
pub struct Identity(pub String);

impl Leaf for Identity {
    fn leaf(value: &DeValue) -> Result<Self, Wrong> {
        const WANTS: &str = "a name of 1 to 64 octets without control characters";
        let word = string(value, WANTS)?;
        let fine = !word.is_empty() && word.len() <= 64 && !word.chars().any(char::is_control);
        fine.then(|| Identity(word.to_owned())).ok_or(Wrong::not(WANTS))
    }
}

leaf_schema!(Identity, "Identity", { "type": "string", "minLength": 1, "maxLength": 64 });

//------------ FilePath ------------------------------------------------------

/// A path, relative to the directory of the configuration file.
#[derive(Clone, Debug)]
pub struct FilePath(pub String);

impl Leaf for FilePath {
    fn leaf(value: &DeValue) -> Result<Self, Wrong> {
        const WANTS: &str = "a path";
        let word = string(value, WANTS)?;
        let fine = !word.is_empty() && repeatable(word);
        fine.then(|| FilePath(word.to_owned())).ok_or(Wrong::not(WANTS))
    }
}

leaf_schema!(FilePath, "FilePath", { "type": "string", "minLength": 1 });

//------------ Domain --------------------------------------------------------

/// What most texts that are no names fail to be.
const LENGTHS: &str = "labels have 1 to 63 octets, a name has at most 255 in all";

/// A domain name; a `*` is only a whole first label (RFC 4592 §2.1.1).
#[derive(Clone, Debug)]
pub struct Domain(pub Name);

impl Domain {
    /// Reads a name, or says what is wrong with it.
    pub fn parse(word: &str) -> Result<Domain, Wrong> {
        if !repeatable(word) {
            return Err(Wrong::not("a domain name"));
        }
        let name: Name = word.parse().map_err(|error| match error {
            NameError::Relative(_) => Wrong::Says(error.to_string()),
            NameError::Malformed(..) => Wrong::Says(format!("'{word}' is not a domain name; {LENGTHS}")),
        })?;
        let inner = name.labels().skip(usize::from(name.is_wildcard()));
        if inner.into_iter().any(|label| label.contains(&b'*')) {
            let cure = "a '*' can only be the whole first label, as in '*.gslb.example.'";
            return Err(Wrong::Says(format!("'{word}' is not a name that can be served; {cure}")));
        }
        Ok(Domain(name))
    }
}

impl Leaf for Domain {
    fn leaf(value: &DeValue) -> Result<Self, Wrong> {
        Domain::parse(string(value, "a domain name")?)
    }
}

leaf_schema!(Domain, "Domain", { "type": "string", "pattern": "\\.$" });

//------------ Secrets -------------------------------------------------------

/// Reads bytes in hex without ever repeating what was written.
fn secret<const OCTETS: usize>(value: &DeValue, what: &str) -> Result<[u8; OCTETS], Wrong> {
    let mut bytes = [0; OCTETS];
    let read = value.as_str().map(|word| hex::decode_to_slice(word, &mut bytes));
    match read {
        Some(Ok(())) => Ok(bytes),
        _ => Err(Wrong::Says(format!("{what} is a string of {} hex digits, which this is not", 2 * OCTETS))),
    }
}

impl Leaf for CookieSecret {
    fn leaf(value: &DeValue) -> Result<Self, Wrong> {
        secret(value, "a cookie secret").map(CookieSecret)
    }
}

leaf_schema!(CookieSecret, "CookieSecret", { "type": "string", "pattern": "^[0-9A-Fa-f]{32}$" });

/// A SHA-256; as secret as a secret, because somebody will paste the token itself.
#[derive(Clone)]
pub struct Digest(pub [u8; 32]);

impl Leaf for Digest {
    fn leaf(value: &DeValue) -> Result<Self, Wrong> {
        secret(value, "the SHA-256 of a token").map(Digest)
    }
}

leaf_schema!(Digest, "Digest", { "type": "string", "pattern": "^[0-9A-Fa-f]{64}$" });

//------------ Policy --------------------------------------------------------

/// A preset's name, or a chain of filters.
#[derive(Clone, Debug)]
pub struct PolicyWords(pub Policy);

impl Leaf for PolicyWords {
    fn leaf(value: &DeValue) -> Result<Self, Wrong> {
        let wants = || Wrong::not("the name of a policy or a list of filters");
        let words: Vec<&str> = match value {
            DeValue::String(word) => vec![word],
            DeValue::Array(filters) => filters
                .iter()
                .map(|filter| filter.get_ref().as_str())
                .collect::<Option<_>>()
                .ok_or_else(wants)?,
            _ => return Err(wants()),
        };
        if !words.iter().all(|word| repeatable(word)) || words.len() > 64 {
            return Err(wants());
        }
        let policy = if value.is_array() { Policy::chain(&words) } else { Policy::preset(words[0]) };
        policy.map(PolicyWords).map_err(|unknown| Wrong::Says(unknown.to_string()))
    }
}

leaf_schema!(PolicyWords, "Policy", {
    "anyOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" }, "minItems": 1 }]
});

//------------ Schemas of generic leaves -------------------------------------

impl<E: Word> JsonSchema for OneOf<E> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("OneOf_{}", E::WORDS.iter().map(|(word, _)| *word).collect::<Vec<_>>().join("_")).into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let words: Vec<&str> = E::WORDS.iter().map(|(word, _)| *word).collect();
        json_schema!({ "type": "string", "enum": words })
    }
}

/// What is wrong with the name of a region, a service or a token, which stands in URLs, labels and logs.
pub fn unfit_name(what: &str, name: &str) -> Option<String> {
    let letters = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let fine = (1..=63).contains(&name.len())
        && name.bytes().all(letters)
        && name.bytes().next().is_some_and(|first| first.is_ascii_alphanumeric());
    let rule = "1 to 63 letters, digits, '-', '_' or '.', the first a letter or digit";
    (!fine).then(|| format!("{} cannot name a {what}; names are {rule}", quoted(name)))
}
