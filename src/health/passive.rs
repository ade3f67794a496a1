//! Passive rules: a signal that is bad for so long speaks against its endpoint, until it is good for as long.
//!
//! ```text
//! state      signal            for so long   then
//! quiet      over              –             rising
//! rising     anything else     –             quiet
//! rising     over              yes           in force
//! in force   under, or absent  –             easing
//! easing     anything else     –             in force, since when it was
//! easing     under, or absent  yes           quiet
//! ```
//!
//! An absent signal is no evidence: it brings nobody down, and nobody is held down without any. Whoever is out gets no
//! requests, and so has no share of errors: it comes back, and is tried again.
//!
//! Like the ladder this takes `now` and does no I/O.

use std::time::Instant;

use crate::model::PassiveRule;

/// How one rule stands with one endpoint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Watch {
    /// All is well.
    #[default]
    Quiet,
    /// It has been bad since then, and not for long enough.
    Rising(Instant),
    /// It speaks against the endpoint since then.
    InForce(Instant),
    /// It does, and has been good since the second moment.
    Easing(Instant, Instant),
}

impl Watch {
    /// Since when the rule speaks against the endpoint; `None`: it does not.
    pub fn in_force(self) -> Option<Instant> {
        match self {
            Watch::InForce(since) | Watch::Easing(since, _) => Some(since),
            Watch::Quiet | Watch::Rising(_) => None,
        }
    }

    /// As the API names it.
    pub fn name(self) -> &'static str {
        match self {
            Watch::Quiet => "quiet",
            Watch::Rising(_) => "rising",
            Watch::InForce(_) => "in force",
            Watch::Easing(..) => "easing",
        }
    }

    /// Looks at the signal as it stands; says whether the rule came into force or left it.
    pub fn observe(&mut self, rule: &PassiveRule, value: Option<f64>, now: Instant) -> bool {
        let (bad, good) =
            (value.is_some_and(|value| value > rule.over), value.is_none_or(|value| value < rule.under));
        let long = |since: Instant| now.saturating_duration_since(since) >= rule.lasting;
        let before = self.in_force().is_some();
        *self = match *self {
            Watch::Quiet | Watch::Rising(_) if !bad => Watch::Quiet,
            Watch::Quiet => Watch::Rising(now),
            rising => rising,
        };
        *self = match *self {
            Watch::Rising(since) if long(since) => Watch::InForce(now),
            Watch::InForce(since) if good => Watch::Easing(since, now),
            Watch::Easing(since, _) if !good => Watch::InForce(since),
            Watch::Easing(_, good_since) if long(good_since) => Watch::Quiet,
            other => other,
        };
        self.in_force().is_some() != before
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::model::{Signal, Then};

    /// One letter a second: `!` over, `-` between, `.` under, `?` absent; what the rule is after each: `q`uiet, `r`ising,
    /// `F` in force, `e`asing.
    fn check(values: &str, states: &str) {
        let lasting = Duration::from_secs(3);
        let rule =
            PassiveRule { signal: Signal::Errors, over: 0.05, under: 0.04, lasting, then: Then::Unhealthy };
        let (start, mut watch) = (Instant::now(), Watch::default());
        let seen: String = (0..)
            .zip(values.chars())
            .map(|(second, letter)| {
                let value =
                    [('!', 0.06), ('-', 0.045), ('.', 0.01)].iter().find(|(known, _)| *known == letter);
                let before = watch.in_force().is_some();
                let now = start + Duration::from_secs(second);
                let turned = watch.observe(&rule, value.map(|(_, value)| *value), now);
                assert_eq!(turned, before != watch.in_force().is_some());
                match watch {
                    Watch::Quiet => 'q',
                    Watch::Rising(_) => 'r',
                    Watch::InForce(_) => 'F',
                    Watch::Easing(..) => 'e',
                }
            })
            .collect();
        assert_eq!(seen, states, "{values}");
    }

    #[test]
    fn it_takes_as_long_as_the_rule_says_either_way() {
        check("..!!!!!.....", "qqrrrFFeeeqq");
    }

    #[test]
    fn a_short_burst_brings_nobody_down() {
        check("!!!.!!!?!!!-", "rrrqrrrqrrrq");
    }

    #[test]
    fn between_the_limits_nothing_changes() {
        check("-----!!!!------", "qqqqqrrrFFFFFFF");
        check("!!!!..-..!..-....", "rrrFeeFeeFeeFeeeq");
    }

    #[test]
    fn an_absent_signal_is_no_evidence() {
        check("?????!!?!!!!?????", "qqqqqrrqrrrFeeeqq");
    }

    #[test]
    fn without_a_time_it_acts_at_once() {
        let rule = PassiveRule {
            signal: Signal::Latency,
            over: 1.0,
            under: 1.0,
            lasting: Duration::ZERO,
            then: Then::Degraded,
        };
        let (mut watch, now) = (Watch::default(), Instant::now());
        assert!(watch.observe(&rule, Some(1.1), now) && watch.in_force() == Some(now));
        assert!(!watch.observe(&rule, Some(0.9), now) && watch.name() == "easing");
        assert!(watch.observe(&rule, Some(0.9), now) && watch == Watch::Quiet);
    }
}
