//! How long a verdict takes to reach the next answer.
//!
//! An operator's word goes the whole way: HTTP, the log on the disk, the live word, the worker. Somebody asks
//! back to back all the while. Told are two spans: from the request's first octet to the first changed answer,
//! and from the acknowledgement to it, which is 0 where the answer had changed before.
//!
//! A probe's verdict is timed from before the target's answer left it to the first changed answer: it has the
//! reading of that answer in it, the ladder, the live words and the worker.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::api;
use super::asker::{Asker, PATIENCE};
use super::backend::Backends;
use crate::floor::Growth;
use crate::process::Process;
use crate::results::{Alone, Limit, Line, Results};
use crate::servers::{self, Extra, Seat, Server};
use crate::verify::Expect;
use crate::workload::Size;
use crate::world::{World, four};

/// How often it is changed.
const CHANGES: usize = 31;

/// The target: milliseconds.
const LIMIT: Limit = Limit::Median(1.0);

pub fn run(world: &World, results: &mut Results) -> Result<()> {
    said(world, results)?;
    probed(world, results)
}

/// An operator's word.
fn said(world: &World, results: &mut Results) -> Result<()> {
    let (_process, address, api) = super::meridian(world)?;
    let asker = back_to_back(address, Server::Meridian4.expect());
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
    api::wait_until_ready(servers::api(address), PATIENCE)?;
    let expect = Expect { network: Backends::NETWORK, ..Server::Meridian4.expect() };
    let asker = back_to_back(address, expect);
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

/// Asks for the first name, back to back.
fn back_to_back(address: SocketAddr, expect: Expect) -> Asker {
    Asker { address, name: 0, expect, pause: Duration::ZERO }
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
