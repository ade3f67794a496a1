//! Weighted rendezvous (Thaler and Ravishankar 1998; with logarithms for weights, Schindelhauer and Schomaker 2005):
//! each candidate draws a number, here from the client's hash or at random, and −log₂(number) ÷ weight orders them.
//! Whoever leaves gives up its own clients alone, and whoever grows takes from the others in proportion.
//!
//! All in whole numbers, so that every node on every machine agrees.

use std::cmp::Ordering;

/// Fraction bits of a logarithm.
const BITS: u32 = 26;

/// log₂(1 + i ÷ 256) in `BITS` fraction bits.
const TABLE: [u32; 257] = table();

const fn table() -> [u32; 257] {
    let mut table = [0; 257];
    let mut at = 0;
    while at < 257 {
        table[at] = log2(at as u64);
        at += 1;
    }
    table
}

/// log₂(1 + i ÷ 256), bit by bit: squaring doubles the logarithm.
const fn log2(i: u64) -> u32 {
    if i == 256 {
        return 1 << BITS;
    }
    let (mut x, mut log, mut bit) = (((256 + i) as u128) << 54, 0, 0);
    while bit < BITS {
        // x is in 1…2, in 62 fraction bits.
        x = (x * x) >> 62;
        log <<= 1;
        if x >= 2 << 62 {
            x >>= 1;
            log |= 1;
        }
        bit += 1;
    }
    log
}

/// −log₂(number ÷ 2⁶⁴), in `BITS` fraction bits, exact to 2⁻¹⁸; at least 1.
#[inline]
pub fn neg_log2(number: u64) -> u64 {
    let number = number | 1;
    let zeros = number.leading_zeros();
    let fraction = (number << zeros) << 1;
    let (place, rest) = ((fraction >> 56) as usize, (fraction >> 40) & 0xffff);
    let (low, high) = (u64::from(TABLE[place]), u64::from(TABLE[place + 1]));
    let log = low + (((high - low) * rest) >> 16);
    ((u64::from(zeros) + 1) << BITS).saturating_sub(log).max(1)
}

/// What a candidate that drew this number goes by: the more it drew the lower, with its place in the last six bits, so
/// that all agree on ties and the lowest says whose it is.
#[inline]
pub fn key(number: u64, place: u8) -> u64 {
    !number & !PLACES | u64::from(place)
}

/// Whose key it is.
#[inline]
pub fn place(key: u64) -> usize {
    (key & PLACES) as usize
}

/// The bits of a key that are a place.
pub const PLACES: u64 = 63;

/// Who of two goes first, each a [`key`] and a weight: by −log₂(number) ÷ weight.
#[inline]
pub fn compare(one: (u64, u32), other: (u64, u32)) -> Ordering {
    if one.1 == other.1 {
        // The logarithm would keep the order.
        return one.0.cmp(&other.0);
    }
    // A logarithm has at most 33 bits and a weight 21: nothing overflows.
    let logs = [one.0, other.0].map(|key| neg_log2(!key));
    let (left, right) = (logs[0] * u64::from(other.1), logs[1] * u64::from(one.1));
    left.cmp(&right).then(one.0.cmp(&other.0))
}

/// A number for each of several that come from one: the finalizer of SplitMix64 (Steele, Lea and Flood 2014).
#[inline]
pub fn mix(seed: u64) -> u64 {
    let seed = (seed ^ (seed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let seed = (seed ^ (seed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    seed ^ (seed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logarithms_are_near_enough() {
        let mut number = 1_u64;
        for _ in 0..100_000 {
            number = mix(number);
            let exact = -((number as f64).log2() - 64.0);
            let ours = neg_log2(number) as f64 / f64::from(1 << BITS);
            assert!((exact - ours).abs() < 4e-6, "{number}: {exact} and {ours}");
        }
        assert_eq!(neg_log2(u64::MAX), 1.max(neg_log2(u64::MAX)));
        assert!(neg_log2(u64::MAX) < 1 << 8);
        assert_eq!(neg_log2(0), 64 << BITS);
        assert_eq!(neg_log2(1 << 63 | 1), 1 << BITS);
    }
}
