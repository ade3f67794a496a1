//! Problems with a bound: a file that is wrong everywhere is not told so a million times.

use crate::model::{Place, Problems};

/// Problems of one zone that are written out; what goes beyond is counted.
const MOST: usize = 1_000;

/// A [`Problems`] that takes a thousand errors and a thousand warnings.
pub(super) struct Notes<'a> {
    problems: &'a mut Problems,
    errors: usize,
    warnings: usize,
}

impl<'a> Notes<'a> {
    /// Notes go to `problems`.
    pub fn new(problems: &'a mut Problems) -> Notes<'a> {
        Notes { problems, errors: 0, warnings: 0 }
    }

    /// As [`Problems::error`].
    pub fn error(&mut self, place: &Place, text: impl Into<String>) {
        self.errors += 1;
        if self.errors <= MOST {
            self.problems.error(place, text);
        }
    }

    /// As [`Problems::warn`].
    pub fn warn(&mut self, place: &Place, text: impl Into<String>) {
        self.warnings += 1;
        if self.warnings <= MOST {
            self.problems.warn(place, text);
        }
    }

    /// Whether any error was noted.
    pub fn failed(&self) -> bool {
        self.errors > 0
    }

    /// Whether reading on would tell nobody anything.
    pub fn is_full(&self) -> bool {
        self.errors >= MOST
    }

    /// Says what was left out.
    pub fn finish(self, place: &Place) {
        if self.errors > MOST {
            self.problems.error(place, format!("{} more errors are not shown", self.errors - MOST));
        } else if self.errors == MOST {
            self.problems.error(place, format!("reading stopped after {MOST} errors"));
        }
        if self.warnings > MOST {
            self.problems.warn(place, format!("{} more warnings are not shown", self.warnings - MOST));
        }
    }
}
