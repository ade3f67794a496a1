//! What the records of one database say, found by where they lie.
//!
//! Neighbouring networks lead to neighbouring records, because writers store a record when they first meet it. So
//! there is a slot for every eight bytes of the data section, and a sweep through the networks is nearly one
//! through the slots; a hash would scatter it over all of them.

use crate::system::prefetch;

use super::knowledge::FactId;
use super::spread::SpreadMap;

/// Bits of an offset within the bytes of one slot.
const SLOT_BITS: u32 = 3;
/// What a slot holds of facts is one more than their number, and at most this.
const MAX_FACTS: u32 = (1 << (u32::BITS - SLOT_BITS)) - 1;

/// Facts by the offset of the record that says them.
pub(super) struct Records {
    /// One more than the facts of one record, and above them where in the slot's bytes it begins; 0: none.
    slots: Vec<u32>,
    /// Records that begin in a slot that another has taken.
    others: SpreadMap<usize, FactId>,
}

impl Records {
    /// No record of a data section of so many bytes. The slots are zeroed by the system, when they are needed.
    pub fn new(bytes: usize) -> Self {
        Records { slots: vec![0; (bytes >> SLOT_BITS) + 1], others: SpreadMap::default() }
    }

    /// The facts of the record at an offset, if they are known already.
    #[inline]
    pub fn facts(&self, offset: usize) -> Option<FactId> {
        let slot = *self.slots.get(offset >> SLOT_BITS)?;
        match slot.wrapping_sub(place(offset)) {
            facts @ 1..=MAX_FACTS => Some(facts - 1),
            _ => self.others.get(&offset).copied(),
        }
    }

    /// Asks the processor for what [`Records::facts`] reads.
    #[inline]
    pub fn prefetch(&self, offset: usize) {
        if let Some(slot) = self.slots.get(offset >> SLOT_BITS) {
            prefetch(slot);
        }
    }

    /// Notes them. Offsets behind the end of the data are not kept.
    pub fn insert(&mut self, offset: usize, facts: FactId) {
        let Some(slot) = self.slots.get_mut(offset >> SLOT_BITS) else { return };
        if *slot == 0 && facts < MAX_FACTS {
            *slot = place(offset) | (facts + 1);
        } else {
            self.others.insert(offset, facts);
        }
    }
}

/// Where in its slot's bytes a record begins, as it stands in the slot.
fn place(offset: usize) -> u32 {
    (offset as u32) << (u32::BITS - SLOT_BITS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_record_keeps_its_own_facts() {
        let mut records = Records::new(40);
        let rows = [(0, 7), (1, 0), (7, MAX_FACTS - 1), (9, MAX_FACTS - 1), (8, 3), (39, MAX_FACTS), (38, 0)];
        for (row, &(offset, facts)) in rows.iter().enumerate() {
            assert_eq!(records.facts(offset), None);
            records.insert(offset, facts);
            for &(offset, facts) in &rows[..=row] {
                assert_eq!(records.facts(offset), Some(facts), "{offset}");
            }
        }
        records.insert(usize::MAX, 1);
        assert_eq!(records.facts(usize::MAX), None);
        assert_eq!(records.facts(16), None);
    }
}
