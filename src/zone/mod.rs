//! The static DNS truth: zones as they are written in master files, and how a name is found in them.
//!
//! [`text`] reads master files into a [`Zone`] and says everything that is wrong with them.

pub mod text;
#[expect(clippy::module_inception, reason = "the type that the room is named after has a file as any other")]
mod zone;

pub use zone::{Rrset, Zone};
