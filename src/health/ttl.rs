//! How long a verdict may be believed.

use crate::model::TtlRange;

/// The TTL in seconds for a verdict that needs `remaining` more results of the contrary to flip, of a
/// `threshold` (rise or fall) in all: `min + (max − min) × (remaining − 1) ÷ (threshold − 1)`.
///
/// A verdict that the next probe may flip gives `min`, and so does a threshold of 1. Fractions are cut off: a
/// TTL never promises more than the formula. `remaining` is held within 1…`threshold`.
pub fn ttl(range: TtlRange, remaining: u32, threshold: u32) -> u32 {
    if threshold <= 1 {
        return range.min;
    }
    let span = u64::from(range.max.saturating_sub(range.min));
    let more = span * u64::from(remaining.clamp(1, threshold) - 1) / u64::from(threshold - 1);
    // `more` is at most `span`, so it fits.
    range.min + more as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ttl_follows_how_far_a_verdict_is_from_flipping() {
        let rows = [
            // min max remaining threshold ttl
            (5, 60, 3, 3, 60),
            (5, 60, 2, 3, 32), // 5 + 55 × 1 ÷ 2 = 32.5
            (5, 60, 1, 3, 5),
            (5, 60, 2, 2, 60),
            (5, 60, 1, 2, 5),
            (5, 60, 1, 1, 5),
            (5, 60, 0, 0, 5),
            (5, 60, 9, 3, 60), // more than the threshold: held within it
            (5, 60, 0, 3, 5),
            (30, 30, 2, 3, 30),
            (1, TtlRange::MAX, u32::MAX - 1, u32::MAX, TtlRange::MAX - 1),
        ];
        for (min, max, remaining, threshold, expected) in rows {
            let got = ttl(TtlRange { min, max }, remaining, threshold);
            assert_eq!(got, expected, "{min}..{max}, {remaining} of {threshold}");
        }
    }
}
