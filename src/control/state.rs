//! What operators have said, and the one way in which it changes: a command, applied by a pure function.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::SystemTime;

use crate::model::{Challenge, Name, Override, Subject};

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
    /// Sets the values of an ACME challenge, in place of those before.
    Challenge(Arc<Challenge>),
    /// An endpoint fell whose service wants it out until somebody resumes it.
    Park {
        /// Which.
        subject: Subject,
        /// Since when, and why.
        parked: Parked,
    },
    /// A ramp went back by itself, because its endpoint got worse.
    RollBack {
        /// Of what.
        subject: Subject,
        /// The word as it is from now on, whole: the one that was said may have had an end that is over when this is
        /// replayed.
        word: Override,
    },
    /// It may be answered again.
    Resume {
        /// Which.
        subject: Subject,
        /// The token's name, or `local`; `reload` where the configuration did not want it out any more.
        who: String,
        /// Why.
        reason: String,
        /// When, to the second.
        at: SystemTime,
    },
    /// Takes them away.
    Clear {
        /// The name that the challenge is for.
        name: Name,
        /// The token's name, or `local`.
        who: String,
        /// When, to the second.
        at: SystemTime,
    },
}

/// An endpoint that stays out until somebody resumes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parked {
    /// When it fell, to the second.
    pub since: SystemTime,
    /// Why, in words.
    pub reason: String,
}

/// A word and the revision of the command that set it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revised<W = Override> {
    /// The word.
    pub word: W,
    /// For `If-Match`; grows with every command.
    pub revision: u64,
}

/// All that commands amount to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    overrides: BTreeMap<Subject, Revised>,
    challenges: BTreeMap<Name, Revised<Arc<Challenge>>>,
    parked: BTreeMap<Subject, Revised<Parked>>,
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

    /// The challenge for a name, if it is still in force at `now`.
    pub fn challenge(&self, name: &Name, now: SystemTime) -> Option<&Revised<Arc<Challenge>>> {
        self.challenges.get(name).filter(|revised| revised.word.in_force(now))
    }

    /// Since when and why an endpoint is parked, if it is.
    pub fn parked(&self, subject: &Subject) -> Option<&Revised<Parked>> {
        self.parked.get(subject)
    }

    /// Every endpoint that is parked.
    pub fn all_parked(&self) -> impl Iterator<Item = (&Subject, &Revised<Parked>)> {
        self.parked.iter()
    }

    /// Every challenge in force at `now`, in the order of names.
    pub fn challenges(&self, now: SystemTime) -> impl Iterator<Item = &Revised<Arc<Challenge>>> {
        self.challenges.values().filter(move |revised| revised.word.in_force(now))
    }
}

/// The state after a command. Words that had run out by `now` are forgotten.
pub fn apply(mut state: State, command: &Command, now: SystemTime) -> State {
    state.revision += 1;
    state.overrides.retain(|_, revised| revised.word.in_force(now));
    state.challenges.retain(|_, revised| revised.word.in_force(now));
    match command {
        Command::Set { subject, word } | Command::RollBack { subject, word } => {
            let revised = Revised { word: word.clone(), revision: state.revision };
            state.overrides.insert(subject.clone(), revised);
        }
        Command::Lift { subject, .. } => {
            state.overrides.remove(subject);
        }
        Command::Challenge(challenge) => {
            let revised = Revised { word: Arc::clone(challenge), revision: state.revision };
            state.challenges.insert(challenge.name.clone(), revised);
        }
        Command::Clear { name, .. } => {
            state.challenges.remove(name);
        }
        Command::Park { subject, parked } => {
            let revised = Revised { word: parked.clone(), revision: state.revision };
            state.parked.entry(subject.clone()).or_insert(revised);
        }
        Command::Resume { subject, .. } => {
            state.parked.remove(subject);
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
        let (state, since, until) = (OverrideState::Down, at(0), until.map(at));
        Override { state, who, reason, since, until, rolled_back: None }
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

    #[test]
    fn who_is_parked_stays_so_since_the_first_fall_until_resumed() {
        let subject = Subject::Endpoint { service: "www".into(), region: "eu-west".into() };
        let park = |since, reason: &str| {
            let parked = Parked { since: at(since), reason: reason.into() };
            Command::Park { subject: subject.clone(), parked }
        };
        let (who, reason) = ("local".to_owned(), "mended".to_owned());
        let resume = Command::Resume { subject: subject.clone(), who, reason, at: at(9) };
        let state = apply(State::default(), &park(1, "refused"), at(1));
        let state = apply(state, &park(2, "slow"), at(1_000_000));
        let parked = state.parked(&subject).unwrap();
        assert_eq!((parked.revision, parked.word.since, &*parked.word.reason), (1, at(1), "refused"));
        let state = apply(state, &resume, at(1_000_001));
        assert_eq!((state.parked(&subject), state.revision), (None, 3));
    }

    #[test]
    fn challenges_are_set_replaced_cleared_and_run_out() {
        let name = |text: &str| text.parse::<Name>().unwrap();
        let set = |of: &str, value: &str, until| {
            let (name, values, who) = (name(of), vec![value.to_owned()], "local".into());
            Command::Challenge(Arc::new(Challenge { name, values, who, since: at(0), until: at(until) }))
        };
        let clear = Command::Clear { name: name("a.example."), who: "local".into(), at: at(9) };
        let rows = [
            (set("a.example.", "one", 100), 1, "a.example. one 1"),
            (set("b.example.", "two", 50), 2, "a.example. one 1, b.example. two 2"),
            (set("a.example.", "three", 90), 3, "a.example. three 3, b.example. two 2"),
            (set("c.example.", "four", 90), 50, "a.example. three 3, c.example. four 4"),
            (clear.clone(), 51, "c.example. four 4"),
            (clear, 90, ""),
        ];
        let mut state = State::default();
        for (command, now, wanted) in rows {
            state = apply(state, &command, at(now));
            let show = |one: &Revised<Arc<Challenge>>| {
                format!("{} {} {}", one.word.name, one.word.values.join("+"), one.revision)
            };
            let shown: Vec<_> = state.challenges(at(now)).map(show).collect();
            assert_eq!(shown.join(", "), wanted, "at {now}");
            let one = state.challenge(&name("a.example."), at(now));
            assert_eq!(one.is_some(), wanted.contains("a.example."), "at {now}");
        }
        assert_eq!((state.challenges.len(), state.revision), (0, 6), "what ended is forgotten");
    }
}
