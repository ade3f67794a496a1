//! `If-Match` and `If-None-Match` (RFC 9110 §13.1) against an override's revision, which is its entity tag.
//!
//! The revision is read, judged, and handed to control as what must still hold: nothing slips in between.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

use super::problem::Problem;

/// What a request says of the revisions that it knows.
#[derive(Debug, Default, PartialEq)]
pub struct Condition {
    matches: Option<Tags>,
    none_matches: Option<Tags>,
}

#[derive(Debug, PartialEq)]
enum Tags {
    Any,
    These(Vec<Tag>),
}

#[derive(Debug, PartialEq)]
struct Tag {
    opaque: String,
    weak: bool,
}

impl Condition {
    /// Reads both headers.
    pub fn of(headers: &HeaderMap) -> Result<Condition, Problem> {
        let read = |name: HeaderName| match text(headers, &name) {
            Text::Missing => Ok(None),
            Text::Said(text) if text.trim() == "*" => Ok(Some(Tags::Any)),
            Text::Said(text) => {
                tags(&text).map(|tags| Some(Tags::These(tags))).ok_or_else(|| malformed(&name))
            }
            Text::Unreadable => Err(malformed(&name)),
        };
        Ok(Condition { matches: read(header::IF_MATCH)?, none_matches: read(header::IF_NONE_MATCH)? })
    }

    /// Whether nothing is asked.
    pub fn is_empty(&self) -> bool {
        *self == Condition::default()
    }

    /// Whether a write may go on at `revision`; 0: nothing is in force.
    ///
    /// `If-Match` compares strongly, so a weak tag never matches (RFC 9110 §8.8.3.2); the other one weakly.
    pub fn holds(&self, revision: u64) -> bool {
        self.matches.as_ref().is_none_or(|tags| tags.name(revision, false)) && !self.is_known(revision)
    }

    /// Whether the asker has this revision already, so that nothing need be sent.
    pub fn is_known(&self, revision: u64) -> bool {
        self.none_matches.as_ref().is_some_and(|tags| tags.name(revision, true))
    }
}

impl Tags {
    fn name(&self, revision: u64, weakly: bool) -> bool {
        let own = revision.to_string();
        revision != 0
            && match self {
                Tags::Any => true,
                Tags::These(tags) => tags.iter().any(|tag| tag.opaque == own && (weakly || !tag.weak)),
            }
    }
}

/// A strong entity tag.
pub fn tag(revision: u64) -> HeaderValue {
    // Digits between quotes are always a header value.
    HeaderValue::from_str(&format!("\"{revision}\"")).unwrap_or(HeaderValue::from_static("\"\""))
}

enum Text {
    Missing,
    Said(String),
    Unreadable,
}

fn text(headers: &HeaderMap, name: &HeaderName) -> Text {
    let lines: Option<Vec<&str>> = headers.get_all(name).iter().map(|value| value.to_str().ok()).collect();
    match lines.as_deref() {
        Some([]) => Text::Missing,
        Some(lines) => Text::Said(lines.join(",")),
        None => Text::Unreadable,
    }
}

/// Quoted tags between commas; a tag of ours has no comma in it.
fn tags(text: &str) -> Option<Vec<Tag>> {
    let read = |part: &str| {
        let part = part.trim();
        let (weak, quoted) = part.strip_prefix("W/").map_or((false, part), |quoted| (true, quoted));
        let opaque = quoted.strip_prefix('"')?.strip_suffix('"')?;
        (!opaque.contains('"')).then(|| Tag { opaque: opaque.to_owned(), weak })
    };
    text.split(',').map(read).collect()
}

fn malformed(name: &HeaderName) -> Problem {
    Problem::bad(format!("{name} is neither '*' nor tags in quotes like '\"7\"'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_hold_or_not() {
        let rows = [
            // header, value, holds at 0, holds at 7
            ("if-match", "\"7\"", false, true),
            ("if-match", "\"6\", \"7\"", false, true),
            ("if-match", "W/\"7\"", false, false),
            ("if-match", "\"0\"", false, false),
            ("if-match", "*", false, true),
            ("if-none-match", "*", true, false),
            ("if-none-match", "\"7\"", true, false),
            ("if-none-match", "W/\"7\"", true, false),
            ("if-none-match", "\"6\"", true, true),
        ];
        for (name, value, nothing, seven) in rows {
            let mut headers = HeaderMap::new();
            headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
            let condition = Condition::of(&headers).unwrap();
            assert_eq!((condition.holds(0), condition.holds(7)), (nothing, seven), "{name}: {value}");
        }
        assert!(Condition::of(&HeaderMap::new()).unwrap().is_empty());
    }

    #[test]
    fn bare_words_are_no_tags() {
        for value in ["7", "\"7", "\"7\" \"8\"", "", "\"7\",", "*, \"7\""] {
            let mut headers = HeaderMap::new();
            headers.insert(header::IF_MATCH, HeaderValue::from_static(value));
            assert!(Condition::of(&headers).is_err(), "{value}");
        }
    }
}
