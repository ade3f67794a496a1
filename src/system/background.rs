//! Threads that answering comes before.
//!
//! Such a thread runs while nobody else wants its processor, and makes way the moment that somebody does: a
//! worker does not wait for a turn to end, which takes 3 ms and more. On a machine that is never idle it would
//! never be done, so after [`PATIENCE`] it competes, with a tenth of a worker's weight. Where the system would
//! not let it come back from idling, it has a small weight and short turns from the start.

use std::io;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::Builder;
use std::time::Duration;

/// How long such a thread waits for processors that nobody else wants.
const PATIENCE: Duration = Duration::from_secs(5);

/// Does some work on a thread of its own, behind everything else. Threads that it makes in turn stand where it
/// stood, and are not called back from idling.
pub fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> io::Result<()> {
    let work = move || {
        let watched = standing::may_return().then(|| watch(standing::this_thread(), PATIENCE));
        // A refusal costs nothing but fairness.
        let _ = match &watched {
            Some(Ok(_)) => standing::idle(),
            _ => standing::small(),
        };
        work();
    };
    Builder::new().name(name.into()).spawn(work).map(drop)
}

/// Dropped when the work is over, whatever became of it.
type Course = Sender<()>;

/// Calls a thread back from idling if its work is not over in time. That it ends, and another gets its number,
/// between the two is out of the question: numbers go round first.
fn watch(thread: i32, patience: Duration) -> io::Result<Course> {
    let (course, over) = channel();
    let watch = move || {
        if over.recv_timeout(patience) == Err(RecvTimeoutError::Timeout) {
            let _ = standing::compete(thread);
        }
    };
    Builder::new().name("patience".into()).spawn(watch).map(|_| course)
}

#[cfg(target_os = "linux")]
mod standing {
    use std::io;
    use std::thread::Builder;

    use super::super::fence::{Standing, schedule};

    pub fn this_thread() -> i32 {
        rustix::thread::gettid().as_raw_pid()
    }

    pub fn idle() -> io::Result<()> {
        schedule(0, Standing::Idle)
    }

    pub fn small() -> io::Result<()> {
        schedule(0, Standing::Small)
    }

    pub fn compete(thread: i32) -> io::Result<()> {
        schedule(thread, Standing::Tenth)
    }

    /// Whether a thread of this process may come back from idling: with CAP_SYS_NICE, or where RLIMIT_NICE allows
    /// what it had before. Tried on one that has nothing to do.
    pub fn may_return() -> bool {
        let probe = Builder::new().name("probe".into()).spawn(|| idle().and_then(|()| compete(0)));
        probe.is_ok_and(|probe| matches!(probe.join(), Ok(Ok(()))))
    }
}

/// Elsewhere all threads are alike.
#[cfg(not(target_os = "linux"))]
mod standing {
    use std::io;

    pub fn this_thread() -> i32 {
        0
    }

    pub fn idle() -> io::Result<()> {
        Ok(())
    }

    pub fn small() -> io::Result<()> {
        Ok(())
    }

    pub fn compete(_: i32) -> io::Result<()> {
        Ok(())
    }

    pub fn may_return() -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    /// Policy and nice value of a thread of this process, as the system tells them.
    fn scheduling(thread: i32) -> (u32, i64) {
        let text = std::fs::read_to_string(format!("/proc/self/task/{thread}/stat")).unwrap();
        let fields: Vec<&str> = text.rsplit(')').next().unwrap().split_whitespace().collect();
        // Fields 41 and 19 of proc(5), of which two stand before the parenthesis.
        (fields[38].parse().unwrap(), fields[16].parse().unwrap())
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn work_idles_or_is_small() {
        let (tell, told) = channel();
        spawn("test", move || tell.send(scheduling(standing::this_thread())).unwrap()).unwrap();
        // Whoever runs the tests may be nice already.
        let (_, own) = scheduling(standing::this_thread());
        let expected = if standing::may_return() { (5, own) } else { (0, 19) };
        assert_eq!(told.recv().unwrap(), expected);
        assert_eq!(scheduling(standing::this_thread()).0, 0, "whoever asked is as before");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn work_that_lasts_competes() {
        if !standing::may_return() {
            return;
        }
        standing::idle().unwrap();
        let thread = standing::this_thread();
        let _course = watch(thread, Duration::ZERO).unwrap();
        let called_back = (0..1000).any(|_| {
            thread::sleep(Duration::from_millis(5));
            scheduling(thread) == (0, 10)
        });
        assert!(called_back, "{:?}", scheduling(thread));
    }
}
