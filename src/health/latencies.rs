//! How long the newest attempts at a target took.

use std::collections::VecDeque;
use std::time::Duration;

/// The newest attempts' times, in microseconds: a fixed number, so that ten thousand targets take megabytes at most.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Latencies(VecDeque<u32>);

/// Half, nine tenths, and ninety-nine hundredths of the newest attempts took no longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Percentiles {
    /// Half.
    pub p50: Duration,
    /// Nine tenths.
    pub p90: Duration,
    /// Ninety-nine hundredths: of fewer than a hundred attempts, the slowest.
    pub p99: Duration,
}

impl Latencies {
    /// So many are kept.
    pub const KEPT: usize = 64;

    /// Takes one in; it stands for the oldest where there are enough.
    pub fn push(&mut self, elapsed: Duration) {
        match self.0.len() {
            // All of the room at once: thousands of targets that grow step by step leave holes of every size behind.
            0 => self.0.reserve_exact(Latencies::KEPT),
            Latencies::KEPT => drop(self.0.pop_front()),
            _ => {}
        }
        self.0.push_back(u32::try_from(elapsed.as_micros()).unwrap_or(u32::MAX));
    }

    /// By the nearest rank; `None` before the first.
    pub fn percentiles(&self) -> Option<Percentiles> {
        let mut sorted: Vec<_> = self.0.iter().copied().collect();
        sorted.sort_unstable();
        let last = sorted.len().checked_sub(1)?;
        let at = |percent: usize| {
            let rank = (sorted.len() * percent).div_ceil(100);
            Duration::from_micros(sorted[rank.saturating_sub(1).min(last)].into())
        };
        Some(Percentiles { p50: at(50), p90: at(90), p99: at(99) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_those_of_the_newest() {
        // Milliseconds, from and to; p50, p90, p99.
        let rows = [
            (7..=7, [7, 7, 7]),
            (1..=2, [1, 2, 2]),
            (1..=10, [5, 9, 10]),
            (1..=64, [32, 58, 64]),
            // Of two hundred, the newest 64: 137…200.
            (1..=200, [168, 194, 200]),
        ];
        for (range, wanted) in rows {
            let mut latencies = Latencies::default();
            range.clone().for_each(|millis| latencies.push(Duration::from_millis(millis)));
            let shown = latencies.percentiles().map(|all| [all.p50, all.p90, all.p99]);
            assert_eq!(shown, Some(wanted.map(Duration::from_millis)), "{range:?}");
        }
        let mut latencies = Latencies::default();
        assert_eq!(latencies.percentiles(), None);
        latencies.push(Duration::MAX);
        assert_eq!(latencies.percentiles().map(|all| all.p99.as_secs()), Some(4294));
    }
}
