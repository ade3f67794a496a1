//! From ranges to blocks: what has one value becomes the fewest aligned blocks, each as wide as can be.
//!
//! Whoever wants blocks gives a [`Blocks`]; a block's depth is then the ECS scope of what lies in it.

use super::tree::last_of;

/// Takes blocks in order of their keys, without gaps, from the first key to the last.
pub(super) trait Blocks {
    /// A block of `depth` bits that starts at `start`.
    fn block(&mut self, start: u128, depth: u8, value: u32);
}

/// Joins neighbours of equal value and cuts the result into blocks.
pub(super) struct Cutter<B> {
    blocks: B,
    start: u128,
    last: Option<u128>,
    value: u32,
}

impl<B: Blocks> Cutter<B> {
    /// A cutter at the first key.
    pub fn new(blocks: B) -> Self {
        Cutter { blocks, start: 0, last: None, value: 0 }
    }

    /// Everything from the end of the range before through `last` has this value.
    pub fn push(&mut self, last: u128, value: u32) {
        if let Some(before) = self.last.filter(|_| value != self.value) {
            self.flush(before);
            self.start = before + 1;
        }
        (self.last, self.value) = (Some(last), value);
    }

    /// The blocks, once the last key has been pushed.
    pub fn finish(mut self) -> B {
        if let Some(last) = self.last {
            self.flush(last);
        }
        self.blocks
    }

    fn flush(&mut self, last: u128) {
        let mut start = self.start;
        loop {
            let depth = widest(start, last);
            self.blocks.block(start, depth, self.value);
            match last_of(start, depth) {
                end if end >= last => return,
                end => start = end + 1,
            }
        }
    }
}

/// The depth of the widest aligned block that starts at `start` and ends no later than `last`.
fn widest(start: u128, last: u128) -> u8 {
    let aligned = if start == 0 { 128 } else { start.trailing_zeros() };
    let room = match (last - start).checked_add(1) {
        Some(count) => count.ilog2(),
        None => 128,
    };
    (128 - aligned.min(room)) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Seen(Vec<(u128, u8, u32)>);

    impl Blocks for Seen {
        fn block(&mut self, start: u128, depth: u8, value: u32) {
            self.0.push((start, depth, value));
        }
    }

    fn check(ranges: &[(u128, u32)], blocks: &[(u128, u8, u32)]) {
        let mut cutter = Cutter::new(Seen(Vec::new()));
        ranges.iter().for_each(|&(last, value)| cutter.push(last, value));
        assert_eq!(cutter.finish().0, blocks);
    }

    #[test]
    fn neighbours_of_one_value_become_one_block() {
        check(&[(u128::MAX, 7)], &[(0, 0, 7)]);
        check(&[(u128::MAX >> 1, 7), (u128::MAX, 7)], &[(0, 0, 7)]);
    }

    #[test]
    fn blocks_are_aligned_and_as_wide_as_can_be() {
        const QUARTER: u128 = 1 << 126;
        check(
            &[(QUARTER - 1, 1), (3 * QUARTER - 1, 2), (u128::MAX, 3)],
            &[(0, 2, 1), (QUARTER, 2, 2), (2 * QUARTER, 2, 2), (3 * QUARTER, 2, 3)],
        );
    }

    #[test]
    fn single_keys_at_both_ends() {
        let mut cutter = Cutter::new(Seen(Vec::new()));
        [(0, 1), (u128::MAX - 1, 2), (u128::MAX, 3)]
            .iter()
            .for_each(|&(last, value)| cutter.push(last, value));
        let blocks = cutter.finish().0;
        assert_eq!(blocks.first(), Some(&(0, 128, 1)));
        assert_eq!(blocks.last(), Some(&(u128::MAX, 128, 3)));
        // Between them one block of every size up to half of everything, and down again.
        assert_eq!(blocks.len(), 2 + 127 + 127);
    }
}
