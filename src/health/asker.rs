//! One attempt at any target: the one `match` on what a request is.

use std::sync::Arc;
use std::time::Duration;

use super::http::Http;
use super::{Attempt, TrustError};
use crate::model::{Request, Target};

/// Whoever can make an attempt: the [`Asker`], or a stand-in that needs no sockets.
pub trait Ask: Send + Sync + 'static {
    /// Asks once. The answer must come within `timeout`, whatever the target does.
    fn ask(&self, target: Arc<Target>, timeout: Duration) -> impl Future<Output = Attempt> + Send;
}

/// What it takes to ask every kind of request, made once and shared by all attempts.
#[derive(Debug)]
pub struct Asker {
    http: Http,
}

impl Asker {
    /// Reads the system's trusted authorities (a few files, once) and adds `authorities`, in DER.
    pub fn new(authorities: &[Vec<u8>]) -> Result<Asker, TrustError> {
        Ok(Asker { http: Http::new(authorities)? })
    }
}

impl Ask for Asker {
    async fn ask(&self, target: Arc<Target>, timeout: Duration) -> Attempt {
        match &target.request {
            Request::Http(request) => self.http.attempt(&target, request, timeout).await,
        }
    }
}
