//! The ramp that a body asks for.

use std::time::Duration;

use super::{LASTS, no_duration};
use crate::api::problem::{Problem, shortened};
use crate::api::wire::{GuardBody, WordBody};
use crate::model::{OverrideState, Ramp, Share, parse_duration};

/// The fields of a ramp, beside those of every word.
pub const FIELDS: [&str; 4] = ["from", "to", "over", "guard"];

/// For so long after its end a ramp may be watched.
const LONGEST_WATCH: Duration = Duration::from_secs(86_400);

/// The first field of a ramp that a body has.
pub fn given(body: &WordBody) -> Option<&'static str> {
    let has = [body.from.is_some(), body.to.is_some(), body.over.is_some(), body.guard.is_some()];
    FIELDS.into_iter().zip(has).find(|(_, has)| *has).map(|(field, _)| field)
}

/// The ramp of a body whose state is `ramp`, and whose word ends after `lasts`.
pub fn ramp(body: &WordBody, lasts: Option<Duration>) -> Result<OverrideState, Problem> {
    let (from, to) = (needed("from", body.from.as_deref())?, needed("to", body.to.as_deref())?);
    let over = over(body.over.as_deref())?;
    if from == to {
        let detail = format!("from {from} to {to} is no way; for a share that stays give a weight");
        return Err(Problem::invalid("to", detail));
    }
    if lasts.is_some_and(|lasts| lasts < over) {
        let detail =
            "the word would end before the ramp does, and the endpoint get all of its weight at once";
        return Err(Problem::invalid("over", detail));
    }
    let plain = Ramp { from, to, over, watch: Ramp::WATCH, max_errors: None };
    Ok(OverrideState::Ramp(match &body.guard {
        None => plain,
        Some(_) if !plain.climbs() => {
            let detail = "a ramp that goes down is not watched: it has nothing to go back from";
            return Err(Problem::invalid("guard", detail));
        }
        Some(guard) => guarded(plain, guard)?,
    }))
}

fn guarded(ramp: Ramp, guard: &GuardBody) -> Result<Ramp, Problem> {
    let max_errors = guard.max_errors.as_deref().map(|word| share("guard", word)).transpose()?;
    let Some(word) = guard.watch.as_deref() else { return Ok(Ramp { max_errors, ..ramp }) };
    let watch = parse_duration(word).ok_or_else(|| no_duration("guard", word))?;
    if watch > LONGEST_WATCH {
        return Err(Problem::invalid("guard", "a ramp is watched for at most 1d after its end"));
    }
    Ok(Ramp { max_errors, watch: whole(watch), ..ramp })
}

fn over(word: Option<&str>) -> Result<Duration, Problem> {
    let missing = || Problem::invalid("over", "a ramp needs a time: write \"over\": \"30m\"");
    let word = word.ok_or_else(missing)?;
    let over = parse_duration(word).ok_or_else(|| no_duration("over", word))?;
    if !(LASTS.0..=LASTS.1).contains(&over) {
        return Err(Problem::invalid("over", "a ramp takes from 1s to 365d"));
    }
    Ok(whole(over))
}

fn needed(field: &str, word: Option<&str>) -> Result<Share, Problem> {
    let detail = format!("a ramp needs '{field}': a share of the configured weight, like \"1%\"");
    share(field, word.ok_or_else(|| Problem::invalid(field, detail))?)
}

fn share(field: &str, word: &str) -> Result<Share, Problem> {
    word.parse().map_err(|()| {
        let word = shortened(word);
        Problem::invalid(field, format!("'{word}' is no share; write one from 0% to 100%, like 1% or 0.25%"))
    })
}

/// The log keeps seconds.
fn whole(time: Duration) -> Duration {
    Duration::from_secs(time.as_secs() + u64::from(time.subsec_nanos() > 0))
}
