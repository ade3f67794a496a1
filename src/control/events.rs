//! What happened: every event with a number and a moment, the newest ones kept, all of them told to whoever listens.
//!
//! Telling never waits and never grows: a listener that does not keep up loses the oldest and learns how many.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::sync::broadcast;

use super::words::seconds;
use crate::health::Level;
use crate::model::{EventKind, Family, Name, Override, PassiveRule, Share, Subject, print_duration};
use crate::steer::Tier;

/// One event.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Grows by one with every event of a process, and from one start to the next.
    pub id: u64,
    /// When it was noticed.
    pub at: SystemTime,
    /// Whom it is about.
    pub about: About,
    /// What happened.
    pub what: What,
}

impl Event {
    /// Whether it is about a service; one that is about too many to list is about each.
    pub fn is_about(&self, service: &str) -> bool {
        self.about.more > 0 || self.about.services.iter().any(|one| one == service)
    }
}

/// Services and regions that an event is about; none: it is about the node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// By name, in written order.
    pub services: Vec<String>,
    /// By name, in written order.
    pub regions: Vec<String>,
    /// So many more services and regions are not listed.
    pub more: usize,
}

impl About {
    /// Names of each kind that are listed: a target may be shared by ten thousand services.
    pub const LISTED: usize = 32;

    /// Takes in an endpoint, once.
    pub fn add(&mut self, service: &str, region: &str) {
        for (names, name) in [(&mut self.services, service), (&mut self.regions, region)] {
            if names.iter().any(|known| known == name) {
                continue;
            }
            if names.len() == About::LISTED {
                self.more += 1;
            } else {
                names.push(name.to_owned());
            }
        }
    }
}

/// What happened to a word or a challenge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// It was said, in place of what was said before.
    Set,
    /// It was taken back.
    Lifted,
    /// Its time was over.
    Ended,
}

impl Turn {
    /// As the API names it.
    pub fn name(self) -> &'static str {
        match self {
            Turn::Set => "set",
            Turn::Lifted => "lifted",
            Turn::Ended => "ended",
        }
    }
}

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// A target's verdict moved.
    Transition {
        /// As an operator would type it.
        target: String,
        /// What was believed.
        from: Level,
        /// What is believed now.
        to: Level,
        /// Why, in words.
        reason: String,
    },
    /// An endpoint's tier moved.
    Endpoint {
        /// Its service.
        service: String,
        /// Its region.
        region: String,
        /// For which family.
        family: Family,
        /// The tier that it was in.
        from: Tier,
        /// The tier that it is in now.
        to: Tier,
    },
    /// An operator's word.
    Override {
        /// Of what.
        subject: Subject,
        /// What became of it.
        turn: Turn,
        /// The token's name, or `local`; nobody's doing where it ended by itself.
        who: Option<String>,
        /// The word, where it was set.
        word: Option<Override>,
    },
    /// A passive rule began to speak against an endpoint, or does not any more.
    Rule {
        /// Its service.
        service: String,
        /// Its region.
        region: String,
        /// Which.
        rule: PassiveRule,
        /// What it is held against.
        value: Option<f64>,
        /// Whether it speaks against the endpoint.
        speaks: bool,
    },
    /// An endpoint's own wish.
    Wish {
        /// Its service.
        service: String,
        /// Its region.
        region: String,
        /// Whether it wishes to be sent nobody new.
        draining: bool,
    },
    /// An endpoint fell, and stays out until somebody resumes it.
    Parked {
        /// Which.
        subject: Subject,
        /// Why.
        reason: String,
    },
    /// Somebody did.
    Resumed {
        /// Which.
        subject: Subject,
        /// The token's name, `local`, or `reload`.
        who: String,
        /// Why.
        reason: String,
    },
    /// A ramp went back by itself.
    RolledBack {
        /// Of what.
        subject: Subject,
        /// The word as it is now.
        word: Override,
    },
    /// A ramp is at its end.
    Arrived {
        /// Of what.
        subject: Subject,
        /// The word.
        word: Override,
    },
    /// An ACME challenge.
    Challenge {
        /// The name that a certificate is for.
        name: Name,
        /// What became of it.
        turn: Turn,
        /// The token's name, or `local`.
        who: String,
    },
    /// A reload was done.
    Reload {
        /// Whether the new world is in force.
        swapped: bool,
        /// The generation in force.
        generation: u64,
        /// Errors and warnings.
        problems: usize,
    },
    /// The node's own network seems cut, or works again.
    Cut {
        /// Whether it seems cut.
        cut: bool,
    },
    /// Clients may be sent here, or not any more.
    Ready {
        /// Whether they may.
        ready: bool,
        /// What is missing, in words.
        missing: Vec<String>,
    },
}

impl What {
    /// Its kind.
    pub fn kind(&self) -> EventKind {
        match self {
            What::Transition { .. } => EventKind::Transition,
            What::Endpoint { .. } => EventKind::Endpoint,
            What::Override { .. } => EventKind::Override,
            What::Rule { .. } | What::Wish { .. } => EventKind::Signal,
            What::Parked { .. } | What::Resumed { .. } => EventKind::Parked,
            What::RolledBack { .. } | What::Arrived { .. } => EventKind::Ramp,
            What::Challenge { .. } => EventKind::Challenge,
            What::Reload { .. } => EventKind::Reload,
            What::Cut { .. } => EventKind::Cut,
            What::Ready { .. } => EventKind::Ready,
        }
    }

    /// Whether it only says that a first verdict is in, and a good one: a start brings one for each target.
    pub fn is_first_word(&self) -> bool {
        match self {
            What::Transition { from, to, .. } => *from == Level::Unknown && to.is_up(),
            What::Endpoint { from, to, .. } => (*from, *to) == (Tier::Unknown, Tier::Fit),
            _ => false,
        }
    }
}

/// One line for people.
impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            What::Transition { target, from, to, reason } => {
                write!(f, "{target} is {}, was {}: {reason}", to.name(), from.name())
            }
            What::Endpoint { service, region, family, from, to } => {
                let (family, to, from) = (family.name(), to.name(), from.name());
                write!(f, "{service} in {region} ({family}) is {to}, was {from}")
            }
            What::Override { subject, turn, who, word } => {
                said(f, subject, *turn, who.as_deref(), word.as_ref())
            }
            What::Rule { service, region, rule, value, speaks } => {
                rule_turned(f, (service, region), rule, *value, *speaks)
            }
            What::Wish { service, region, draining: true } => {
                write!(f, "service {service} in {region} wishes to be sent nobody new")
            }
            What::Wish { service, region, .. } => {
                write!(f, "service {service} in {region} takes new clients again")
            }
            What::Parked { subject, reason } => {
                write!(f, "{subject} fell and is parked until somebody resumes it: {reason}")
            }
            What::Resumed { subject, who, reason } => write!(f, "{subject} resumed by {who}: {reason}"),
            What::RolledBack { subject, word } => rolled_back(f, subject, word),
            What::Arrived { subject, word } => {
                write!(f, "{subject} was {}, and has arrived", word.state)
            }
            What::Challenge { name, turn: Turn::Set, who } => write!(f, "challenge for {name} set by {who}"),
            What::Challenge { name, who, .. } => write!(f, "challenge for {name} cleared by {who}"),
            What::Reload { swapped: true, generation, problems: 0 } => {
                write!(f, "reloaded: generation {generation}")
            }
            What::Reload { swapped: true, generation, problems } => {
                write!(f, "reloaded with warnings: generation {generation}, problems: {problems}")
            }
            What::Reload { generation, problems, .. } => {
                write!(f, "a reload changed nothing: still generation {generation}, problems: {problems}")
            }
            What::Cut { cut: true } => {
                f.write_str("nobody outside answers: this node's own network seems cut, and no verdict falls")
            }
            What::Cut { cut: false } => {
                f.write_str("somebody outside answers again: verdicts fall as they should")
            }
            What::Ready { ready: true, .. } => f.write_str("the node is ready"),
            What::Ready { missing, .. } => write!(f, "the node is not ready: {}", missing.join("; ")),
        }
    }
}

fn rule_turned(
    f: &mut fmt::Formatter<'_>,
    (service, region): (&str, &str),
    rule: &PassiveRule,
    value: Option<f64>,
    speaks: bool,
) -> fmt::Result {
    let (signal, then) = (rule.signal.name(), rule.then.name());
    match (speaks, value) {
        (true, Some(value)) => {
            write!(
                f,
                "service {service} in {region} is {then} by its signals: {signal} {value:.3}, over {}",
                rule.over
            )
        }
        (true, None) => write!(f, "service {service} in {region} is {then} by its signals: {signal}"),
        (false, _) => {
            write!(f, "signals do not speak against service {service} in {region} any more: {signal}")
        }
    }
}

fn rolled_back(f: &mut fmt::Formatter<'_>, subject: &Subject, word: &Override) -> fmt::Result {
    let from = word.ramp().map_or(Share::NONE, |ramp| ramp.from);
    let reason = word.rolled_back.as_ref().map_or("", |back| &back.reason);
    write!(f, "{subject} went back to {from} of its weight, and stays there: {reason}")
}

fn said(
    f: &mut fmt::Formatter<'_>,
    subject: &Subject,
    turn: Turn,
    who: Option<&str>,
    word: Option<&Override>,
) -> fmt::Result {
    let Some(word) = word else {
        write!(f, "override of {subject} {}", turn.name())?;
        return who.map_or(Ok(()), |who| write!(f, " by {who}"));
    };
    write!(f, "{subject} is to be {}, says {}: {}", word.state, word.who, word.reason)?;
    let lasts = word.until.and_then(|until| until.duration_since(word.since).ok());
    lasts.map_or(Ok(()), |lasts| write!(f, " (for {})", print_duration(Duration::from_secs(lasts.as_secs()))))
}

//------------ Journal -------------------------------------------------------

/// The newest events, and whoever listens for the next.
#[derive(Debug)]
pub struct Journal {
    first: u64,
    next: u64,
    kept: VecDeque<Arc<Event>>,
    listeners: broadcast::Sender<Arc<Event>>,
}

/// What a listener gets.
#[derive(Debug)]
pub struct Following {
    /// What came after the event that it knows, as far as it is kept.
    pub missed: Vec<Arc<Event>>,
    /// So many more came after it, and are not kept any more.
    pub lost: u64,
    /// What comes from now on.
    pub coming: broadcast::Receiver<Arc<Event>>,
}

impl Journal {
    /// So many events are kept, and so many may wait for a listener.
    pub const KEPT: usize = 1000;

    /// An empty journal of a process that started then. Ids begin at the second of the start, times 2²⁰: they grow over
    /// restarts, and fit the 53 bits that JSON's readers keep until the year 2242.
    pub fn new(started: SystemTime) -> Journal {
        let first = (seconds(started) << 20) + 1;
        let listeners = broadcast::Sender::new(Journal::KEPT);
        Journal { first, next: first, kept: VecDeque::with_capacity(Journal::KEPT), listeners }
    }

    /// Notes an event and tells it.
    pub fn note(&mut self, at: SystemTime, about: About, what: What) {
        let event = Arc::new(Event { id: self.next, at, about, what });
        self.next += 1;
        if self.kept.len() == Journal::KEPT {
            self.kept.pop_front();
        }
        self.kept.push_back(Arc::clone(&event));
        // That nobody listens is no failure.
        drop(self.listeners.send(event));
    }

    /// What came after the event `after`, and what comes next; without it only the latter.
    pub fn follow(&self, after: Option<u64>) -> Following {
        let after = after.unwrap_or(u64::MAX);
        let missed: Vec<_> = self.kept.iter().filter(|event| event.id > after).cloned().collect();
        let oldest = self.kept.front().map_or(self.next, |event| event.id);
        // How many there were before this process began, nobody knows.
        let lost = oldest.saturating_sub(after.max(self.first - 1).saturating_add(1));
        Following { missed, lost, coming: self.listeners.subscribe() }
    }
}

#[cfg(test)]
mod tests;
