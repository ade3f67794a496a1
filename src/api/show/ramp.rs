//! Ramps, as they leave: as a body, and in words.

use std::time::{Duration, SystemTime};

use super::time;
use crate::api::wire::{RampBody, RolledBackBody};
use crate::model::{Override, Ramp, RolledBack, Stage, print_duration};

/// The ramp of a word at `now`, where it is one.
pub fn ramp(word: &Override, now: SystemTime) -> Option<RampBody> {
    let (ramp, stage) = (word.ramp()?, word.stage(now)?);
    let Ramp { from, to, over, watch, max_errors } = *ramp;
    let back =
        |RolledBack { at, reason }: &RolledBack| RolledBackBody { at: time(*at), reason: reason.clone() };
    let watched = ramp.climbs() && word.rolled_back.is_none();
    Some(RampBody {
        stage: stage.name().to_owned(),
        share: (word.share(now)? * 1e4).round() / 1e4,
        from: from.to_string(),
        to: to.to_string(),
        over_seconds: over.as_secs(),
        arrives_at: time(later(word.since, over)),
        watched_until: watched.then(|| time(later(word.since, over.saturating_add(watch)))),
        max_errors: max_errors.map(|share| share.to_string()),
        rolled_back: word.rolled_back.as_ref().map(back),
    })
}

/// The state of a word for people: what an endpoint of that weight has of it at `now`.
pub fn state(word: &Override, weight: u16, now: SystemTime) -> String {
    let (Some(ramp), Some(stage), Some(share)) = (word.ramp(), word.stage(now), word.share(now)) else {
        return word.state.to_string();
    };
    let (since, of) = (time(word.since), format!("{} % of weight {weight}", (share * 1e4).round() / 1e2));
    match (stage, &word.rolled_back) {
        (_, Some(RolledBack { at, reason })) => {
            format!("ramp: rolled back to {of} at {} ({reason})", time(*at))
        }
        (Stage::Moving, None) => {
            let (end, to) = (later(word.since, ramp.over), ramp.to.fraction() * 100.0);
            let left = end.duration_since(now).unwrap_or_default().as_secs();
            let left = print_duration(Duration::from_secs(left));
            format!("ramp: {of}, since {since}, at {to} % in {left}")
        }
        (_, None) => format!("ramp: {of}, since {since}, at its end"),
    }
}

/// So much later; of what is out of reach, the moment itself.
fn later(at: SystemTime, by: Duration) -> SystemTime {
    at.checked_add(by).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::OverrideState;

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_790_000_000 + seconds)
    }

    fn word() -> Override {
        let (from, to) = ("1%".parse().unwrap(), "100%".parse().unwrap());
        let (over, watch) = (Duration::from_secs(1_800), Duration::from_secs(600));
        let state = OverrideState::Ramp(Ramp { from, to, over, watch, max_errors: None });
        let (who, reason) = ("oncall".to_owned(), "release".to_owned());
        Override { state, who, reason, since: at(0), until: None, rolled_back: None }
    }

    #[test]
    fn people_read_where_it_stands_and_where_it_goes() {
        let back = word().gone_back(at(700), "6 % errors, over 5%".into());
        let rows = [
            (word(), 0, "ramp: 1 % of weight 80, since 2026-09-21T14:13:20Z, at 100 % in 30m"),
            (word(), 675, "ramp: 38.13 % of weight 80, since 2026-09-21T14:13:20Z, at 100 % in 18m45s"),
            (word(), 1_800, "ramp: 100 % of weight 80, since 2026-09-21T14:13:20Z, at its end"),
            (
                back,
                900,
                "ramp: rolled back to 1 % of weight 80 at 2026-09-21T14:25:00Z (6 % errors, over 5%)",
            ),
            (Override { state: OverrideState::Weight(5), ..word() }, 0, "weight 5"),
            (Override { state: OverrideState::Drain, ..word() }, 0, "drain"),
        ];
        for (word, now, text) in rows {
            assert_eq!(state(&word, 80, at(now)), text);
        }
    }

    #[test]
    fn machines_read_the_same() {
        let body = ramp(&word(), at(900)).unwrap();
        assert_eq!((body.stage.as_str(), body.share, body.over_seconds), ("moving", 0.505, 1_800));
        assert_eq!(body.arrives_at, "2026-09-21T14:43:20Z");
        assert_eq!(body.watched_until.as_deref(), Some("2026-09-21T14:53:20Z"));
        let body = ramp(&word().gone_back(at(700), "x".into()), at(900)).unwrap();
        assert_eq!((body.stage.as_str(), body.share, body.watched_until), ("rolled_back", 0.01, None));
        assert_eq!(body.rolled_back.unwrap().reason, "x");
        assert_eq!(ramp(&Override { state: OverrideState::Up, ..word() }, at(0)), None);
    }
}
