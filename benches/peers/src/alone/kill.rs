//! How long a backend's death takes to the first changed answer.
//!
//! A few services, each with a backend of its own that dies again and again, and one that they share and that lives. The
//! moment of death is random, so it falls anywhere between two probes. A death is seen by `fall` probes that fail, of which
//! the first starts within an interval of it, and the last takes the timeout, if it is not refused.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Result, ensure};

use super::api;
use super::asker::{Asker, PATIENCE};
use super::victim::{Victim, Way};
use crate::process::Process;
use crate::results::{Alone, Limit, Line, Results};
use crate::servers::{self, meridian_head, meridian_launch};
use crate::verify::{Expect, address_in};
use crate::wire;
use crate::world::{World, ZONE_HEAD, write};

/// Where backends are.
const NETWORK: [u8; 3] = [127, 0, 78];
/// See [`NETWORK`].
const PORT: u16 = 15_895;

/// Services, whose backends die at the same time, each by itself.
const LANES: usize = 5;

/// Deaths of each, in each way.
const DEATHS: usize = 10;

/// The backend that lives: its place in the network.
const SPARE: usize = LANES;

/// What a changed answer may take beyond what the check takes: milliseconds.
const MARGIN: u64 = 50;

/// From one question to the next.
const PAUSE: Duration = Duration::from_micros(500);

/// A check; milliseconds.
struct Pace {
    interval: u64,
    fast_interval: Option<u64>,
    fall: u64,
    timeout: u64,
}

const PACES: [Pace; 2] = [
    Pace { interval: 200, fast_interval: None, fall: 3, timeout: 100 },
    Pace { interval: 400, fast_interval: Some(100), fall: 3, timeout: 100 },
];

impl Pace {
    /// The longest that a changed answer may take.
    fn limit(&self) -> u64 {
        let confirmations = (self.fall - 1) * self.fast_interval.unwrap_or(self.interval);
        self.interval + confirmations + self.timeout + MARGIN
    }

    /// The check, as configurations write it. One good probe lifts, and no fall is held against anybody: else the next
    /// death would have to wait.
    fn check(&self) -> String {
        let Pace { interval, fall, timeout, .. } = self;
        let mut check = format!(
            "kind = \"http\"\nport = {PORT}\ninterval = \"{interval}ms\"\ntimeout = \"{timeout}ms\"\n\
             fall = {fall}\nrise = 1\nflap_half_life = \"0s\"\n"
        );
        if let Some(fast) = self.fast_interval {
            check += &format!("fast_interval = \"{fast}ms\"\n");
        }
        check
    }

    /// What the limit is made of.
    fn in_words(&self) -> String {
        let Pace { interval, fall, timeout, .. } = self;
        match self.fast_interval {
            None => format!("{interval} × {fall} + {timeout} + {MARGIN}"),
            Some(fast) => format!("{interval} + {} × {fast} + {timeout} + {MARGIN}", fall - 1),
        }
    }
}

pub fn run(world: &World, results: &mut Results) -> Result<()> {
    for pace in &PACES {
        let by_way = kill(pace, world)?;
        for (way, samples) in Way::ALL.into_iter().zip(by_way) {
            tell(pace, way, samples, results)?;
        }
    }
    Ok(())
}

/// Milliseconds from death to changed answer, by the way of dying.
fn kill(pace: &Pace, world: &World) -> Result<[Vec<f64>; 3]> {
    let _spare = Victim::start(backend(SPARE))?;
    let victims = (0..LANES).map(|number| Victim::start(backend(number))).collect::<Result<Vec<_>>>()?;
    let _process = start(pace, world)?;
    std::thread::scope(|scope| {
        let lane = |(number, victim)| scope.spawn(move || die_again_and_again(pace, number, victim));
        let lanes: Vec<_> = victims.into_iter().enumerate().map(lane).collect();
        let mut by_way: [Vec<f64>; 3] = Default::default();
        for lane in lanes {
            let samples = lane.join().map_err(|_| anyhow::anyhow!("a lane ended by itself"))??;
            by_way.iter_mut().zip(samples).for_each(|(all, own)| all.extend(own));
        }
        Ok(by_way)
    })
}

/// One service's deaths.
fn die_again_and_again(pace: &Pace, number: usize, mut victim: Victim) -> Result<[Vec<f64>; 3]> {
    let expect = expect();
    let asker = Asker { address: listen(), name: number, expect, pause: PAUSE };
    let alive = backend_octet(number);
    let mut by_way: [Vec<f64>; 3] = Default::default();
    for (way, samples) in Way::ALL.into_iter().zip(&mut by_way) {
        for _ in 0..DEATHS {
            asker.wait_for(alive)?;
            std::thread::sleep(Duration::from_millis(pace.interval).mul_f64(fastrand::f64()));
            let (died, changed) = asker.watch(alive, || victim.strike(way))?;
            ensure!(changed > died, "the answer changed before the backend died");
            samples.push((changed - died).as_secs_f64() * 1e3);
            victim.revive(way)?;
        }
    }
    Ok(by_way)
}

/// Meridian with a service for each lane: its own backend first, the one that lives behind it.
fn start(pace: &Pace, world: &World) -> Result<Process> {
    let (address, place) = (listen(), world.place("kill")?);
    write(&place, "zone", ZONE_HEAD)?;
    let mut file = meridian_head(&place, address, servers::api(address), &[])?;
    writeln!(file, "[regions.first]\n[regions.second]")?;
    for number in 0..LANES {
        writeln!(file, "[services.s{number}]\nnames = [\"{}\"]", wire::name(number))?;
        writeln!(file, "[services.s{number}.check]\n{}", pace.check())?;
        for (region, at) in [("first", number), ("second", SPARE)] {
            writeln!(file, "[services.s{number}.endpoints.{region}]")?;
            writeln!(file, "addresses = [\"{}\"]", backend(at).ip())?;
        }
    }
    let path = write(&place, "meridian.toml", &file)?;
    let process = Process::start(&meridian_launch(world, &path), address, expect())?;
    api::wait_until_ready(servers::api(address), PATIENCE)?;
    Ok(process)
}

fn listen() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], super::PORT))
}

fn backend(number: usize) -> SocketAddr {
    SocketAddr::from((address_in(NETWORK, number), PORT))
}

fn backend_octet(number: usize) -> u8 {
    address_in(NETWORK, number).octets()[3]
}

fn expect() -> Expect {
    Expect { network: NETWORK, addresses: SPARE as u8 + 1, ..crate::servers::Server::Knot.expect() }
}

fn tell(pace: &Pace, way: Way, samples: Vec<f64>, results: &mut Results) -> Result<()> {
    let fast = if pace.fast_interval.is_some() { ", with fast_interval" } else { "" };
    results.add(Line::Alone(Alone {
        what: format!("{}{fast}: until the first changed answer", way.title()),
        unit: "ms".into(),
        samples,
        limit: Some(Limit::Worst(pace.limit() as f64)),
        remark: format!("{} ms", pace.in_words()),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_as_the_checks_promise() {
        assert_eq!(PACES.map(|pace| pace.limit()), [3 * 200 + 100 + 50, 400 + 2 * 100 + 100 + 50]);
    }
}
