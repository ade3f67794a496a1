//! The open connections of one event loop, by when each was last of use.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use tokio_util::sync::CancellationToken;

/// All of them. At the cap, a new one closes the one that has been of no use for longest: strangers who hold
/// connections and say nothing keep nobody out.
#[derive(Clone, Debug)]
pub struct Open {
    inner: Rc<RefCell<Inner>>,
    cap: usize,
}

#[derive(Debug, Default)]
struct Inner {
    turn: u64,
    by_turn: BTreeMap<u64, CancellationToken>,
}

/// One connection's place among them; it leaves when dropped.
#[derive(Debug)]
pub struct Seat {
    open: Open,
    turn: u64,
    /// Cancelled when the seat is wanted for another.
    pub evicted: CancellationToken,
}

impl Open {
    /// Room for so many; at least one.
    pub fn new(cap: usize) -> Open {
        Open { inner: Rc::default(), cap: cap.max(1) }
    }

    /// A seat for a new connection.
    pub fn sit(&self) -> Seat {
        let mut inner = self.inner.borrow_mut();
        while inner.by_turn.len() >= self.cap {
            let Some((_, idlest)) = inner.by_turn.pop_first() else { break };
            idlest.cancel();
        }
        let evicted = CancellationToken::new();
        let turn = inner.next_turn();
        inner.by_turn.insert(turn, evicted.clone());
        Seat { open: self.clone(), turn, evicted }
    }
}

impl Inner {
    fn next_turn(&mut self) -> u64 {
        self.turn += 1;
        self.turn
    }
}

impl Seat {
    /// The connection was of use just now.
    pub fn used(&mut self) {
        let mut inner = self.open.inner.borrow_mut();
        if let Some(token) = inner.by_turn.remove(&self.turn) {
            self.turn = inner.next_turn();
            let turn = self.turn;
            inner.by_turn.insert(turn, token);
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.open.inner.borrow_mut().by_turn.remove(&self.turn);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_idlest_makes_room() {
        let open = Open::new(2);
        let (mut first, second) = (open.sit(), open.sit());
        first.used();
        let third = open.sit();
        let evicted = |seat: &Seat| seat.evicted.is_cancelled();
        assert_eq!([&first, &second, &third].map(evicted), [false, true, false]);
        drop(first);
        let fourth = open.sit();
        assert_eq!([&third, &fourth].map(evicted), [false, false], "there was room");
        drop(second);
        assert_eq!(open.inner.borrow().by_turn.len(), 2, "one that was evicted leaves no trace");
    }
}
