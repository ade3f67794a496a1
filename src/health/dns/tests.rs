//! DNS targets that misbehave; each gives its own reason, in words.

use std::sync::Arc;

use tokio::net::TcpListener;

use super::*;
use crate::health::tests::{LONG, SHORT, ask as ask_any, check, words};
use crate::model::{RecordType, Request};

fn asked() -> DnsRequest {
    DnsRequest { name: "www.example.".parse().unwrap(), ..DnsRequest::default() }
}

/// Expects one of these addresses.
fn expecting(answers: &[&str]) -> Request {
    let answers = answers.iter().map(|address| address.parse().unwrap()).collect();
    Request::Dns(DnsRequest { answers, ..asked() })
}

/// What a server makes of a query: datagrams.
type Behave = fn(&[u8]) -> Vec<Vec<u8>>;

/// A server over UDP, and over TCP at the same port; there it says what `over_tcp` makes of the query.
async fn serve(behave: Behave, over_tcp: Behave) -> SocketAddr {
    let (listener, socket) = loop {
        let listener = TcpListener::bind("127.0.0.9:0").await.unwrap();
        if let Ok(socket) = UdpSocket::bind(listener.local_addr().unwrap()).await {
            break (listener, socket);
        }
    };
    let at = socket.local_addr().unwrap();
    tokio::spawn(async move {
        let mut query = [0; 512];
        while let Ok((length, peer)) = socket.recv_from(&mut query).await {
            for reply in behave(&query[..length]) {
                let _ = socket.send_to(&reply, peer).await;
            }
        }
    });
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let length = stream.read_u16().await.unwrap_or(0);
            let mut query = vec![0; usize::from(length)];
            let _ = stream.read_exact(&mut query).await;
            for part in over_tcp(&query) {
                let _ = stream.write_all(&part).await;
            }
            let _ = stream.shutdown().await;
        }
    });
    at
}

async fn udp(behave: Behave) -> SocketAddr {
    serve(behave, |_| Vec::new()).await
}

/// The query turned into a response with these flags and the addresses behind it.
fn reply(query: &[u8], flags: u16, addresses: &[&str]) -> Vec<u8> {
    let mut reply = query.to_vec();
    reply[2..4].copy_from_slice(&flags.to_be_bytes());
    reply[6..8].copy_from_slice(&(addresses.len() as u16).to_be_bytes());
    for address in addresses {
        let (kind, octets) = match address.parse().unwrap() {
            IpAddr::V4(four) => (1u8, four.octets().to_vec()),
            IpAddr::V6(six) => (28, six.octets().to_vec()),
        };
        reply.extend([0xc0, 12, 0, kind, 0, 1, 0, 0, 0, 60, 0, octets.len() as u8]);
        reply.extend(octets);
    }
    reply
}

fn framed(message: Vec<u8>) -> Vec<u8> {
    [&(message.len() as u16).to_be_bytes()[..], &message].concat()
}

#[tokio::test]
async fn answers_that_are_fine_and_answers_that_say_no() {
    let two = udp(|query| vec![reply(query, 0x8180, &["192.0.2.1", "192.0.2.2"])]).await;
    check(two, Request::Dns(asked()), LONG, "up").await;
    check(two, expecting(&["192.0.2.9", "192.0.2.2"]), LONG, "up").await;
    let other = "hard: answered 192.0.2.1, 192.0.2.2, none of which is expected";
    check(two, expecting(&["192.0.2.9"]), LONG, other).await;
    let empty = udp(|query| vec![reply(query, 0x8180, &[])]).await;
    check(empty, expecting(&["192.0.2.9"]), LONG, "hard: answered no address").await;
    check(empty, Request::Dns(asked()), LONG, "up").await;
    let refuses = udp(|query| vec![reply(query, 0x8185, &[])]).await;
    check(refuses, Request::Dns(asked()), LONG, "hard: answered REFUSED, expected NOERROR").await;
    let refused = DnsRequest { rcode: Rcode(5), ..asked() };
    check(refuses, Request::Dns(refused), LONG, "up").await;
}

#[tokio::test]
async fn the_question_is_the_operators() {
    let at = udp(|query| {
        assert_eq!(query[2..12], [1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
        assert_eq!(query[12..], *b"\x03www\x07example\0\0\x1c\0\x01");
        vec![reply(query, 0x8180, &["2001:db8::1"])]
    })
    .await;
    let answers = vec!["2001:db8::1".parse().unwrap()];
    check(at, Request::Dns(DnsRequest { record_type: RecordType::AAAA, answers, ..asked() }), LONG, "up")
        .await;
}

#[tokio::test]
async fn nobody_and_silence() {
    let at = UdpSocket::bind("127.0.0.9:0").await.unwrap().local_addr().unwrap();
    check(at, Request::Dns(asked()), LONG, "hard: connection refused").await;
    check(udp(|_| Vec::new()).await, Request::Dns(asked()), SHORT, "hard: no answer within 500ms").await;
}

#[tokio::test]
async fn what_answers_something_else_is_passed_over() {
    fn strays(query: &[u8]) -> Vec<Vec<u8>> {
        let good = reply(query, 0x8180, &["192.0.2.1"]);
        let mut id = good.clone();
        id[0] ^= 0x80;
        let mut question = good.clone();
        question[13] = b'x';
        let echo = query.to_vec();
        vec![id, question, echo, Vec::new(), vec![0; 11], good[..20].to_vec(), vec![0xff; 512]]
    }
    let only = "soft: only answers to other questions within 500ms";
    check(udp(strays).await, Request::Dns(asked()), SHORT, only).await;
    let then = udp(|query| [strays(query), vec![reply(query, 0x8180, &["192.0.2.1"])]].concat()).await;
    check(then, expecting(&["192.0.2.1"]), LONG, "up").await;
}

#[tokio::test]
async fn another_source_is_not_heard() {
    let target = Arc::new(UdpSocket::bind("127.0.0.9:0").await.unwrap());
    let at = target.local_addr().unwrap();
    tokio::spawn(async move {
        let other = UdpSocket::bind("127.0.0.10:0").await.unwrap();
        let mut query = [0; 512];
        while let Ok((length, peer)) = target.recv_from(&mut query).await {
            let _ = other.send_to(&reply(&query[..length], 0x8180, &["192.0.2.1"]), peer).await;
        }
    });
    check(at, Request::Dns(asked()), SHORT, "hard: no answer within 500ms").await;
}

#[tokio::test]
async fn a_cut_answer_is_asked_for_over_tcp() {
    let cut: Behave = |query| vec![reply(query, 0x8380, &[])];
    let whole = serve(cut, |query| vec![framed(reply(query, 0x8180, &["192.0.2.1"]))]).await;
    check(whole, expecting(&["192.0.2.1"]), LONG, "up").await;
    let rows: [(Behave, &str); 4] = [
        (|_| Vec::new(), "hard: connection closed before the expected answer came"),
        (|_| vec![vec![0xff, 0xff, 0, 0]], "hard: connection closed before the expected answer came"),
        (|query| vec![framed(query.to_vec())], "hard: answered another question"),
        (|query| vec![framed(reply(query, 0x8183, &[]))], "hard: answered NXDOMAIN, expected NOERROR"),
    ];
    for (over_tcp, expected) in rows {
        check(serve(cut, over_tcp).await, Request::Dns(asked()), LONG, expected).await;
    }
    let socket = UdpSocket::bind("127.0.0.9:0").await.unwrap();
    let at = socket.local_addr().unwrap();
    tokio::spawn(async move {
        let mut query = [0; 512];
        while let Ok((length, peer)) = socket.recv_from(&mut query).await {
            let _ = socket.send_to(&reply(&query[..length], 0x8380, &[]), peer).await;
        }
    });
    check(at, Request::Dns(asked()), LONG, "hard: connection refused").await;
}

#[tokio::test]
async fn an_answer_that_cannot_be_read_is_said_so() {
    // The question is ours; what follows is cut short, loops, or is too short for an address.
    let rows: [Behave; 3] = [
        |query| {
            let good = reply(query, 0x8180, &["192.0.2.1"]);
            vec![good[..good.len() - 3].to_vec()]
        },
        |query| {
            let mut looped = reply(query, 0x8180, &["192.0.2.1"]);
            looped[query.len() + 1] = query.len() as u8;
            vec![looped]
        },
        |query| {
            let mut short = reply(query, 0x8180, &["192.0.2.1"]);
            short[query.len() + 11] = 2;
            vec![short]
        },
    ];
    for behave in rows {
        check(udp(behave).await, expecting(&["192.0.2.1"]), LONG, "hard: the answer is not DNS").await;
    }
}

#[tokio::test]
async fn any_bytes_are_judged() {
    let ask = DnsRequest { answers: vec!["192.0.2.1".parse().unwrap()], ..asked() };
    let query = query(7, &ask);
    let good = reply(&query, 0x8180, &["192.0.2.1", "2001:db8::1"]);
    for at in 0..good.len() {
        for byte in 0..=255 {
            let mut bad = good.clone();
            bad[at] = byte;
            let _ = (answers(&bad, &query), is_cut(&bad), judge(&bad, &ask));
            let _ = (answers(&bad[..at], &query), judge(&bad[..at], &ask));
        }
    }
    let outcome = ask_any("127.0.0.9:1".parse().unwrap(), Request::Dns(ask), SHORT).await.outcome;
    assert!(!words(&outcome).is_empty());
}
