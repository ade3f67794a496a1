//! The static DNS truth, and how a name is found in it.
#![allow(missing_docs)]
pub mod rtype;
pub mod table;
mod zone;
pub use zone::{Rrset, Zone};
