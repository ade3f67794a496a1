//! What must be found in bytes that a stranger sent: a text, or a regular expression. regex enters here.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

use regex::bytes::{Regex, RegexBuilder};

/// The most memory that a compiled expression, and the states it makes while it searches, may take, in bytes.
const LARGEST: usize = 256 * 1024;

/// What must be found. Two are equal when they are written alike.
#[derive(Clone)]
pub enum Pattern {
    /// These bytes, as they are.
    Text(String),
    /// Whatever this expression matches; searching takes time in proportion to the bytes.
    Regex(Regex),
}

impl Pattern {
    /// The expression, or what is wrong with it, in one line.
    pub fn regex(text: &str) -> Result<Pattern, String> {
        let built =
            RegexBuilder::new(text).size_limit(LARGEST).dfa_size_limit(LARGEST).nest_limit(50).build();
        built.map(Pattern::Regex).map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => format!("it would take more than {} KiB", LARGEST >> 10),
            // The library draws the expression above its last line.
            error => error.to_string().lines().last().unwrap_or_default().replace("error: ", ""),
        })
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        match self {
            Pattern::Text(text) => text,
            Pattern::Regex(regex) => regex.as_str(),
        }
    }

    /// Whether it is found anywhere in there.
    pub fn is_in(&self, bytes: &[u8]) -> bool {
        match self {
            Pattern::Text(text) if text.is_empty() => true,
            Pattern::Text(text) => bytes.windows(text.len()).any(|window| window == text.as_bytes()),
            Pattern::Regex(regex) => regex.is_match(bytes),
        }
    }

    /// What it is compared by.
    fn key(&self) -> (bool, &str) {
        (matches!(self, Pattern::Regex(_)), self.as_str())
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Pattern {}

impl Hash for Pattern {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}

impl PartialOrd for Pattern {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Pattern {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_found_in_any_bytes() {
        let regex = |text: &str| Pattern::regex(text).unwrap();
        let text = |text: &str| Pattern::Text(text.into());
        let rows: [(Pattern, &[u8], bool); 7] = [
            (text("ok"), b"\xff\0all ok", true),
            (text("ok"), b"o", false),
            (text(""), b"", true),
            (text("."), b"x", false),
            (regex("^ok$"), b"ok", true),
            (regex("(?i)\\bUP\\b"), b"\xff is up", true),
            (regex("(?-u)\\xff"), b"x", false),
        ];
        for (pattern, bytes, found) in rows {
            assert_eq!(pattern.is_in(bytes), found, "{pattern:?}");
        }
        assert_ne!(text("a"), regex("a"), "one is taken as it is");
    }

    #[test]
    fn expressions_are_bounded_and_faults_have_one_line() {
        let long = format!("(?:{}){{1000}}", "a".repeat(1000));
        assert_eq!(Pattern::regex(&long).unwrap_err(), "it would take more than 256 KiB");
        assert_eq!(Pattern::regex("(a").unwrap_err(), "unclosed group");
        assert!(Pattern::regex(&"(".repeat(1000)).is_err());
    }
}
