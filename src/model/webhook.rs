//! Who is told by HTTP of what happens.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::EventKind;

/// A place on the web that wants to be told of events.
#[derive(Clone, PartialEq, Eq)]
pub struct Webhook {
    /// What logs and metrics call it; unique.
    pub name: String,
    /// Where it is told: `http://…` or `https://…`. It may hold a secret of the receiver's, and is never logged.
    pub url: String,
    /// The kinds of events that it is told.
    pub kinds: Vec<EventKind>,
    /// Services that it is told about, by name; none: about all, and about the node.
    pub services: Vec<String>,
    /// What its messages are signed with; `None`: they are not.
    pub secret: Option<Secret>,
    /// What the body looks like.
    pub format: WebhookFormat,
    /// For one whole attempt.
    pub timeout: Duration,
}

impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Webhook({})", self.name)
    }
}

/// What the body of a message looks like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WebhookFormat {
    /// The event, as the API shows it.
    #[default]
    Meridian,
    /// `{"text": "…"}`, which Slack, Mattermost and others show as it is.
    Slack,
}

/// Octets that never reach a log.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(pub Arc<[u8]>);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}
