//! Latencies, counted in buckets that grow with them.

/// Buckets for each doubling: what is told is at most 1/64 (1.6 %) too long.
const STEPS: u64 = 64;

/// Counts of durations in nanoseconds; log-linear, exact below 128 ns.
#[derive(Clone)]
pub struct Histogram {
    counts: Vec<u64>,
    total: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Histogram { counts: vec![0; bucket(u64::MAX) + 1], total: 0 }
    }
}

/// The bucket of a duration.
fn bucket(nanoseconds: u64) -> usize {
    if nanoseconds < 2 * STEPS {
        return nanoseconds as usize;
    }
    let shift = nanoseconds.ilog2() - STEPS.ilog2();
    (u64::from(shift) * STEPS + (nanoseconds >> shift)) as usize
}

/// The longest duration in a bucket.
fn longest(bucket: u64) -> u64 {
    if bucket < 2 * STEPS {
        return bucket;
    }
    let shift = bucket / STEPS - 1;
    let first = (bucket % STEPS + STEPS) << shift;
    first + ((1 << shift) - 1)
}

impl Histogram {
    /// Counts one.
    pub fn add(&mut self, nanoseconds: u64) {
        self.counts[bucket(nanoseconds)] += 1;
        self.total += 1;
    }

    /// The duration in nanoseconds that a share (0 to 1) of all do not exceed; `None` if there are none.
    pub fn quantile(&self, share: f64) -> Option<u64> {
        let wanted = ((self.total as f64 * share).ceil() as u64).clamp(1, self.total.max(1));
        let mut seen = 0;
        for (bucket, count) in (0..).zip(&self.counts) {
            seen += count;
            if seen >= wanted {
                return Some(longest(bucket));
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_hold_what_they_say() {
        for exponent in 0..64 {
            for value in [1 << exponent, (1_u64 << exponent).wrapping_mul(3) / 2, (1 << exponent) - 1] {
                let longest = longest(bucket(value) as u64);
                assert!(longest >= value && longest - value <= value / STEPS, "{value}: {longest}");
            }
        }
        assert_eq!(longest(bucket(u64::MAX) as u64), u64::MAX);
    }

    #[test]
    fn quantiles_are_of_what_was_counted() {
        let mut histogram = Histogram::default();
        assert_eq!(histogram.quantile(0.5), None);
        (1..=100).for_each(|value| histogram.add(value));
        assert_eq!([0.0, 0.5, 0.99, 1.0].map(|share| histogram.quantile(share).unwrap()), [1, 50, 99, 100]);
    }
}
