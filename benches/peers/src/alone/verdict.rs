//! How long a verdict takes to reach the next answer.
//!
//! An operator's word goes the whole way: HTTP, the log on the disk, the live word, the worker. Somebody asks
//! back to back all the while. Told are two spans: from the request's first octet to the first changed answer,
//! and from the acknowledgement to it, which is 0 where the answer had changed before. What a probe's verdict
//! takes is less than the first.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::api;
use crate::results::{Alone, Limit, Line, Results};
use crate::servers::Server;
use crate::world::{World, four};
use crate::{socket, wire};

/// How often it is changed.
const CHANGES: usize = 31;

/// The target: milliseconds.
const LIMIT: Limit = Limit::Median(1.0);

/// Where the client is said to be: any network that the database knows.
const CLIENT: [u8; 3] = [8, 8, 8];

pub fn run(world: &World, results: &mut Results) -> Result<()> {
    let (_process, address, api) = super::meridian(world)?;
    let first = octet(address)?;
    let region = &four()[usize::from(first - 1)].name;
    let path = format!("/v1/regions/{region}/override");
    let (mut whole, mut after) = (Vec::new(), Vec::new());
    for _ in 0..CHANGES {
        let (down, changed) = watch(address, first, || {
            let body = r#"{"state":"down","reason":"bench","expires_in":"10m"}"#;
            api::call(api, "PUT", &path, body)
        })?;
        let span = |from: Instant| changed.saturating_duration_since(from).as_secs_f64() * 1e3;
        whole.push(span(down.sent));
        after.push(span(down.acknowledged));
        api::call(api, "DELETE", &path, "")?;
        ensure!(octet(address)? == first, "the word was taken back, and the answer stayed");
    }
    let rows = [
        ("an override's request until the first changed answer, the write to disk included", whole, None),
        ("an override's acknowledgement until the first changed answer", after, Some(LIMIT)),
    ];
    for (what, samples, limit) in rows {
        let (what, unit, remark) = (what.to_owned(), "ms".to_owned(), String::new());
        results.add(Line::Alone(Alone { what, unit, samples, limit, remark }))?;
    }
    Ok(())
}

/// Asks back to back while `change` is made, and says when the first answer came that was not `first`.
fn watch(
    address: SocketAddr,
    first: u8,
    change: impl FnOnce() -> Result<api::Exchange>,
) -> Result<(api::Exchange, Instant)> {
    let (going, ended) = (AtomicBool::new(false), AtomicBool::new(false));
    std::thread::scope(|scope| {
        let asker = scope.spawn(|| {
            let socket = socket::asking(address, Duration::from_secs(1))?;
            let begin = Instant::now();
            while begin.elapsed() < Duration::from_secs(5) && !ended.load(Ordering::Relaxed) {
                let now = one(&socket)?;
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
        let exchange = change();
        // A word that was not taken will change nothing.
        ended.store(exchange.is_err(), Ordering::Relaxed);
        let changed = asker.join().map_err(|_| anyhow::anyhow!("the asker ended by itself"))?;
        Ok((exchange?, changed?))
    })
}

/// The last octet of the address that a client gets now.
fn octet(address: SocketAddr) -> Result<u8> {
    one(&socket::asking(address, Duration::from_secs(1))?)
}

fn one(socket: &std::net::UdpSocket) -> Result<u8> {
    let query = wire::query(7, &wire::label(0, true), Some(CLIENT), false);
    socket.send(&query)?;
    let mut room = [0; 1232];
    let length = socket.recv(&mut room).context("no answer")?;
    let end = wire::question_end(&query);
    let told = Server::Meridian4.expect().check(&query, end, &room[..length])?;
    Ok(told.context("no address")?.octets()[3])
}
