//! `GET /v1/events`: what happens, as it happens, as server-sent events (WHATWG HTML §9.2).
//!
//! A stream holds a place, so that followers cannot take every connection from operators; it ends when its
//! connection is to be closed, and a client that comes back with `Last-Event-ID` misses nothing that is still kept.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::sse::{Event as Message, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio_util::sync::CancellationToken;

use super::problem::Problem;
use super::serve::Line;
use super::wire::{EventBody, EventsQuery, LostBody, ProblemBody};
use super::{Shared, show};
use crate::control::{Event, Following};
use crate::model::EventKind;

/// Streams at once: an eighth of all connections.
pub const STREAMS: usize = 32;

/// A comment goes out after so long a silence, so that whoever stands between does not think the stream dead.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// What happens, as it happens.
#[utoipa::path(get, path = "/v1/events", params(EventsQuery), responses(
    (status = 200, body = EventBody, content_type = "text/event-stream",
     description = "A stream: id, event (the kind) and data (JSON) of each; Last-Event-ID asks for what was missed"),
    (status = 400, body = ProblemBody, content_type = "application/problem+json"),
    (status = 503, body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn events(
    State(edge): State<Shared>,
    line: Option<Extension<Line>>,
    query: Result<Query<EventsQuery>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let Query(query) = query.map_err(|error| {
        Problem::bad(format!("the query cannot be read: {}", error.body_text())).knowing(["kind", "service"])
    })?;
    let wanted = wanted(&edge, query)?;
    let place = Arc::clone(&edge.streams).try_acquire_owned().map_err(|_| full())?;
    let Following { missed, lost, coming } = edge.context.handle.follow(last_event_id(&headers)).await?;
    let line = line.map_or_else(Line::default, |Extension(line)| line);
    line.stream();
    let closing = line.closing.clone();
    let node = edge.context.handle.shared.load().world.identity.clone();
    let stream = Stream { missed: missed.into(), lost, coming, wanted, closing, node, _place: place };
    let messages = stream::unfold(stream, async |mut stream| Some((stream.next().await?, stream)));
    let alive = KeepAlive::new().interval(KEEP_ALIVE);
    let mut response = Sse::new(Box::pin(messages)).keep_alive(alive).into_response();
    // nginx would hold back what it has not got enough of.
    response.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
    Ok(response)
}

fn full() -> Problem {
    let detail = format!("{STREAMS} streams of events are open already; close one, or come back");
    let problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, "full", detail);
    problem.with(header::RETRY_AFTER, HeaderValue::from_static("10"))
}

/// What is no number was not ours: as if nothing were known.
fn last_event_id(headers: &HeaderMap) -> Option<u64> {
    headers.get("last-event-id")?.to_str().ok()?.trim().parse().ok()
}

/// Which events somebody wants.
struct Wanted {
    kinds: Vec<EventKind>,
    service: Option<String>,
}

impl Wanted {
    fn wants(&self, event: &Event) -> bool {
        self.kinds.contains(&event.what.kind())
            && self.service.as_ref().is_none_or(|service| event.is_about(service))
    }
}

fn wanted(edge: &Shared, query: EventsQuery) -> Result<Wanted, Problem> {
    let EventsQuery { kind, service } = query;
    let kinds = match kind {
        None => EventKind::ALL.to_vec(),
        Some(words) => words.split(',').map(kind_of).collect::<Result<_, _>>()?,
    };
    let world = &edge.context.handle.shared.load().world;
    if let Some(unknown) = service.as_ref().filter(|name| world.written.iter().all(|one| one.name != **name))
    {
        let known = world.written.iter().map(|service| service.name.clone()).collect();
        return Err(Problem::unknown("service", unknown, known));
    }
    Ok(Wanted { kinds, service })
}

fn kind_of(word: &str) -> Result<EventKind, Problem> {
    let names = EventKind::ALL.map(EventKind::name);
    EventKind::ALL.into_iter().find(|kind| kind.name() == word.trim()).ok_or_else(|| {
        let word = super::problem::shortened(word);
        Problem::bad(format!("kind: '{word}' is no kind of event; kinds: {}", names.join(", ")))
            .knowing(names)
    })
}

//------------ Stream --------------------------------------------------------

/// One listener.
struct Stream {
    missed: VecDeque<Arc<Event>>,
    /// What it was told too late for.
    lost: u64,
    coming: Receiver<Arc<Event>>,
    wanted: Wanted,
    closing: CancellationToken,
    node: String,
    _place: OwnedSemaphorePermit,
}

impl Stream {
    /// The next message; `None`: the stream is over.
    async fn next(&mut self) -> Option<Result<Message, Infallible>> {
        loop {
            if self.lost > 0 {
                let body = LostBody { lost: std::mem::take(&mut self.lost) };
                return Some(Ok(message("lost", &body)));
            }
            let event = match self.missed.pop_front() {
                Some(event) => event,
                None => match self.come().await? {
                    Ok(event) => event,
                    Err(lost) => {
                        self.lost = lost;
                        continue;
                    }
                },
            };
            if self.wanted.wants(&event) {
                let body = show::event(&event, &self.node);
                return Some(Ok(message(&body.kind, &body).id(event.id.to_string())));
            }
        }
    }

    /// The next event, or how many were lost; `None`: none will come.
    async fn come(&mut self) -> Option<Result<Arc<Event>, u64>> {
        // Both may be dropped: nothing is taken from the channel before it is there.
        let received = tokio::select! {
            () = self.closing.cancelled() => return None,
            received = self.coming.recv() => received,
        };
        match received {
            Ok(event) => Some(Ok(event)),
            Err(RecvError::Lagged(lost)) => Some(Err(lost)),
            Err(RecvError::Closed) => None,
        }
    }
}

fn message(kind: &str, body: &impl serde::Serialize) -> Message {
    // JSON has no line ends of its own, and nothing else is refused.
    Message::default().event(kind).data(serde_json::to_string(body).unwrap_or_default())
}
