//! The own-network guard (DESIGN 4.5): is it the target that is gone, or the node's own network?
//!
//! An answer of any kind, a refusal too, proves the way to whoever gave it; so does a connection that was made and
//! then stayed silent, for the time when it was asked for. Silence proves nothing by itself: a probe that nobody
//! answered counts as a failure only when somebody outside the node's own region has answered since it began. As long
//! as nobody has, it is doubted, and the others are asked at once. If they, too, stay silent, the node takes itself
//! for cut off: no verdict falls any more, until the first answer from outside. What was doubted then is forgotten,
//! because it was seen through a cut.
//!
//! Like the ladder this takes `now` and does no I/O.

use std::time::{Duration, Instant};

/// So long others may take to answer before the node takes itself for cut off: what a probe has by default.
const PATIENCE: Duration = Duration::from_secs(2);

/// Others are asked no more often than that.
const ASK_AGAIN: Duration = Duration::from_millis(250);

/// What the node thinks of its own network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// It works, for all that is known.
    None,
    /// Somebody is silent; others are being asked.
    Asking,
    /// All who were asked are silent, and have been since then.
    Cut(Instant),
}

/// What was heard from outside, and what is waited for.
#[derive(Debug, Default)]
pub struct Network {
    /// The newest answer from outside the node's own region.
    answered: Option<Instant>,
    /// When the oldest failure was in that is still doubted.
    doubting: Option<Instant>,
    asked: Option<Instant>,
}

impl Network {
    /// Whether a probe that began then may be believed to have failed by itself.
    pub fn vouches(&self, began: Instant) -> bool {
        self.answered.is_some_and(|at| at >= began)
    }

    /// Notes that a failure is doubted.
    pub fn doubt(&mut self, now: Instant) {
        self.doubting.get_or_insert(now);
    }

    /// Notes since when anything is still doubted.
    pub fn settle(&mut self, since: Option<Instant>) {
        self.doubting = since;
    }

    /// Notes an answer from outside; says whether what is doubted was seen through a cut.
    pub fn heard(&mut self, at: Instant) -> bool {
        let was_cut = matches!(self.state(at), Doubt::Cut(_));
        self.answered = self.answered.max(Some(at));
        was_cut
    }

    /// What the node thinks of its own network.
    pub fn state(&self, now: Instant) -> Doubt {
        match self.doubting {
            None => Doubt::None,
            Some(since) if now.saturating_duration_since(since) < PATIENCE => Doubt::Asking,
            Some(since) => Doubt::Cut(since),
        }
    }

    /// Whether others are to be asked now; they are, then.
    pub fn asks(&mut self, now: Instant) -> bool {
        let again = self.asked.is_none_or(|at| now.saturating_duration_since(at) >= ASK_AGAIN);
        let asks = self.doubting.is_some() && again;
        if asks {
            self.asked = Some(now);
        }
        asks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Milliseconds after some moment.
    fn at(start: Instant, milliseconds: u64) -> Instant {
        start + Duration::from_millis(milliseconds)
    }

    #[test]
    fn an_answer_vouches_for_failures_that_began_before_it() {
        let start = Instant::now();
        let mut network = Network::default();
        assert!(!network.vouches(start));
        network.heard(at(start, 1000));
        network.heard(at(start, 900));
        assert!(network.vouches(at(start, 999)) && network.vouches(at(start, 1000)));
        assert!(!network.vouches(at(start, 1001)));
    }

    #[test]
    fn long_silence_is_a_cut_and_the_first_answer_its_end() {
        let start = Instant::now();
        let mut network = Network::default();
        assert_eq!(network.state(start), Doubt::None);
        network.doubt(start);
        network.doubt(at(start, 1999));
        assert_eq!(network.state(at(start, 1999)), Doubt::Asking);
        assert_eq!(network.state(at(start, 2000)), Doubt::Cut(start));
        assert!(network.heard(at(start, 2000)));
        network.settle(None);
        assert_eq!(network.state(at(start, 2000)), Doubt::None);
        network.doubt(at(start, 3000));
        assert!(!network.heard(at(start, 3100)));
    }

    #[test]
    fn others_are_asked_at_once_and_then_four_times_a_second() {
        let start = Instant::now();
        let mut network = Network::default();
        assert!(!network.asks(start));
        network.doubt(start);
        let asked = (0..1000).filter(|millisecond| network.asks(at(start, *millisecond)));
        assert_eq!(asked.collect::<Vec<_>>(), [0, 250, 500, 750]);
    }
}
