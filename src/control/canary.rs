//! Whether a ramp goes back: what has become of the endpoint that gets more clients. Pure, as the ladder is.
//!
//! ```text
//! what is seen                                        the ramp
//! its tier is failing                                 goes back
//! a target of it fell, or is degraded, since it began goes back
//! a passive rule speaks against it                    goes back
//! errors above the bound                              goes back
//! nothing known of its errors                         goes on: a canary that gets no requests has none
//! ```
//!
//! What was bad before the ramp began is no worsening, unless it takes the endpoint out. A certificate that ends soon is
//! nobody's release.

use std::fmt;
use std::time::SystemTime;

use crate::model::{Override, PassiveRule, Share};

/// What is known of an endpoint whose ramp is watched.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    /// Why its addresses of some family are out, if they are.
    pub failing: Option<String>,
    /// Targets that are unhealthy, or up with cause for concern: since when, and which and why in words.
    pub fallen: Vec<(SystemTime, String)>,
    /// A passive rule that speaks against it, and the value that it was held against.
    pub rule: Option<(PassiveRule, Option<f64>)>,
    /// Its share of requests answered with 5xx: 0.0…1.0.
    pub errors: Option<f64>,
    /// The mean of the same over the service's other endpoints, as far as it is known.
    pub others: Option<f64>,
}

/// Why a ramp goes back.
#[derive(Clone, Debug, PartialEq)]
pub enum Reason {
    /// It is out.
    Failing(String),
    /// One of its targets fell.
    Fell(String),
    /// A passive rule.
    Rule(PassiveRule, Option<f64>),
    /// Its errors, the bound, and what the other endpoints have where that counts.
    Errors(f64, Share, Option<f64>),
}

/// Why the ramp of a word goes back at `now`; `None`: it goes on.
pub fn judge(word: &Override, facts: &Facts, now: SystemTime) -> Option<Reason> {
    if !word.is_watched(now) {
        return None;
    }
    let failing = facts.failing.clone().map(Reason::Failing);
    let fell = || facts.fallen.iter().find(|(at, _)| *at > word.since);
    let fell = || fell().map(|(_, which)| Reason::Fell(which.clone()));
    let rule = || facts.rule.map(|(rule, value)| Reason::Rule(rule, value));
    failing.or_else(fell).or_else(rule).or_else(|| judge_errors(word, facts))
}

// bound       errors are            and                           then
// given       above it              –                             back
// not given   above the default     more than twice the others'   back
// not given   above the default     nothing known of the others   back
fn judge_errors(word: &Override, facts: &Facts) -> Option<Reason> {
    let (ramp, errors) = (word.ramp()?, facts.errors?);
    let (bound, others) = match ramp.max_errors {
        Some(bound) => (bound, None),
        None => (crate::model::Ramp::MAX_ERRORS, facts.others),
    };
    let is_worse = errors > bound.fraction() && others.is_none_or(|others| errors > 2.0 * others);
    is_worse.then_some(Reason::Errors(errors, bound, others))
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = |share: f64| (share * 1e3).round() / 10.0;
        match self {
            Reason::Failing(why) | Reason::Fell(why) => f.write_str(why),
            Reason::Rule(rule, value) => {
                write!(f, "a signal speaks against it: {}", rule.signal.name())?;
                value.map_or(Ok(()), |value| write!(f, " {value:.3}"))?;
                write!(f, ", over {}", rule.over)
            }
            Reason::Errors(errors, bound, others) => {
                write!(f, "{} % errors, over {bound}", percent(*errors))?;
                others.map_or(Ok(()), |others| write!(f, " and twice the others' {} %", percent(others)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::model::{OverrideState, Ramp, Signal, Then};

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    /// Over 100 s since second 1,000, watched for 50 more.
    fn word(from: &str, to: &str, max_errors: Option<&str>) -> Override {
        let (from, to) = (from.parse().unwrap(), to.parse().unwrap());
        let max_errors = max_errors.map(|share| share.parse().unwrap());
        let (over, watch) = (Duration::from_secs(100), Duration::from_secs(50));
        let state = OverrideState::Ramp(Ramp { from, to, over, watch, max_errors });
        let (who, reason) = ("oncall".to_owned(), "release".to_owned());
        Override { state, who, reason, since: at(1_000), until: None, rolled_back: None }
    }

    /// The reason in words; `-`: the ramp goes on.
    fn check(word: &Override, facts: &Facts, now: u64, expected: &str) {
        let found = judge(word, facts, at(now)).map_or("-".to_owned(), |reason| reason.to_string());
        assert_eq!(found, expected, "{facts:?} at {now}");
    }

    fn errors(own: f64, others: Option<f64>) -> Facts {
        Facts { errors: Some(own), others, ..Facts::default() }
    }

    #[test]
    fn silence_and_what_was_bad_before_bring_nobody_back() {
        let up = word("1%", "100%", None);
        let fell = |seconds| Facts { fallen: vec![(at(seconds), "t is down".into())], ..Facts::default() };
        check(&up, &Facts::default(), 1_050, "-");
        check(&up, &Facts { others: Some(0.0), ..Facts::default() }, 1_050, "-");
        check(&up, &fell(900), 1_050, "-");
        check(&up, &fell(1_000), 1_050, "-");
        check(&up, &fell(1_001), 1_050, "t is down");
    }

    #[test]
    fn who_is_out_or_spoken_against_goes_back() {
        let up = word("1%", "100%", None);
        let failing = Facts { failing: Some("refused".into()), ..errors(0.9, None) };
        check(&up, &failing, 1_000, "refused");
        let (signal, lasting) = (Signal::Latency, Duration::ZERO);
        let rule = PassiveRule { signal, over: 1.5, under: 1.0, lasting, then: Then::Degraded };
        let spoken = |value| Facts { rule: Some((rule, value)), ..Facts::default() };
        check(&up, &spoken(Some(2.0)), 1_050, "a signal speaks against it: latency 2.000, over 1.5");
        check(&up, &spoken(None), 1_050, "a signal speaks against it: latency, over 1.5");
    }

    #[test]
    fn errors_are_held_against_a_bound_and_against_the_others_where_nobody_gave_one() {
        let (plain, given) = (word("1%", "100%", None), word("1%", "100%", Some("2%")));
        check(&plain, &errors(0.05, None), 1_050, "-");
        check(&plain, &errors(0.06, None), 1_050, "6 % errors, over 5%");
        check(&plain, &errors(0.06, Some(0.04)), 1_050, "-");
        check(&plain, &errors(0.06, Some(0.03)), 1_050, "-");
        check(&plain, &errors(0.06, Some(0.02)), 1_050, "6 % errors, over 5% and twice the others' 2 %");
        check(&given, &errors(0.02, Some(0.0)), 1_050, "-");
        check(&given, &errors(0.0216, Some(0.5)), 1_050, "2.2 % errors, over 2%");
    }

    #[test]
    fn only_what_climbs_is_watched_and_for_a_time_after_its_end() {
        let (up, down) = (word("1%", "100%", None), word("100%", "0%", None));
        for (now, expected) in
            [(1_000, "50 % errors, over 5%"), (1_149, "50 % errors, over 5%"), (1_150, "-")]
        {
            check(&up, &errors(0.5, None), now, expected);
            check(&down, &errors(0.5, None), now, "-");
        }
        check(&up.gone_back(at(1_010), "x".into()), &errors(0.5, None), 1_050, "-");
    }
}
