//! What one worker handed out, by endpoint and family: a drain's truth needs it.

use super::demand::Samples;
use crate::telemetry::counters::Count;

/// One worker's tally. Readers sum over workers.
#[derive(Debug)]
pub struct Tally {
    handed: Box<[Handed]>,
    /// Some of what it answers where capacity counts demand.
    pub samples: Samples,
}

/// What stands unused before and behind: two cache lines, which processors fetch in pairs, so that no other worker
/// writes to a line of this one.
const MARGIN: usize = 2 * 64 / size_of::<Handed>();

/// Answers of one endpoint and family.
#[derive(Debug, Default)]
struct Handed {
    answers: Count,
    until: Count,
}

impl Tally {
    /// A tally for so many live words.
    pub fn new(words: usize) -> Tally {
        let handed = (0..words + 2 * MARGIN).map(|_| Handed::default()).collect();
        Tally { handed, samples: Samples::default() }
    }

    /// Notes an answer that may be cached until `until`, in Unix seconds, of some endpoints of one family: bit `i` of
    /// `set`, the endpoint whose live word stands `2 × i` behind the first. Only its worker may.
    #[inline]
    pub fn hand_out(&self, first: usize, set: u64, until: u64) {
        self.each(first, set, |handed| {
            handed.answers.add();
            handed.until.raise(until);
        });
    }

    /// Takes back an answer that did not leave. Until when it might have been cached stays noted: that errs on the
    /// side of waiting. Only its worker may.
    pub fn take_back(&self, first: usize, set: u64) {
        self.each(first, set, |handed| handed.answers.take_back());
    }

    #[inline]
    fn each(&self, first: usize, mut set: u64, mut with: impl FnMut(&Handed)) {
        let handed = self.handed.get(MARGIN + first..).unwrap_or_default();
        while set != 0 {
            if let Some(handed) = handed.get(2 * set.trailing_zeros() as usize) {
                with(handed);
            }
            set &= set - 1;
        }
    }

    /// Answers so far, and the latest moment (Unix seconds) until which one of them may be cached.
    pub fn read(&self, live_index: usize) -> (u64, u64) {
        let handed = &self.handed[MARGIN + live_index];
        (handed.answers.read(), handed.until.read())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_worker_writes_to_a_line_of_another() {
        let tallies: Vec<Tally> = (0..8).map(|_| Tally::new(3)).collect();
        let lines = |tally: &Tally| {
            let written = &tally.handed[MARGIN..MARGIN + 3];
            let from = written.as_ptr().addr();
            // Processors fetch lines in pairs.
            from / 128..=(from + size_of_val(written) - 1) / 128
        };
        for (number, one) in tallies.iter().enumerate() {
            for other in &tallies[..number] {
                let (one, other) = (lines(one), lines(other));
                assert!(one.end() < other.start() || other.end() < one.start(), "{one:?} {other:?}");
            }
        }
    }
}
