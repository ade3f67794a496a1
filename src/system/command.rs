//! Programs of the operator's: run in a process group of their own, which ends with them.

use std::ffi::OsString;
use std::io;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::net::unix::pipe::Receiver;
use tokio::process::{Child, Command};

/// How long the system may take to let go of what was killed; after that it is reaped in the background.
const LETTING_GO: Duration = Duration::from_millis(200);

/// What to run.
#[derive(Debug)]
pub struct Order {
    /// By its absolute path; no shell is asked.
    pub program: PathBuf,
    /// As they are.
    pub arguments: Vec<String>,
    /// All of it: nothing is inherited.
    pub environment: Vec<(&'static str, OsString)>,
}

/// Starts a program in `/`, with nothing to read, and one pipe for all that it writes.
pub fn start(order: &Order) -> io::Result<Running> {
    let (output, writer) = io::pipe()?;
    let child = Command::new(&order.program)
        .args(&order.arguments)
        .env_clear()
        .envs(order.environment.iter().map(|(name, value)| (name, value)))
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(writer.try_clone()?)
        .stderr(writer)
        .process_group(0)
        .spawn()?;
    let leader = child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
    let output = Receiver::from_owned_fd(OwnedFd::from(output))?;
    Ok(Running { group: Group(leader), child, output })
}

/// A program that runs. Dropping it kills its group.
#[derive(Debug)]
pub struct Running {
    // Before the child: its number is nobody else's until the child is reaped.
    group: Group,
    child: Child,
    output: Receiver,
}

impl Running {
    /// Waits for the end; with it come the first `most` bytes of output. What writes on after that stands still
    /// once the pipe is full. What the program left behind in its group is killed.
    ///
    /// Cancel safe: nothing is lost but output.
    pub async fn ended(&mut self, most: usize) -> io::Result<(ExitStatus, Vec<u8>)> {
        let output = self.listen(most).await?;
        self.group.kill();
        let status = self.child.wait().await?;
        self.group.0 = None;
        Ok((status, output))
    }

    /// What it writes until it has ended.
    async fn listen(&mut self, most: usize) -> io::Result<Vec<u8>> {
        let (mut output, mut open) = (Vec::new(), true);
        let gone = gone(&mut self.child, &mut self.group);
        tokio::pin!(gone);
        loop {
            tokio::select! {
                ended = &mut gone => break ended?,
                ready = self.output.readable(), if open => {
                    ready?;
                    open = take(&self.output, &mut output, most)?;
                }
            }
        }
        // What it wrote last may not have been seen yet.
        while open && output.len() < most {
            let before = output.len();
            open = take(&self.output, &mut output, most)? && output.len() > before;
        }
        Ok(output)
    }

    /// Kills the group, and waits a little for the system to have done so.
    pub async fn kill(mut self) {
        self.group.kill();
        if tokio::time::timeout(LETTING_GO, self.child.wait()).await.is_ok() {
            self.group.0 = None;
        }
    }
}

/// Takes what is there, up to `most` in all; whether more may be read.
fn take(pipe: &Receiver, output: &mut Vec<u8>, most: usize) -> io::Result<bool> {
    let mut buffer = [0; 1024];
    let room = buffer.len().min(most.saturating_sub(output.len()));
    match pipe.try_read(&mut buffer[..room]) {
        Ok(length) => {
            output.extend_from_slice(&buffer[..length]);
            Ok(length > 0 && output.len() < most)
        }
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(true),
        Err(error) => Err(error),
    }
}

/// Ends when the process has, and leaves it to be reaped: as long as it is not, its group's number is its own.
#[cfg(target_os = "linux")]
async fn gone(_: &mut Child, group: &mut Group) -> io::Result<()> {
    use rustix::process::{PidfdFlags, pidfd_open};
    let leader = group.0.ok_or(io::ErrorKind::NotFound)?;
    // No pipe, but all that is asked is when it can be read, which is when the process has ended.
    let handle = Receiver::from_owned_fd_unchecked(pidfd_open(leader, PidfdFlags::NONBLOCK)?)?;
    handle.readable().await
}

/// Ends when the process has. It is reaped at once, so what it left behind in its group cannot be killed.
#[cfg(not(target_os = "linux"))]
async fn gone(child: &mut Child, group: &mut Group) -> io::Result<()> {
    child.wait().await?;
    group.0 = None;
    Ok(())
}

/// A process group by its leader, killed when dropped; `None` once the leader has been reaped.
#[derive(Debug)]
struct Group(Option<Pid>);

impl Group {
    fn kill(&self) {
        if let Some(leader) = self.0 {
            // It fails where nothing of the group is left.
            let _ = kill_process_group(leader, Signal::KILL);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
    }
}
