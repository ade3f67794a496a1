//! What only the system or the processor can do, behind safe functions: the one place with unsafe code.
//!
//! Any room may call it; it knows nothing of DNS.

mod fence;

pub use fence::prefetch;
