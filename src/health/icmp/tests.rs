//! Echoes, and what is none; hostile targets stand in by UDP, since nothing but bytes in and out is asked of a socket.

use super::*;
use crate::health::tests::{LONG, SHORT, ask as ask_any, words};
use crate::model::Request;

const TOKEN: Token = *b"0123456789abcdef";

/// Asks an address; a system that allows no such socket says so, in words.
async fn echo(address: &str) -> String {
    let outcome = ask_any(SocketAddr::new(address.parse().unwrap(), 0), Request::Icmp, LONG).await.outcome;
    let words = words(&outcome);
    if words.starts_with("nothing: this machine cannot probe: no ICMP socket (") {
        "up".into()
    } else {
        words
    }
}

#[tokio::test]
async fn this_machine_answers() {
    assert_eq!(echo("127.0.0.9").await, "up");
    let six = echo("::1").await;
    assert!(six == "up" || six.starts_with("nothing: "), "{six}");
}

#[test]
fn a_system_that_allows_nothing_says_so() {
    let denied = io::Error::from_raw_os_error(13);
    let text = "this machine cannot probe: no ICMP socket (Permission denied (os error 13)), nor a raw one (Permission \
                denied (os error 13)); widen net.ipv4.ping_group_range, or give CAP_NET_RAW";
    assert_eq!(not_allowed(&denied, &denied).to_string(), text);
}

#[test]
fn the_checksum_is_that_of_the_standard() {
    let sent = request(IpAddr::from([192, 0, 2, 1]), TOKEN);
    assert_eq!((sent[0], sent[1], checksum(&sent)), (8, 0, 0));
    // The example of RFC 1071 §3.
    assert_eq!(checksum(&[0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7]), !0xddf2);
    assert_eq!(request("2001:db8::1".parse().unwrap(), TOKEN)[0], 128);
}

#[test]
fn only_the_reply_to_this_request_counts() {
    let packet = |kind: u8, code: u8, token: &[u8]| [&[kind, code, 9, 9, 1, 1, 0, 0], token].concat();
    let head = |packet: Vec<u8>| [vec![0x45; 20], packet].concat();
    let (four, six): (IpAddr, IpAddr) = ("192.0.2.1".parse().unwrap(), "2001:db8::1".parse().unwrap());
    let rows = [
        (packet(0, 0, &TOKEN), four, false, true),
        (head(packet(0, 0, &TOKEN)), four, true, true),
        (packet(129, 0, &TOKEN), six, false, true),
        (packet(8, 0, &TOKEN), four, false, false),
        (packet(128, 0, &TOKEN), six, false, false),
        (packet(0, 1, &TOKEN), four, false, false),
        (packet(0, 0, b"fedcba9876543210"), four, false, false),
        (packet(0, 0, b"0123456789abcde"), four, false, false),
        (packet(0, 0, b"0123456789abcdefg"), four, false, false),
        (packet(0, 0, &TOKEN), six, false, false),
        (packet(0, 0, &TOKEN), four, true, false),
        (vec![0xff; 20], four, true, false),
        (vec![0, 0, 0], four, false, false),
        (Vec::new(), four, true, false),
    ];
    for (packet, address, has_head, expected) in rows {
        assert_eq!(is_reply(&packet, address, has_head, TOKEN), expected, "{packet:?}");
    }
}

#[tokio::test]
async fn nonsense_is_passed_over_and_silence_waited_out() {
    let target = UdpSocket::bind("127.0.0.9:0").await.unwrap();
    let socket = UdpSocket::bind("127.0.0.9:0").await.unwrap();
    socket.connect(target.local_addr().unwrap()).await.unwrap();
    let prober = socket.local_addr().unwrap();
    for nonsense in [&b""[..], b"\0", &[0; 2000], &[0xff; 24]] {
        target.send_to(nonsense, prober).await.unwrap();
    }
    let address = IpAddr::from([127, 0, 0, 9]);
    let silent = tokio::time::timeout(SHORT, talk(&socket, address, false, TOKEN)).await;
    assert!(silent.is_err());
    let good = [&[0, 0, 0, 0, 0, 0, 0, 0], &TOKEN[..]].concat();
    target.send_to(&good, prober).await.unwrap();
    talk(&socket, address, false, TOKEN).await.unwrap();
    drop(target);
    let error = talk(&socket, address, false, TOKEN).await.unwrap_err();
    assert_eq!(of_io(&error, Some(Stage::Answer)), Reason::Refused.into());
}
