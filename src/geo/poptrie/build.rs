//! From ranges to a trie.

use std::ops::Range;

use super::super::tree::last_of;
use super::{
    IS_NARROW, IS_PLACE, IS_TABLE, IS_WIDE, LINE, Line, MAX_WORDS, NARROW, Poptrie, WIDE, most_begins,
};
use crate::model::Family;

/// Bits that the first table takes.
const FIRST_TABLE_BITS: u8 = 18;
/// Bits that others may take: a cache line of entries at least.
const TABLE_BITS: std::ops::RangeInclusive<u8> = 4..=16;
/// In one of so many slots of a table another range begins, unless it is as small as can be: half of them would
/// save a fifth of the memory and cost IPv6 a step.
const SLOTS_PER_BEGIN: usize = 4;

/// Every key, in ranges of one value; neighbours have different ones.
#[derive(Default)]
pub(in super::super) struct Ranges {
    starts: Vec<u128>,
    values: Vec<u32>,
    /// The last key so far.
    last: Option<u128>,
}

impl Ranges {
    /// Everything from the end of the range before through `last` has this value.
    pub fn push(&mut self, last: u128, value: u32) {
        if self.values.last() != Some(&value) {
            self.starts.push(self.last.map_or(0, |before| before + 1));
            self.values.push(value);
        }
        self.last = Some(last);
    }

    /// Gives every value another name; different ones stay different.
    pub fn rename(&mut self, names: &[u32]) {
        self.values.iter_mut().for_each(|value| *value = names[*value as usize]);
    }

    /// Bits of the widest block around a key that lies in its range.
    fn depth(&self, range: usize, key: u128) -> u8 {
        let shared = |other: u128| (key ^ other).leading_zeros() as u8 + 1;
        let before = range.checked_sub(1).map_or(0, |_| shared(self.starts[range] - 1));
        let behind = self.starts.get(range + 1).map_or(0, |&start| shared(start));
        before.max(behind)
    }
}

/// More than there are places for.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct TooLarge;

impl Poptrie {
    /// The trie of ranges that cover every key.
    pub fn new(family: Family, ranges: &Ranges) -> Result<Poptrie, TooLarge> {
        // IPv6 addresses are handed out from 2000::/3 alone: the table is for the bits behind.
        let (first_bits, prefix) = match family {
            Family::V4 => (0, 0),
            Family::V6 => (3, 0b001),
        };
        let mut builder = Builder { ranges, lines: Vec::new(), end: 0 };
        let whole = Block { start: 0, depth: 0, ranges: 0..ranges.starts.len() };
        let mut first = Vec::new();
        let mut range = 0;
        for slot in 0..1 << first_bits {
            let block = builder.slot(&whole, first_bits, slot, range);
            range = block.ranges.end - 1;
            first.push(match slot == prefix {
                true => builder.table(&block, FIRST_TABLE_BITS)?,
                false => builder.entry(&block)?,
            });
        }
        Ok(Poptrie {
            first_bits,
            first: first.into(),
            lines: builder.lines.into(),
            ranges: ranges.starts.len(),
        })
    }
}

/// An aligned block of keys, and the ranges that have a part in it.
struct Block {
    start: u128,
    depth: u8,
    ranges: Range<usize>,
}

/// Writes tables and buckets.
struct Builder<'a> {
    ranges: &'a Ranges,
    lines: Vec<Line>,
    /// The first word behind everything.
    end: usize,
}

impl<'a> Builder<'a> {
    /// The block of a slot, when one is split into those that are so many bits deeper; `first` is the range
    /// that the slots before ended in.
    fn slot(&self, block: &Block, bits: u8, slot: usize, mut first: usize) -> Block {
        let (starts, end) = (&self.ranges.starts, block.ranges.end);
        let depth = block.depth + bits;
        let start = block.start | (slot as u128).checked_shl(128 - u32::from(depth)).unwrap_or(0);
        let last = last_of(start, depth);
        if first + 1 < end && starts[first + 1] == start {
            first += 1;
        }
        let inside = starts[first + 1..end].iter().take_while(|&&start| start <= last).count();
        Block { start, depth, ranges: first..first + 1 + inside }
    }

    fn entry(&mut self, block: &Block) -> Result<u32, TooLarge> {
        match block.ranges.len() {
            1 => Ok(self.value(block)),
            _ if self.fits(block, NARROW) => Ok(IS_NARROW | self.bucket(block, NARROW)?),
            _ if self.fits(block, WIDE) => Ok(IS_WIDE | self.bucket(block, WIDE)?),
            _ => self.table(block, self.table_bits(block)),
        }
    }

    /// An entry for a block within one range.
    fn value(&self, block: &Block) -> u32 {
        let range = block.ranges.start;
        let spare = block.depth - self.ranges.depth(range, block.start);
        u32::from(spare) << 24 | self.ranges.values[range]
    }

    /// A table, before what its entries lead to.
    fn table(&mut self, block: &Block, bits: u8) -> Result<u32, TooLarge> {
        let start = self.reserve(1 << bits, true)?;
        let (mut slot, mut first) = (0, block.ranges.start);
        while slot < 1 << bits {
            let part = self.slot(block, bits, slot, first);
            let entry = self.entry(&part)?;
            // A value holds in all slots of its block, and this is the first of them.
            let slots = if entry & IS_PLACE == 0 { 1 << (entry >> 24).min(bits.into()) } else { 1 };
            for at in start + slot..start + slot + slots {
                self.lines[at / LINE].0[at % LINE] = entry;
            }
            (slot, first) = (slot + slots, part.ranges.end - 1);
        }
        Ok(IS_TABLE | u32::from(bits) << 24 | (start / LINE) as u32)
    }

    /// How many bits a table for a block had best take.
    fn table_bits(&self, block: &Block) -> u8 {
        let begins = self.begins(block);
        let filled = |bits: u8| {
            let slot = |begin: &u128| begin >> (128 - block.depth - bits);
            begins.chunk_by(|one, other| slot(one) == slot(other)).count()
        };
        let (least, most) = TABLE_BITS.into_inner();
        let room = (begins.len() * SLOTS_PER_BEGIN).ilog2() as u8;
        let most = room.min(most).min(128 - block.depth);
        let wide = (least + 1..=most).rev().find(|&bits| filled(bits) * SLOTS_PER_BEGIN >= 1 << bits);
        wide.unwrap_or(least).min(128 - block.depth)
    }

    /// The first keys of all ranges but the first.
    fn begins(&self, block: &Block) -> &'a [u128] {
        &self.ranges.starts[block.ranges.start + 1..block.ranges.end]
    }

    /// Whether so many bits of each key say everything, and a line holds a bucket of them.
    fn fits(&self, block: &Block, bits: u8) -> bool {
        let begins = self.begins(block);
        let rest = last_of(0, (block.depth + bits).min(128));
        begins.len() <= most_begins(bits) && begins.iter().all(|begin| begin & rest == 0)
    }

    fn bucket(&mut self, block: &Block, bits: u8) -> Result<u32, TooLarge> {
        let begins = self.begins(block);
        let mut words = [0; LINE];
        words[0] = begins.len() as u32;
        let per_word = 32 / usize::from(bits);
        for (index, begin) in begins.iter().enumerate() {
            let key = (begin << block.depth >> (128 - bits)) as u32;
            words[1 + index / per_word] |= key << (usize::from(bits) * (index % per_word));
        }
        let values = 1 + begins.len().div_ceil(per_word);
        let length = values + block.ranges.len();
        words[values..length].copy_from_slice(&self.ranges.values[block.ranges.clone()]);
        let length_fits = self.end % LINE + length <= LINE;
        let start = self.reserve(length, !length_fits)?;
        for (&word, at) in words[..length].iter().zip(start..) {
            self.lines[at / LINE].0[at % LINE] = word;
        }
        Ok(start as u32)
    }

    /// Room behind everything, or at the beginning of a line; says where.
    fn reserve(&mut self, words: usize, line: bool) -> Result<usize, TooLarge> {
        let start = if line { self.end.next_multiple_of(LINE) } else { self.end };
        self.end = start + words;
        if self.end > MAX_WORDS {
            return Err(TooLarge);
        }
        self.lines.resize(self.end.div_ceil(LINE), Line([0; LINE]));
        Ok(start)
    }
}
