//! Looking up the names that endpoints stand for with `resolve = true`, in the background, and telling control.
//!
//! `book` says which name is due when, a machine that takes `now`; `ask` is the one file that asks. Control keeps what was
//! found for as long as nothing newer is: a name that cannot be looked up any more goes on with its last addresses.

mod ask;
mod book;

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use tracing::error;

use crate::config::Config;
use crate::control::Handle;
use crate::model::Name;
use ask::Ask;
use book::{Book, Found};

/// Names that are asked for at once.
const AT_ONCE: usize = 16;

/// Looks names up until `shutdown`.
pub async fn run(mut config: watch::Receiver<Arc<Config>>, handle: Handle, shutdown: CancellationToken) {
    let mut work = Work { handle, book: Book::default(), ask: None, asking: JoinSet::new() };
    work.follow(&config.borrow_and_update());
    loop {
        work.start();
        let due = work.book.next().map(Instant::from_std).filter(|_| work.asking.len() < AT_ONCE);
        tokio::select! {
            () = shutdown.cancelled() => return,
            changed = config.changed() => match changed {
                Ok(()) => work.follow(&config.borrow_and_update()),
                Err(_) => return,
            },
            Some(answered) = work.asking.join_next() => if let Ok((name, found)) = answered {
                work.take(name, found).await;
            },
            () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {}
        }
    }
}

/// The names and whom they are asked of.
struct Work {
    handle: Handle,
    book: Book,
    ask: Option<(Vec<SocketAddr>, Arc<Ask>)>,
    asking: JoinSet<(Name, [Found; 2])>,
}

impl Work {
    /// A configuration is in force: other names, perhaps other servers.
    fn follow(&mut self, config: &Config) {
        let endpoints = config.services.iter().flat_map(|service| &service.endpoints);
        let wanted: BTreeSet<Name> = endpoints.filter_map(|endpoint| endpoint.resolved().cloned()).collect();
        if self.ask.as_ref().is_none_or(|(servers, _)| *servers != config.resolver) && !wanted.is_empty() {
            self.ask = match Ask::new(&config.resolver) {
                Ok(ask) => Some((config.resolver.clone(), Arc::new(ask))),
                Err(why) => {
                    error!(why, "no name can be looked up; write servers under [resolver]");
                    None
                }
            };
        }
        self.book.want(wanted, Instant::now().into_std());
    }

    /// Asks for what is due.
    fn start(&mut self) {
        let Some((_, ask)) = &self.ask else {
            return self.book.wait(Instant::now().into_std());
        };
        while self.asking.len() < AT_ONCE
            && let Some(name) = self.book.due(Instant::now().into_std())
        {
            let ask = Arc::clone(ask);
            self.asking.spawn(async move {
                let found = ask.name(&name).await;
                (name, found)
            });
        }
    }

    /// Tells control what was found.
    async fn take(&mut self, name: Name, found: [Found; 2]) {
        if let Some(lookup) = self.book.found(name, found, Instant::now().into_std()) {
            // Without control there is nobody to be told, and soon nobody to tell.
            drop(self.handle.looked_up(lookup).await);
        }
    }
}
