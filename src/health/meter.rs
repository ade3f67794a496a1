//! What one attempt reads of a connection: so much in all, and so much in one turn.
//!
//! Libraries bound what they keep, not what they read: interim answers, frames and records that say nothing may come
//! without end, and as fast as they are read. All attempts share a thread, and whoever floods one of them must not take
//! their turns. So this stands below TLS, where every byte passes.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::task::coop;

/// The most that is read of a body, in bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Most(pub(super) usize);

/// Beside bodies: a handshake with its certificates and a head, 64 KiB each at the most, and what stands around them.
const BESIDE: usize = 192 * 1024;

/// The most that is read at once.
const AT_ONCE: usize = 16 * 1024;

/// So much is worth one of the 128 steps that tokio lets a task take in one turn: 32 KiB are a turn.
const A_STEP: usize = 256;

/// The error of a connection whose allowance is used up. No system says that of a socket, and h2 keeps nothing of an
/// error but its kind.
const USED_UP: io::ErrorKind = io::ErrorKind::QuotaExceeded;

/// Whether it was this that ended a connection.
pub(super) fn is_used_up(error: &io::Error) -> bool {
    error.kind() == USED_UP
}

//------------ Metered -------------------------------------------------------

/// A connection of which only so much is read.
#[derive(Debug)]
pub(super) struct Metered<S> {
    stream: S,
    left: usize,
}

impl<S> Metered<S> {
    /// As much as an answer with such a body may take, even one that comes in many small pieces.
    pub(super) fn new(stream: S, Most(most): Most) -> Metered<S> {
        Metered { stream, left: BESIDE.saturating_add(most.saturating_mul(2)) }
    }

    /// The connection itself.
    pub(super) fn inner(&self) -> &S {
        &self.stream
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Metered<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.left == 0 {
            return Poll::Ready(Err(USED_UP.into()));
        }
        let most = self.left.min(AT_ONCE).min(buffer.remaining());
        let mut part = ReadBuf::new(buffer.initialize_unfilled_to(most));
        ready!(Pin::new(&mut self.stream).poll_read(context, &mut part))?;
        let count = part.filled().len();
        buffer.advance(count);
        self.left -= count;
        spend(context, count / A_STEP);
        Poll::Ready(Ok(()))
    }
}

/// Takes so many steps of this turn, or what is left of them: then the next read waits until everybody else, timers and
/// sockets too, had theirs.
fn spend(context: &mut Context<'_>, steps: usize) {
    for _ in 0..steps {
        match coop::poll_proceed(context) {
            Poll::Ready(step) => step.made_progress(),
            Poll::Pending => return,
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Metered<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use super::*;

    /// A connection that always has more.
    struct Flood;

    impl AsyncRead for Flood {
        fn poll_read(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
            buffer: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            buffer.initialize_unfilled().fill(b'x');
            buffer.advance(buffer.remaining());
            Poll::Ready(Ok(()))
        }
    }

    /// Reads into a buffer of that size as tokio's own sockets would, for a turn; what came of the last one, and how much
    /// of it there was.
    fn turn(
        stream: &mut Metered<Flood>,
        context: &mut Context<'_>,
        size: usize,
    ) -> (Poll<io::Result<()>>, usize) {
        let (mut bytes, mut total) = (vec![0; size], 0);
        loop {
            let Poll::Ready(step) = coop::poll_proceed(context) else { return (Poll::Pending, total) };
            step.made_progress();
            let mut buffer = ReadBuf::new(&mut bytes);
            let read = Pin::new(&mut *stream).poll_read(context, &mut buffer);
            total += buffer.filled().len();
            if !matches!(read, Poll::Ready(Ok(()))) {
                return (read, total);
            }
        }
    }

    #[tokio::test]
    async fn a_flood_is_read_in_turns_and_not_for_ever() {
        for size in [1, 300, 4096, 1 << 20] {
            let mut stream = Metered::new(Flood, Most(5 * 1024));
            let (mut total, mut turns) = (0, 0);
            let error = poll_fn(|context| {
                let (read, count) = turn(&mut stream, context, size);
                assert!(count <= 128 * A_STEP + AT_ONCE, "{count} of {size}");
                (total, turns) = (total + count, turns + 1);
                match read {
                    Poll::Ready(Err(error)) => Poll::Ready(error),
                    _ => Poll::Pending,
                }
            });
            let error = error.await;
            assert!(is_used_up(&error), "{error}");
            assert_eq!(total, BESIDE + 10 * 1024, "{size}");
            assert!(turns > 4, "{turns} of {size}");
        }
    }
}
