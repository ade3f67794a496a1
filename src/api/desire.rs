//! A write's body, judged: what an operator wants said, or a certificate authority is to find, and until when.

mod ramp;

use std::time::{Duration, SystemTime};

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, StatusCode, header};
use jiff::Timestamp;
use serde::de::DeserializeOwned;

use super::problem::{Problem, shortened};
use super::wire::{ReasonBody, ValuesBody, WordBody};
use crate::control::handle::{WishedValues, WishedWord};
use crate::model::{Challenge, OverrideState, Subject, parse_duration, print_duration};

/// The longest body that is read, in octets.
pub const LONGEST_BODY: usize = 64 << 10;
/// The longest reason, in characters.
const LONGEST_REASON: usize = 1_000;
/// The largest weight.
const LARGEST_WEIGHT: u16 = 10_000;
/// How long an override may be said to last, both included.
const LASTS: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(365 * 86_400));
/// How long values of a challenge may be said to last, both included; authorities look within minutes.
const VALUES_LAST: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(86_400));
/// How long they last where nothing is said.
const VALUES_DEFAULT: Duration = Duration::from_secs(600);

/// The states that can be asked for.
const STATES: [&str; 5] = ["up", "down", "drain", "weight", "ramp"];
/// The fields of a body.
const FIELDS: [&str; 9] =
    ["state", "weight", "from", "to", "over", "guard", "reason", "expires_in", "expires_at"];
/// Those of one that says why alone.
const WHY_FIELDS: [&str; 1] = ["reason"];
/// Those of one for a challenge.
const VALUES_FIELDS: [&str; 4] = ["values", "add", "expires_in", "expires_at"];

/// The body of a write, at most 64 KiB; what says what it is must say JSON.
pub async fn body(headers: &HeaderMap, body: Body) -> Result<bytes::Bytes, Problem> {
    body_within(headers, body, LONGEST_BODY).await
}

/// The same with another bound, in octets.
pub async fn body_within(headers: &HeaderMap, body: Body, longest: usize) -> Result<bytes::Bytes, Problem> {
    let said =
        headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if said.is_some_and(|length| length > longest as u64) {
        return Err(too_large(longest));
    }
    if let Some(kind) = headers.get(header::CONTENT_TYPE) {
        is_json(kind.to_str().unwrap_or_default())?;
    }
    let bytes = to_bytes(body, longest).await.map_err(|error| {
        let longer = std::error::Error::source(&error)
            .is_some_and(|cause| cause.is::<http_body_util::LengthLimitError>());
        if longer { too_large(longest) } else { Problem::bad("the body broke off") }
    })?;
    if !bytes.is_empty() && !headers.contains_key(header::CONTENT_TYPE) {
        is_json("")?;
    }
    Ok(bytes)
}

fn too_large(longest: usize) -> Problem {
    let detail = format!("a body may have {} KiB", longest >> 10);
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", detail)
}

/// A page of another site cannot send this type without asking first.
fn is_json(kind: &str) -> Result<(), Problem> {
    let essence = kind.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    let word = shortened(essence);
    let detail = format!("the body must be application/json, not '{word}'; say so in Content-Type");
    Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "media-type", detail).knowing(["application/json"]))
}

/// The word that a body asks for at `now`.
pub fn word(bytes: &[u8], subject: &Subject, now: SystemTime) -> Result<WishedWord, Problem> {
    let example = r#"{"state":"down","reason":"maintenance","expires_in":"30m"}"#;
    let body: WordBody = object(bytes, example, &FIELDS)?;
    let end = End { field_in: body.expires_in.as_deref(), field_at: body.expires_at.as_deref() };
    let lasts = end.lasts(now)?;
    let is_long = |lasts: &(&str, Duration)| !(LASTS.0..=LASTS.1).contains(&lasts.1);
    if let Some((field, _)) = lasts.filter(is_long) {
        return Err(Problem::invalid(field, "an override lasts from 1s to 365d from now"));
    }
    Ok(WishedWord {
        state: state(&body, subject, lasts.map(|(_, lasts)| lasts))?,
        reason: reason(body.reason.as_deref())?,
        until: lasts.map(|(_, lasts)| ending(now, lasts)),
    })
}

/// Why, where that is all that a body says.
pub fn why(bytes: &[u8]) -> Result<String, Problem> {
    let body: ReasonBody = object(bytes, r#"{"reason":"the disk was replaced"}"#, &WHY_FIELDS)?;
    reason(body.reason.as_deref())
}

/// The values that a body asks for at `now`.
pub fn values(bytes: &[u8], now: SystemTime) -> Result<WishedValues, Problem> {
    let example = r#"{"values":["vy1Dr5ZtXHnHkFAZ0rk4sTFyR6Lcz4Yp8XQhpEMmCpk"],"expires_in":"10m"}"#;
    let body: ValuesBody = object(bytes, example, &VALUES_FIELDS)?;
    let end = End { field_in: body.expires_in.as_deref(), field_at: body.expires_at.as_deref() };
    let (field, lasts) = end.lasts(now)?.unwrap_or(("expires_in", VALUES_DEFAULT));
    if !(VALUES_LAST.0..=VALUES_LAST.1).contains(&lasts) {
        let [least, most] = [VALUES_LAST.0, VALUES_LAST.1].map(print_duration);
        return Err(Problem::invalid(field, format!("a challenge lasts from {least} to {most} from now")));
    }
    body.values.iter().try_for_each(|one| value(one))?;
    match body.values.len() {
        0 => Err(Problem::invalid("values", "no value is given; DELETE takes all of them away")),
        many if many > Challenge::MOST_VALUES => {
            let most = Challenge::MOST_VALUES;
            Err(Problem::invalid("values", format!("{many} values are too many; {most} may be")))
        }
        _ => Ok(WishedValues { values: body.values, add: body.add, until: ending(now, lasts) }),
    }
}

/// Base64url is what authorities ask for (RFC 8555 §8.4); other uses of the name may have other signs.
fn value(value: &str) -> Result<(), Problem> {
    let (longest, word) = (Challenge::LONGEST_VALUE, shortened(value));
    if value.is_empty() || !value.bytes().all(|byte| byte.is_ascii_graphic()) {
        let valid = "write visible ASCII, like the 43 letters and digits that the authority's client gives";
        return Err(Problem::invalid("values", format!("'{word}' is no value; {valid}")));
    }
    if value.len() > longest {
        let detail = format!("'{word}' has {} characters; a value may have {longest}", value.len());
        return Err(Problem::invalid("values", detail));
    }
    Ok(())
}

fn object<T: DeserializeOwned>(bytes: &[u8], example: &str, fields: &[&str]) -> Result<T, Problem> {
    let known = |problem: Problem| problem.knowing(fields.iter().copied());
    if bytes.trim_ascii().is_empty() {
        return Err(known(Problem::bad(format!("there is no body; send one like {example}"))));
    }
    // A list would be taken for the fields in their order.
    if !bytes.trim_ascii_start().starts_with(b"{") {
        return Err(known(Problem::bad("the body is not a JSON object")));
    }
    serde_json::from_slice(bytes).map_err(|error| unreadable(&error, fields))
}

fn unreadable(error: &serde_json::Error, fields: &[&str]) -> Problem {
    let detail = format!("the body is not what it should be: {}", shortened(&error.to_string()));
    match error.classify() {
        serde_json::error::Category::Data => {
            Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", detail).knowing(fields.iter().copied())
        }
        _ => Problem::bad(detail),
    }
}

// state    weight   then
// none     none     refused
// weight   none     refused
// none     some     weight
// weight   some     weight
// other    none     that state
// ramp     none     that ramp; its fields are refused beside anything else
// other    some     refused: they contradict each other
fn state(body: &WordBody, subject: &Subject, lasts: Option<Duration>) -> Result<OverrideState, Problem> {
    if let Some(field) = ramp::given(body).filter(|_| body.state.as_deref() != Some("ramp")) {
        return Err(Problem::invalid(field, format!("'{field}' goes with the state 'ramp' alone")));
    }
    let state = match (body.state.as_deref(), body.weight) {
        (None, None) => return Err(Problem::invalid("state", "state or weight is needed").knowing(STATES)),
        (Some("weight"), None) => {
            return Err(Problem::invalid("weight", "the state 'weight' needs a weight"));
        }
        (None | Some("weight"), Some(weight)) => OverrideState::Weight(self::weight(weight)?),
        (Some("up"), None) => OverrideState::Up,
        (Some("down"), None) => OverrideState::Down,
        (Some("drain"), None) => OverrideState::Drain,
        (Some("ramp"), None) => ramp::ramp(body, lasts)?,
        (Some("up" | "down" | "drain" | "ramp"), Some(_)) => {
            return Err(Problem::invalid("weight", "give a state or a weight, not both"));
        }
        (Some(other), _) => {
            let detail = format!("no state is called '{}'; states: {}", shortened(other), STATES.join(", "));
            return Err(Problem::invalid("state", detail).knowing(STATES));
        }
    };
    match (state, subject) {
        (OverrideState::Weight(_), Subject::Region(_)) => {
            let detail = "a region has no weight; give one to its endpoints, or drain it";
            Err(Problem::invalid("weight", detail).knowing(["up", "down", "drain", "ramp"]))
        }
        _ => Ok(state),
    }
}

fn weight(weight: u64) -> Result<u16, Problem> {
    let small = u16::try_from(weight).ok().filter(|weight| *weight <= LARGEST_WEIGHT);
    small.ok_or_else(|| {
        Problem::invalid("weight", format!("weight {weight} is not from 0 to {LARGEST_WEIGHT}"))
    })
}

fn reason(reason: Option<&str>) -> Result<String, Problem> {
    let reason = reason.unwrap_or_default().trim();
    let wrong = |detail: String| Err(Problem::invalid("reason", detail));
    match reason.chars().count() {
        0 => wrong("a reason is needed: why is this done?".into()),
        long if long > LONGEST_REASON => {
            wrong(format!("the reason has {long} characters; it may have {LONGEST_REASON}"))
        }
        _ if reason.chars().any(char::is_control) => {
            wrong("the reason has control characters; write it on one line".into())
        }
        _ => Ok(reason.to_owned()),
    }
}

/// How a body says when something ends.
struct End<'a> {
    field_in: Option<&'a str>,
    field_at: Option<&'a str>,
}

impl End<'_> {
    /// The field that says it, and how long that is from `now`.
    fn lasts(&self, now: SystemTime) -> Result<Option<(&'static str, Duration)>, Problem> {
        Ok(Some(match (self.field_in, self.field_at) {
            (None, None) => return Ok(None),
            (Some(_), Some(_)) => {
                return Err(Problem::invalid("expires_at", "give expires_in or expires_at, not both"));
            }
            (Some(word), None) => {
                ("expires_in", parse_duration(word).ok_or_else(|| no_duration("expires_in", word))?)
            }
            (None, Some(word)) => ("expires_at", left_until(word, now)?),
        }))
    }
}

/// The log keeps seconds, so that is what is promised: rounded up, never shorter than was asked.
fn ending(now: SystemTime, lasts: Duration) -> SystemTime {
    let since = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default() + lasts;
    let whole = since.as_secs() + u64::from(since.subsec_nanos() > 0);
    SystemTime::UNIX_EPOCH + Duration::from_secs(whole)
}

fn no_duration(field: &str, word: &str) -> Problem {
    let word = shortened(word);
    Problem::invalid(field, format!("'{word}' is not a duration; write it like '30m' or '1h30m'"))
}

/// What is left until a moment; nothing for one that is past.
fn left_until(word: &str, now: SystemTime) -> Result<Duration, Problem> {
    let at = word.parse::<Timestamp>().map_err(|_| {
        let word = shortened(word);
        Problem::invalid("expires_at", format!("'{word}' is no time; write it like '2030-01-31T12:00:00Z'"))
    })?;
    Ok(SystemTime::from(at).duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests;
