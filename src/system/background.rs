//! Threads that answering comes before.
//!
//! Such a thread runs while nobody else wants its processor, and makes way the moment that somebody does: a
//! worker does not wait for a turn to end, which takes 3 ms and more. On a machine that is never idle it would
//! never be done, so after [`PATIENCE`] it competes, with a tenth of a worker's weight. Where the system would
//! not let it come back from idling, it has a small weight and short turns from the start.

use std::io;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// How long such a thread waits for processors that nobody else wants.
const PATIENCE: Duration = Duration::from_secs(5);

/// Does some work on a thread of its own, behind everything else. Threads that it makes are treated alike, but
/// not called back from idling.
pub fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> io::Result<()> {
    let work = move || {
        let course = Course::default();
        let watched = priority::may_return() && watch(&course, PATIENCE).is_ok();
        // A refusal costs nothing but fairness.
        let _ = if watched { priority::idle() } else { priority::small() };
        work();
    };
    thread::Builder::new().name(name.into()).spawn(work).map(drop)
}

/// Whether the work is over: said when this is dropped, whatever became of the work.
#[derive(Default)]
struct Course(Arc<(Mutex<bool>, Condvar)>);

impl Drop for Course {
    fn drop(&mut self) {
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.0.1.notify_all();
    }
}

/// Calls the calling thread back from idling if its work is not over in time. The lock is held meanwhile, so
/// the thread cannot end, and its number cannot become another's.
fn watch(course: &Course, patience: Duration) -> io::Result<()> {
    let (course, thread) = (Arc::clone(&course.0), priority::this_thread());
    let watch = move || {
        let over = course.0.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = course.1.wait_timeout_while(over, patience, |over| !*over);
        let (over, _) = waited.unwrap_or_else(PoisonError::into_inner);
        if !*over {
            let _ = priority::compete(thread);
        }
    };
    thread::Builder::new().name("patience".into()).spawn(watch).map(drop)
}

#[cfg(target_os = "linux")]
mod priority {
    use std::io;

    use super::super::fence::schedule;

    pub fn this_thread() -> i32 {
        rustix::thread::gettid().as_raw_pid()
    }

    /// Only while nobody else wants the processor.
    pub fn idle() -> io::Result<()> {
        schedule(0, libc::SCHED_IDLE, 0, 0)
    }

    /// A seventieth of a worker's weight, in turns of 0.1 ms.
    pub fn small() -> io::Result<()> {
        schedule(0, libc::SCHED_OTHER, 19, 100_000)
    }

    /// A tenth of a worker's weight.
    pub fn compete(thread: i32) -> io::Result<()> {
        schedule(thread, libc::SCHED_OTHER, 10, 0)
    }

    /// Whether a thread of this process may come back from idling: with CAP_SYS_NICE, or where RLIMIT_NICE allows
    /// what it had before. Tried on one that has nothing to do.
    pub fn may_return() -> bool {
        std::thread::spawn(|| idle().and_then(|()| compete(0)).is_ok()).join().unwrap_or(false)
    }
}

/// Elsewhere all threads are alike.
#[cfg(not(target_os = "linux"))]
mod priority {
    use std::io;

    pub fn this_thread() -> i32 {
        0
    }

    pub fn idle() -> io::Result<()> {
        Ok(())
    }

    pub use idle as small;

    pub fn compete(_: i32) -> io::Result<()> {
        Ok(())
    }

    pub fn may_return() -> bool {
        false
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use super::*;

    /// Policy and nice value of a thread of this process, as the system tells them.
    fn scheduling(thread: i32) -> (u32, i64) {
        let text = std::fs::read_to_string(format!("/proc/self/task/{thread}/stat")).unwrap();
        let fields: Vec<&str> = text.rsplit(')').next().unwrap().split_whitespace().collect();
        // Fields 41 and 19 of proc(5), of which two stand before the parenthesis.
        (fields[38].parse().unwrap(), fields[16].parse().unwrap())
    }

    #[test]
    fn work_idles_or_is_small() {
        let (tell, told) = mpsc::channel();
        spawn("test", move || tell.send(scheduling(priority::this_thread())).unwrap()).unwrap();
        let expected = if priority::may_return() { (5, 0) } else { (0, 19) };
        assert_eq!(told.recv().unwrap(), expected);
        assert_eq!(scheduling(priority::this_thread()).0, 0, "whoever asked is as before");
    }

    #[test]
    fn work_that_lasts_competes() {
        if !priority::may_return() {
            return;
        }
        let (course, thread) = (Course::default(), priority::this_thread());
        watch(&course, Duration::ZERO).unwrap();
        while scheduling(thread).1 != 10 {
            thread::yield_now();
        }
    }

    #[test]
    fn nobody_is_called_back_once_the_work_is_over() {
        let (course, thread) = (Course::default(), priority::this_thread());
        let shared = Arc::clone(&course.0);
        watch(&course, Duration::from_secs(3600)).unwrap();
        drop(course);
        // The watch lets go of what it shares when it ends.
        while Arc::strong_count(&shared) > 1 {
            thread::yield_now();
        }
        assert_eq!(scheduling(thread), (0, 0));
    }
}
