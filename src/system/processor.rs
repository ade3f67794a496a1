//! Which processors this process may use, and on which one a thread stays.

/// The processors that this process may use, by number.
#[cfg(target_os = "linux")]
pub fn processors() -> Vec<usize> {
    use rustix::thread::{CpuSet, sched_getaffinity};
    let set = sched_getaffinity(None).unwrap_or_default();
    (0..CpuSet::MAX_CPU).filter(|number| set.is_set(*number)).collect()
}

/// Keeps the calling thread on one processor.
#[cfg(target_os = "linux")]
pub fn pin(processor: usize) -> std::io::Result<()> {
    use rustix::thread::{CpuSet, sched_setaffinity};
    let mut set = CpuSet::new();
    if processor < CpuSet::MAX_CPU {
        set.set(processor);
    }
    Ok(sched_setaffinity(None, &set)?)
}

/// Elsewhere nobody is pinned.
#[cfg(not(target_os = "linux"))]
pub fn processors() -> Vec<usize> {
    Vec::new()
}

/// Elsewhere nobody is pinned.
#[cfg(not(target_os = "linux"))]
pub fn pin(_: usize) -> std::io::Result<()> {
    Err(std::io::ErrorKind::Unsupported.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn a_thread_stays_where_it_is_pinned() {
        let all = processors();
        let last = *all.last().unwrap();
        let pinned = std::thread::spawn(move || pin(last).map(|()| processors())).join().unwrap();
        assert_eq!(pinned.unwrap(), [last]);
        assert_eq!(processors(), all, "other threads go where they like");
        assert!(pin(usize::MAX).is_err());
    }
}
