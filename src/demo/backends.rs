//! A region's backend: a small HTTP server that says where it is, and that can be stopped and started.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::REGIONS;
use crate::server::bind::hint;

/// A socket of the demo that cannot be had.
#[derive(Debug, thiserror::Error)]
#[error("cannot bind {what} to {address}{}", hint(.source))]
pub struct BackendError {
    what: String,
    address: SocketAddr,
    #[source]
    source: std::io::Error,
}

/// All four, and the switch that stops and starts them.
pub struct Backends {
    shutdown: CancellationToken,
    switch: JoinHandle<()>,
}

/// What the switch works on.
#[derive(Clone)]
struct Board {
    port: u16,
    running: Arc<Mutex<HashMap<&'static str, CancellationToken>>>,
    shutdown: CancellationToken,
}

impl Backends {
    /// Starts all of them, or says which port is taken.
    pub async fn start(port: u16, switch: SocketAddr) -> Result<Backends, BackendError> {
        let shutdown = CancellationToken::new();
        let board = Board { port, running: Arc::default(), shutdown: shutdown.clone() };
        for (region, _, _) in REGIONS {
            board.start(region).await?;
        }
        let listener = bind("the demo's switch".into(), switch).await?;
        let router = Router::new()
            .route("/{region}/stop", post(stop))
            .route("/{region}/start", post(start))
            .with_state(board);
        let switch = tokio::spawn(serve(listener, router, shutdown.clone()));
        Ok(Backends { shutdown, switch })
    }

    /// Stops all of them.
    pub async fn stop(self) {
        self.shutdown.cancel();
        // It ends by itself once it is told; a panic there has no say here.
        drop(self.switch.await);
    }
}

impl Board {
    async fn start(&self, wanted: &str) -> Result<Option<&'static str>, BackendError> {
        let Some((region, city, address)) = REGIONS.into_iter().find(|(region, ..)| *region == wanted) else {
            return Ok(None);
        };
        if self.lock().get(region).is_some_and(|stop| !stop.is_cancelled()) {
            return Ok(Some(region));
        }
        let listener =
            bind(format!("the backend of {region}"), SocketAddr::new(IpAddr::from(address), self.port))
                .await?;
        let stop = self.shutdown.child_token();
        self.lock().insert(region, stop.clone());
        let router = Router::new()
            .route("/healthz", get(|| async { "ok\n" }))
            .route("/", get(move || async move { format!("{region} ({city})\n") }));
        tokio::spawn(serve(listener, router, stop));
        Ok(Some(region))
    }

    fn stop(&self, wanted: &str) -> bool {
        self.lock().get(wanted).inspect(|stop| stop.cancel()).is_some()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<&'static str, CancellationToken>> {
        self.running.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

async fn stop(State(board): State<Board>, Path(region): Path<String>) -> (StatusCode, String) {
    match board.stop(&region) {
        true => (StatusCode::OK, format!("{region} is stopped: its connections are refused now\n")),
        false => unknown(),
    }
}

async fn start(State(board): State<Board>, Path(region): Path<String>) -> (StatusCode, String) {
    match board.start(&region).await {
        Ok(Some(region)) => (StatusCode::OK, format!("{region} is started\n")),
        Ok(None) => unknown(),
        Err(error) => (StatusCode::CONFLICT, format!("{error}\n")),
    }
}

fn unknown() -> (StatusCode, String) {
    let known = REGIONS.map(|(region, ..)| region).join(", ");
    (StatusCode::NOT_FOUND, format!("no such region; regions: {known}\n"))
}

async fn bind(what: String, address: SocketAddr) -> Result<TcpListener, BackendError> {
    TcpListener::bind(address).await.map_err(|source| BackendError { what, address, source })
}

/// Serves until it is told to stop; the listener is closed at once, so that connections are refused.
async fn serve(listener: TcpListener, router: Router, stop: CancellationToken) {
    tokio::select! {
        () = stop.cancelled() => {}
        // An accept error is retried inside; this ends only with the process.
        _ = axum::serve(listener, router) => {}
    }
}
