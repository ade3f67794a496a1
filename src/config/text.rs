//! A text and the places in it.

use std::ops::Range;
use std::path::Path;

use super::reader::quoted;
use crate::model::{Place, Problems};
use toml::Spanned;
use toml::de::{DeTable, Error};

/// Bytes of a text, from the first to one past the last.
pub type Span = Range<usize>;

/// Columns are counted up to here, lest a file of one long line take quadratic time.
const LAST_COLUMN: usize = 10_000;

/// Errors of syntax that are told: one that shifts everything after it causes many.
const TOLD: usize = 20;

/// A configuration's text, with the start of every line.
pub struct Text<'a> {
    text: &'a str,
    lines: Vec<usize>,
    file: Place,
}

impl<'a> Text<'a> {
    /// The text of the file `path`.
    pub fn new(path: &Path, text: &'a str) -> Self {
        let after_newlines =
            text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        Text { text, lines: std::iter::once(0).chain(after_newlines).collect(), file: Place::file(path) }
    }

    /// Where a span begins: its line, and its column in characters.
    pub fn place(&self, span: &Span) -> Place {
        let line = self.lines.partition_point(|start| *start <= span.start);
        let start = self.lines[line - 1];
        let before = self.text.get(start..span.start).unwrap_or_default();
        let column = before.chars().take(LAST_COLUMN).count();
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        self.file.at(count(line), count(column + 1))
    }

    /// The tree of tables, and whether it can be trusted: after an error of syntax, other than a key that is
    /// there twice, what follows may have been read as something that nobody wrote.
    pub fn tables(&self, problems: &mut Problems) -> (Spanned<DeTable<'a>>, bool) {
        let (tables, errors) = DeTable::parse_recoverable(self.text);
        let (twice, broken): (Vec<_>, Vec<_>) =
            errors.into_iter().partition(|error| error.message() == "duplicate key");
        for error in &twice {
            let span = error.span().unwrap_or_default();
            let word = self.text.get(span.clone()).unwrap_or_default();
            problems.error(&self.place(&span), format!("{} is written twice", quoted(word)));
        }
        for (span, text) in without_echoes(&broken) {
            problems.error(&self.place(&span), text);
        }
        (tables, broken.is_empty())
    }
}

/// An array or inline table that is never closed swallows the lines after it, each with errors of its own: of
/// those only the first is kept. Otherwise every error is told.
fn without_echoes(errors: &[Error]) -> Vec<(Span, String)> {
    let mut all: Vec<_> =
        errors.iter().map(|error| (error.span().unwrap_or_default(), error.message().to_owned())).collect();
    all.sort_by_key(|(span, _)| span.start);
    let inside = |text: &str| text.contains(" array") || text.contains("inline table");
    let first = all.iter().position(|(_, text)| inside(text));
    let end = all.iter().rposition(|(_, text)| text.starts_with("unclosed ") && inside(text));
    if let (Some(first), Some(end)) = (first, end) {
        let closing = all[end].1.replace(", expected", "; a comma is missing here, or");
        all[first].1 = closing;
        all.drain(first + 1..=end);
    }
    for (_, text) in &mut all {
        // What the parser expects in place of a bare word is anything but.
        *text = text.replace("must be quoted, expected literal string", "must be quoted");
    }
    all.dedup_by(|a, b| a.0.start == b.0.start);
    all.truncate(TOLD);
    all
}
