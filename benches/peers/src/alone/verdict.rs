//! How long a verdict takes to reach the next answer.
//!
//! An operator's word goes the whole way: HTTP, the log on the disk, the live word, the worker. Somebody asks
//! back to back all the while. Told are two spans: from the request's first octet to the first changed answer,
//! and from the acknowledgement to it, which is 0 where the answer had changed before.
//!
//! A probe's verdict is timed from before the target's answer left it to the first changed answer: it has the
//! reading of that answer in it, the ladder, the live words and the worker.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::api;
use super::backend::Backends;
use crate::floor::Growth;
use crate::process::Process;
use crate::results::{Alone, Limit, Line, Results};
use crate::servers::{self, Extra, Seat, Server};
use crate::verify::Expect;
use crate::workload::Size;
use crate::world::{World, four};
use crate::{socket, wire};

/// How often it is changed.
const CHANGES: usize = 31;

/// The target: milliseconds.
const LIMIT: Limit = Limit::Median(1.0);

/// Where the client is said to be: any network that the database knows.
const CLIENT: [u8; 3] = [8, 8, 8];

/// How long until something has to have changed.
const PATIENCE: Duration = Duration::from_secs(5);

pub fn run(world: &World, results: &mut Results) -> Result<()> {
    said(world, results)?;
    probed(world, results)
}

/// An operator's word.
fn said(world: &World, results: &mut Results) -> Result<()> {
    let (_process, address, api) = super::meridian(world)?;
    let asker = Asker { address, expect: Server::Meridian4.expect() };
    let first = asker.octet()?;
    let region = &four()[usize::from(first - 1)].name;
    let path = format!("/v1/regions/{region}/override");
    let (mut whole, mut after) = (Vec::new(), Vec::new());
    for _ in 0..CHANGES {
        let (down, changed) = asker.watch(first, || {
            let body = r#"{"state":"down","reason":"bench","expires_in":"10m"}"#;
            api::call(api, "PUT", &path, body)
        })?;
        whole.push(milliseconds(down.sent, changed));
        after.push(milliseconds(down.acknowledged, changed));
        api::call(api, "DELETE", &path, "")?;
        ensure!(asker.octet()? == first, "the word was taken back, and the answer stayed");
    }
    tell(
        "an override's request until the first changed answer, the write to disk included",
        whole,
        None,
        results,
    )?;
    tell("an override's acknowledgement until the first changed answer", after, Some(LIMIT), results)
}

/// A probe's verdict, down and up.
fn probed(world: &World, results: &mut Results) -> Result<()> {
    let backends = Backends::start(four().len())?;
    let (_process, address) = checked(world)?;
    wait_for_first_verdicts(servers::api(address))?;
    let expect = Expect { network: Backends::NETWORK, ..Server::Meridian4.expect() };
    let asker = Asker { address, expect };
    let first = asker.octet()?;
    let sick = usize::from(first - 1);
    let (mut down, mut up) = (Vec::new(), Vec::new());
    for _ in 0..CHANGES {
        let (told, changed) = asker.watch(first, || backends.turn(sick, false, PATIENCE))?;
        down.push(milliseconds(told, changed));
        let second = asker.octet()?;
        let (told, changed) = asker.watch(second, || backends.turn(sick, true, PATIENCE))?;
        up.push(milliseconds(told, changed));
        let now = asker.octet()?;
        ensure!(now == first, "{first} is well again, and {now} answers as {second} did before");
    }
    tell("a failed probe's answer until the first changed answer", down, Some(LIMIT), results)?;
    tell("a good probe's answer until the first changed answer", up, Some(LIMIT), results)
}

/// Until then whoever was probed first answers for those who were not.
fn wait_for_first_verdicts(api: SocketAddr) -> Result<()> {
    let begin = Instant::now();
    while api::call(api, "GET", "/readyz", "").is_err() {
        ensure!(begin.elapsed() < PATIENCE, "not ready within 5 s");
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

/// Meridian with a check that one result decides, and with a timeout that no busy machine makes another region miss.
fn checked(world: &World) -> Result<(Process, SocketAddr)> {
    let address = SocketAddr::from(([127, 0, 0, 1], super::PORT));
    let seat = Seat { server: Server::Meridian4, size: Size::Small, address, growth: Growth::default() };
    let launch = seat.prepare(world)?;
    let port = Backends::PORT;
    let extra = Extra {
        network: Backends::NETWORK,
        check: format!(
            "kind = \"http\"\nport = {port}\ninterval = \"500ms\"\ntimeout = \"500ms\"\nrise = 1\nfall = 1"
        ),
        ..Extra::unchecked(servers::api(address), vec![world.countries_file.clone()])
    };
    let place = launch.log.parent().context("a log without a directory")?;
    servers::meridian_configuration(place, address, seat.size, &four(), &extra)?;
    let expect = Expect { network: Backends::NETWORK, ..seat.server.expect() };
    Ok((Process::start(&launch, address, expect)?, address))
}

fn milliseconds(from: Instant, to: Instant) -> f64 {
    to.saturating_duration_since(from).as_secs_f64() * 1e3
}

fn tell(what: &str, samples: Vec<f64>, limit: Option<Limit>, results: &mut Results) -> Result<()> {
    let (what, unit, remark) = (what.to_owned(), "ms".to_owned(), String::new());
    results.add(Line::Alone(Alone { what, unit, samples, limit, remark }))
}

/// Who asks for the first name.
#[derive(Clone, Copy)]
struct Asker {
    address: SocketAddr,
    expect: Expect,
}

impl Asker {
    /// Asks back to back while `change` is made, and says when the first answer came that was not `first`.
    fn watch<T>(self, first: u8, change: impl FnOnce() -> Result<T>) -> Result<(T, Instant)> {
        let (going, ended) = (AtomicBool::new(false), AtomicBool::new(false));
        std::thread::scope(|scope| {
            let asker = scope.spawn(|| {
                let socket = socket::asking(self.address, Duration::from_secs(1))?;
                let begin = Instant::now();
                while begin.elapsed() < PATIENCE && !ended.load(Ordering::Relaxed) {
                    let now = self.one(&socket)?;
                    going.store(true, Ordering::Relaxed);
                    if now != first {
                        return Ok(Instant::now());
                    }
                }
                anyhow::bail!("no answer changed within 5 s")
            });
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

    /// The last octet of the address that a client gets now.
    fn octet(self) -> Result<u8> {
        self.one(&socket::asking(self.address, Duration::from_secs(1))?)
    }

    fn one(self, socket: &std::net::UdpSocket) -> Result<u8> {
        let query = wire::query(7, &wire::label(0, true), Some(CLIENT), false);
        socket.send(&query)?;
        let mut room = [0; 1232];
        let length = socket.recv(&mut room).context("no answer")?;
        let end = wire::question_end(&query);
        let told = self.expect.check(&query, end, &room[..length])?;
        Ok(told.context("no address")?.octets()[3])
    }
}
