//! How a ramp is stored: a form of its own, so that a meridian that knows of none still reads the log.

use std::time::Duration;

use serde::de::Error as _;
use serde::{Deserialize, Serialize};

use super::{seconds, time};
use crate::control::state::Command;
use crate::model::{Override, OverrideState, Ramp, RolledBack, Share, Subject};

/// A word that is a ramp, whole. The shape is a promise: old logs must stay readable.
#[derive(Serialize, Deserialize)]
pub(super) struct SavedRamp {
    region: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    service: Option<String>,
    /// In hundredths of a percent, as all shares here.
    from: u16,
    to: u16,
    /// In seconds, as all durations here.
    over: u64,
    watch: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    max_errors: Option<u16>,
    reason: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    until: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    back: Option<SavedBack>,
}

/// It went back by itself.
#[derive(Serialize, Deserialize)]
struct SavedBack {
    /// Unix seconds.
    at: u64,
    reason: String,
}

/// The form of a ramp on a subject.
pub(super) fn encode(subject: &Subject, ramp: &Ramp, word: &Override) -> SavedRamp {
    let (service, region) = match subject.clone() {
        Subject::Region(region) => (None, region),
        Subject::Endpoint { service, region } => (Some(service), region),
    };
    let back = word.rolled_back.as_ref();
    SavedRamp {
        region,
        service,
        from: ramp.from.hundredths(),
        to: ramp.to.hundredths(),
        over: ramp.over.as_secs(),
        watch: ramp.watch.as_secs(),
        max_errors: ramp.max_errors.map(Share::hundredths),
        reason: word.reason.clone(),
        until: word.until.map(seconds),
        back: back.map(|back| SavedBack { at: seconds(back.at), reason: back.reason.clone() }),
    }
}

/// The command that it was, said by `who` at `at`.
pub(super) fn decode(saved: SavedRamp, who: String, at: u64) -> Result<Command, serde_json::Error> {
    let share = |hundredths| {
        let wrong = || serde_json::Error::custom(format!("{hundredths} is no share"));
        Share::of_hundredths(hundredths).ok_or_else(wrong)
    };
    let ramp = Ramp {
        from: share(saved.from)?,
        to: share(saved.to)?,
        over: Duration::from_secs(saved.over),
        watch: Duration::from_secs(saved.watch),
        max_errors: saved.max_errors.map(share).transpose()?,
    };
    let subject = match saved.service {
        None => Subject::Region(saved.region),
        Some(service) => Subject::Endpoint { service, region: saved.region },
    };
    let rolled_back = saved.back.map(|back| RolledBack { at: time(back.at), reason: back.reason });
    let went_back = rolled_back.is_some();
    let (since, until) = (time(at), saved.until.map(time));
    let word =
        Override { state: OverrideState::Ramp(ramp), who, reason: saved.reason, since, until, rolled_back };
    Ok(if went_back { Command::RollBack { subject, word } } else { Command::Set { subject, word } })
}
