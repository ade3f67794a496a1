//! Which records of one database have been met, found by where they lie.
//!
//! Neighbouring networks lead to neighbouring records, because writers store a record when they first meet it. So
//! there is a slot for every eight bytes of the data section, and a sweep through the networks is nearly one
//! through the slots; a hash would scatter it over all of them.

use crate::system::prefetch;

use super::reading::RecordId;
use super::spread::SpreadMap;

/// Bits of an offset within the bytes of one slot.
const SLOT_BITS: u32 = 3;
/// What a slot holds of a record's number is at most this.
const MAX_RECORD: u32 = (1 << (u32::BITS - SLOT_BITS)) - 1;

/// Records' numbers by their offsets.
pub(super) struct Records {
    /// The number of one record, and above it where in the slot's bytes it begins; 0: none.
    slots: Vec<u32>,
    /// Records that begin in a slot that another has taken.
    others: SpreadMap<usize, RecordId>,
}

impl Records {
    /// No record of a data section of so many bytes. The slots are zeroed by the system, when they are needed.
    pub fn new(bytes: usize) -> Self {
        Records { slots: vec![0; (bytes >> SLOT_BITS) + 1], others: SpreadMap::default() }
    }

    /// The number of the record at an offset, if it has been met.
    #[inline]
    pub fn get(&self, offset: usize) -> Option<RecordId> {
        let slot = *self.slots.get(offset >> SLOT_BITS)?;
        match slot.wrapping_sub(place(offset)) {
            record @ 1..=MAX_RECORD => Some(record),
            _ => self.others.get(&offset).copied(),
        }
    }

    /// Asks the processor for what [`Records::get`] reads.
    #[inline]
    pub fn prefetch(&self, offset: usize) {
        if let Some(slot) = self.slots.get(offset >> SLOT_BITS) {
            prefetch(slot);
        }
    }

    /// Notes it. Offsets behind the end of the data are not kept.
    pub fn insert(&mut self, offset: usize, record: RecordId) {
        let Some(slot) = self.slots.get_mut(offset >> SLOT_BITS) else { return };
        if *slot == 0 && record <= MAX_RECORD {
            *slot = place(offset) | record;
        } else {
            self.others.insert(offset, record);
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
    fn every_record_keeps_its_own_number() {
        let mut records = Records::new(40);
        let (most, more) = (MAX_RECORD, MAX_RECORD + 1);
        let rows = [(0, 7), (1, 1), (7, most - 1), (9, most), (8, 3), (39, more), (38, 2)];
        for (row, &(offset, record)) in rows.iter().enumerate() {
            assert_eq!(records.get(offset), None);
            records.insert(offset, record);
            for &(offset, record) in &rows[..=row] {
                assert_eq!(records.get(offset), Some(record), "{offset}");
            }
        }
        records.insert(usize::MAX, 1);
        assert_eq!(records.get(usize::MAX), None);
        assert_eq!(records.get(16), None);
    }
}
