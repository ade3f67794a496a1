//! A server that runs: started on its processor, measured from outside, ended by its own id.

use std::collections::HashMap;
use std::fs::File;
use std::net::SocketAddr;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use crate::verify::Expect;
use crate::{socket, wire};

/// The processor of servers, and the one of the generator.
pub const SERVER_PROCESSOR: usize = 0;
/// See [`SERVER_PROCESSOR`].
pub const GENERATOR_PROCESSOR: usize = 1;

/// How long a server may take until it answers.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long it may take to end by itself.
const GRACE: Duration = Duration::from_secs(10);

/// What to start.
#[derive(Clone, Debug)]
pub struct Launch {
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// Where what it prints goes.
    pub log: PathBuf,
    /// Whether it stays on its processor; else it has the generator's, too.
    pub pinned: bool,
}

/// What each thread of a server has had of processors, in nanoseconds.
pub struct Clocks(HashMap<PathBuf, u64>);

impl Clocks {
    /// What they had since then. A thread that ended meanwhile is left out: threads that end are those that had nothing to
    /// do for seconds.
    pub fn since(&self, then: &Clocks) -> u64 {
        let own = |(thread, now): (&PathBuf, &u64)| now.saturating_sub(*then.0.get(thread).unwrap_or(&0));
        self.0.iter().map(own).sum()
    }
}

/// A server that answers. Ended when dropped.
pub struct Process {
    child: Child,
    /// The process and those that it started.
    tree: Vec<u32>,
    /// From the start until the first right answer.
    pub start: Duration,
    /// Where what it prints goes.
    pub log: PathBuf,
}

impl Process {
    /// Starts a server, in a process group of its own, and waits until it answers. If this
    /// process dies, the server does, too.
    pub fn start(launch: &Launch, address: SocketAddr, expect: Expect) -> Result<Process> {
        let log = File::create(&launch.log).with_context(|| format!("cannot write {:?}", launch.log))?;
        let processors = match launch.pinned {
            true => SERVER_PROCESSOR.to_string(),
            false => format!("{SERVER_PROCESSOR},{GENERATOR_PROCESSOR}"),
        };
        let mut command = Command::new("taskset");
        command.args(["-c", &processors, "setpriv", "--pdeathsig", "KILL", "--"]);
        command.arg(&launch.program).args(&launch.arguments).process_group(0).stdin(Stdio::null());
        command.stdout(log.try_clone()?).stderr(log);
        let begin = Instant::now();
        let child = command.spawn().context("cannot run taskset (Debian: util-linux)")?;
        let (tree, log) = (vec![child.id()], launch.log.clone());
        let mut process = Process { child, tree, start: Duration::ZERO, log };
        process.start = process.wait(begin, address, expect)?;
        process.tree = descendants(process.child.id());
        Ok(process)
    }

    fn wait(&mut self, begin: Instant, address: SocketAddr, expect: Expect) -> Result<Duration> {
        while begin.elapsed() < PATIENCE {
            if answers(address, expect) {
                return Ok(begin.elapsed());
            }
            if let Some(status) = self.child.try_wait()? {
                bail!("ended at once, {status}:\n{}", tail(&self.log));
            }
            std::thread::sleep(Duration::from_micros(500));
        }
        bail!("no right answer within {} s:\n{}", PATIENCE.as_secs(), tail(&self.log))
    }

    /// The processor time of its threads so far. What the kernel does on behalf of a thread counts, interrupts of the
    /// network included; tick accounting would miss those.
    pub fn clocks(&self) -> Result<Clocks> {
        let mut clocks = HashMap::new();
        for id in &self.tree {
            for task in std::fs::read_dir(format!("/proc/{id}/task")).context("the server is gone")? {
                let path = task?.path();
                let text = std::fs::read_to_string(path.join("schedstat")).unwrap_or_default();
                let first = text.split_whitespace().next().and_then(|first| first.parse().ok());
                clocks.insert(path, first.unwrap_or(0));
            }
        }
        Ok(Clocks(clocks))
    }

    /// Octets that are resident now, what is shared with others included.
    pub fn resident(&self) -> u64 {
        self.tree.iter().map(|id| kibibytes(&format!("/proc/{id}/status"), "VmRSS:")).sum()
    }

    /// Octets of memory now, what processes share counted once, and at the most so far.
    pub fn memory(&self) -> (u64, u64) {
        let field = |id: &u32, file: &str, name: &str| kibibytes(&format!("/proc/{id}/{file}"), name);
        let now = self.tree.iter().map(|id| field(id, "smaps_rollup", "Pss:")).sum();
        let most = self.tree.iter().map(|id| field(id, "status", "VmHWM:")).sum();
        (now, most)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let Ok(Some(id)) = i32::try_from(self.child.id()).map(Pid::from_raw) else { return };
        let begin = Instant::now();
        let _ = kill_process(id, Signal::TERM);
        while matches!(self.child.try_wait(), Ok(None)) {
            if begin.elapsed() > GRACE {
                let _ = kill_process(id, Signal::KILL);
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        // What it left behind is in a group of its own. Mostly there is nobody any more.
        let _ = kill_process_group(id, Signal::KILL);
    }
}

/// Whether a server gives a right answer to the first name, soon.
fn answers(address: SocketAddr, expect: Expect) -> bool {
    let query = wire::query(7, &wire::label(0, true), None, false);
    ask(address, &query, Duration::from_millis(5))
        .is_some_and(|answer| expect.check(&query, wire::question_end(&query), &answer).is_ok())
}

/// One query, one answer, from a socket of its own.
pub fn ask(address: SocketAddr, query: &[u8], timeout: Duration) -> Option<Vec<u8>> {
    let socket = socket::asking(address, timeout).ok()?;
    socket.send(query).ok()?;
    let mut room = [0; 4096];
    let length = socket.recv(&mut room).ok()?;
    Some(room[..length].to_vec())
}

/// A process and all that descend from it.
fn descendants(root: u32) -> Vec<u32> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let ids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let parents: Vec<(u32, u32)> = ids.filter_map(|id| Some((id, parent(id)?))).collect();
    let mut tree = vec![root];
    let mut at = 0;
    while let Some(id) = tree.get(at).copied() {
        tree.extend(parents.iter().filter(|(_, parent)| *parent == id).map(|(child, _)| *child));
        at += 1;
    }
    tree
}

fn parent(id: u32) -> Option<u32> {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // Behind the name, which may hold anything: state, parent.
    stat.rsplit_once(") ")?.1.split_whitespace().nth(1)?.parse().ok()
}

/// A field that is given in kB, in octets.
fn kibibytes(path: &str, field: &str) -> u64 {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(field));
    line.and_then(|rest| rest.trim().trim_end_matches(" kB").parse::<u64>().ok()).unwrap_or(0) * 1024
}

/// The end of a log.
fn tail(path: &Path) -> String {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(15)..].join("\n")
}

/// Keeps this thread on the generator's processor.
pub fn pin_generator() -> Result<()> {
    pin_to(&[GENERATOR_PROCESSOR])
        .with_context(|| format!("processor {GENERATOR_PROCESSOR} is not there; two are needed"))
}

/// Lets this thread run beside the server as well: a thread inherits the generator's processor, which is never idle.
pub fn unpin() -> Result<()> {
    pin_to(&[SERVER_PROCESSOR, GENERATOR_PROCESSOR]).context("cannot let a thread run on both processors")
}

fn pin_to(processors: &[usize]) -> std::io::Result<()> {
    use rustix::thread::{CpuSet, sched_setaffinity};
    let mut set = CpuSet::new();
    processors.iter().for_each(|number| set.set(*number));
    Ok(sched_setaffinity(None, &set)?)
}
