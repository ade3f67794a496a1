//! What an HTTP check asks, and what it takes for a yes.

use std::net::IpAddr;

use hyper::http::uri::PathAndQuery;
use toml::de::DeValue;

use super::{Leaf, Wrong, leaf_schema, string};
use crate::model::StatusSet;

//------------ UrlPath -------------------------------------------------------

/// Origin-form (RFC 9112 §3.2.1): what stands between `GET ` and ` HTTP/1.1`, so nothing that would end it, and nothing that
/// the library would not send.
#[derive(Clone, Debug)]
pub struct UrlPath(pub String);

impl Leaf for UrlPath {
    fn leaf(value: &DeValue) -> Result<Self, Wrong> {
        const WANTS: &str =
            "a path that starts with '/', of at most 2048 visible ASCII characters without '#'";
        const ESCAPED: &str = "a path that can be sent; write '<' as %3C, '>' as %3E, '`' as %60";
        let word = string(value, WANTS)?;
        let visible = |byte: u8| byte.is_ascii_graphic() && byte != b'#';
        if !word.starts_with('/') || word.len() > 2048 || !word.bytes().all(visible) {
            return Err(Wrong::not(WANTS));
        }
        let sent = word.parse::<PathAndQuery>().is_ok_and(|sent| sent.as_str() == word);
        sent.then(|| UrlPath(word.to_owned())).ok_or(Wrong::not(ESCAPED))
    }
}

leaf_schema!(UrlPath, "UrlPath", { "type": "string", "pattern": "^/", "maxLength": 2048 });

//------------ Host ----------------------------------------------------------

/// A host name or an address, without port or scheme: it is sent as `Host` and, where it is a name, as SNI.
#[derive(Clone, Debug)]
pub struct Host(pub String);

impl Leaf for Host {
    fn leaf(value: &DeValue) -> Result<Self, Wrong> {
        const WANTS: &str = "a host name or address; write it without scheme, port, or dot at its end";
        let word = string(value, WANTS)?;
        let fine = word.parse::<IpAddr>().is_ok() || is_host_name(word);
        fine.then(|| Host(word.to_owned())).ok_or(Wrong::not(WANTS))
    }
}

/// Labels of letters, digits and hyphens (RFC 1123 §2.1), underscores tolerated; the last is no number, so
/// that `10.0.0.256` is no name.
fn is_host_name(word: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    let label = |label: &str| {
        let edge = label.starts_with('-') || label.ends_with('-');
        (1..=63).contains(&label.len()) && label.bytes().all(letter) && !edge
    };
    let numeric = word.rsplit('.').next().is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_digit()));
    word.len() <= 253 && word.split('.').all(label) && !numeric
}

leaf_schema!(Host, "Host", { "type": "string", "minLength": 1, "maxLength": 253 });

//------------ Statuses ------------------------------------------------------

/// `200`, `"2xx"`, `"200-299"`, or a list of them.
#[derive(Clone, Debug)]
pub struct Statuses(pub StatusSet);

impl Leaf for Statuses {
    fn leaf(value: &DeValue) -> Result<Self, Wrong> {
        let ranges = match value {
            DeValue::Array(items) if !items.is_empty() => {
                items.iter().map(|item| range(item.get_ref())).collect()
            }
            DeValue::Array(_) => None,
            one => range(one).map(|range| vec![range]),
        };
        let wants = "a status from 100 to 599; write 200, \"2xx\", \"200-299\" or a list of these";
        ranges.map(|ranges| Statuses(merged(ranges))).ok_or(Wrong::not(wants))
    }
}

/// One status, class or range.
fn range(value: &DeValue) -> Option<(u16, u16)> {
    let (low, high) = match value {
        DeValue::Integer(number) if number.radix() == 10 => {
            let status = number.as_str().parse().ok()?;
            (status, status)
        }
        DeValue::String(word) => match (word.strip_suffix("xx"), word.split_once('-')) {
            (Some(class), _) => (digits(class)?.checked_mul(100)?, digits(class)?.checked_mul(100)? + 99),
            (None, Some((low, high))) => (digits(low)?, digits(high)?),
            (None, None) => (digits(word)?, digits(word)?),
        },
        _ => return None,
    };
    (100 <= low && low <= high && high <= 599).then_some((low, high))
}

/// One or three digits: no sign, no leading zeros.
fn digits(word: &str) -> Option<u16> {
    let fine = word.len() <= 3 && !word.starts_with('0') && word.bytes().all(|byte| byte.is_ascii_digit());
    fine.then(|| word.parse().ok()).flatten()
}

/// Sorted and disjoint: what touches or overlaps becomes one range.
fn merged(mut ranges: Vec<(u16, u16)>) -> StatusSet {
    ranges.sort_unstable();
    let mut set: Vec<(u16, u16)> = Vec::with_capacity(ranges.len());
    for (low, high) in ranges {
        match set.last_mut() {
            Some(last) if low <= last.1 + 1 => last.1 = last.1.max(high),
            _ => set.push((low, high)),
        }
    }
    StatusSet(set)
}

leaf_schema!(Statuses, "Statuses", {
    "anyOf": [
        { "type": "integer", "minimum": 100, "maximum": 599 },
        { "type": "string", "pattern": "^([1-5]xx|[1-5][0-9]{2}(-[1-5][0-9]{2})?)$" },
        { "type": "array", "minItems": 1, "items": { "type": ["integer", "string"] } }
    ]
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_read_as_sorted_disjoint_ranges() {
        let rows = [
            ("200", Some("200")),
            ("\"2xx\"", Some("2xx")),
            ("\"200-204\"", Some("200-204")),
            ("[\"3xx\", 200, \"201-299\", 418]", Some("200-399, 418")),
            ("[204, 204, 200]", Some("200, 204")),
            ("[]", None),
            ("99", None),
            ("600", None),
            ("\"6xx\"", None),
            ("\"700xx\"", None),
            ("\"xx\"", None),
            ("\"299-200\"", None),
            ("\"+200\"", None),
            ("[200, \"ok\"]", None),
            ("true", None),
        ];
        for (text, printed) in rows {
            let value = DeValue::parse(text).unwrap();
            let read = Statuses::leaf(value.get_ref()).ok().map(|statuses| statuses.0.to_string());
            assert_eq!(read.as_deref(), printed, "{text}");
        }
    }

    #[test]
    fn hosts_are_names_or_addresses() {
        let long = "a".repeat(64);
        let rows = [
            ("www.example.com", true),
            ("localhost", true),
            ("my_app.internal", true),
            ("198.51.100.1", true),
            ("2001:db8::1", true),
            ("www.example.com.", false),
            ("www.example.com:8080", false),
            ("http://www.example.com", false),
            ("[2001:db8::1]", false),
            ("10.0.0.256", false),
            ("-a.example", false),
            ("a\r\nX: y", false),
            ("bücher.example", false),
            (&long, false),
            ("", false),
        ];
        for (word, fine) in rows {
            let value = DeValue::String(word.into());
            assert_eq!(Host::leaf(&value).is_ok(), fine, "{word}");
        }
    }
}
