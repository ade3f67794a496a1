//! Both links, over real sockets: what goes where, and what one bad destination costs.

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::time::Duration;

use super::batched::Batched;
use super::plain::Plain;
use super::*;
use crate::server::Listeners;

/// A server's socket on an address, with a port that the system chose.
fn server(address: &str) -> (UdpSocket, SocketAddr) {
    let address = SocketAddr::new(address.parse().unwrap(), 0);
    let mut listeners = Listeners::bind(&[address], 1).unwrap();
    (listeners.udp.remove(0).remove(0), listeners.bound[0].address)
}

fn client(server: SocketAddr) -> UdpSocket {
    let local = if server.is_ipv4() { "127.0.0.1" } else { "::1" };
    let socket = UdpSocket::bind((local, 0)).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    socket
}

/// Takes one batch and echoes it with a `!` behind; `drop` says which frames get no reply.
fn echo(link: &mut impl Link, drop: impl Fn(&[u8]) -> bool) -> Vec<usize> {
    link.receive().unwrap();
    for index in 0..link.count() {
        let (octets, length) = link.frame(index);
        assert_eq!(octets.len(), ROOM);
        octets[length] = b'!';
        let dropped = drop(&octets[..length]);
        link.reply(index, if dropped { 0 } else { length + 1 });
    }
    let mut refused = Vec::new();
    link.send(|index, _| refused.push(index));
    refused
}

fn hear(client: &UdpSocket) -> (String, SocketAddr) {
    let mut octets = [0; 2 * ROOM];
    let (length, from) = client.recv_from(&mut octets).unwrap();
    (String::from_utf8(octets[..length].to_vec()).unwrap(), from)
}

fn batched(socket: UdpSocket) -> Batched {
    Batched::new(socket, 8).unwrap()
}

#[test]
fn replies_go_to_who_asked() {
    for address in ["127.0.0.1", "::1"] {
        let (socket, at) = server(address);
        let clients = [client(at), client(at)];
        let plain = Plain::new(socket.try_clone().unwrap(), 8).unwrap();
        let (mut plain, mut batched) = (plain, batched(socket));
        for (client, word) in clients.iter().zip(["one", "two"]) {
            client.send_to(word.as_bytes(), at).unwrap();
            assert!(echo(&mut plain, |_| false).is_empty());
            assert_eq!(hear(client), (format!("{word}!"), at));
        }
        for (client, word) in clients.iter().zip(["one", "two"]) {
            client.send_to(word.as_bytes(), at).unwrap();
        }
        assert!(echo(&mut batched, |_| false).is_empty());
        assert_eq!(batched.count(), 2, "one call takes what is there");
        assert_eq!(batched.peer(1), clients[1].local_addr().unwrap());
        assert_eq!(hear(&clients[0]), ("one!".into(), at));
        assert_eq!(hear(&clients[1]), ("two!".into(), at));
    }
}

#[test]
fn what_is_dropped_leaves_no_gap() {
    let (socket, at) = server("127.0.0.1");
    let (mut link, client) = (batched(socket), client(at));
    for word in ["a", "drop", "b", "drop", "drop", "c"] {
        client.send_to(word.as_bytes(), at).unwrap();
    }
    assert!(echo(&mut link, |query| query == b"drop").is_empty());
    let heard: Vec<_> = (0..3).map(|_| hear(&client).0).collect();
    assert_eq!(heard, ["a!", "b!", "c!"]);
    client.set_nonblocking(true).unwrap();
    assert!(client.recv(&mut [0; 9]).is_err(), "no empty datagrams");
    // Lengths were forgotten: nothing is sent twice.
    link.send(|index, error| panic!("{index}: {error}"));
    assert!(client.recv(&mut [0; 9]).is_err());
}

#[test]
fn more_than_a_batch_comes_with_the_next() {
    let (socket, at) = server("127.0.0.1");
    let (mut link, client) = (batched(socket), client(at));
    for word in 0..11 {
        client.send_to(&[b'a' + word], at).unwrap();
    }
    echo(&mut link, |_| false);
    assert_eq!(link.count(), 8);
    echo(&mut link, |_| false);
    assert_eq!(link.count(), 3);
    let heard: String = (0..11).map(|_| hear(&client).0).collect();
    assert_eq!(heard, "a!b!c!d!e!f!g!h!i!j!k!");
}

#[test]
fn a_bad_destination_costs_the_others_nothing() {
    let (socket, at) = server("127.0.0.1");
    let (mut link, client) = (batched(socket), client(at));
    for bad in [&[0][..], &[2], &[4], &[0, 1], &[1, 3, 4], &[0, 1, 2, 3, 4]] {
        for word in 0..5 {
            client.send_to(&[b'0' + word], at).unwrap();
        }
        link.receive().unwrap();
        (0..5).for_each(|index| link.reply(index, 1));
        bad.iter().for_each(|index| link.misdirect(*index));
        let mut refused = Vec::new();
        link.send(|index, _| refused.push(index));
        assert_eq!(refused, bad);
        let good = (0..5).filter(|index| !bad.contains(index)).map(|index| index.to_string());
        good.for_each(|word| assert_eq!(hear(&client).0, word));
    }
}

#[test]
fn a_wildcard_answers_from_the_address_that_was_asked() {
    for (wildcard, asked) in [("0.0.0.0", "127.0.0.1"), ("0.0.0.0", "127.53.0.7"), ("::", "::1")] {
        let (socket, at) = server(wildcard);
        let asked = SocketAddr::new(asked.parse::<IpAddr>().unwrap(), at.port());
        let (mut link, client) = (batched(socket), client(asked));
        client.send_to(b"who", asked).unwrap();
        assert!(echo(&mut link, |_| false).is_empty());
        assert_eq!(hear(&client), ("who!".into(), asked));
    }
}

#[test]
fn a_long_query_is_cut_and_costs_nobody_else() {
    let (socket, at) = server("127.0.0.1");
    let (mut link, client) = (batched(socket), client(at));
    client.send_to(&[b'x'; ROOM + 100], at).unwrap();
    client.send_to(b"short", at).unwrap();
    link.receive().unwrap();
    assert_eq!((link.frame(0).1, link.frame(1).1), (ROOM, 5));
    assert_eq!(&link.frame(1).0[..5], b"short");
}

#[test]
fn nobody_asks_and_the_wait_ends() {
    let (socket, _) = server("127.0.0.1");
    socket.set_read_timeout(Some(Duration::from_millis(1))).unwrap();
    let error = batched(socket).receive().unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
}
