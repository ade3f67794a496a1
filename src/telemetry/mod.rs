//! Counters that workers own and readers sum, and the log. Any room may import this one; it imports none.

pub mod counters;

pub use counters::{Counters, DropWhy, Transport};
