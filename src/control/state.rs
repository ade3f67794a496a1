//! What operators have said, and the one way in which it changes: a command, applied by a pure function.

use std::collections::BTreeMap;
use std::time::SystemTime;

use crate::model::{Override, Subject};

/// A write by an operator. Stored first, then applied; replayed in order after a restart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Says something of a region or an endpoint, in place of what was said before.
    Set {
        /// Of what.
        subject: Subject,
        /// The word.
        word: Override,
    },
    /// Takes it back.
    Lift {
        /// Of what.
        subject: Subject,
        /// The token's name, or `local`.
        who: String,
        /// When, to the second.
        at: SystemTime,
    },
}

impl Command {
    /// What it is about.
    pub fn subject(&self) -> &Subject {
        match self {
            Command::Set { subject, .. } | Command::Lift { subject, .. } => subject,
        }
    }
}

/// An override and the revision of the command that set it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revised {
    /// The word.
    pub word: Override,
    /// For `If-Match`; grows with every command.
    pub revision: u64,
}

/// All that commands amount to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    overrides: BTreeMap<Subject, Revised>,
    /// Of the last command.
    pub revision: u64,
}

impl State {
    /// The word on a subject, if it is still in force at `now`.
    pub fn word(&self, subject: &Subject, now: SystemTime) -> Option<&Revised> {
        self.overrides.get(subject).filter(|revised| revised.word.in_force(now))
    }

    /// Every word in force at `now`.
    pub fn words(&self, now: SystemTime) -> impl Iterator<Item = (&Subject, &Revised)> {
        self.overrides.iter().filter(move |(_, revised)| revised.word.in_force(now))
    }

    /// The revision that `If-Match` must name to change a subject: 0 where nothing is in force.
    pub fn revision_of(&self, subject: &Subject, now: SystemTime) -> u64 {
        self.word(subject, now).map_or(0, |revised| revised.revision)
    }
}

/// The state after a command. Words that had run out by `now` are forgotten.
pub fn apply(mut state: State, command: &Command, now: SystemTime) -> State {
    state.revision += 1;
    state.overrides.retain(|_, revised| revised.word.in_force(now));
    match command {
        Command::Set { subject, word } => {
            let revised = Revised { word: word.clone(), revision: state.revision };
            state.overrides.insert(subject.clone(), revised);
        }
        Command::Lift { subject, .. } => {
            state.overrides.remove(subject);
        }
    }
    state
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::OverrideState;
    use std::time::Duration;

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn down(until: Option<u64>) -> Override {
        let (who, reason) = ("local".into(), "drill".into());
        Override { state: OverrideState::Down, who, reason, since: at(0), until: until.map(at) }
    }

    #[test]
    fn commands_set_replace_lift_and_run_out() {
        let region = Subject::Region("eu-west".into());
        let set = |until| Command::Set { subject: region.clone(), word: down(until) };
        let lift = Command::Lift { subject: region.clone(), who: "local".into(), at: at(9) };
        let state = apply(State::default(), &set(Some(100)), at(1));
        assert_eq!(state.revision_of(&region, at(99)), 1);
        assert_eq!(state.word(&region, at(100)), None, "it ends by itself");
        let state = apply(state, &set(None), at(2));
        assert_eq!(state.revision_of(&region, at(1_000)), 2);
        let state = apply(state, &lift, at(3));
        assert_eq!((state.word(&region, at(3)), state.revision), (None, 3));
    }
}
