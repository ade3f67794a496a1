//! What the answer to an HTTP probe tells beside yes or no: signals, and that its sender is degraded.
//!
//! ```text
//! Meridian-Connections: 12               a field of the head, on any answer
//! {"meridian": {"connections": 12}}      a body of application/json, or of application/…+json
//! connections: 12                        a line of a body of text/plain
//! ```
//!
//! The head counts before the body. Other fields, keys and lines are somebody else's; what is ours and cannot be read is
//! passed over, and noted.

use hyper::HeaderMap;
use hyper::header::CONTENT_TYPE;
use serde_json::Value;

use super::http2::Answer;
use super::reason::quote;
use super::{Concern, Signals, Told};
use crate::model::Signal;

/// What the names of our fields of a head begin with.
const PREFIX: &str = "meridian-";
/// The object in a body of JSON.
const OBJECT: &str = "meridian";

/// What an answer that passes tells.
pub(super) fn of(answer: &Answer) -> (Option<Concern>, Told) {
    read(&answer.headers, &answer.body)
}

/// What a head and the beginning of a body tell.
pub fn read(headers: &HeaderMap, body: &[u8]) -> (Option<Concern>, Told) {
    let mut heard = Heard::default();
    for (name, value) in headers {
        if let Some(key) = name.as_str().strip_prefix(PREFIX) {
            heard.hear(key, value.to_str().unwrap_or("?").trim());
        }
    }
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if is_json(kind) {
        heard.hear_json(body);
    } else if kind.eq_ignore_ascii_case("text/plain") {
        heard.hear_lines(body);
    }
    heard.done()
}

/// `application/json`, and what is JSON as well (RFC 6839 §3.1), as `application/health+json`.
fn is_json(kind: &str) -> bool {
    let kind = kind.to_ascii_lowercase();
    kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"))
}

/// What was heard so far; what was heard first stays.
#[derive(Default)]
struct Heard {
    signals: Signals,
    degraded: Option<bool>,
    reason: Option<Box<str>>,
    note: Option<Box<str>>,
}

impl Heard {
    /// A key of ours, and its value as a word.
    fn hear(&mut self, key: &str, word: &str) {
        match key {
            "state" => self.hear_state(word),
            "reason" if self.reason.is_none() => self.reason = Some(quote(word, 120)),
            key => match Signal::named(key) {
                Some(signal) if self.signals.get(signal).is_none() => {
                    if let Err(valid) = self.signals.read(signal, word) {
                        self.complain(key, word, valid);
                    }
                }
                _ => {}
            },
        }
    }

    fn hear_state(&mut self, word: &str) {
        match word.to_ascii_lowercase().as_str() {
            "degraded" => self.degraded = self.degraded.or(Some(true)),
            "healthy" => self.degraded = self.degraded.or(Some(false)),
            _ => self.complain("state", word, "healthy or degraded"),
        }
    }

    fn hear_json(&mut self, body: &[u8]) {
        // Whatever names no object of ours need not be sound, nor whole.
        if !body.windows(OBJECT.len()).any(|window| window == OBJECT.as_bytes()) {
            return;
        }
        let Ok(value) = serde_json::from_slice::<Value>(body) else {
            self.note.get_or_insert_with(|| "the body is not JSON, or longer than 5 KiB".into());
            return;
        };
        for (key, value) in value.get(OBJECT).and_then(Value::as_object).into_iter().flatten() {
            match value {
                Value::Null => {}
                Value::String(word) => self.hear(key, word),
                value => self.hear(key, &value.to_string()),
            }
        }
    }

    fn hear_lines(&mut self, body: &[u8]) {
        for line in String::from_utf8_lossy(body).lines() {
            if let Some((key, word)) = line.split_once(':') {
                self.hear(key.trim(), word.trim());
            }
        }
    }

    fn complain(&mut self, key: &str, word: &str, valid: &str) {
        self.note.get_or_insert_with(|| format!("{key} '{}' is not {valid}", quote(word, 40)).into());
    }

    fn done(self) -> (Option<Concern>, Told) {
        let degraded = self.degraded == Some(true);
        let concern = degraded.then(|| Concern::SaysSo(self.reason.unwrap_or_default()));
        let nothing = self.signals.is_empty() && self.note.is_none();
        (concern, if nothing { Told::Nothing } else { Told::Signals(Box::new((self.signals, self.note))) })
    }
}

#[cfg(test)]
mod tests {
    use hyper::header::{HeaderName, HeaderValue};

    use super::*;
    use crate::health::tests::{LONG, ask, replies, words};
    use crate::model::{HttpRequest, Request};

    /// What is heard: signals, the note, and the concern.
    fn check(head: &[(&str, &str)], body: &str, expected: &str) {
        let field = |(name, value): &(&str, &str)| -> (HeaderName, HeaderValue) {
            (name.parse().unwrap(), value.parse().unwrap())
        };
        let (concern, told) = read(&head.iter().map(field).collect(), body.as_bytes());
        assert_eq!(shown(concern, told), expected, "{head:?} {body}");
    }

    fn shown(concern: Option<Concern>, told: Told) -> String {
        let mut parts = Vec::new();
        if let Told::Signals(told) = told {
            let known = |signal: Signal| Some(format!("{}={}", signal.name(), told.0.get(signal)?));
            parts.extend(Signal::ALL.into_iter().filter_map(known));
            parts.extend(told.1.map(String::from));
        }
        parts.extend(concern.map(|concern| concern.to_string()));
        parts.join(", ")
    }

    const TEXT: (&str, &str) = ("Content-Type", "text/plain; charset=utf-8");
    const JSON: (&str, &str) = ("Content-Type", "application/json");

    #[test]
    fn fields_of_the_head_tell_on_any_answer() {
        check(&[], "connections: 12", "");
        check(
            &[("Meridian-Connections", "12"), ("Meridian-Utilization", " 0.4 ")],
            "",
            "connections=12, utilization=0.4",
        );
        check(&[("meridian-draining", "true"), ("meridian-colour", "red")], "", "draining=1");
        check(
            &[("meridian-draining", "True"), ("meridian-state", "DEGRADED")],
            "",
            "draining=1, says that it is degraded",
        );
        check(&[("Meridian-State", "degraded")], "", "says that it is degraded");
        let why = ("Meridian-Reason", "the disk is almost full");
        check(
            &[("Meridian-State", "degraded"), why],
            "",
            "says that it is degraded: the disk is almost full",
        );
        check(&[("Meridian-State", "healthy"), why], "", "");
    }

    #[test]
    fn an_object_in_json_tells() {
        let body =
            r#"{"status":"ok","connections":7,"meridian":{"connections":12,"errors":0.01,"draining":false}}"#;
        check(&[JSON], body, "connections=12, errors=0.01, draining=0");
        check(&[], body, "");
        check(
            &[("Content-Type", "application/Health+JSON; a=b")],
            body,
            "connections=12, errors=0.01, draining=0",
        );
        check(
            &[JSON],
            r#"{"meridian":{"state":"degraded","reason":"a\u0007b","capacity":null}}"#,
            "says that it is degraded: a.b",
        );
        check(&[JSON], r#"{"meridian":[1]}"#, "");
        check(&[JSON], r#"{"meridian":{"latency":"#, "the body is not JSON, or longer than 5 KiB");
        check(&[JSON], r#"{"status":"#, "");
        let deep = format!("{{\"meridian\":{}1{}}}", "[".repeat(200), "]".repeat(200));
        check(&[JSON], &deep, "the body is not JSON, or longer than 5 KiB");
    }

    #[test]
    fn lines_of_plain_text_tell() {
        check(
            &[TEXT],
            "ok\nconnections: 12\r\nlatency:0.25\nActive connections: 9\n",
            "connections=12, latency=0.25",
        );
        check(&[TEXT, ("Meridian-Connections", "1")], "connections: 12", "connections=1");
    }

    #[test]
    fn what_cannot_be_read_is_noted_and_the_rest_counts() {
        check(
            &[("Meridian-Errors", "5"), ("Meridian-Latency", "fast"), ("Meridian-Requests", "3")],
            "",
            "requests=3, errors '5' is not a share from 0 to 1",
        );
        check(&[TEXT], "state: broken", "state 'broken' is not healthy or degraded");
        check(&[JSON], r#"{"meridian":{"draining":"maybe"}}"#, "draining 'maybe' is not true or false");
    }

    #[tokio::test]
    async fn a_probe_brings_it_back() {
        let reply = "HTTP/1.1 200 OK\r\nMeridian-State: degraded\r\nMeridian-Connections: 12\r\n\
            Content-Type: text/plain\r\nContent-Length: 17\r\n\r\nutilization: 0.5\n";
        let attempt = ask(
            replies(reply).await,
            Request::Http(HttpRequest { path: "/".into(), ..Default::default() }),
            LONG,
        )
        .await;
        assert_eq!(words(&attempt.outcome), "concern: says that it is degraded");
        assert_eq!(shown(None, attempt.told), "connections=12, utilization=0.5");
        let no = "HTTP/1.1 503 Full\r\nMeridian-Connections: 12\r\nContent-Length: 0\r\n\r\n";
        let attempt = ask(
            replies(no).await,
            Request::Http(HttpRequest { path: "/".into(), ..Default::default() }),
            LONG,
        )
        .await;
        assert_eq!(
            (words(&attempt.outcome).as_str(), attempt.told),
            ("hard: answered 503, expected 2xx", Told::Nothing)
        );
    }
}
