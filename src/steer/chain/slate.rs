//! The candidates of one query, in order, on the stack.

use arrayvec::ArrayVec;

use crate::steer::pick::Class;
use crate::steer::word::Word;

/// Endpoints of one service that a query may consult.
pub const MOST: usize = 64;

/// One endpoint that may be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Among the service's endpoints.
    pub position: u8,
    /// In the client's order, from 0.
    pub rank: u8,
    /// In which group, from 0; ascending along a slate.
    pub group: u8,
    /// How good it is.
    pub class: Class,
    /// What was known of it.
    pub word: Word,
    /// Its share of the service, as a proportion: at least 1.
    pub weight: u32,
    /// The signal that the chain compares by.
    pub load: u32,
    /// What a filter orders by, the smallest first; meaningless between filters.
    pub key: u64,
}

/// Candidates in order, the first of them the best so far.
pub type Slate = ArrayVec<Candidate, MOST>;
