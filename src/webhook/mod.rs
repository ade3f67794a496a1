//! Telling others by HTTP what happens: a task for each webhook of the configuration.
//!
//! `queue` is what waits for one receiver, a machine that takes `now`; `letter` is what is sent, and how it is signed;
//! `post` is the one file that speaks HTTP; `teller` is the task. A reload changes what a webhook wants, by name, and
//! loses nothing that waits. What waits when the node stops is lost: the events themselves are no longer than the
//! process.

mod letter;
mod post;
mod queue;
mod teller;

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::{error, warn};

use crate::config::Config;
use crate::control::Handle;
use crate::model::Webhook;
use crate::telemetry::hooks::Hooks;
use post::Post;
use teller::Teller;

/// Tells until `shutdown`; `shown` is what has become of messages.
pub async fn run(
    mut config: watch::Receiver<Arc<Config>>,
    handle: Handle,
    shown: watch::Sender<Hooks>,
    shutdown: CancellationToken,
) {
    let post = match Post::new() {
        Ok(post) => post,
        // Without a webhook nobody has to know.
        Err(why) if config.borrow().webhooks.is_empty() => {
            return warn!(why, "webhooks are not possible here");
        }
        Err(why) => return error!(why, "no webhook is told of anything"),
    };
    let mut tellers = Tellers { handle, post, shown, told: BTreeMap::new(), tasks: JoinSet::new() };
    loop {
        let wanted = config.borrow_and_update().webhooks.clone();
        if tellers.follow(wanted).await.is_none() {
            return;
        }
        tokio::select! {
            () = shutdown.cancelled() => return,
            changed = config.changed() => if changed.is_err() { return },
        }
    }
}

/// Those that run, by name. They end with this.
struct Tellers {
    handle: Handle,
    post: Post,
    shown: watch::Sender<Hooks>,
    told: BTreeMap<String, watch::Sender<Arc<Webhook>>>,
    tasks: JoinSet<()>,
}

impl Tellers {
    /// Starts, changes and ends tellers until they are what is wanted; `None`: the node is stopping.
    async fn follow(&mut self, wanted: Vec<Webhook>) -> Option<()> {
        self.told.retain(|name, _| wanted.iter().any(|hook| hook.name == *name));
        while self.tasks.try_join_next().is_some() {}
        self.shown.send_modify(|hooks| hooks.retain(|name, _| self.told.contains_key(name)));
        for hook in wanted.into_iter().map(Arc::new) {
            match self.told.get(&hook.name) {
                Some(told) => drop(told.send_replace(hook)),
                None => self.start(hook).await?,
            }
        }
        Some(())
    }

    async fn start(&mut self, hook: Arc<Webhook>) -> Option<()> {
        let coming = self.handle.follow(None).await.ok()?.coming;
        let node = self.handle.shared.load().world.identity.clone();
        let name = hook.name.clone();
        let (told, hook) = watch::channel(hook);
        let (post, shown) = (self.post.clone(), self.shown.clone());
        self.tasks.spawn(Teller { hook, coming, post, node, shown }.run());
        self.told.insert(name, told);
        Some(())
    }
}
