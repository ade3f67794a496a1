//! Starts that cannot be, and ends as they should be.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::time::Duration;

use rustix::process::Signal;

use super::client::{curl, dig};
use super::node::{Node, PATIENCE, Process, meridian, wait_for};
use super::scene::{Scene, free_port};

/// A query for `static.gslb.example A`, and how a reply to it begins.
fn query(id: u16) -> Vec<u8> {
    let mut query = id.to_be_bytes().to_vec();
    query.extend(b"\x01\0\0\x01\0\0\0\0\0\0\x06static\x04gslb\x07example\0\0\x01\0\x01");
    query
}

fn framed(query: &[u8]) -> Vec<u8> {
    [&(query.len() as u16).to_be_bytes(), query].concat()
}

/// One reply off a connection.
fn reply(stream: &mut TcpStream) -> Vec<u8> {
    let mut length = [0; 2];
    stream.read_exact(&mut length).expect("a length");
    let mut reply = vec![0; usize::from(u16::from_be_bytes(length))];
    stream.read_exact(&mut reply).expect("a reply");
    reply
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).expect("a connection");
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    stream
}

#[test]
fn told_to_stop_it_answers_on_for_its_drain_and_leaves_with_zero() {
    let scene = Scene::new();
    scene.edit("meridian.toml", "drain = \"1s\"", "drain = \"3s\"");
    let mut node = Node::start(scene.path());
    let mut begun = connect(node.dns);
    let whole = framed(&query(0x4711));
    begun.write_all(&whole[..9]).unwrap();
    node.process.signal(Signal::TERM);
    node.process.log.wait_for("stopping: not ready any more, answering on");
    // Over UDP, over new connections, and over one with half a query in it.
    assert_eq!(dig(node.dns, "static.gslb.example A +notcp").status, "NOERROR");
    assert_eq!(dig(node.dns, "static.gslb.example A +tcp").status, "NOERROR");
    begun.write_all(&whole[9..]).unwrap();
    assert_eq!(reply(&mut begun)[..2], [0x47, 0x11]);
    // Queries that are there when the end comes are answered before it.
    let many: Vec<u8> = (0..100).flat_map(|id| framed(&query(id))).collect();
    begun.write_all(&many).unwrap();
    for id in 0..100u16 {
        assert_eq!(reply(&mut begun)[..2], id.to_be_bytes());
    }
    let status = node.process.wait();
    assert_eq!(status.code(), Some(0));
    assert_eq!(begun.read(&mut [0; 1]).unwrap(), 0, "closed, not reset");
    assert!(node.process.log.all().iter().any(|line| line.ends_with("stopped")));
    // Its port is free again.
    drop(TcpListener::bind(node.dns).unwrap());
}

#[test]
fn told_twice_it_does_not_wait() {
    let scene = Scene::new();
    scene.edit("meridian.toml", "drain = \"1s\"", "drain = \"1h\"");
    let mut node = Node::start(scene.path());
    node.process.signal(Signal::TERM);
    node.process.log.wait_for("stopping: not ready any more");
    node.process.signal(Signal::INT);
    assert_eq!(node.process.wait().code(), Some(0));
    node.process.log.wait_for("told twice: not waiting");
}

/// A start that fails: its exit code, and all that it says.
fn failing_start(scene: &Scene) -> (Option<i32>, Vec<String>) {
    let mut process = Process::spawn(meridian(scene.path(), &["serve"]));
    let code = process.wait().code();
    assert_eq!(process.output.all(), Vec::<String>::new());
    (code, process.log.all())
}

#[test]
fn a_taken_port_is_one_clear_line() {
    let cure = "the port is taken; stop what listens there, or configure another port";
    // At an address of its own: elsewhere somebody's connection may have the same port of TCP.
    let udp = UdpSocket::bind("127.0.0.77:0").unwrap();
    let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
    let first = Scene::new();
    let node = Node::start(first.path());
    let (udp_taken, tcp_taken) = (udp.local_addr().unwrap(), tcp.local_addr().unwrap());
    let listen = "listen = [\"127.0.0.1:0\"]";
    let api = "[api]\nlisten = \"127.0.0.1:0\"";
    let dns_line = |address: SocketAddr| format!("listen = [\"{address}\"]");
    let api_line = |address: SocketAddr| format!("[api]\nlisten = \"{address}\"");
    let rows = [
        (listen, dns_line(node.dns), format!("cannot bind TCP {}: {cure}", node.dns)),
        (listen, dns_line(tcp_taken), format!("cannot bind TCP {tcp_taken}: {cure}")),
        (listen, dns_line(udp_taken), format!("cannot bind UDP {udp_taken}: {cure}")),
        (api, api_line(tcp_taken), format!("cannot bind the API to {tcp_taken}: {cure}")),
    ];
    for (from, to, line) in rows {
        let scene = Scene::new();
        scene.edit("meridian.toml", from, &to);
        let (code, said) = failing_start(&scene);
        assert_eq!(code, Some(1), "{said:?}");
        assert!(said.len() == 1 && said[0].starts_with(&line), "{said:?}\n{line}");
    }
    // The one that was there first has lost nothing.
    assert_eq!(dig(node.dns, "static.gslb.example A").status, "NOERROR");
}

#[test]
fn two_nodes_do_not_share_a_state() {
    let scene = Scene::new();
    let _first = Node::start(scene.path());
    let (code, said) = failing_start(&scene);
    assert_eq!(code, Some(1), "{said:?}");
    assert!(said.len() == 1 && said[0].contains("state"), "{said:?}");
}

#[test]
fn a_configuration_that_does_not_load_ends_the_start_with_two() {
    let scene = Scene::new();
    scene.edit("meridian.toml", "workers = 2", "worker = 2");
    let (code, said) = failing_start(&scene);
    assert_eq!(code, Some(2), "{said:?}");
    assert!(said.len() == 1 && said[0].starts_with("meridian.toml:7:1: unknown key 'worker'"), "{said:?}");
}

#[test]
fn killed_and_started_again_it_answers() {
    let scene = Scene::new();
    let node = Node::start(scene.path());
    let dns = node.dns;
    scene.edit("meridian.toml", "listen = [\"127.0.0.1:0\"]", &format!("listen = [\"{dns}\"]"));
    let mut idle = connect(dns);
    idle.write_all(&[0]).unwrap();
    node.process.signal(Signal::KILL);
    // Dropped: reaped.
    drop(node);
    let again = Node::start(scene.path());
    assert_eq!(again.dns, dns);
    assert_eq!(dig(dns, "static.gslb.example A +tcp").status, "NOERROR");
}

#[test]
fn a_closed_half_of_a_connection_gets_its_answers_first() {
    let scene = Scene::new();
    let node = Node::start(scene.path());
    let mut stream = connect(node.dns);
    let asked: Vec<u8> = (0..50).flat_map(|id| framed(&query(id))).collect();
    stream.write_all(&asked).unwrap();
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    for id in 0..50u16 {
        assert_eq!(reply(&mut stream)[..2], id.to_be_bytes());
    }
    let ended = wait_for("the end of the connection", || {
        std::thread::sleep(Duration::from_millis(1));
        stream.read(&mut [0; 1]).ok()
    });
    assert_eq!(ended, 0);
}

#[test]
fn a_log_that_cannot_be_written_stops_nothing() {
    let scene = Scene::new();
    let port = free_port(Ipv4Addr::LOCALHOST);
    let api = format!("listen = \"127.0.0.1:{port}\"");
    scene.edit("meridian.toml", "listen = \"127.0.0.1:0\"", &api);
    let mut command = std::process::Command::new("sh");
    let serve = format!("exec '{}' serve 2>/dev/full", env!("CARGO_BIN_EXE_meridian"));
    command.args(["-c", &serve]).current_dir(scene.path());
    let process = Process::spawn(command);
    let url = |path: &str| format!("http://127.0.0.1:{port}{path}");
    let listening = || TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok();
    drop(wait_for("an API", listening));
    wait_for("a ready node", || (curl(&[], &url("/readyz")).0 == 200).then_some(()));
    // Every override is logged, and so is what it does to readiness: none of it may be the last.
    let json = ["-X", "PUT", "-H", "Content-Type: application/json", "-d"];
    for state in ["down", "up", "drain"] {
        let body = format!("{{\"state\":\"{state}\",\"reason\":\"drill\"}}");
        let arguments = [&json[..], &[&body]].concat();
        assert_eq!(curl(&arguments, &url("/v1/regions/eu-west/override")).0, 200, "{state}");
    }
    assert_eq!(curl(&[], &url("/readyz")).0, 200);
    process.signal(Signal::TERM);
}
