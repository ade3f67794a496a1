//! A reload under load: what is lost, and what latency becomes while the new world is built and swapped in.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::api;
use crate::load::{Generator, Pace, Tally};
use crate::process;
use crate::results::{Alone, Limit, Line, Results};
use crate::servers::Server;
use crate::workload::{Ring, Workload};
use crate::world::World;

/// Queries a second.
const RATE: u32 = 100_000;

/// How often.
const RELOADS: usize = 15;

/// What is measured before each.
const BEFORE: Duration = Duration::from_secs(2);

/// What still belongs to a reload once it is acknowledged: old memory is given back.
const AFTER: Duration = Duration::from_millis(300);

/// p99 during a reload ÷ p99 before: at most.
const LIMIT: Limit = Limit::Median(2.0);

pub fn run(world: &World, results: &mut Results) -> Result<()> {
    let (process, address, api) = super::meridian(world)?;
    let buffer = granted(&process.log);
    let ring = Ring::new(Workload::Subnets, 7);
    let mut generator = Generator::new(address, &ring, Server::Meridian4.expect())?;
    let (mut lost, mut ratios, mut took) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..RELOADS {
        let before = generator.run(Pace::Steady(RATE), BEFORE)?;
        let (during, time) = reload(&mut generator, api)?;
        for tally in [&before, &during] {
            tally.verified()?;
            ensure!(
                tally.per_second > 0.9 * f64::from(RATE),
                "only {:.0} queries a second",
                tally.per_second
            );
        }
        println!(
            "  a reload of {:.0} ms: lost {} of {}, p99 {} → {} µs",
            time.as_secs_f64() * 1e3,
            during.lost,
            during.sent,
            before.p99.unwrap_or(0) / 1000,
            during.p99.unwrap_or(0) / 1000
        );
        lost.push(during.lost as f64);
        ratios.push(during.p99.unwrap_or(0) as f64 / before.p99.unwrap_or(1) as f64);
        took.push(time.as_secs_f64() * 1e3);
    }
    let rows = [
        (
            "queries lost in a reload under 100,000 queries a second",
            "",
            lost,
            Some(Limit::Worst(0.0)),
            buffer,
        ),
        ("p99 during a reload under that load ÷ p99 before", "×", ratios, Some(LIMIT), String::new()),
        ("such a reload, from the request to its answer", "ms", took, None, String::new()),
    ];
    for (what, unit, samples, limit, remark) in rows {
        let (what, unit) = (what.to_owned(), unit.to_owned());
        results.add(Line::Alone(Alone { what, unit, samples, limit, remark }))?;
    }
    Ok(())
}

/// Asks on while the reload is made.
fn reload(generator: &mut Generator<'_>, api: std::net::SocketAddr) -> Result<(Tally, Duration)> {
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let call = scope.spawn(|| {
            let unpinned = process::unpin();
            let begin = Instant::now();
            let exchange = api::call(api, "POST", "/v1/reload", "");
            let time = begin.elapsed();
            std::thread::sleep(AFTER);
            done.store(true, Ordering::Relaxed);
            unpinned.and(exchange).map(|_| time)
        });
        let tally = generator.run_while(Pace::Steady(RATE), |_| !done.load(Ordering::Relaxed));
        let time = call.join().map_err(|_| anyhow::anyhow!("the reload's caller ended by itself"))?;
        Ok((tally?, time?))
    })
}

/// What the server's log says of its receive buffer: asked for are 8 MiB.
fn granted(log: &std::path::Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let line = text.lines().find(|line| line.contains("UDP receive buffer"));
    let octets = line.and_then(|line| line.split_whitespace().find_map(|word| word.strip_prefix("octets=")));
    match octets {
        Some(octets) => format!("receive buffer granted: {octets} octets"),
        None => "the server does not say what receive buffer it was granted".to_owned(),
    }
}
