//! An operator's word on a region or an endpoint: with who, why, and until when.

use std::fmt;
use std::time::{Duration, SystemTime};

use super::print_duration;
use super::ramp::{Ramp, RolledBack, Stage};

/// What an override is about, by name: it outlives the configuration that knows the name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Subject {
    /// A whole region, in every service.
    Region(String),
    /// One service in one region.
    Endpoint {
        /// The service's name.
        service: String,
        /// The region's name.
        region: String,
    },
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Subject::Region(region) => write!(f, "region {region}"),
            Subject::Endpoint { service, region } => write!(f, "service {service} in {region}"),
        }
    }
}

/// What the operator wants believed. The most restrictive of region and endpoint wins: down, then drain, then
/// the smaller weight, then up; a ramp counts as the weight that it amounts to now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OverrideState {
    /// Fit, whatever its probes say.
    Up,
    /// Never answered, from any tier.
    Down,
    /// Answered only when nothing fit or unknown is left.
    Drain,
    /// This weight (0…10,000) in place of the configured one; of endpoints only.
    Weight(u16),
    /// A share of the configured weight that moves with time.
    Ramp(Ramp),
}

impl OverrideState {
    /// As the API names it.
    pub fn name(self) -> &'static str {
        match self {
            OverrideState::Up => "up",
            OverrideState::Down => "down",
            OverrideState::Drain => "drain",
            OverrideState::Weight(_) => "weight",
            OverrideState::Ramp(_) => "ramp",
        }
    }
}

impl fmt::Display for OverrideState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OverrideState::Weight(weight) => write!(f, "weight {weight}"),
            OverrideState::Ramp(Ramp { from, to, over, .. }) => {
                write!(f, "ramped from {from} to {to} of its weight over {}", print_duration(*over))
            }
            other => f.write_str(other.name()),
        }
    }
}

/// The word itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Override {
    /// What is to be believed.
    pub state: OverrideState,
    /// The token's name, or `local` where there are no tokens.
    pub who: String,
    /// Why, in the operator's words; never empty.
    pub reason: String,
    /// When it was said, to the second.
    pub since: SystemTime,
    /// When it ends by itself; `None`: when it is lifted.
    pub until: Option<SystemTime>,
    /// Of a ramp that went back by itself: when and why. Such a word has no end: at it, the endpoint would get all of
    /// its clients.
    pub rolled_back: Option<RolledBack>,
}

impl Override {
    /// Whether it still counts at `now`.
    pub fn in_force(&self, now: SystemTime) -> bool {
        self.until.is_none_or(|until| now < until)
    }

    /// Of a ramp the share of the configured weight at `now`: 0.0…1.0.
    pub fn share(&self, now: SystemTime) -> Option<f64> {
        let ramp = self.ramp()?;
        Some(if self.rolled_back.is_some() { ramp.from.fraction() } else { ramp.after(self.age(now)) })
    }

    /// Of a ramp where it stands at `now`.
    pub fn stage(&self, now: SystemTime) -> Option<Stage> {
        let ramp = self.ramp()?;
        Some(match self.rolled_back {
            Some(_) => Stage::RolledBack,
            None if self.age(now) < ramp.over => Stage::Moving,
            None => Stage::Arrived,
        })
    }

    /// Whether something may still bring it back at `now`: a ramp that climbs, or has arrived not long ago.
    pub fn is_watched(&self, now: SystemTime) -> bool {
        let watched = |ramp: &Ramp| ramp.climbs() && self.age(now) < ramp.over.saturating_add(ramp.watch);
        self.rolled_back.is_none() && self.ramp().is_some_and(watched)
    }

    /// The ramp, where it is one.
    pub fn ramp(&self) -> Option<&Ramp> {
        if let OverrideState::Ramp(ramp) = &self.state { Some(ramp) } else { None }
    }

    /// The same word, gone back at `at`.
    pub fn gone_back(&self, at: SystemTime, reason: String) -> Override {
        Override { rolled_back: Some(RolledBack { at, reason }), until: None, ..self.clone() }
    }

    /// In whole seconds, as they are stored: after a restart it is the same.
    fn age(&self, now: SystemTime) -> Duration {
        let seconds = |at: SystemTime| at.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |at| at.as_secs());
        Duration::from_secs(seconds(now).saturating_sub(seconds(self.since)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    /// A ramp over 100 s since second 1,000 that is watched for 50 more; its share, stage and whether it is watched.
    fn check(from: &str, to: &str, now: u64, expected: (f64, Stage, bool)) {
        let (from, to, over) = (from.parse().unwrap(), to.parse().unwrap(), Duration::from_secs(100));
        let ramp = Ramp { from, to, over, watch: Duration::from_secs(50), max_errors: None };
        let (who, reason) = ("oncall".to_owned(), "release".to_owned());
        let since = at(1_000) + Duration::from_millis(700);
        let state = OverrideState::Ramp(ramp);
        let word = Override { state, who, reason, since, until: Some(at(9_000)), rolled_back: None };
        let seen = |word: &Override| {
            (word.share(at(now)).unwrap(), word.stage(at(now)).unwrap(), word.is_watched(at(now)))
        };
        assert_eq!(seen(&word), expected, "{from} to {to} at {now}");
        let back = word.gone_back(at(now), "errors".into());
        assert_eq!(seen(&back), (from.fraction(), Stage::RolledBack, false), "{from} to {to} at {now}");
        assert!(back.in_force(at(1_000_000)), "what went back does not end by itself");
    }

    #[test]
    fn a_ramp_stands_where_its_beginning_and_now_say() {
        use Stage::{Arrived, Moving};
        check("0%", "100%", 0, (0.0, Moving, true));
        check("0%", "100%", 1_000, (0.0, Moving, true));
        check("0%", "100%", 1_025, (0.25, Moving, true));
        check("0%", "100%", 1_099, (0.99, Moving, true));
        check("0%", "100%", 1_100, (1.0, Arrived, true));
        check("0%", "100%", 1_149, (1.0, Arrived, true));
        check("0%", "100%", 1_150, (1.0, Arrived, false));
        check("100%", "0%", 1_050, (0.5, Moving, false));
        check("100%", "0%", 1_100, (0.0, Arrived, false));
    }
}
