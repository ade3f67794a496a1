//! Every refusal, as RFC 9457 wants it: a type, a title, a status, a detail, and what would be valid.

use super::json::Json;
use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};

use super::wire::{FaultBody, ProblemBody};
use crate::control::Refusal;

/// What problems are.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// Names that a refusal lists: ten thousand services would bury what is wrong.
const MOST_KNOWN: usize = 50;

/// A refusal on its way out.
#[derive(Debug)]
pub struct Problem {
    body: Box<ProblemBody>,
    headers: Vec<(header::HeaderName, HeaderValue)>,
}

impl Problem {
    /// `kind` is the last part of the type: a word that scripts may rely on.
    pub fn new(status: StatusCode, kind: &str, detail: impl Into<String>) -> Problem {
        let body = ProblemBody {
            kind: format!("urn:meridian:problem:{kind}"),
            title: kind.replace('-', " "),
            status: status.as_u16(),
            detail: detail.into(),
            ..ProblemBody::default()
        };
        Problem { body: Box::new(body), headers: Vec::new() }
    }

    /// 400: the request cannot be understood.
    pub fn bad(detail: impl Into<String>) -> Problem {
        Problem::new(StatusCode::BAD_REQUEST, "bad-request", detail)
    }

    /// 422: it can, but asks for what cannot be.
    pub fn invalid(field: &str, detail: impl Into<String>) -> Problem {
        let mut problem = Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", detail);
        problem.body.field = Some(field.to_owned());
        problem
    }

    /// With what would have been valid.
    pub fn knowing(mut self, known: impl IntoIterator<Item = impl Into<String>>) -> Problem {
        self.body.known = Some(known.into_iter().map(Into::into).collect());
        self
    }

    /// With everything that is wrong.
    pub fn because(mut self, faults: Vec<FaultBody>) -> Problem {
        self.body.errors = Some(faults);
        self
    }

    /// With the revision in force.
    pub fn at_revision(mut self, revision: u64) -> Problem {
        self.body.current_revision = Some(revision);
        self
    }

    /// With a header of the response.
    pub fn with(mut self, name: header::HeaderName, value: HeaderValue) -> Problem {
        self.headers.push((name, value));
        self
    }

    /// 412: the resource is not as the asker saw it.
    pub fn stale(what: &str, current: u64) -> Problem {
        let detail = match current {
            0 => format!("there is no {what} here"),
            _ => format!("the {what} is at revision {current} now"),
        };
        Problem::new(StatusCode::PRECONDITION_FAILED, "revision", detail).at_revision(current)
    }

    /// 404 for a region, service or endpoint.
    pub fn unknown(kind: &'static str, name: &str, known: Vec<String>) -> Problem {
        Refusal::Unknown { kind, name: shortened(name), known }.into()
    }
}

impl From<Refusal> for Problem {
    fn from(mut refusal: Refusal) -> Problem {
        if let Refusal::Unknown { known, .. } | Refusal::Unsteered { known, .. } = &mut refusal
            && known.len() > MOST_KNOWN
        {
            known.truncate(MOST_KNOWN);
            known.push("…".to_owned());
        }
        let detail = refusal.to_string();
        match refusal {
            Refusal::Unknown { kind, known, .. } => {
                Problem::new(StatusCode::NOT_FOUND, &format!("unknown-{kind}"), detail).knowing(known)
            }
            Refusal::Unsteered { known, .. } => {
                Problem::new(StatusCode::NOT_FOUND, "unknown-name", detail).knowing(known)
            }
            Refusal::Unseen { .. } => Problem::new(StatusCode::CONFLICT, "unseen", detail),
            Refusal::Full(_) => Problem::new(StatusCode::CONFLICT, "full", detail),
            Refusal::Revision { what, current, .. } => Problem::stale(what, current),
            Refusal::Store(_) => Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "store", detail),
            Refusal::Stopping => Problem::new(StatusCode::SERVICE_UNAVAILABLE, "stopping", detail),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.body.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(self.body)).into_response();
        let media_type = HeaderValue::from_static(MEDIA_TYPE);
        for (name, value) in [(header::CONTENT_TYPE, media_type)].into_iter().chain(self.headers) {
            response.headers_mut().insert(name, value);
        }
        response
    }
}

/// 404 for paths.
pub async fn no_such_path(uri: Uri) -> Problem {
    let detail = format!("there is nothing at '{}'; /openapi.json lists every path", shortened(uri.path()));
    Problem::new(StatusCode::NOT_FOUND, "unknown-path", detail)
}

/// A stranger's word, short enough to be quoted.
pub fn shortened(word: &str) -> String {
    const MOST: usize = 200;
    match word.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &word[..end]),
        None => word.to_owned(),
    }
}
