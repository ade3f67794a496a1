//! One attempt at any target: the one `match` on what a request is.

use std::sync::Arc;
use std::time::Duration;

use super::line::Line;
use super::tls::Tls;
use super::{Attempt, Outcome, Told, TrustError, command, dns, grpc, http, icmp, scrape, tcp};
use crate::model::{Request, Target};

/// Whoever can make an attempt: the [`Asker`], or a stand-in that needs no sockets.
pub trait Ask: Send + Sync + 'static {
    /// Asks once. The answer must come within `timeout`, whatever the target does.
    fn ask(&self, target: Arc<Target>, timeout: Duration) -> impl Future<Output = Attempt> + Send;
}

/// What it takes to ask every kind of request, made once and shared by all attempts.
#[derive(Debug)]
pub struct Asker {
    tls: Tls,
}

impl Asker {
    /// Reads the system's trusted authorities (a few files, once) and adds `authorities`, in DER.
    pub fn new(authorities: &[Vec<u8>]) -> Result<Asker, TrustError> {
        Ok(Asker { tls: Tls::new(authorities)? })
    }
}

impl Ask for Asker {
    async fn ask(&self, target: Arc<Target>, timeout: Duration) -> Attempt {
        let mut line = Line::new(&self.tls, &target, timeout);
        let (mut concern, mut told) = (None, Told::Nothing);
        let result = match &target.request {
            Request::Http(request) => {
                http::ask(&mut line, request).await.map(|answer| (concern, told) = super::told::of(&answer))
            }
            Request::Tcp(request) => tcp::ask(&mut line, request).await,
            Request::Dns(request) => dns::ask(&mut line, request).await,
            Request::Grpc(request) => grpc::ask(&mut line, request).await,
            Request::Icmp => icmp::ask(&mut line).await,
            Request::Command(request) => command::ask(&mut line, request).await,
            Request::Scrape(request) => {
                let samples = scrape::ask(&mut line, request).await;
                samples.map(|samples| told = Told::Samples(Box::new(samples)))
            }
        };
        let outcome = match (result.into(), concern) {
            (Outcome::Up, Some(concern)) => Outcome::Doubtful(concern),
            (outcome, _) => outcome,
        };
        Attempt { outcome, certificate_expires: line.certificate_expires, told }
    }
}
