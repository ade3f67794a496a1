//! Who is told of events.

use schemars::JsonSchema;

use crate::config::leaf::{FilePath, Lasting, OneOf, WebAddress};
use crate::config::reader::{Entry, List, Read, Reader, Tree};
use crate::model::{EventKind, WebhookFormat};

use super::unraw;

table! {
    /// A place on the web that is told of events.
    #[schemars(extend("required" = ["url"]))]
    Webhook {
        /// Where it is told, by POST; may hold a secret, and is never logged.
        url: WebAddress,
        /// What logs and metrics call it; without it the host of the URL.
        name: String,
        /// The kinds of events that it is told.
        #[schemars(extend("default" = ["transition", "endpoint", "override", "parked", "ramp", "cut"]))]
        events: List<OneOf<EventKind>>,
        /// The services that it is told about; none: all, and the node itself.
        #[schemars(extend("default" = []))]
        services: List<String>,
        /// A file that holds the secret which messages are signed with; watched.
        secret_file: FilePath,
        /// What the body looks like: the event, or a text for Slack and its kin.
        #[schemars(extend("default" = "meridian"))]
        format: OneOf<WebhookFormat>,
        /// For one whole attempt.
        #[schemars(extend("default" = "10s"))]
        timeout: Lasting<100, 60_000>,
    }
}
