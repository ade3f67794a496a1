//! Who asks for a name while something is done to what it leads to, and says when the answer changed.

use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::verify::Expect;
use crate::{socket, wire};

/// Where the client is said to be: any network that the database knows.
const CLIENT: [u8; 3] = [8, 8, 8];

/// How long until something has to have changed.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// Who asks for one name.
#[derive(Clone, Copy)]
pub struct Asker {
    /// Whom.
    pub address: SocketAddr,
    /// The name's number.
    pub name: usize,
    /// What is expected.
    pub expect: Expect,
    /// From an answer to the next question; zero: back to back.
    pub pause: Duration,
}

impl Asker {
    /// Asks while `change` is made, and says when the first answer came that was not `first`.
    pub fn watch<T>(self, first: u8, change: impl FnOnce() -> Result<T>) -> Result<(T, Instant)> {
        let (going, ended) = (AtomicBool::new(false), AtomicBool::new(false));
        std::thread::scope(|scope| {
            let asker = scope.spawn(|| self.until_changed(first, &going, &ended));
            while !going.load(Ordering::Relaxed) && !asker.is_finished() {
                std::thread::sleep(Duration::from_micros(100));
            }
            let done = change();
            // What was not taken will change nothing.
            ended.store(done.is_err(), Ordering::Relaxed);
            let changed = asker.join().map_err(|_| anyhow::anyhow!("the asker ended by itself"))?;
            Ok((done?, changed?))
        })
    }

    fn until_changed(self, first: u8, going: &AtomicBool, ended: &AtomicBool) -> Result<Instant> {
        let socket = socket::asking(self.address, Duration::from_secs(1))?;
        let begin = Instant::now();
        while begin.elapsed() < PATIENCE && !ended.load(Ordering::Relaxed) {
            let now = self.one(&socket)?;
            going.store(true, Ordering::Relaxed);
            if now != first {
                return Ok(Instant::now());
            }
            if !self.pause.is_zero() {
                std::thread::sleep(self.pause);
            }
        }
        bail!("no answer changed within 5 s")
    }

    /// Waits until the answer is `octet`.
    pub fn wait_for(self, octet: u8) -> Result<()> {
        let begin = Instant::now();
        while self.octet()? != octet {
            ensure!(begin.elapsed() < PATIENCE, "{octet} does not answer again within 5 s");
            std::thread::sleep(Duration::from_millis(2));
        }
        Ok(())
    }

    /// The last octet of the address that a client gets now.
    pub fn octet(self) -> Result<u8> {
        self.one(&socket::asking(self.address, Duration::from_secs(1))?)
    }

    fn one(self, socket: &UdpSocket) -> Result<u8> {
        let query = wire::query(7, &wire::label(self.name, true), Some(CLIENT), false);
        socket.send(&query)?;
        let mut room = [0; 1232];
        let length = socket.recv(&mut room).context("no answer")?;
        let end = wire::question_end(&query);
        let told = self.expect.check(&query, end, &room[..length])?;
        Ok(told.context("no address")?.octets()[3])
    }
}
