//! What the records of one database say, by their pointers.
//!
//! A sweep asks millions of times, in no order that a cache could use: whoever knows the next questions asks for
//! their memory first.

use crate::system::prefetch;

use super::knowledge::FactId;

/// 2³² divided by the golden ratio, made odd.
const GOLDEN: u32 = 0x9e37_79b9;

/// A table with open addressing, at most half full.
#[derive(Clone)]
pub(super) struct Records {
    slots: Vec<(u32, FactId)>,
    bits: u32,
    used: usize,
}

/// No record's pointer: the first node has this number.
const EMPTY: u32 = 0;

impl Default for Records {
    fn default() -> Self {
        Records::with_bits(12)
    }
}

impl Records {
    fn with_bits(bits: u32) -> Records {
        Records { slots: vec![(EMPTY, 0); 1 << bits], bits, used: 0 }
    }

    /// Asks for the memory that [`Records::find`] reads.
    pub fn prefetch(&self, pointer: u32) {
        prefetch(&self.slots[self.home(pointer)]);
    }

    /// What a record says, if that is known.
    pub fn find(&self, pointer: u32) -> Option<FactId> {
        let (found, facts) = self.slots[self.slot(pointer)];
        (found == pointer).then_some(facts)
    }

    /// Keeps what a record says.
    pub fn insert(&mut self, pointer: u32, facts: FactId) {
        if (self.used + 1) * 2 > self.slots.len() {
            let mut larger = Records::with_bits(self.bits + 1);
            let known = self.slots.iter().filter(|slot| slot.0 != EMPTY);
            known.for_each(|&(pointer, facts)| larger.insert(pointer, facts));
            *self = larger;
        }
        let slot = self.slot(pointer);
        self.used += usize::from(self.slots[slot].0 == EMPTY);
        self.slots[slot] = (pointer, facts);
    }

    fn home(&self, pointer: u32) -> usize {
        (pointer.wrapping_mul(GOLDEN) >> (32 - self.bits)) as usize
    }

    /// Where a pointer stands, or belongs.
    fn slot(&self, pointer: u32) -> usize {
        let mut slot = self.home(pointer);
        while self.slots[slot].0 != pointer && self.slots[slot].0 != EMPTY {
            slot = (slot + 1) % self.slots.len();
        }
        slot
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_kept_is_found_and_nothing_else() {
        let mut records = Records::default();
        for number in 1..20_000 {
            records.insert(number * 48, number);
        }
        records.insert(48, 7);
        for number in 2..20_000 {
            assert_eq!(records.find(number * 48), Some(number));
            assert_eq!(records.find(number * 48 + 1), None);
        }
        assert_eq!(records.find(48), Some(7));
    }
}
