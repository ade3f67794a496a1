//! Webhooks.

use super::{Labels, Sheet};
use crate::telemetry::hooks::{HookCounts, Hooks};

/// What became of messages to every webhook.
pub fn put(sheet: &mut Sheet, hooks: &Hooks) {
    let waiting = hooks.iter().map(|(name, counts)| (row(name), counts.waiting as f64));
    sheet.gauge("webhook_waiting", "Messages that wait for a webhook", waiting);
    let outcomes = |(name, counts): (&String, &HookCounts)| {
        let all = [("delivered", counts.delivered), ("failed", counts.failed), ("refused", counts.refused)];
        all.map(|(outcome, count)| (with(name, outcome), count))
    };
    let attempts = hooks.iter().flat_map(outcomes);
    sheet.counter("webhook_attempts", "Messages sent to a webhook, by what came of it", attempts);
    let dropped = hooks.iter().map(|(name, counts)| (row(name), counts.dropped));
    sheet.counter("webhook_dropped", "Messages that gave way to newer ones", dropped);
}

fn row(name: &str) -> Labels {
    vec![("webhook", name.to_owned())]
}

fn with(name: &str, outcome: &str) -> Labels {
    vec![("webhook", name.to_owned()), ("outcome", outcome.to_owned())]
}
