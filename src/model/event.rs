//! Kinds of events, as the configuration, the API and the log name them.

use std::fmt;

/// What an event is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EventKind {
    /// A target's verdict moved.
    Transition,
    /// An endpoint's tier moved.
    Endpoint,
    /// An operator's word was set, lifted, or ended.
    Override,
    /// Signals speak against an endpoint, or not any more; it wishes to be sent nobody new, or not any more.
    Signal,
    /// An endpoint fell and stays out until somebody resumes it, or somebody did.
    Parked,
    /// A ramp arrived, or went back by itself.
    Ramp,
    /// An ACME challenge was set or cleared.
    Challenge,
    /// A reload swapped the world, or changed nothing.
    Reload,
    /// The node's own network seems cut, or works again.
    Cut,
    /// The node became ready, or is not any more.
    Ready,
}

impl EventKind {
    /// All of them.
    pub const ALL: [EventKind; 10] = [
        EventKind::Transition,
        EventKind::Endpoint,
        EventKind::Override,
        EventKind::Signal,
        EventKind::Parked,
        EventKind::Ramp,
        EventKind::Challenge,
        EventKind::Reload,
        EventKind::Cut,
        EventKind::Ready,
    ];

    /// As everybody writes it.
    pub const fn name(self) -> &'static str {
        match self {
            EventKind::Transition => "transition",
            EventKind::Endpoint => "endpoint",
            EventKind::Override => "override",
            EventKind::Signal => "signal",
            EventKind::Parked => "parked",
            EventKind::Ramp => "ramp",
            EventKind::Challenge => "challenge",
            EventKind::Reload => "reload",
            EventKind::Cut => "cut",
            EventKind::Ready => "ready",
        }
    }
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
