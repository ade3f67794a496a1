//! The node's own question to itself: a real packet, on every listener, over UDP and TCP.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::Latches;
use crate::model::Name;
use crate::snapshot::Shared;

/// How often every listener is asked, and how long it may take to answer.
const BEAT: Duration = Duration::from_secs(1);

/// So many questions in a row have to stay without an answer before a listener that once answered is called
/// silent: under a flood one of them may be lost, and withdrawing then would move the flood to the next site.
const PATIENCE: u32 = 3;

/// The code of a server that cannot help itself.
const SERVFAIL: u8 = 2;

/// What came of every question of one round.
type Asked = Vec<(SocketAddr, &'static str, Result<(), String>)>;

/// Listeners that do not answer: address, transport, why.
type Silent = Vec<(SocketAddr, &'static str, String)>;

/// Asks until `shutdown`, and notes in the latches who is silent.
pub async fn run(
    listeners: Vec<SocketAddr>,
    shared: Shared,
    latches: watch::Sender<Latches>,
    shutdown: CancellationToken,
) {
    let mut beat = interval(BEAT);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut patience = Patience::default();
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            _ = beat.tick() => {}
        }
        if latches.borrow().stopping {
            // Falling silent is what it was told to do.
            return;
        }
        let silent = patience.judge(ask_all(&listeners, &shared).await);
        latches.send_if_modified(|latches| note(latches, silent));
    }
}

/// How often in a row each listener and transport has stayed silent; absent: it never answered.
#[derive(Default)]
struct Patience(HashMap<(SocketAddr, &'static str), u32>);

impl Patience {
    /// Those who are silent for good: never heard of, or missed too often in a row.
    fn judge(&mut self, asked: Asked) -> Silent {
        let mut silent = Vec::new();
        for (listener, transport, result) in asked {
            let misses = self.0.get(&(listener, transport)).copied();
            match (result, misses) {
                (Ok(()), _) => drop(self.0.insert((listener, transport), 0)),
                (Err(_), Some(misses)) if misses + 1 < PATIENCE => {
                    self.0.insert((listener, transport), misses + 1);
                }
                (Err(why), _) => silent.push((listener, transport, why)),
            }
        }
        silent
    }
}

fn note(latches: &mut Latches, silent: Silent) -> bool {
    let before = latches.silent.replace(silent);
    if before == latches.silent {
        return false;
    }
    for (address, transport, why) in latches.silent.iter().flatten() {
        warn!(%address, transport, why, "this node does not answer its own query");
    }
    if latches.silent.as_ref().is_some_and(Vec::is_empty) {
        info!("this node answers its own query on every listener");
    }
    true
}

async fn ask_all(listeners: &[SocketAddr], shared: &Shared) -> Asked {
    let origin = shared.load().world.zones.first().cloned().unwrap_or_else(Name::root);
    let mut asked = Vec::new();
    for listener in listeners {
        let address = reachable(*listener);
        let query = query(&origin, fastrand::u16(..));
        for (transport, result) in [
            ("UDP", within(over_udp(address, &query)).await),
            ("TCP", within(over_tcp(address, &query)).await),
        ] {
            asked.push((*listener, transport, result.and_then(|reply| judge(&query, &reply))));
        }
    }
    asked
}

/// The loopback address stands in for a wildcard.
fn reachable(listener: SocketAddr) -> SocketAddr {
    let ip = match listener.ip() {
        IpAddr::V4(any) if any.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(any) if any.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listener.port())
}

/// SOA of the first zone's apex; without a zone, of the root, which is answered REFUSED: an answer.
fn query(origin: &Name, id: u16) -> Vec<u8> {
    let mut query = id.to_be_bytes().to_vec();
    query.extend([0, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
    query.extend(origin.as_wire());
    query.extend([0, 6, 0, 1]);
    query
}

async fn within(asked: impl Future<Output = io::Result<Vec<u8>>>) -> Result<Vec<u8>, String> {
    match timeout(BEAT, asked).await {
        Ok(result) => result.map_err(|error| error.to_string()),
        Err(_) => Err("timed out".into()),
    }
}

async fn over_udp(address: SocketAddr, query: &[u8]) -> io::Result<Vec<u8>> {
    let any: IpAddr =
        if address.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let socket = UdpSocket::bind((any, 0)).await?;
    socket.connect(address).await?;
    socket.send(query).await?;
    let mut reply = vec![0; 512];
    let length = socket.recv(&mut reply).await?;
    reply.truncate(length);
    Ok(reply)
}

async fn over_tcp(address: SocketAddr, query: &[u8]) -> io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(address).await?;
    let mut framed = (query.len() as u16).to_be_bytes().to_vec();
    framed.extend(query);
    stream.write_all(&framed).await?;
    let length = stream.read_u16().await?;
    let mut reply = vec![0; usize::from(length)];
    stream.read_exact(&mut reply).await?;
    Ok(reply)
}

fn judge(query: &[u8], reply: &[u8]) -> Result<(), String> {
    match reply {
        [a, b, flags, code, ..] if [*a, *b] == query[..2] && flags & 0x80 != 0 => match code & 0x0f {
            SERVFAIL => Err("answered SERVFAIL".into()),
            _ => Ok(()),
        },
        _ => Err("answered something else".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_lost_packet_silences_nobody_and_three_do() {
        let listener = "127.0.0.1:53".parse().unwrap();
        let mut patience = Patience::default();
        let rows = ["-", "+", "-", "-", "+", "-", "-", "-", "-", "+"];
        let silent = rows.map(|row| {
            let result = if row == "+" { Ok(()) } else { Err("timed out".to_owned()) };
            !patience.judge(vec![(listener, "UDP", result)]).is_empty()
        });
        assert_eq!(silent, [true, false, false, false, false, false, false, true, true, false]);
    }
}
