//! What is sent of an event: body, headers, signature.

use aws_lc_rs::hmac;
use serde::Serialize;

use crate::api::event_body;
use crate::control::Event;
use crate::model::{Secret, Webhook, WebhookFormat};

/// One message, ready to go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// JSON.
    pub body: Vec<u8>,
    /// Names and values beside the usual ones.
    pub headers: Vec<(&'static str, String)>,
}

/// What Slack and its kin read.
#[derive(Serialize)]
struct Text {
    text: String,
}

/// The message about an event of `node`, signed at `unix`: seconds since 1970.
pub fn write(hook: &Webhook, event: &Event, node: &str, unix: u64) -> Letter {
    let told = event_body(event, node);
    let body = match hook.format {
        WebhookFormat::Meridian => serde_json::to_vec(&told),
        WebhookFormat::Slack => {
            serde_json::to_vec(&Text { text: escaped(&format!("{node}: {}", told.text)) })
        }
    };
    // Strings, numbers and lists can always be written.
    let body = body.unwrap_or_default();
    // The same for every attempt: a receiver that saw it before can tell.
    let mut headers =
        vec![("idempotency-key", format!("{node}-{}", event.id)), ("meridian-event", told.kind)];
    if let Some(secret) = &hook.secret {
        headers.push(("meridian-signature", signature(secret, unix, &body)));
    }
    Letter { body, headers }
}

/// `t=` the moment, `v1=` HMAC-SHA256 (RFC 2104) in hex of the moment, a dot, and the body.
fn signature(secret: &Secret, unix: u64, body: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, &secret.0);
    let signed = [format!("{unix}.").as_bytes(), body].concat();
    format!("t={unix},v1={}", hex::encode(hmac::sign(&key, &signed)))
}

/// Slack gives these three signs a meaning.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::*;
    use crate::control::events::{About, What};
    use crate::model::EventKind;

    fn hook(format: WebhookFormat, secret: Option<&str>) -> Webhook {
        Webhook {
            name: "a".into(),
            url: "http://127.0.0.1:1/secret".into(),
            kinds: EventKind::ALL.to_vec(),
            services: vec![],
            secret: secret.map(|secret| Secret(secret.as_bytes().into())),
            format,
            timeout: Duration::from_secs(1),
        }
    }

    fn event() -> Event {
        let what = What::Ready { ready: false, missing: vec!["a < b & c".into()] };
        let at = SystemTime::UNIX_EPOCH + Duration::from_millis(1_790_000_000_250);
        Event { id: 7, at, about: About::default(), what }
    }

    #[test]
    fn letters_are_json_for_whoever_reads_them() {
        let letter = write(&hook(WebhookFormat::Meridian, None), &event(), "lhr1", 1);
        let text = r#"{"id":7,"at":"2026-09-21T14:13:20.25Z","node":"lhr1","kind":"ready","text":"the node is not ready: a < b & c","change":"unready","missing":["a < b & c"]}"#;
        assert_eq!(String::from_utf8_lossy(&letter.body), text);
        let headers = [("idempotency-key", "lhr1-7".to_owned()), ("meridian-event", "ready".to_owned())];
        assert_eq!(letter.headers, headers);
        let letter = write(&hook(WebhookFormat::Slack, None), &event(), "lhr1", 1);
        let text = r#"{"text":"lhr1: the node is not ready: a &lt; b &amp; c"}"#;
        assert_eq!(String::from_utf8_lossy(&letter.body), text);
    }

    /// As `printf '1700000000.{"a":1}' | openssl dgst -sha256 -hmac "a secret of 22 octets!"` says.
    #[test]
    fn signatures_are_those_that_openssl_makes() {
        let secret = Secret(b"a secret of 22 octets!"[..].into());
        let wanted = "t=1700000000,v1=3e1e10f3e563fa06474c78606e3412f385f1799ca53e6cf8fb1f7e3a8fffea10";
        assert_eq!(signature(&secret, 1_700_000_000, br#"{"a":1}"#), wanted);
        let letter = write(&hook(WebhookFormat::Slack, Some("12345678")), &event(), "lhr1", 1);
        assert!(letter.headers[2].1.starts_with("t=1,v1="), "{letter:?}");
    }

    #[test]
    fn secrets_do_not_reach_a_log() {
        let shown = format!("{:?}", hook(WebhookFormat::Slack, Some("12345678")));
        assert_eq!(shown, "Webhook(a)");
    }
}
