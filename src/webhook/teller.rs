//! The task that tells one receiver.

use std::pin::Pin;
use std::sync::Arc;
use std::time::SystemTime;

use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};
use tracing::{info, warn};

use super::letter;
use super::post::Post;
use super::queue::{Next, Outcome, Queue};
use crate::control::Event;
use crate::control::words::seconds;
use crate::model::Webhook;
use crate::telemetry::hooks::{HookCounts, Hooks};

/// Messages that may wait for one receiver.
const BOUND: usize = 1000;

/// An attempt under way.
type Attempt = Pin<Box<dyn Future<Output = (Outcome, String)> + Send>>;

/// All that can wake it.
enum Wake {
    Happened(Arc<Event>),
    Lost(u64),
    Done(Outcome, String),
    Due,
    Changed,
    Stopped,
}

/// One receiver.
pub struct Teller {
    /// What it wants; the end of the channel is its own.
    pub hook: watch::Receiver<Arc<Webhook>>,
    /// What happens.
    pub coming: Receiver<Arc<Event>>,
    /// The way there.
    pub post: Post,
    /// What the node calls itself.
    pub node: String,
    /// Where its counts are shown.
    pub shown: watch::Sender<Hooks>,
}

impl Teller {
    /// Tells until it is taken out of the configuration.
    pub async fn run(mut self) {
        let (mut queue, mut counts) = (Queue::<Arc<Event>>::new(BOUND), HookCounts::default());
        let mut attempt: Option<Attempt> = None;
        loop {
            let mut due = None;
            match queue.next(Instant::now().into_std()) {
                Next::Send(event) => attempt = Some(self.send(&event)),
                Next::At(at) => due = Some(at),
                Next::Nothing => {}
            }
            counts.waiting = queue.len();
            self.show(counts);
            match self.wake(&mut attempt, due.map(Instant::from_std)).await {
                Wake::Happened(event) if self.wants(&event) => counts.dropped += u64::from(queue.push(event)),
                Wake::Lost(count) => counts.dropped += count,
                Wake::Done(outcome, words) => {
                    attempt = None;
                    self.note(outcome, &words, &queue, &mut counts);
                    queue.done(outcome, Instant::now().into_std(), fastrand::f64());
                }
                Wake::Stopped => return,
                Wake::Happened(_) | Wake::Due | Wake::Changed => {}
            }
        }
    }

    /// Every branch may be dropped and polled anew; the attempt is kept by the caller.
    async fn wake(&mut self, attempt: &mut Option<Attempt>, due: Option<Instant>) -> Wake {
        let done = async {
            match attempt {
                Some(attempt) => attempt.await,
                None => std::future::pending().await,
            }
        };
        let late = async {
            match due {
                Some(due) => sleep_until(due).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            changed = self.hook.changed() => if changed.is_ok() { Wake::Changed } else { Wake::Stopped },
            received = self.coming.recv() => match received {
                Ok(event) => Wake::Happened(event),
                Err(RecvError::Lagged(count)) => Wake::Lost(count),
                Err(RecvError::Closed) => Wake::Stopped,
            },
            (outcome, words) = done => Wake::Done(outcome, words),
            () = late => Wake::Due,
        }
    }

    fn wants(&self, event: &Event) -> bool {
        let hook = self.hook.borrow();
        hook.kinds.contains(&event.what.kind())
            && !event.what.is_first_word()
            && (hook.services.is_empty() || hook.services.iter().any(|service| event.is_about(service)))
    }

    fn send(&self, event: &Event) -> Attempt {
        let hook = Arc::clone(&self.hook.borrow());
        let letter = letter::write(&hook, event, &self.node, seconds(SystemTime::now()));
        Box::pin(self.post.clone().send(hook.url.clone(), letter, hook.timeout))
    }

    /// The first failure and the end of failures are worth a line each.
    fn note(&self, outcome: Outcome, words: &str, queue: &Queue<Arc<Event>>, counts: &mut HookCounts) {
        let hook = &self.hook.borrow().name;
        match outcome {
            Outcome::Delivered => {
                counts.delivered += 1;
                if queue.failures() > 0 {
                    info!(webhook = hook, waiting = queue.len(), "a webhook takes messages again");
                }
            }
            Outcome::Refused => {
                counts.refused += 1;
                warn!(webhook = hook, why = words, "a webhook refuses a message, which is dropped");
            }
            Outcome::Failed(_) => {
                counts.failed += 1;
                if queue.failures() == 0 {
                    warn!(webhook = hook, why = words, "a webhook takes no message; trying again");
                }
            }
        }
    }

    fn show(&self, counts: HookCounts) {
        let name = self.hook.borrow().name.clone();
        self.shown.send_modify(|hooks| {
            hooks.insert(name, counts);
        });
    }
}
