//! Webhooks: what they mean, and what is said of broken ones without repeating a secret.

use std::time::Duration;

use super::*;
use crate::model::{EventKind, Webhook, WebhookFormat};

const SERVICE: &str = "[regions.eu]\n[services.www]\nnames = ['www.example.']\n\
                       [services.www.endpoints.eu]\naddresses = ['192.0.2.1']\n";

/// The one webhook of a configuration, from line 6 on.
fn webhook(text: &str) -> Webhook {
    let (config, problems) = parsed(&format!("{SERVICE}[[webhooks]]\n{text}\n"));
    assert_eq!(problems.to_string(), "", "{text}");
    config.unwrap().webhooks.remove(0)
}

#[test]
fn webhooks_have_defaults() {
    let plain = webhook("url = 'https://hooks.example.com:8443/services/token?a=b'");
    let Webhook { name, url, kinds, services, secret, format, timeout } = plain;
    assert_eq!((name.as_str(), url.ends_with("?a=b")), ("hooks.example.com:8443", true));
    let told = [
        EventKind::Transition,
        EventKind::Endpoint,
        EventKind::Override,
        EventKind::Parked,
        EventKind::Ramp,
        EventKind::Cut,
    ];
    assert_eq!(kinds, told);
    assert_eq!((services.len(), secret, format), (0, None, WebhookFormat::Meridian));
    assert_eq!(timeout, Duration::from_secs(10));
    let whole = webhook(
        "url = 'http://127.0.0.1:1/'\nname = 'pager'\nevents = ['ready', 'reload']\nservices = ['www']\n\
         secret_file = 'secret'\nformat = 'slack'\ntimeout = '2s'",
    );
    assert_eq!(
        (whole.kinds, whole.services),
        (vec![EventKind::Ready, EventKind::Reload], vec!["www".into()])
    );
    assert_eq!(*whole.secret.unwrap().0, *b"0123456789abcdef");
    let (config, _) = parsed(&format!("{SERVICE}[[webhooks]]\nurl = 'https://a/'\nsecret_file = 'secret'"));
    assert_eq!(config.unwrap().secret_files, [Path::new("secret")]);
}

#[test]
fn broken_webhooks_are_told_and_secrets_are_not() {
    let like = "an address like 'https://hooks.example.com/path', without user or fragment";
    let kinds = "transition, endpoint, override, signal, parked, ramp, challenge, reload, cut, ready";
    let rows = [
        ("name = 'a'", "6:1: the webhook has no 'url'".to_owned()),
        ("url = 'ftp://a/token'", format!("7:7: url is not {like}")),
        ("url = 'https://user:token@a/'", format!("7:7: url is not {like}")),
        ("url = 'https:///token'", format!("7:7: url is not {like}")),
        (
            "url = 'http://a/'",
            "7:7: warning: whoever is on the way can read what is sent by http; write https".to_owned(),
        ),
        (
            "url = 'https://a/'\nservices = ['ww']",
            "8:13: no service is called 'ww' (did you mean 'www'?); services: www".to_owned(),
        ),
        // Nothing that is wrong hides anything else.
        (
            "url = 'ftp://a/token'\nservices = ['nope']\nsecret_file = 'short'\nevents = ['x']",
            format!(
                "7:7: url is not {like}\nm.toml:8:13: no service is called 'nope'; services: www\nm.toml:9:15: secret_file \
                 'short' has no secret of 8 to 1024 octets; 'openssl rand -hex 32' makes one\nm.toml:10:11: events 'x' \
                 is not one of {kinds}"
            ),
        ),
        ("url = 'https://a/'\nevents = ['x']", format!("8:11: events 'x' is not one of {kinds}")),
        (
            "url = 'https://a/'\nsecret_file = 'short'",
            "8:15: secret_file 'short' has no secret of 8 to 1024 octets; 'openssl rand -hex 32' makes one"
                .to_owned(),
        ),
        (
            "url = 'https://a/'\nsecret_file = 'gone'",
            "8:15: secret_file 'gone' cannot be read: entity not found".to_owned(),
        ),
        (
            "url = 'https://a/x'\n[[webhooks]]\nurl = 'https://a/y'",
            "8:1: webhook 'a' is written twice; first on line 6".to_owned(),
        ),
    ];
    for (text, wanted) in rows {
        let (_, problems) = parsed(&format!("{SERVICE}[[webhooks]]\n{text}\n"));
        assert_eq!(problems.to_string(), format!("m.toml:{wanted}"), "{text}");
    }
}
