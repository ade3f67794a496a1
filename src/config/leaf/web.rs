//! Addresses on the web.

use toml::de::DeValue;

use super::{Leaf, Word, Wrong, leaf_schema};
use crate::model::{EventKind, WebhookFormat};

impl Word for WebhookFormat {
    const WORDS: &'static [(&'static str, Self)] =
        &[("meridian", WebhookFormat::Meridian), ("slack", WebhookFormat::Slack)];
}

impl Word for EventKind {
    const WORDS: &'static [(&'static str, Self)] = &{
        let all = EventKind::ALL;
        let mut words = [("", all[0]); EventKind::ALL.len()];
        let mut at = 0;
        while at < all.len() {
            words[at] = (all[at].name(), all[at]);
            at += 1;
        }
        words
    };
}

/// An address of `http` or `https`. It may hold a secret: no message repeats it.
#[derive(Clone, Debug)]
pub struct WebAddress(pub String);

impl WebAddress {
    /// Host and port.
    pub fn host(&self) -> &str {
        let rest = self.0.split_once("://").map_or("", |(_, rest)| rest);
        rest.split(['/', '?']).next().unwrap_or_default()
    }

    /// Whether what is sent there can be read on the way.
    pub fn is_open(&self) -> bool {
        let host = self.host();
        let near = ["127.", "localhost", "[::1]"].iter().any(|start| host.starts_with(start));
        self.0.starts_with("http://") && !near
    }
}

impl Leaf for WebAddress {
    fn leaf(value: &DeValue) -> Result<Self, Wrong> {
        let fine = |word: &str| {
            let visible = word.len() <= 2048 && word.bytes().all(|byte| byte.is_ascii_graphic());
            let scheme = word.starts_with("https://") || word.starts_with("http://");
            let address = WebAddress(word.to_owned());
            let host = address.host();
            visible && scheme && !host.is_empty() && !host.starts_with(':') && !word.contains(['@', '#'])
        };
        let word = value.as_str().filter(|word| fine(word));
        word.map(|word| WebAddress(word.to_owned())).ok_or_else(|| {
            let like = "an address like 'https://hooks.example.com/path', without user or fragment";
            Wrong::Says(format!("url is not {like}"))
        })
    }
}

leaf_schema!(WebAddress, "WebAddress", { "type": "string", "pattern": "^https?://", "maxLength": 2048 });
