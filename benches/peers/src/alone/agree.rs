//! Whether two servers send the same networks to the same region: else they do not do the same work.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::process::ask;
use crate::servers::Server;
use crate::wire;

/// How many networks are asked for.
const NETWORKS: u32 = 2_000;

/// A sentence on how often two servers agree.
pub fn share(meridian: SocketAddr, gdnsd: SocketAddr) -> Result<String> {
    let mut random = fastrand::Rng::with_seed(11);
    let mut same = 0;
    for _ in 0..NETWORKS {
        let subnet = [random.u8(1..224), random.u8(..), random.u8(..)];
        let query = wire::query(random.u16(..), &wire::label(0, true), Some(subnet), false);
        let address = |at, server: Server| {
            let answer = ask(at, &query, Duration::from_secs(1)).context("no answer")?;
            Ok::<_, anyhow::Error>(server.expect().check(&query, wire::question_end(&query), &answer)?)
        };
        same += u32::from(address(meridian, Server::Meridian4)? == address(gdnsd, Server::Gdnsd)?);
    }
    let percent = f64::from(same) * 100.0 / f64::from(NETWORKS);
    Ok(format!(
        "Meridian and gdnsd, with the same four regions and the same networks, gave the same address to \
         {percent:.1} % of {NETWORKS} random client subnets."
    ))
}
