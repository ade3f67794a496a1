//! Medians, and how sure they are.

/// A median with its interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The median.
    pub median: f64,
    /// Where the true median lies with 95 % confidence; the whole range where there are too few samples.
    pub low: f64,
    /// See `low`.
    pub high: f64,
    /// How many samples.
    pub count: usize,
}

/// So many samples make an interval of 95 %.
pub const ENOUGH: usize = 6;

impl Estimate {
    /// Of samples in any order; `None` without any. The interval is that of the order statistics: how often a fair
    /// coin shows so few heads. It asks nothing of how samples are spread.
    pub fn of(samples: impl IntoIterator<Item = f64>) -> Option<Estimate> {
        let mut sorted: Vec<f64> = samples.into_iter().filter(|sample| sample.is_finite()).collect();
        sorted.sort_by(f64::total_cmp);
        let count = sorted.len();
        let (first, last) = (sorted.first()?, sorted.last()?);
        let (low, high) = match rank(count) {
            0 => (*first, *last),
            rank => (sorted[rank - 1], sorted[count - rank]),
        };
        let median = (sorted[(count - 1) / 2] + sorted[count / 2]) / 2.0;
        Some(Estimate { median, low, high, count })
    }
}

/// The largest k for which the k-th sample from either end bounds an interval of 95 %; 0: there is none.
fn rank(count: usize) -> usize {
    // The chance of exactly `heads` in `count` throws, and of as many or fewer.
    let (mut chance, mut sum) = (0.5_f64.powi(count as i32), 0.0);
    for heads in 0..count {
        sum += chance;
        if sum > 0.025 {
            return heads;
        }
        chance *= (count - heads) as f64 / (heads + 1) as f64;
    }
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The ranks of any table of the sign test.
    #[test]
    fn ranks_are_as_published() {
        for (count, expected) in [(1, 0), (5, 0), (6, 1), (9, 2), (15, 4), (20, 6), (25, 8), (100, 40)] {
            assert_eq!(rank(count), expected, "{count}");
        }
    }

    #[test]
    fn estimates_are_of_what_was_given() {
        assert_eq!(Estimate::of([]), None);
        let estimate = Estimate::of([3.0, 1.0, f64::NAN, 2.0, 4.0]).unwrap();
        assert_eq!((estimate.median, estimate.low, estimate.high, estimate.count), (2.5, 1.0, 4.0, 4));
        let estimate = Estimate::of((1..=15).map(f64::from)).unwrap();
        assert_eq!((estimate.median, estimate.low, estimate.high), (8.0, 4.0, 12.0));
    }
}
