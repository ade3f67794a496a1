//! Whatever strangers send, the node goes on answering, says nothing of it, and grows by nothing.

use std::io::Write;
use std::net::{Shutdown, SocketAddr, TcpStream, UdpSocket};
use std::process::Command;
use std::time::{Duration, Instant};

use super::client::{curl, dig};
use super::node::{Node, PATIENCE};
use super::scene::Scene;

/// Datagrams between two questions that must be answered: fewer than a receive buffer holds.
const BURST: usize = 50;

/// Of each kind.
const DATAGRAMS: usize = 100_000;

/// Lines that a flood may add to the log.
const FEW_LINES: usize = 5;

/// Growth that a warm process may show: pages that the allocator touches late.
const MOST_GROWTH_KIB: u64 = 5 * 1024;

/// Resident memory in KiB.
fn resident(node: &Node) -> u64 {
    let status =
        std::fs::read_to_string(format!("/proc/{}/status", node.process.id())).expect("our own child");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("VmRSS");
    line.trim().trim_end_matches(" kB").parse().expect("KiB")
}

/// A client with a socket of its own: its datagrams reach one worker, in order.
struct Stranger {
    socket: UdpSocket,
    generator: fastrand::Rng,
    asked: u32,
}

impl Stranger {
    fn new(server: SocketAddr, seed: u64) -> Stranger {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a socket");
        socket.connect(server).expect("a server");
        socket.set_read_timeout(Some(Duration::from_secs(1))).expect("a timeout");
        Stranger { socket, generator: fastrand::Rng::with_seed(seed), asked: 0 }
    }

    /// Sends so many of what `make` makes, and waits until the server has read them all: the answer to a
    /// question behind every burst says so.
    fn flood(&mut self, count: usize, make: impl Fn(&mut fastrand::Rng) -> Vec<u8>) {
        for sent in 1..=count {
            let datagram = make(&mut self.generator);
            // An ICMP error of an earlier one may be reported here; there is none on loopback that matters.
            let _ = self.socket.send(&datagram);
            if sent.is_multiple_of(BURST) {
                self.ask();
            }
        }
    }

    /// One question of a name that was never asked before, until its answer comes.
    fn ask(&mut self) {
        self.asked += 1;
        let question = question(&format!("q{}", self.asked), &["dev"], 1);
        let deadline = Instant::now() + PATIENCE;
        let mut reply = [0; 4096];
        let mut send = true;
        while Instant::now() < deadline {
            if send {
                self.socket.send(&question).expect("a question is sent");
            }
            match self.socket.recv(&mut reply) {
                // Replies to what came before are passed over.
                Ok(length) if length > question.len() && reply[12..question.len()] == question[12..] => {
                    return;
                }
                Ok(_) => send = false,
                Err(_) => send = true,
            }
        }
        panic!("not answered any more");
    }
}

/// A query in `gslb.example` without EDNS; ends with the question.
fn question(first: &str, labels: &[&str], rtype: u16) -> Vec<u8> {
    let mut query = b"\x12\x34\x01\0\0\x01\0\0\0\0\0\0".to_vec();
    for label in [first].iter().chain(labels).chain(&["gslb", "example"]) {
        query.push(label.len() as u8);
        query.extend(label.as_bytes());
    }
    query.push(0);
    query.extend(rtype.to_be_bytes());
    query.extend([0, 1]);
    query
}

fn noise(generator: &mut fastrand::Rng) -> Vec<u8> {
    let length = generator.usize(0..=600);
    std::iter::repeat_with(|| generator.u8(..)).take(length).collect()
}

/// A real query with EDNS, a client subnet and a cookie, of which some octets are wrong, missing or too many.
fn mutated(generator: &mut fastrand::Rng) -> Vec<u8> {
    let names: [(&str, &[&str]); 6] = [
        ("www", &[]),
        ("a", &["cust"]),
        ("static", &[]),
        ("x", &["partner"]),
        ("y", &["dev"]),
        ("no", &["such"]),
    ];
    let (first, labels) = names[generator.usize(..names.len())];
    let types = [1, 28, 2, 5, 6, 15, 16, 33, 65, 255, 252, 43];
    let mut query = question(first, labels, types[generator.usize(..types.len())]);
    query[..2].copy_from_slice(&generator.u16(..).to_be_bytes());
    query[11] = 1;
    let subnet = [0, 8, 0, 7, 0, 1, 24, 0, generator.u8(..), generator.u8(..), generator.u8(..)];
    let cookie = [0, 10, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8];
    query.extend([0, 0, 41, 4, 208, 0, 0, 0, 0, 0, (subnet.len() + cookie.len()) as u8]);
    query.extend(subnet.iter().chain(&cookie));
    for _ in 0..generator.usize(1..=4) {
        let at = generator.usize(..query.len());
        match generator.u8(..5) {
            0 => query[at] = generator.u8(..),
            1 => query[at] ^= 1 << generator.u8(..8),
            2 => query.truncate(at.max(1)),
            3 => query.insert(at, generator.u8(..)),
            _ => query.extend_from_within(at..),
        }
    }
    query
}

#[test]
fn two_hundred_thousand_bad_datagrams() {
    let scene = Scene::new();
    let node = Node::start(scene.path());
    let dns = node.dns;
    let from_both = |count: usize, seed: u64| {
        std::thread::scope(|scope| {
            for stranger in 0..2 {
                scope.spawn(move || {
                    let mut stranger = Stranger::new(dns, seed + stranger);
                    stranger.flood(count / 2, noise);
                    stranger.flood(count / 2, mutated);
                });
            }
        });
    };
    from_both(DATAGRAMS / 20, 1);
    let (warm, lines) = (resident(&node), node.process.log.count());
    from_both(DATAGRAMS, 10);
    let grown = resident(&node).saturating_sub(warm);
    assert!(grown < MOST_GROWTH_KIB, "{grown} KiB more than {warm} KiB");
    still_well(&node, lines);
    eprintln!("resident: {warm} KiB, {grown} KiB more after the flood");
}

/// Answers over both transports, and has not talked about strangers.
fn still_well(node: &Node, lines: usize) {
    for transport in ["+notcp +ignore", "+tcp"] {
        let shown = dig(node.dns, &format!("static.gslb.example A {transport}"));
        assert_eq!(shown.answer, ["static.gslb.example. IN A 198.51.100.90"], "{transport}");
    }
    let log = node.process.log.all();
    assert!(!log.iter().any(|line| line.contains("panicked")), "{log:?}");
    assert!(log.len() <= lines + FEW_LINES, "{log:?}");
}

/// Connects and does something that no client should; what is returned is kept open.
fn misbehave(server: SocketAddr, kind: usize, generator: &mut fastrand::Rng) -> Option<TcpStream> {
    let mut stream = TcpStream::connect(server).expect("a connection");
    let noise = noise(generator);
    let said: &[u8] = match kind {
        0 => return None,
        1 => return Some(stream),
        2 => &[0],
        3 => &[0xff, 0xff, 1, 2, 3],
        4 => &[0, 0],
        5 => &[0, 1, 0],
        6 => &[0, 200, 1, 2, 3],
        _ => &noise,
    };
    // The server may have closed it already.
    let _ = stream.write_all(said);
    if kind.is_multiple_of(2) {
        let _ = stream.shutdown(Shutdown::Write);
    }
    (kind == 2 || kind == 6).then_some(stream)
}

#[test]
fn two_thousand_bad_connections() {
    let scene = Scene::new();
    let node = Node::start(scene.path());
    let lines = node.process.log.count();
    let mut generator = fastrand::Rng::with_seed(7);
    let mut kept = Vec::new();
    for number in 0..2_000 {
        kept.extend(misbehave(node.dns, number % 10, &mut generator));
        if number % 200 == 199 {
            still_well(&node, lines);
        }
    }
    still_well(&node, lines);
    drop(kept);
    still_well(&node, lines);
}

#[test]
fn silent_connections_are_put_out_when_all_slots_are_taken() {
    let scene = Scene::new();
    let node = Node::start(scene.path());
    let lines = node.process.log.count();
    let kept: Vec<_> = (0..1_200)
        .map(|_| TcpStream::connect(node.dns).expect("a connection, or a place in the queue"))
        .collect();
    // Over UDP nobody notices; over TCP one waits until the silent ones are put out.
    assert_eq!(dig(node.dns, "static.gslb.example A +notcp +ignore").status, "NOERROR");
    let shown = dig(node.dns, "static.gslb.example A +tcp +time=25");
    assert_eq!(shown.status, "NOERROR");
    still_well(&node, lines);
    drop(kept);
}

#[test]
fn strangers_do_not_use_up_the_descriptors() {
    let scene = Scene::new();
    let mut command = Command::new("sh");
    // Soft and hard: it cannot be raised, so connections have to leave room.
    let serve = format!("ulimit -n 256; exec '{}' serve", env!("CARGO_BIN_EXE_meridian"));
    command.args(["-c", &serve]).current_dir(scene.path());
    let node = Node::start_as(command);
    let lines = node.process.log.count();
    let kept: Vec<_> = (0..300)
        .map(|_| TcpStream::connect(node.dns).expect("a connection, or a place in the queue"))
        .collect();
    // Longer than the node waits from one question to itself to the next one; TCP has no slot left for it.
    std::thread::sleep(Duration::from_secs(3));
    assert_eq!(curl(&[], &format!("http://{}/healthz", node.api)).0, 200);
    assert_eq!(dig(node.dns, "static.gslb.example A +notcp +ignore").status, "NOERROR");
    let log = node.process.log.all();
    assert!(log.len() <= lines + FEW_LINES, "{log:?}");
    assert!(!log.iter().any(|line| line.contains("Too many open files")), "{log:?}");
    drop(kept);
}
