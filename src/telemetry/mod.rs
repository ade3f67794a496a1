//! Counters that workers own and readers sum, what became of messages to webhooks, and a voice on the terminal that may go unheard. Any room may
//! import this one; it imports none.

pub mod counters;
pub mod hooks;
pub mod say;

pub use counters::{Counters, DropWhy, Transport};
