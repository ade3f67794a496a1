//! Measured latency: reported by whoever measures from clients' networks, and shown page by page.

use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use serde_json::{Map, Value};

use super::json::Json;
use super::problem::{Problem, shortened};
use super::wire::{
    FaultBody, LatencyBody, LatencyQuery, LatencyRowBody, MeasuredBody, MeasurementsBody, ProblemBody,
};
use super::{Shared, desire, show};
use crate::config::parse_vantage;
use crate::control::handle::LatencyWish;
use crate::control::latency::{RowReport, RowsWanted};
use crate::model::{Measured, Region, Vantage, did_you_mean, listed};

/// Measurements in one call.
const MOST: usize = 1000;
/// The longest body, in octets: as many measurements, and room to indent them.
const LONGEST_BODY: usize = 512 << 10;
/// Rows in a page, where nothing is said and at most.
const PAGE: (usize, usize) = (100, 1000);
/// What is wrong is told of so many measurements.
const MOST_FAULTS: usize = 50;

/// Takes measurements of latency, all or none. They are kept over a restart, and steer within ten seconds or so.
#[utoipa::path(post, path = "/v1/latency", request_body = MeasurementsBody, responses(
    (status = 200, body = MeasuredBody, description = "All of them count"),
    (status = 400, body = ProblemBody, content_type = "application/problem+json"),
    (status = 413, body = ProblemBody, content_type = "application/problem+json"),
    (status = 422, body = ProblemBody, content_type = "application/problem+json",
        description = "Every measurement that is wrong, in `errors`"),
))]
pub async fn measure(
    State(edge): State<Shared>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<MeasuredBody>, Problem> {
    let bytes = desire::body_within(&headers, body, LONGEST_BODY).await?;
    let wishes = wishes(&bytes, &edge.context.handle.shared.load().world.regions)?;
    let taken = edge.context.handle.measure_latency(wishes).await?;
    Ok(Json(MeasuredBody { taken }))
}

/// What was measured, sorted, page by page.
#[utoipa::path(get, path = "/v1/latency", params(LatencyQuery), responses(
    (status = 200, body = LatencyBody),
    (status = 400, body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn latency(
    State(edge): State<Shared>,
    query: Result<Query<LatencyQuery>, QueryRejection>,
) -> Result<Json<LatencyBody>, Problem> {
    let Query(query) = query.map_err(|error| {
        Problem::bad(format!("the query cannot be read: {}", error.body_text()))
            .knowing(["network", "asn", "region", "after", "limit"])
    })?;
    let wanted = wanted(query)?;
    let (reports, total) = edge.context.handle.latency(wanted.clone()).await?;
    let is_full = reports.len() == wanted.most;
    let next = reports.last().filter(|_| is_full).map(|row| format!("{} {}", row.vantage, row.region));
    Ok(Json(LatencyBody { rows: reports.iter().map(row).collect(), total, next }))
}

fn wanted(query: LatencyQuery) -> Result<RowsWanted, Problem> {
    let network = query.network.map(|network| network.parse().map_err(|text: String| Problem::bad(text)));
    let vantage = match (network.transpose()?, query.asn) {
        (Some(_), Some(_)) => return Err(Problem::bad("ask for a network or for an asn, not for both")),
        (network, asn) => network.or(asn.map(Vantage::Asn)),
    };
    let most = query.limit.unwrap_or(PAGE.0);
    if !(1..=PAGE.1).contains(&most) {
        return Err(Problem::bad(format!("limit: {most} is not from 1 to {}", PAGE.1)));
    }
    let after = query.after.map(|after| {
        let parts =
            after.split_once(' ').and_then(|(row, region)| Some((row.parse().ok()?, region.to_owned())));
        let unknown = || format!("after: '{}' is no 'next' of a page", shortened(&after));
        parts.ok_or_else(|| Problem::bad(unknown()))
    });
    Ok(RowsWanted { vantage, region: query.region, after: after.transpose()?, most })
}

fn row(report: &RowReport) -> LatencyRowBody {
    let (network, asn) = match report.vantage {
        Vantage::Network(network) => (Some(network.to_string()), None),
        Vantage::Asn(asn) => (None, Some(asn)),
    };
    let thousandths = |number: f64| (number * 1e3).round() / 1e3;
    LatencyRowBody {
        network,
        asn,
        region: report.region.to_string(),
        rtt_ms: thousandths(report.rtt_ms),
        samples: thousandths(report.samples),
        counts: report.counts,
        place: report.place,
        reported_at: report.reported.map(show::time),
        listed: report.listed,
    }
}

//------------ Measurements --------------------------------------------------

/// What a body reports, or everything that is wrong with it.
fn wishes(bytes: &[u8], regions: &[Region]) -> Result<Vec<LatencyWish>, Problem> {
    let example =
        r#"{"measurements":[{"network":"198.51.100.0/24","region":"eu-west","rtt_ms":23.5,"samples":12}]}"#;
    let value: Value = serde_json::from_slice(bytes).map_err(|error| {
        Problem::bad(format!("the body is not JSON like {example}: {}", shortened(&error.to_string())))
    })?;
    let list = match value.as_object().map(|body| (body.len(), body.get("measurements"))) {
        Some((1, Some(Value::Array(list)))) => list,
        _ => return Err(Problem::bad(format!("the body is not like {example}")).knowing(["measurements"])),
    };
    match list.len() {
        0 => return Err(Problem::bad("there is no measurement")),
        many if many > MOST => {
            let text = format!("{many} measurements are too many; {MOST} may be in one call");
            return Err(Problem::bad(text));
        }
        _ => {}
    }
    let (mut wishes, mut faults) = (Vec::with_capacity(list.len()), Vec::new());
    for (place, value) in list.iter().enumerate() {
        let mut fields = Fields { place, value, faults: &mut faults };
        wishes.extend(fields.wish(regions));
    }
    if faults.is_empty() { Ok(wishes) } else { Err(faulty(faults)) }
}

fn faulty(mut faults: Vec<FaultBody>) -> Problem {
    let (count, first) = (faults.len(), faults.first().cloned().unwrap_or_default());
    faults.truncate(MOST_FAULTS);
    let more = match count {
        1 => String::new(),
        _ => format!(" ({} more in this call, which took nothing)", count - 1),
    };
    Problem::invalid(&first.field, format!("{}: {}{more}", first.field, first.detail)).because(faults)
}

/// One measurement as it is read; what is wrong goes to `faults`.
struct Fields<'a> {
    place: usize,
    value: &'a Value,
    faults: &'a mut Vec<FaultBody>,
}

/// The fields of a measurement.
const FIELDS: [&str; 5] = ["network", "asn", "region", "rtt_ms", "samples"];

impl Fields<'_> {
    fn fault(&mut self, field: &str, detail: impl Into<String>) {
        let dot = if field.is_empty() { "" } else { "." };
        let field = format!("measurements[{}]{dot}{field}", self.place);
        self.faults.push(FaultBody { field, detail: detail.into() });
    }

    /// The measurement, if nothing is wrong with it.
    fn wish(&mut self, regions: &[Region]) -> Option<LatencyWish> {
        let Value::Object(object) = self.value else {
            self.fault("", format!("{} is not an object", shown(self.value)));
            return None;
        };
        for key in object.keys().filter(|key| !FIELDS.contains(&key.as_str())) {
            let known = FIELDS.join(", ");
            let hint = did_you_mean(key, FIELDS);
            self.fault(&shortened(key), format!("there is no such field here{hint}; fields: {known}"));
        }
        let before = self.faults.len();
        let (vantage, region) = (self.vantage(object), self.region(object, regions));
        let (rtt_ms, samples) = (self.rtt_ms(object), self.samples(object));
        if self.faults.len() > before {
            return None;
        }
        Some(LatencyWish {
            vantage: vantage?,
            region: region?,
            measured: Measured { rtt_ms: rtt_ms?, samples: samples? },
        })
    }

    fn vantage(&mut self, object: &Map<String, Value>) -> Option<Vantage> {
        match (said(object, "network"), said(object, "asn")) {
            (Some(Value::String(word)), None) => match parse_vantage(word) {
                Ok(vantage) => return Some(vantage),
                Err(text) => self.fault("network", text),
            },
            (Some(network), None) => {
                self.fault("network", format!("{} is not a network like '198.51.100.0/24'", shown(network)));
            }
            (None, Some(asn)) => {
                let number = asn.as_u64().and_then(|asn| u32::try_from(asn).ok()).filter(|asn| *asn > 0);
                if number.is_none() {
                    self.fault("asn", format!("{} is not the number of an autonomous system", shown(asn)));
                }
                return number.map(Vantage::Asn);
            }
            (Some(_), Some(_)) => self.fault("", "has both network and asn; give one of them"),
            (None, None) => self.fault("", "has neither network nor asn; give one of them"),
        }
        None
    }

    fn region(&mut self, object: &Map<String, Value>, regions: &[Region]) -> Option<String> {
        match said(object, "region") {
            Some(Value::String(name)) if regions.iter().any(|region| region.name == *name) => {
                return Some(name.clone());
            }
            Some(Value::String(name)) => {
                let known = listed(regions.iter().map(|region| region.name.as_str()));
                self.fault("region", format!("no region is called '{}'; regions: {known}", shortened(name)));
            }
            Some(other) => self.fault("region", format!("{} is not the name of a region", shown(other))),
            None => self.fault("region", "is needed"),
        }
        None
    }

    fn rtt_ms(&mut self, object: &Map<String, Value>) -> Option<f64> {
        let most = Measured::SLOWEST;
        let Some(value) = said(object, "rtt_ms") else {
            self.fault("rtt_ms", "is needed");
            return None;
        };
        let time = value.as_f64().filter(|time| Measured::is_time(*time));
        if time.is_none() {
            let text = format!("{} is not a time in milliseconds, above 0 and at most {most}", shown(value));
            self.fault("rtt_ms", text);
        }
        time
    }

    fn samples(&mut self, object: &Map<String, Value>) -> Option<u32> {
        let most = Measured::MOST;
        let Some(value) = said(object, "samples") else { return Some(1) };
        let samples = value.as_u64().and_then(|samples| u32::try_from(samples).ok());
        let samples = samples.filter(|samples| (1..=most).contains(samples));
        if samples.is_none() {
            self.fault("samples", format!("{} is not a number of samples from 1 to {most}", shown(value)));
        }
        samples
    }
}

/// What a field says; null says nothing.
fn said<'a>(object: &'a Map<String, Value>, field: &str) -> Option<&'a Value> {
    object.get(field).filter(|value| !value.is_null())
}

fn shown(value: &Value) -> String {
    shortened(&value.to_string())
}
