//! Who answers whom: candidates, their live words and a client in; a pick with TTL and scope out.
//!
//! [`word`] is what a query may see of an endpoint that changes between reloads: 8 bytes. [`mod@fold`] makes it
//! from verdicts, weight and the operator's word, off the query path. [`steered`] is a service once its strings
//! are gone, and [`mod@pick`] walks its candidates in the client's order. Nothing here knows a clock, a lock or
//! a socket; nothing here allocates or fails once a world is compiled.

pub mod ejection;
pub mod fold;
pub mod hash;
pub mod pick;
pub mod steered;
pub mod word;

pub use ejection::{Stand, kept};
pub use fold::{Belief, Effect, Known, fold};
pub use pick::{Answer, Client, Pick, Step, Why, pick};
pub use steered::Steered;
pub use word::{Keep, Live, Tier, Word};
