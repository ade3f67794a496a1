//! A server that runs: started in a process group of its own, ended by its own id.

use std::fs::File;
use std::net::SocketAddr;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use crate::ask;
use crate::question::Question;

/// How long a server may take until it answers.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long it may take to end by itself.
const GRACE: Duration = Duration::from_secs(5);

/// What to start.
#[derive(Clone, Debug)]
pub struct Launch {
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// Where what it prints goes.
    pub log: PathBuf,
}

/// A server that answers. Ended when dropped.
pub struct Process(Child);

impl Process {
    /// Starts a server and waits until it answers a question without an error. If this process dies, the
    /// server does, too.
    pub fn start(launch: &Launch, address: SocketAddr, question: &Question) -> Result<Process> {
        let log = File::create(&launch.log).with_context(|| format!("cannot write {:?}", launch.log))?;
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", "--"]).arg(&launch.program).args(&launch.arguments);
        command.process_group(0).stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        let child = command.spawn().context("cannot run setpriv (Debian: util-linux)")?;
        let mut process = Process(child);
        process.wait(address, question, &launch.log)?;
        Ok(process)
    }

    fn wait(&mut self, address: SocketAddr, question: &Question, log: &Path) -> Result<()> {
        let begin = Instant::now();
        while begin.elapsed() < PATIENCE {
            if ask::works(address, question) {
                return Ok(());
            }
            if let Some(status) = self.0.try_wait()? {
                bail!("ended at once, {status}:\n{}", tail(log));
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        bail!("no answer within {} s:\n{}", PATIENCE.as_secs(), tail(log))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let Ok(Some(id)) = i32::try_from(self.0.id()).map(Pid::from_raw) else { return };
        let begin = Instant::now();
        let _ = kill_process(id, Signal::TERM);
        while matches!(self.0.try_wait(), Ok(None)) {
            if begin.elapsed() > GRACE {
                let _ = kill_process(id, Signal::KILL);
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        // What it left behind is in a group of its own. Mostly there is nobody any more.
        let _ = kill_process_group(id, Signal::KILL);
    }
}

/// The end of a log.
fn tail(path: &Path) -> String {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(25)..].join("\n")
}
