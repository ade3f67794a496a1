//! Who answers whom: candidates, their live words and a client in; a pick with TTL and scope out.
//!
//! [`word`] is what a query may see of an endpoint that changes between reloads: 8 bytes. [`mod@fold`] makes it
//! from verdicts, weight and the operator's word, off the query path. [`steered`] is a service once its strings
//! are gone, [`mod@pick`] walks its candidates in order until one will do, and
//! [`chain`] lets every other policy's filters work on all of them, with the weights of [`shares`]. [`spill`] is how much of
//! its clients each keeps for its load. Nothing here knows a clock, a lock or a socket; nothing here allocates or fails once
//! a world is compiled.

pub mod chain;
pub mod ejection;
pub mod fold;
pub mod hash;
pub mod pick;
pub mod shares;
pub mod spill;
pub mod steered;
#[cfg(test)]
mod tests;
pub mod word;

pub use ejection::{Stand, kept};
pub use fold::{Belief, Effect, Known, Stance, fold};
pub use pick::{Answer, Client, Pick, Scene, Seen, Step, Why, pick};
pub use steered::Steered;
pub use word::{Keep, Live, Load, Tier, Word};
