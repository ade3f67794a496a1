//! Geography: from an address to the order in which its client prefers the regions, and to how many bits of the
//! address that took.
//!
//! [`Database`] reads MaxMind files, [`compile()`] makes a [`Table`] of them, of the operator's rules and of the
//! regions, and [`Table::resolve`] answers in a few memory reads. To learn the code, read `compile` first: it
//! sweeps through all databases at once, each of which a `reading` walks along its search `tree`, turns records into numbers (`knowledge`), numbers
//! into orders (`order`, `nearest`) and cells, joins neighbours (`cut`) and fills the trie (`poptrie`).
//!
//! Decisions that would surprise:
//!
//! - A look-up is a walk of single reads, each asked for by the one before, so that a batch waits for memory
//!   once and not once a query; one address at a time walks in the same steps.
//! - A cell's depth is the ECS scope: the widest aligned block around an address that lies wholly in the cell,
//!   so an answer is cached as widely as is right (RFC 7871 §7.2.1). Unknown space has cells and depths, too.
//! - Later databases refine earlier ones field by field; one that names another country takes the earlier
//!   coordinates away ([`Facts::refined_by`]).
//! - IPv4 inside IPv6 is not looked for: callers unfold first.
//! - Measured latency is no part of the table: it changes while the node runs, so `fast` compiles it by itself, with the
//!   same trie. Cells say whether a rule lists their regions, because that beats what was measured.
//! - A service's list of regions stands before what the cell prefers anyway, global rules included; a service's
//!   location replaces it.

mod asns;
mod centroid;
mod compile;
mod cut;
mod facts;
mod fast;
mod fences;
mod knowledge;
mod mmdb;
mod nearest;
mod order;
mod overlay;
mod poptrie;
mod reading;
mod record;
mod records;
mod rules;
mod spread;
mod table;
mod tree;

use std::net::IpAddr;

pub use asns::Asns;
pub use compile::{CompileError, Input, Threads, compile};
pub use facts::Facts;
pub use fast::{Fast, FastId};
pub use mmdb::{Database, DatabaseError};
pub use order::{LENGTH, Order, OrderId, Regions};
pub use overlay::Overlay;
pub use poptrie::Walk;
pub use table::{Cell, CellId, Found, PlaceId, Resolved, Size, Table};

/// What all databases together know of an unfolded address: one descent each, for `explain`.
pub fn facts(databases: &[Database], address: IpAddr) -> Facts {
    databases.iter().fold(Facts::default(), |facts, database| facts.refined_by(database.lookup(address)))
}

#[cfg(test)]
#[path = "../../tests/common/mmdb.rs"]
mod mmdb_writer;
#[cfg(test)]
mod tests;
