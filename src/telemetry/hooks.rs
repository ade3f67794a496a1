//! What became of messages to webhooks.

use std::collections::BTreeMap;

/// By the webhook's name.
pub type Hooks = BTreeMap<String, HookCounts>;

/// Of one webhook, since the node started or the webhook was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HookCounts {
    /// Messages that wait, the one on its way included.
    pub waiting: usize,
    /// Messages that were taken.
    pub delivered: u64,
    /// Attempts that came to nothing, and are made again.
    pub failed: u64,
    /// Messages that gave way to newer ones, because too many waited.
    pub dropped: u64,
    /// Messages that the receiver refused for good.
    pub refused: u64,
}
