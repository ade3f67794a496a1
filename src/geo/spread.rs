//! A quick hash for small keys that come from a database: record pointers, pairs of ids, coordinates.
//!
//! A compile looks up millions of them. Nobody but the operator chooses the keys, so no secret is needed; the
//! multiplication spreads every input bit over the high bits, and the fold brings them down again.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// A map with the quick hash.
pub(super) type SpreadMap<K, V> = HashMap<K, V, BuildHasherDefault<Spread>>;

/// 2⁶⁴ divided by the golden ratio, made odd.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// Fibonacci hashing, folded.
#[derive(Default)]
pub(super) struct Spread(u64);

impl Hasher for Spread {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks();
        words.iter().for_each(|&word| self.write_u64(u64::from_le_bytes(word)));
        rest.iter().for_each(|&byte| self.write_u64(byte.into()));
    }

    fn write_u8(&mut self, number: u8) {
        self.write_u64(number.into());
    }

    fn write_usize(&mut self, number: usize) {
        self.write_u64(number as u64);
    }

    fn write_u16(&mut self, number: u16) {
        self.write_u64(number.into());
    }

    fn write_u32(&mut self, number: u32) {
        self.write_u64(number.into());
    }

    fn write_u64(&mut self, number: u64) {
        let spread = u128::from(self.0.rotate_left(5) ^ number) * u128::from(GOLDEN);
        self.0 = spread as u64 ^ (spread >> 64) as u64;
    }
}
