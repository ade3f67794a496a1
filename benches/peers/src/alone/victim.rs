//! A backend in a process of its own, which dies in one way or another and comes back.

use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};

/// How a backend dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Its process is killed: connections are refused.
    Killed,
    /// Its process stands still: the system still takes connections, and nobody answers.
    Hung,
    /// The same, and the queue for connections is full: the system drops what comes.
    Dark,
}

impl Way {
    /// All of them.
    pub const ALL: [Way; 3] = [Way::Killed, Way::Hung, Way::Dark];

    /// As tables tell it.
    pub fn title(self) -> &'static str {
        match self {
            Way::Killed => "a backend is killed, connections are refused",
            Way::Hung => "a backend hangs, connections are accepted and never answered",
            Way::Dark => "a backend is a black hole, SYNs are dropped",
        }
    }
}

/// How long until it listens.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long a connection may take until it counts as dropped. On loopback any other is there at once.
const DROPPED: Duration = Duration::from_millis(5);

/// More than ever fit into a queue for none: the system takes one more than it was told.
const MOST_WAITING: usize = 8;

/// The backend. Ended when dropped.
pub struct Victim {
    child: Child,
    address: SocketAddr,
    /// Connections that keep its queue full.
    waiting: Vec<TcpStream>,
}

impl Victim {
    /// One that is well.
    pub fn start(address: SocketAddr) -> Result<Victim> {
        let mut victim = Victim { child: spawn(address)?, address, waiting: Vec::new() };
        victim.wait_until_it_listens()?;
        Ok(victim)
    }

    /// Kills it, and says when that began.
    pub fn strike(&mut self, way: Way) -> Result<Instant> {
        let begin = Instant::now();
        match way {
            Way::Killed => self.signal(Signal::KILL)?,
            Way::Hung => self.signal(Signal::STOP)?,
            Way::Dark => {
                self.signal(Signal::STOP)?;
                self.fill()?;
            }
        }
        Ok(begin)
    }

    /// Makes it well again.
    pub fn revive(&mut self, way: Way) -> Result<()> {
        self.waiting.clear();
        match way {
            Way::Killed => {
                self.child.wait()?;
                self.child = spawn(self.address)?;
                self.wait_until_it_listens()
            }
            Way::Hung | Way::Dark => self.signal(Signal::CONT),
        }
    }

    /// Connects until the system drops what comes.
    fn fill(&mut self) -> Result<()> {
        while self.waiting.len() < MOST_WAITING {
            match TcpStream::connect_timeout(&self.address, DROPPED) {
                Ok(stream) => self.waiting.push(stream),
                Err(error) if error.kind() == std::io::ErrorKind::TimedOut => return Ok(()),
                Err(error) => return Err(error).context("its queue cannot be filled"),
            }
        }
        bail!("its queue takes {MOST_WAITING} connections and more")
    }

    fn signal(&self, signal: Signal) -> Result<()> {
        let id = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        kill_process(id.context("no process")?, signal).context("it cannot be killed")
    }

    fn wait_until_it_listens(&mut self) -> Result<()> {
        let begin = Instant::now();
        while TcpStream::connect(self.address).is_err() {
            ensure!(begin.elapsed() < PATIENCE, "no backend at {} within 5 s", self.address);
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }
}

impl Drop for Victim {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// If this thread dies, the backend does, too. The shortest queue that there is: it has to be full with few.
fn spawn(address: SocketAddr) -> Result<Child> {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", "--"]).arg(std::env::current_exe()?);
    command.args(["backend", "--backlog", "0", "--listen", &address.to_string()]);
    command.stdin(Stdio::null()).spawn().context("cannot run setpriv (Debian: util-linux)")
}
