//! Which queries wait for their answers, by id, and since when.

use std::collections::VecDeque;

use crate::workload::Ring;

/// What an answer's id says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answered {
    /// It was waited for since then.
    Waited(u64),
    /// It had been given up.
    Late,
    /// Nobody had asked, or it has been answered already.
    Stray,
}

/// The state of one id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Free,
    Sent(u64),
    Lost,
}

/// All ids. Times are in nanoseconds since the start of a run.
pub struct Outstanding {
    state: Vec<State>,
    /// In the order of sending; who was answered meanwhile leaves when he comes to the front. No more than are
    /// sent within the time after which they are given up.
    sent: VecDeque<(u16, u64)>,
    count: usize,
}

impl Default for Outstanding {
    fn default() -> Self {
        Outstanding { state: vec![State::Free; Ring::COUNT], sent: VecDeque::new(), count: 0 }
    }
}

impl Outstanding {
    /// How many are waited for.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Whether an id may be used.
    pub fn is_free(&self, id: u16) -> bool {
        !matches!(self.state[usize::from(id)], State::Sent(_))
    }

    /// A query with an id that is free has left.
    pub fn send(&mut self, id: u16, now: u64) {
        self.state[usize::from(id)] = State::Sent(now);
        self.sent.push_back((id, now));
        self.count += 1;
    }

    /// An answer has come.
    pub fn answer(&mut self, id: u16) -> Answered {
        match std::mem::replace(&mut self.state[usize::from(id)], State::Free) {
            State::Free => Answered::Stray,
            State::Lost => Answered::Late,
            State::Sent(at) => {
                self.count -= 1;
                Answered::Waited(at)
            }
        }
    }

    /// Gives up those that were sent before `limit`, and says how many.
    pub fn give_up(&mut self, limit: u64) -> u64 {
        let mut lost = 0;
        while let Some((id, at)) = self.sent.front().copied() {
            let state = &mut self.state[usize::from(id)];
            if *state == State::Sent(at) {
                if at >= limit {
                    break;
                }
                *state = State::Lost;
                self.count -= 1;
                lost += 1;
            }
            self.sent.pop_front();
        }
        lost
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_told_apart() {
        let mut outstanding = Outstanding::default();
        for (id, now) in [(1, 10), (2, 20), (3, 30)] {
            outstanding.send(id, now);
        }
        assert_eq!((outstanding.is_free(2), outstanding.is_free(4)), (false, true));
        assert_eq!(outstanding.answer(2), Answered::Waited(20));
        assert_eq!(outstanding.answer(2), Answered::Stray);
        assert_eq!((outstanding.give_up(30), outstanding.count()), (1, 1));
        assert_eq!(
            [1, 1, 3].map(|id| outstanding.answer(id)),
            [Answered::Late, Answered::Stray, Answered::Waited(30)]
        );
        assert_eq!((outstanding.give_up(u64::MAX), outstanding.count()), (0, 0));
    }

    /// Ids go round within the second that a lost query is waited for.
    #[test]
    fn a_lost_query_is_given_up_however_often_ids_went_round() {
        let mut outstanding = Outstanding::default();
        let mut now = 0;
        for round in 0..3 {
            for id in 0..=u16::MAX {
                now += 1;
                if outstanding.is_free(id) {
                    outstanding.send(id, now);
                    // Two are lost, one of them in the last round.
                    if id != 7 && (id, round) != (9, 2) {
                        assert_eq!(outstanding.answer(id), Answered::Waited(now));
                    }
                }
            }
        }
        assert_eq!((outstanding.count(), outstanding.give_up(9)), (2, 1));
        assert_eq!((outstanding.give_up(u64::MAX), outstanding.count()), (1, 0));
    }
}
