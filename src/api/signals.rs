//! Signals that are pushed: what load balancers, and whoever watches them, report of endpoints.

use std::time::Duration;

use axum::body::Body;
use axum::extract::{Extension, State};
use axum::http::HeaderMap;
use serde_json::{Map, Value};

use super::guard::Who;
use super::json::Json;
use super::problem::{Problem, shortened};
use super::wire::{ProblemBody, SignalsBody, TakenBody};
use super::{Shared, desire};
use crate::control::handle::SignalWish;
use crate::health::{Report, Signals, Taken, Whose};
use crate::model::{Signal, parse_duration};

/// How long signals may be believed that do not say so.
const LIFETIME: Duration = Duration::from_secs(30);
/// How long they may say, both included.
const LASTS: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(3600));
/// Endpoints in one call.
const MOST: usize = 1024;

/// Takes signals of one endpoint or of many, all or none. They are not kept on disk: the next ones come soon.
#[utoipa::path(post, path = "/v1/signals", request_body = SignalsBody, responses(
    (status = 200, body = [TakenBody], description = "They count, but for those that newer ones overtook"),
    (status = 400, body = ProblemBody, content_type = "application/problem+json"),
    (status = 404, body = ProblemBody, content_type = "application/problem+json"),
    (status = 409, body = ProblemBody, content_type = "application/problem+json"),
    (status = 413, body = ProblemBody, content_type = "application/problem+json"),
    (status = 422, body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn push_signals(
    State(edge): State<Shared>,
    Extension(Who(who)): Extension<Who>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Vec<TakenBody>>, Problem> {
    let bytes = desire::body(&headers, body).await?;
    let wishes = wishes(&bytes, &who)?;
    let named: Vec<_> = wishes.iter().map(|wish| wish.whose.clone()).collect();
    let taken = edge.context.handle.signals(wishes).await?;
    Ok(Json(named.into_iter().zip(taken).map(shown).collect()))
}

fn shown((Whose { service, region }, taken): (Whose, Taken)) -> TakenBody {
    let newest = if let Taken::Old(newest) = taken { Some(newest) } else { None };
    TakenBody { service, region, taken: taken == Taken::New, newest }
}

/// What a body asks for: one object, or a list of them.
fn wishes(bytes: &[u8], who: &str) -> Result<Vec<SignalWish>, Problem> {
    let value: Value = serde_json::from_slice(bytes).map_err(|error| {
        let example = r#"{"service":"www","region":"eu-west","connections":12,"lifetime":"30s"}"#;
        Problem::bad(format!("the body is not JSON like {example}: {}", shortened(&error.to_string())))
    })?;
    let objects = if let Value::Array(list) = value { list } else { vec![value] };
    let mut wishes = Vec::new();
    for object in &objects {
        let Value::Object(fields) = object else {
            return Err(Problem::bad("the body is neither a JSON object nor a list of objects"));
        };
        wishes.extend(Fields(fields).wishes(who)?);
    }
    match wishes.len() {
        0 => Err(Problem::bad("the list is empty")),
        many if many > MOST => {
            Err(Problem::bad(format!("{many} endpoints are too many; {MOST} may be in one call")))
        }
        _ => Ok(wishes),
    }
}

/// The fields of one object.
struct Fields<'a>(&'a Map<String, Value>);

/// The fields beside signals.
const OTHERS: [&str; 5] = ["service", "region", "source", "sequence", "lifetime"];

impl Fields<'_> {
    fn wishes(&self, who: &str) -> Result<Vec<SignalWish>, Problem> {
        self.known()?;
        let service = self.word("service")?.ok_or_else(|| needed("service"))?;
        let source = self.source()?.unwrap_or_else(|| who.to_owned());
        let (sequence, lifetime) = (self.sequence()?, self.lifetime()?);
        let report = Report { signals: self.signals()?, sequence, lifetime, note: None };
        let wish = |region| SignalWish {
            whose: Whose { service: service.clone(), region },
            source: source.clone(),
            report: report.clone(),
        };
        Ok(self.regions()?.into_iter().map(wish).collect())
    }

    fn known(&self) -> Result<(), Problem> {
        let known = || OTHERS.into_iter().chain(Signal::ALL.map(Signal::name));
        match self.0.keys().find(|key| !known().any(|known| known == key.as_str())) {
            Some(key) => {
                let text = format!("there is no field '{}' here", shortened(key));
                Err(Problem::invalid(&shortened(key), text).knowing(known()))
            }
            None => Ok(()),
        }
    }

    fn value(&self, field: &str) -> Option<&Value> {
        self.0.get(field).filter(|value| !value.is_null())
    }

    fn word(&self, field: &'static str) -> Result<Option<String>, Problem> {
        let Some(value) = self.value(field) else { return Ok(None) };
        let word = value.as_str().ok_or_else(|| wrong(field, value, "a text"))?;
        Ok(Some(word.to_owned()))
    }

    fn regions(&self) -> Result<Vec<String>, Problem> {
        let value = self.value("region").ok_or_else(|| needed("region"))?;
        let wrong = || wrong("region", value, "the name of a region, or a list of names");
        match value {
            Value::String(name) => Ok(vec![name.clone()]),
            Value::Array(names) if (1..=MOST).contains(&names.len()) => {
                names.iter().map(|name| name.as_str().map(str::to_owned).ok_or_else(wrong)).collect()
            }
            _ => Err(wrong()),
        }
    }

    fn source(&self) -> Result<Option<String>, Problem> {
        let Some(source) = self.word("source")? else { return Ok(None) };
        let fine = (1..=64).contains(&source.len()) && source.bytes().all(|byte| byte.is_ascii_graphic());
        let text = "a source is named by 1 to 64 visible ASCII characters without blanks";
        if fine { Ok(Some(source)) } else { Err(Problem::invalid("source", text)) }
    }

    fn sequence(&self) -> Result<Option<u64>, Problem> {
        let Some(value) = self.value("sequence") else { return Ok(None) };
        value.as_u64().map(Some).ok_or_else(|| wrong("sequence", value, "a whole number of at least 0"))
    }

    fn lifetime(&self) -> Result<Duration, Problem> {
        let Some(value) = self.value("lifetime") else { return Ok(LIFETIME) };
        let lasts =
            value.as_str().and_then(parse_duration).filter(|lasts| (LASTS.0..=LASTS.1).contains(lasts));
        lasts.ok_or_else(|| wrong("lifetime", value, "a duration from 1s to 1h, like '30s'"))
    }

    fn signals(&self) -> Result<Signals, Problem> {
        let mut signals = Signals::default();
        for signal in Signal::ALL {
            let Some(value) = self.value(signal.name()) else { continue };
            let number = match (signal, value) {
                (Signal::Draining, value) => value.as_bool().map(|wish| f64::from(u8::from(wish))),
                (_, value) => value.as_f64(),
            };
            let set = signals.set(signal, number.unwrap_or(f64::NAN));
            set.map_err(|valid| wrong(signal.name(), value, valid))?;
        }
        match signals.is_empty() {
            true => Err(Problem::bad("there is no signal").knowing(Signal::ALL.map(Signal::name))),
            false => Ok(signals),
        }
    }
}

fn needed(field: &str) -> Problem {
    Problem::invalid(field, format!("{field} is needed"))
}

fn wrong(field: &str, value: &Value, valid: &str) -> Problem {
    Problem::invalid(field, format!("{field} {} is not {valid}", shortened(&value.to_string())))
}
