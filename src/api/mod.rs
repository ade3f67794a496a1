//! The HTTP edge: what operators, load balancers and scrapers read and write (DESIGN 5).
//!
//! [`serve`] accepts connections within bounds; `guard` decides who may ask what; `read`, `write`, `acme`,
//! `condition`, `desire`, `events`, `latency`, `resume`, `scale` and `signals` are the calls under `/v1`; `ready` and [`metrics`] are for machines; [`explain`] walks one
//! decision filter by filter. [`wire`] holds every shape that leaves or enters, `show` makes them from
//! control's reports, and `problem` is every refusal (RFC 9457).
//!
//! Decisions that would surprise:
//!
//! - Whoever can connect may do everything while no tokens are configured: the configuration allows that on
//!   loopback alone. With tokens, everything under `/v1` and `/metrics` demands one; `/healthz`, `/readyz` and
//!   `/openapi.json` never do, since load balancers carry no tokens.
//! - A `Host` must be `localhost`, the node's identity or any IP address: DNS rebinding works by names, so an
//!   address in `Host` is no attack, and port mappings and wildcard listeners make it hard to foresee which.
//!   `/healthz` and `/readyz` take any `Host`: there is nothing to protect, and load balancers send odd ones.
//! - Writes go to control and are on disk before they are acknowledged. Reads of steering go to the snapshot.

mod acme;
mod condition;
mod databases;
mod desire;
mod events;
pub mod explain;
mod guard;
mod json;
mod latency;
pub mod metrics;
mod problem;
mod read;
mod ready;
mod resume;
mod scale;
pub mod serve;
mod show;
mod signals;
#[cfg(test)]
mod tests;
pub mod wire;
mod write;

use std::sync::Arc;

use axum::Router;
use tokio::sync::{Semaphore, watch};
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::anycast::Latches;
use crate::config::Config;
use crate::control::Handle;
use crate::control::task::Clock;
use crate::telemetry::Counters;
use crate::telemetry::hooks::Hooks;
pub use serve::run;
pub use show::event as event_body;

/// All that the API reads, and the one way in which it writes.
#[derive(Clone)]
pub struct Context {
    /// To control; its snapshot is read directly.
    pub handle: Handle,
    /// Tokens follow reloads; databases are opened for `explain`.
    pub config: watch::Receiver<Arc<Config>>,
    /// Whether the node is fit.
    pub latches: watch::Receiver<Latches>,
    /// One a worker.
    pub counters: Vec<Arc<Counters>>,
    /// What became of messages to webhooks.
    pub hooks: watch::Receiver<Hooks>,
    /// The wall clock that control uses.
    pub clock: Clock,
    /// Of this program.
    pub version: &'static str,
}

/// What every handler sees.
struct Edge {
    context: Context,
    databases: databases::Databases,
    /// One scrape at a time: each reads every tally.
    scrape: Semaphore,
    /// Places for those who follow events.
    streams: Arc<Semaphore>,
    /// Made once; never changes while the program runs.
    openapi: bytes::Bytes,
}

/// The state of handlers.
type Shared = Arc<Edge>;

#[derive(OpenApi)]
#[openapi(info(
    title = "Meridian",
    description = "Regions, services, endpoints: what is believed of them, what operators say of them, and why \
                   a client is answered as it is."
))]
struct Document;

/// The router with every call and every guard, for [`run`] and for tests.
pub fn router(context: Context) -> Router {
    let (router, document) = calls().split_for_parts();
    let openapi = document.to_json().unwrap_or_default().into();
    let edge = Arc::new(Edge {
        context,
        databases: Default::default(),
        scrape: Semaphore::new(1),
        streams: Arc::new(Semaphore::new(events::STREAMS)),
        openapi,
    });
    let guard = axum::middleware::from_fn_with_state(Arc::clone(&edge), guard::guard);
    let calls: Router = router.fallback(problem::no_such_path).with_state(edge);
    // The guard stands outside the whole router, where a 405 has its Allow already.
    Router::new().fallback_service(calls).layer(guard)
}

/// Every call, by path; the document names exactly these.
fn calls() -> OpenApiRouter<Shared> {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(read::status))
        .routes(routes!(read::regions))
        .routes(routes!(read::region))
        .routes(routes!(read::services))
        .routes(routes!(read::service))
        .routes(routes!(write::region_override, write::set_region_override, write::lift_region_override))
        .routes(routes!(
            write::endpoint_override,
            write::set_endpoint_override,
            write::lift_endpoint_override
        ))
        .routes(routes!(resume::resume))
        .routes(routes!(acme::challenges))
        .routes(routes!(acme::set_challenge, acme::clear_challenge))
        .routes(routes!(signals::push_signals))
        .routes(routes!(latency::latency, latency::measure))
        .routes(routes!(read::explain))
        .routes(routes!(events::events))
        .routes(routes!(scale::scale))
        .routes(routes!(write::reload))
        .routes(routes!(ready::healthz))
        .routes(routes!(ready::readyz))
        .routes(routes!(ready::metrics))
        .routes(routes!(ready::openapi))
}
