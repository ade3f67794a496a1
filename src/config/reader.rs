//! From a TOML tree to typed values that remember where they stand, noting what is wrong and reading on.
//!
//! A bad value never hides the next: it is noted where it is met and becomes an [`Entry`] without a value.
//! serde stops at its first error and knows no place for an unknown key, so [`Read`] takes its part here.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::leaf::{Leaf, Wrong};
use super::text::{Span, Text};
use crate::model::{Place, Problems, did_you_mean};

//------------ Reader --------------------------------------------------------

/// Where problems go while a tree is read.
pub struct Reader<'a> {
    /// The text that spans point into.
    pub text: &'a Text<'a>,
    /// What has been found so far.
    pub problems: &'a mut Problems,
    /// The key whose value is being read: what messages call it.
    key: String,
}

impl<'a> Reader<'a> {
    /// A reader of `text` that notes what it finds in `problems`.
    pub fn new(text: &'a Text<'a>, problems: &'a mut Problems) -> Self {
        Reader { text, problems, key: "this file".into() }
    }

    /// The place of a span.
    pub fn place(&self, span: &Span) -> Place {
        self.text.place(span)
    }

    /// Notes that the key being read has a value of another type.
    fn wrong_type(&mut self, value: &Tree, wants: &str) {
        let kind = kind(value.get_ref());
        let place = self.place(&value.span());
        self.problems.error(&place, format!("{} is {kind}, not {wants}", self.key));
    }

    /// The table that `value` is, its unknown keys noted.
    pub fn table<'t, 'i>(&mut self, value: &'t Tree<'i>, keys: &[&str]) -> Option<&'t DeTable<'i>> {
        let Some(table) = value.get_ref().as_table() else {
            self.wrong_type(value, "a table");
            return None;
        };
        for key in in_written_order(table).map(|(key, _)| key) {
            let word: &str = key.get_ref();
            if !keys.contains(&word) {
                let hint = did_you_mean(word, keys.iter().copied());
                let text = format!("unknown key {}{hint}; keys here: {}", quoted(word), keys.join(", "));
                let place = self.place(&key.span());
                self.problems.error(&place, text);
            }
        }
        Some(table)
    }

    /// The entry of that key.
    pub fn entry<T: Read>(&mut self, table: &DeTable<'_>, key: &str) -> Entry<T> {
        match table.get(key) {
            Some(value) => self.named(key, value),
            None => Entry::Absent,
        }
    }

    /// A value as the entry that messages call `key`.
    fn named<T: Read>(&mut self, key: &str, value: &Tree) -> Entry<T> {
        let outer = std::mem::replace(&mut self.key, key.to_owned());
        let read = T::read(value, self);
        self.key = outer;
        Entry::Written(value.span(), read)
    }
}

/// A value of a document and where it stands.
pub type Tree<'i> = Spanned<DeValue<'i>>;

/// What can be read from a tree; `None` once everything that is wrong has been noted.
pub trait Read: Sized {
    /// Reads one value.
    fn read(value: &Tree<'_>, reader: &mut Reader<'_>) -> Option<Self>;
}

impl<T: Leaf> Read for T {
    fn read(value: &Tree<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        let text = match T::leaf(value.get_ref()) {
            Ok(leaf) => return Some(leaf),
            Err(Wrong::Says(text)) => text,
            Err(Wrong::Not(wants)) => match shown(value.get_ref()) {
                Some(word) => format!("{} {word} is not {wants}", reader.key),
                None => format!("{} is {}, not {wants}", reader.key, kind(value.get_ref())),
            },
        };
        let place = reader.place(&value.span());
        reader.problems.error(&place, text);
        None
    }
}

fn in_written_order<'t, 'i>(
    table: &'t DeTable<'i>,
) -> impl Iterator<Item = (&'t Spanned<Cow<'i, str>>, &'t Tree<'i>)> {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    entries.into_iter()
}

/// What a value is, with its article.
fn kind(value: &DeValue) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "a boolean",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

/// The user's word, where it is short enough to be one; never a control character.
fn shown(value: &DeValue) -> Option<String> {
    match value {
        DeValue::String(text) => Some(quoted(text)),
        DeValue::Integer(number) => Some(number.to_string()),
        DeValue::Float(number) => Some(number.to_string()),
        DeValue::Boolean(truth) => Some(truth.to_string()),
        DeValue::Datetime(date) => Some(date.to_string()),
        DeValue::Array(items) if items.len() <= LONGEST_LIST => {
            let words: Option<Vec<_>> = items.iter().map(|item| scalar(item.get_ref())).collect();
            words.map(|words| format!("[{}]", words.join(", ")))
        }
        DeValue::Array(_) | DeValue::Table(_) => None,
    }
}

/// The user's word, where it is a single one.
fn scalar(value: &DeValue) -> Option<String> {
    (!value.is_array()).then(|| shown(value)).flatten()
}

/// The longest list that a message repeats.
const LONGEST_LIST: usize = 8;

/// The most of a user's word that a message repeats, in characters.
const LONGEST_WORD: usize = 80;

/// A user's word in quotes, shortened, control characters escaped.
pub fn quoted(word: &str) -> String {
    let mut characters = word.chars();
    let start: String = characters.by_ref().take(LONGEST_WORD).flat_map(escape).collect();
    let more = if characters.next().is_some() { "…" } else { "" };
    format!("'{start}{more}'")
}

fn escape(character: char) -> impl Iterator<Item = char> {
    let escaped = character.is_control().then(|| character.escape_default());
    let plain = escaped.is_none().then_some(character);
    escaped.into_iter().flatten().chain(plain)
}

//------------ Entry ---------------------------------------------------------

/// What stands, or does not stand, under a key.
#[derive(Clone, Debug, Default)]
pub enum Entry<T> {
    /// Not written: the default applies.
    #[default]
    Absent,
    /// Written at this span; without a value when what is written is wrong, which has been noted.
    Written(Span, Option<T>),
}

impl<T> Entry<T> {
    /// The value, where one is written and right.
    pub fn value(&self) -> Option<&T> {
        match self {
            Entry::Written(_, value) => value.as_ref(),
            Entry::Absent => None,
        }
    }

    /// The value and its span, where one is written and right.
    pub fn marked(&self) -> Option<(&T, &Span)> {
        match self {
            Entry::Written(span, Some(value)) => Some((value, span)),
            _ => None,
        }
    }

    /// Where it is written, right or wrong.
    pub fn span(&self) -> Option<&Span> {
        match self {
            Entry::Written(span, _) => Some(span),
            Entry::Absent => None,
        }
    }

    /// Whether nothing is written.
    pub fn is_absent(&self) -> bool {
        matches!(self, Entry::Absent)
    }
}

impl<T: JsonSchema> JsonSchema for Entry<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        generator.subschema_for::<T>()
    }
}

//------------ List ----------------------------------------------------------

/// A list, each item with its place; wrong items are noted and keep their place.
#[derive(Clone, Debug)]
pub struct List<T>(pub Vec<Entry<T>>);

impl<T> List<T> {
    /// The items that are right, in written order.
    pub fn marked(&self) -> impl Iterator<Item = (&T, &Span)> {
        self.0.iter().filter_map(Entry::marked)
    }
}

impl<T: Read> Read for List<T> {
    fn read(value: &Tree<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        let Some(items) = value.get_ref().as_array() else {
            reader.wrong_type(value, "a list");
            return None;
        };
        let key = reader.key.clone();
        Some(List(items.iter().map(|item| reader.named(&key, item)).collect()))
    }
}

impl<T: JsonSchema> JsonSchema for List<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("List_of_{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        generator.subschema_for::<Vec<T>>()
    }
}

//------------ Map -----------------------------------------------------------

/// Tables by a name that the operator chose, in written order.
#[derive(Clone, Debug)]
pub struct Map<T>(pub Vec<Named<T>>);

/// One table of a [`Map`].
#[derive(Clone, Debug)]
pub struct Named<T> {
    /// The operator's word.
    pub name: String,
    /// Where the name is written first.
    pub span: Span,
    /// The table; `None` when it is none, which has been noted.
    pub value: Option<T>,
}

impl<T: Read> Read for Map<T> {
    fn read(value: &Tree<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        let Some(table) = value.get_ref().as_table() else {
            reader.wrong_type(value, "a table");
            return None;
        };
        let mut read = |(key, value): (&Spanned<Cow<str>>, &Tree)| {
            let name = key.get_ref().to_string();
            let value = match reader.named(&quoted(&name), value) {
                Entry::Written(_, value) => value,
                Entry::Absent => None,
            };
            Named { name, span: key.span(), value }
        };
        Some(Map(in_written_order(table).map(&mut read).collect()))
    }
}

impl<T: JsonSchema> JsonSchema for Map<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Map_of_{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        generator.subschema_for::<std::collections::BTreeMap<String, T>>()
    }
}
