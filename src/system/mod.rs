//! What only the system or the processor can do, behind safe functions; the unsafe code of it is in one file.
//!
//! Any room may call it; it knows nothing of DNS. On systems other than Linux there are no batches of datagrams
//! ([`Datagrams`] is missing), and what else is missing does nothing and says so.

mod background;
mod command;
mod fence;
mod processor;
mod socket;

pub use background::spawn as spawn_in_background;
pub use command::{Order, Running, start};
pub use fence::prefetch;
pub use processor::{pin, processors};
pub use socket::{
    grow_receive_buffer, grow_send_buffer, is_out_of_descriptors, is_too_long, never_fragment, tell_address,
};

#[cfg(target_os = "linux")]
pub use fence::Datagrams;
