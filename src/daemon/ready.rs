//! Whether the node is fit, told to whoever follows events.

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::anycast::Latches;
use crate::control::Handle;
use crate::control::events::What;

/// Tells when clients may be sent here, and when not any more.
pub async fn run(mut latches: watch::Receiver<Latches>, handle: Handle, shutdown: CancellationToken) {
    let mut was_fit = latches.borrow_and_update().fitness().is_fit();
    loop {
        let changed = tokio::select! {
            () = shutdown.cancelled() => return,
            changed = latches.changed() => changed,
        };
        let missing = latches.borrow_and_update().fitness().missing;
        if changed.is_err() {
            return;
        }
        let ready = missing.is_empty();
        if ready != was_fit && handle.happened(What::Ready { ready, missing }).await.is_err() {
            return;
        }
        was_fit = ready;
    }
}
