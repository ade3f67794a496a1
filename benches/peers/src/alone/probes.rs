//! What it takes to probe thousands of endpoints: processor time and memory.
//!
//! One listener answers for all of them, so that what is measured is the prober's work. Every probe is a connection of
//! its own, `https` with a whole handshake. Memory is what is resident beyond what the same endpoints take unprobed.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::fleet::Fleet;
use super::{api, certificate};
use crate::backend::{self, Tally};
use crate::process::Process;
use crate::results::{Alone, Limit, Line, Results};
use crate::servers::{self, meridian_launch};
use crate::world::{World, write};

/// Where backends listen, at the wildcard of loopback: plain, and the port above it inside TLS.
const BACKENDS: u16 = 15_891;

/// From one probe of an endpoint to the next. A sample is one of these: each endpoint was probed once in it.
const INTERVAL: Duration = Duration::from_secs(5);

/// Samples.
const SAMPLES: usize = 8;

/// Samples before, which are thrown away: first probes go all at once.
const WARM_UP: usize = 2;

/// The most that may be missing of the probes that are due in a sample, or too many.
const SLACK: f64 = 0.02;

/// How long first verdicts may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Backends that wait for a connection each: a burst must not be lost.
const BACKLOG: i32 = 4096;

/// What is probed, and what it may take.
struct Load {
    scheme: &'static str,
    fleet: Fleet,
    /// Percent of one processor.
    processor: Limit,
    /// KB an endpoint.
    memory: Option<Limit>,
}

const HTTP: Load = Load {
    scheme: "http",
    fleet: Fleet { services: 250, regions: 40 },
    processor: Limit::Median(25.0),
    memory: Some(Limit::Median(5.0)),
};

const HTTPS: Load = Load {
    scheme: "https",
    fleet: Fleet { services: 50, regions: 40 },
    processor: Limit::Median(20.0),
    memory: None,
};

/// What came of one of them.
#[derive(Default)]
struct Samples {
    /// Percent of one processor.
    processor: Vec<f64>,
    /// Octets resident.
    resident: Vec<f64>,
}

pub fn run(world: &World, results: &mut Results) -> Result<()> {
    let (authority, server) = certificate::issue()?;
    for load in [HTTP, HTTPS] {
        let inside_tls = load.scheme == "https";
        let port = if inside_tls { BACKENDS + 1 } else { BACKENDS };
        let at = SocketAddr::from((Ipv4Addr::UNSPECIFIED, port));
        let tally = backend::spawn(backend::listen(at, BACKLOG)?, inside_tls.then(|| Arc::clone(&server)))?;
        let unprobed = unprobed(&load, world)?;
        let samples = probed(&load, port, &authority, &tally, world)?;
        tell(&load, unprobed, samples, results)?;
    }
    Ok(())
}

/// Octets that are resident where the same endpoints are not probed.
fn unprobed(load: &Load, world: &World) -> Result<f64> {
    let (process, api) = start(load, "kind = \"none\"", None, world)?;
    api::wait_until_ready(api, PATIENCE)?;
    std::thread::sleep(INTERVAL);
    Ok(process.resident() as f64)
}

fn probed(load: &Load, port: u16, authority: &str, tally: &Tally, world: &World) -> Result<Samples> {
    let (scheme, interval) = (load.scheme, INTERVAL.as_secs());
    let mut check = format!("kind = \"{scheme}\"\nport = {port}\ninterval = \"{interval}s\"\n");
    if scheme == "https" {
        check += &format!("host = \"{}\"\nca = \"authority.pem\"\n", certificate::HOST);
    }
    let (process, api) = start(load, &check, Some(authority), world)?;
    let ready = api::wait_until_ready(api, PATIENCE)?;
    println!("    {} by {scheme}: ready after {:.1} s", load.fleet.endpoints(), ready.as_secs_f64());
    std::thread::sleep(WARM_UP as u32 * INTERVAL);
    let mut samples = Samples::default();
    for _ in 0..SAMPLES {
        samples.processor.push(sample(load, tally, &process)?);
        samples.resident.push(process.resident() as f64);
    }
    // Until now nobody asked: to tell of thousands of endpoints takes its time, too.
    ensure!(!api::read(api, "/metrics")?.contains("\nmeridian_probe_errors_total{"), "probes failed");
    Ok(samples)
}

/// Percent of one processor, over one interval in which every endpoint was probed.
fn sample(load: &Load, tally: &Tally, process: &Process) -> Result<f64> {
    let counts = || [&tally.answers, &tally.handshakes].map(|count| count.load(Ordering::Relaxed));
    let (begin, before, counted) = (Instant::now(), process.clocks()?, counts());
    std::thread::sleep(INTERVAL);
    let (took, spent) = (begin.elapsed(), process.clocks()?.since(&before));
    let [answers, handshakes] = counts();
    let due = load.fleet.endpoints() as f64 * took.as_secs_f64() / INTERVAL.as_secs_f64();
    let count = (answers - counted[0]) as f64;
    ensure!((count - due).abs() <= SLACK * due, "{count} probes were answered, {due:.0} were due");
    let whole = (handshakes - counted[1]) as f64;
    let missing = load.scheme == "https" && (whole - due).abs() > SLACK * due;
    ensure!(!missing, "{whole} handshakes were whole, {due:.0} were due");
    Ok(spent as f64 / took.as_nanos() as f64 * 100.0)
}

/// Meridian with these endpoints and this check, and where its API is.
fn start(load: &Load, check: &str, authority: Option<&str>, world: &World) -> Result<(Process, SocketAddr)> {
    let address = SocketAddr::from(([127, 0, 0, 1], super::PORT));
    let place: PathBuf = world.place(&format!("probes-{}", load.scheme))?;
    if let Some(authority) = authority {
        write(&place, "authority.pem", authority)?;
    }
    let path = load.fleet.configuration(&place, address, check)?;
    let process = Process::start(&meridian_launch(world, &path), address, Fleet::expect())?;
    Ok((process, servers::api(address)))
}

fn tell(load: &Load, unprobed: f64, samples: Samples, results: &mut Results) -> Result<()> {
    let (scheme, endpoints) = (load.scheme, load.fleet.endpoints());
    let median = crate::statistics::Estimate::of(samples.processor.iter().copied());
    let each = median.map_or(0.0, |share| share.median / 100.0 * INTERVAL.as_secs_f64() / endpoints as f64);
    results.add(Line::Alone(Alone {
        what: format!("probing {endpoints} endpoints by {scheme} every 5 s"),
        unit: "% of a processor".into(),
        samples: samples.processor,
        limit: Some(load.processor),
        remark: format!("{:.0} µs a probe", each * 1e6),
    }))?;
    let more = |resident: &f64| (resident - unprobed) / endpoints as f64 / 1e3;
    results.add(Line::Alone(Alone {
        what: format!("memory for each of {endpoints} endpoints probed by {scheme}"),
        unit: "KB".into(),
        samples: samples.resident.iter().map(more).collect(),
        limit: load.memory,
        remark: format!("resident, beyond {:.1} MB with the same endpoints unprobed", unprobed / 1e6),
    }))
}
