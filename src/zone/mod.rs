//! The static DNS truth: zones as they are written in master files, and how a name is found in them.
//!
//! [`text`] reads master files into a [`Zone`] and says everything that is wrong with them. [`table`] compiles
//! zones and steered names into one table, whose [`find`](table::Names::find) is the walk of RFC 1034 §4.3.2.
//! [`rtype`] names the record types that answering treats apart, [`dname`] puts one name in place of another, and
//! [`svcb`] looks into records of services.

pub mod dname;
mod rdata;
pub mod rtype;
pub mod svcb;
pub mod table;
pub mod text;
#[expect(clippy::module_inception, reason = "the type that the room is named after has a file as any other")]
mod zone;

pub use rdata::Rdata;
pub use text::load;
pub use zone::{Rrset, Zone};
