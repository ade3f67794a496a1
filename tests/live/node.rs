//! The process under test: started, read, signalled, and killed when the test is over.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// Longer than anything takes that happens at all.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Asks again until there is an answer.
pub fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "waited in vain: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The binary with these arguments, in this directory, with nothing of the caller's environment that it reads.
pub fn meridian(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_meridian"));
    command.args(arguments).current_dir(directory);
    for variable in ["CONFIG", "LOG", "LOG_FORMAT", "API", "TOKEN"] {
        command.env_remove(format!("MERIDIAN_{variable}"));
    }
    command
}

/// A process with its outputs at hand.
pub struct Process {
    child: Child,
    /// Lines of standard error.
    pub log: Lines,
    /// Lines of standard output.
    pub output: Lines,
}

impl Process {
    /// Spawns it; what it prints is read as it comes.
    pub fn spawn(mut command: Command) -> Process {
        let command = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the binary starts");
        let log = Lines::read(child.stderr.take().expect("its standard error"));
        let output = Lines::read(child.stdout.take().expect("its standard output"));
        Process { child, log, output }
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("our own child");
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits until it ends by itself, and until all that it said is read.
    pub fn wait(&mut self) -> ExitStatus {
        let child = &mut self.child;
        let status = wait_for("the end of the process", || child.try_wait().expect("our own child"));
        self.log.finish();
        self.output.finish();
        status
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("--- what the process said\n{}\n---", self.log.all().join("\n"));
        }
    }
}

/// What a process prints, line by line.
pub struct Lines {
    lines: Arc<Mutex<Vec<String>>>,
    reader: Option<JoinHandle<()>>,
}

impl Lines {
    fn read(from: impl std::io::Read + Send + 'static) -> Lines {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&lines);
        let reader = std::thread::spawn(move || {
            for line in BufReader::new(from).lines().map_while(Result::ok) {
                kept.lock().expect("the lines").push(line);
            }
        });
        Lines { lines, reader: Some(reader) }
    }

    pub fn all(&self) -> Vec<String> {
        self.lines.lock().expect("the lines").clone()
    }

    /// How many there are by now: for what comes after.
    pub fn count(&self) -> usize {
        self.lines.lock().expect("the lines").len()
    }

    /// Waits for a line with these words.
    pub fn wait_for(&self, words: &str) -> String {
        self.wait_after(0, words)
    }

    /// Waits for a line with these words behind so many others.
    pub fn wait_after(&self, count: usize, words: &str) -> String {
        wait_for(words, || self.all().into_iter().skip(count).find(|line| line.contains(words)))
    }

    fn finish(&mut self) {
        if let Some(reader) = self.reader.take() {
            reader.join().expect("a reader that did not panic");
        }
    }
}

//------------ Node ----------------------------------------------------------

/// `meridian serve`, answering.
pub struct Node {
    pub process: Process,
    pub dns: SocketAddr,
    pub api: SocketAddr,
}

impl Node {
    /// Serves what stands in a directory; waits until every target has its first verdict and the node has
    /// answered itself.
    pub fn start(directory: &Path) -> Node {
        Node::start_as(meridian(directory, &["serve"]))
    }

    /// The same, by a command of one's own.
    pub fn start_as(command: Command) -> Node {
        let process = Process::spawn(command);
        let line = process.log.wait_for("answering addresses=[");
        let after = |words: &str| line.split(words).nth(1).expect("the words of the log").to_owned();
        let dns = after("addresses=[").split("] ").next().map(|dns| dns.parse().expect("an address"));
        let (dns, api) = (dns.expect("an address"), after("api=").trim().parse().expect("an address"));
        process.log.wait_for("first verdicts are in");
        process.log.wait_for("this node answers its own query on every listener");
        Node { process, dns, api }
    }

    /// Ends it as an operator does, and gives what it logged.
    pub fn stop(mut self) -> Vec<String> {
        self.process.signal(Signal::TERM);
        assert!(self.process.wait().success(), "{:?}", self.process.log.all());
        self.process.log.all()
    }
}
