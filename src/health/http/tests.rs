//! HTTP targets that misbehave; each gives its own reason, in words.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use rcgen::{BasicConstraints, IsCa, date_time_ymd};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::either::Either;

use super::*;
use crate::health::line::Deadline;
use crate::health::meter::Metered;
use crate::health::tests::{
    AUTHORITY, LONG, SHORT, acceptor, accepts, authority_named, goes_on, hear, inside, leaf, replies,
    resets_after, serve, trusted, words,
};
use crate::health::tls::Tls;
use crate::health::{Attempt, Outcome, Stage};
use crate::model::{Request as Asked, StatusSet, Target, Trust};

mod certificates;
mod content;
mod odd;
mod second;

fn get(path: &str, host: Option<&str>, tls: bool) -> HttpRequest {
    let tls = if tls { trusted() } else { None };
    HttpRequest { tls, path: path.into(), host: host.map(str::to_owned), ..HttpRequest::default() }
}

async fn ask(at: SocketAddr, request: HttpRequest, timeout: Duration) -> Attempt {
    crate::health::tests::ask(at, Asked::Http(request), timeout).await
}

async fn check(at: SocketAddr, timeout: Duration, expected: &str) {
    let attempt = ask(at, get("/healthz", None, false), timeout).await;
    assert_eq!(words(&attempt.outcome), expected);
    assert_eq!(attempt.certificate_expires, None);
}

//------------ Answers -------------------------------------------------------

#[tokio::test]
async fn answers_that_are_fine() {
    let rows = [
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.1 204 No Content\r\n\r\n",
        "HTTP/1.0 200 OK\r\n\r\nuntil the close",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    ];
    for reply in rows {
        check(replies(reply).await, LONG, "up").await;
    }
}

#[tokio::test]
async fn answers_that_say_no() {
    let rows = [
        ("HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n", "hard: answered 500, expected 2xx"),
        // It points to itself: whoever followed would never end.
        (
            "HTTP/1.1 302 Found\r\nLocation: /healthz\r\nContent-Length: 0\r\n\r\n",
            "hard: answered 302, expected 2xx; redirects are not followed",
        ),
    ];
    for (reply, expected) in rows {
        check(replies(reply).await, LONG, expected).await;
    }
}

#[tokio::test]
async fn the_expected_statuses_are_the_operators() {
    let at = replies("HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n").await;
    for (expect, expected) in [
        (vec![(200, 299), (302, 302)], "up"),
        (
            vec![(200, 204), (503, 503)],
            "hard: answered 302, expected 200-204, 503; redirects are not followed",
        ),
    ] {
        let request = HttpRequest { expect: StatusSet(expect), ..get("/", None, false) };
        assert_eq!(words(&ask(at, request, LONG).await.outcome), expected);
    }
}

#[tokio::test]
async fn the_request_is_what_the_operator_wrote() {
    let heard = Arc::new(Mutex::new(String::new()));
    let kept = Arc::clone(&heard);
    let at = serve(move |mut stream| {
        let kept = Arc::clone(&kept);
        async move {
            *kept.lock().unwrap() = hear(&mut stream).await;
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
        }
    })
    .await;
    for (host, expected) in [(Some("www.example.com"), "www.example.com".to_owned()), (None, at.to_string())]
    {
        let attempt = ask(at, get("/a?b=c%20d", host, false), LONG).await;
        assert_eq!(attempt.outcome, Outcome::Up);
        let version = env!("CARGO_PKG_VERSION");
        let request = format!(
            "GET /a?b=c%20d HTTP/1.1\r\nhost: {expected}\r\nuser-agent: meridian/{version}\r\n\
             accept-encoding: identity\r\nconnection: close\r\n\r\n"
        );
        assert_eq!(*heard.lock().unwrap(), request);
    }
}

#[test]
fn an_address_as_host_has_brackets_and_its_port_unless_it_is_the_schemes() {
    let rows = [
        ("192.0.2.1", 80, false, "192.0.2.1"),
        ("192.0.2.1", 443, false, "192.0.2.1:443"),
        ("192.0.2.1", 443, true, "192.0.2.1"),
        ("2001:db8::1", 443, true, "[2001:db8::1]"),
        ("2001:db8::1", 8443, true, "[2001:db8::1]:8443"),
    ];
    for (address, port, tls, expected) in rows {
        assert_eq!(authority((address.parse::<std::net::IpAddr>().unwrap(), port).into(), tls), expected);
    }
}

#[tokio::test]
async fn a_request_that_nobody_can_send_is_no_observation() {
    let at = replies("HTTP/1.1 200 OK\r\n\r\n").await;
    for request in [get("/a b", None, false), get("/", Some("a\nb"), false), get("/", Some("a b"), true)] {
        let outcome = ask(at, request, LONG).await.outcome;
        assert!(words(&outcome).starts_with("nothing: the request cannot be sent: "), "{outcome:?}");
    }
}

//------------ Connections that fail -----------------------------------------

#[tokio::test]
async fn refused() {
    let at = TcpListener::bind("127.0.0.9:0").await.unwrap().local_addr().unwrap();
    check(at, LONG, "hard: connection refused").await;
}

#[tokio::test]
async fn a_full_backlog_is_a_connect_timeout() {
    // Nobody accepts, and the queue for one holds two: a third connection stays half open.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.9:0".parse().unwrap()).unwrap();
    let listener = socket.listen(0).unwrap();
    let at = listener.local_addr().unwrap();
    let mut held = Vec::new();
    while let Ok(Ok(stream)) = tokio::time::timeout(SHORT, TcpStream::connect(at)).await {
        held.push(stream);
    }
    check(at, SHORT, "hard: no connection within 500ms").await;
}

#[tokio::test]
async fn resets_and_early_ends_say_where() {
    check(
        resets_after("HTTP/1.1 2").await,
        LONG,
        "hard: connection reset before the response head was whole",
    )
    .await;
    let short = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort";
    check(replies(short).await, LONG, "hard: connection closed before the body was whole").await;
    let chunk = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nshort";
    check(replies(chunk).await, LONG, "hard: connection closed before the body was whole").await;
    for head in ["", "HTTP/1.1 200 OK\r\nContent-"] {
        check(replies(head).await, LONG, "hard: connection closed before the response head was whole").await;
    }
}

//------------ Strangers who stretch -----------------------------------------

#[tokio::test]
async fn silence_and_dripping_end_with_the_timeout() {
    let silent = goes_on("", b"", Duration::from_secs(3600)).await;
    let second = Duration::from_secs(1);
    let body = goes_on("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n", b"x", second).await;
    let head = goes_on("HTTP/1.1 200 OK\r\nX: ", b"x", second).await;
    tokio::join!(
        check(silent, SHORT, "soft: connected, but no response head within 500ms"),
        check(body, SHORT, "soft: connected, but no whole body within 500ms"),
        check(head, SHORT, "soft: connected, but no response head within 500ms"),
    );
}

#[tokio::test]
async fn endless_interim_answers_are_a_head_too_large() {
    let at = goes_on("", "HTTP/1.1 100 Continue\r\n\r\n".repeat(10_000), Duration::ZERO).await;
    check(at, LONG, "hard: the response head is over 65536 bytes or 100 fields").await;
}

#[tokio::test]
async fn a_body_in_the_smallest_pieces_may_be_short_only() {
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    let at = goes_on(chunked, "1\r\nx\r\n".repeat(10_000), Duration::ZERO).await;
    check(at, LONG, "up").await;
    let request = get("/", None, false);
    let target = Target { address: at.ip(), port: at.port(), request: Asked::Icmp };
    let tls = Tls::new(&[]).unwrap();
    let mut line = Line::new(&tls, &target, LONG);
    let fault = fetch(&mut line, &request, Most(1 << 20)).await.map(drop).unwrap_err();
    assert_eq!(fault, Reason::TooMuch(Stage::Body).into());
    let words = "hard: more came than an answer takes, before the body was whole";
    assert_eq!(crate::health::tests::words(&Err(fault).into()), words);
}

#[tokio::test]
async fn an_endless_body_is_an_answer() {
    let more = [b'x'; 4096];
    check(goes_on("HTTP/1.1 200 OK\r\n\r\n", more, Duration::ZERO).await, LONG, "up").await;
    let long = "HTTP/1.1 200 OK\r\nContent-Length: 9999999999999\r\n\r\n";
    check(goes_on(long, more, Duration::ZERO).await, LONG, "up").await;
}

#[tokio::test]
async fn a_head_without_end_or_measure_is_too_large() {
    let expected = "hard: the response head is over 65536 bytes or 100 fields";
    check(
        goes_on("HTTP/1.1 200 OK\r\n", "X-More: and more\r\n".repeat(100), Duration::ZERO).await,
        LONG,
        expected,
    )
    .await;
    for (length, expected) in [(32 << 10, "up"), (80 << 10, expected), (10 << 20, expected)] {
        let field = "x".repeat(length);
        let reply = format!("HTTP/1.1 200 OK\r\nX: {field}\r\nContent-Length: 0\r\n\r\n");
        check(replies(reply).await, LONG, expected).await;
    }
    let fields = format!("HTTP/1.1 200 OK\r\n{}\r\n", "X: y\r\n".repeat(101));
    check(replies(fields).await, LONG, expected).await;
}

#[tokio::test]
async fn what_is_not_http_is_said_so() {
    for reply in
        ["<html>HTTP/0.9 has no head</html>\r\n\r\n", "SSH-2.0-OpenSSH_9.2\r\n", "HTTP/3.0 200 OK\r\n\r\n"]
    {
        let outcome = ask(replies(reply).await, get("/", None, false), LONG).await.outcome;
        assert!(words(&outcome).starts_with("hard: the answer is not HTTP: "), "{reply}: {outcome:?}");
    }
    let chunk = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n";
    let outcome = ask(replies(chunk).await, get("/", None, false), LONG).await.outcome;
    assert!(words(&outcome).starts_with("hard: the answer is not HTTP: "), "{outcome:?}");
}

/// Loopback is too quick, or too slow, to leave it to chance: the answer comes when the connection is there, and the
/// request not before the system has the answer.
#[tokio::test]
async fn an_answer_before_the_question_is_none() {
    let ok = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    for (says, expected) in [
        (ok, "hard: answered before it was asked"),
        ("220 ready\r\n", "hard: answered before it was asked"),
        ("", "hard: connection closed before the response head was whole"),
    ] {
        let listener = std::net::TcpListener::bind("127.0.0.9:0").unwrap();
        let at = listener.local_addr().unwrap();
        let stream = TcpStream::connect(at).await.unwrap();
        let (mut other, _) = listener.accept().unwrap();
        std::io::Write::write_all(&mut other, says.as_bytes()).unwrap();
        if says.is_empty() {
            other.shutdown(std::net::Shutdown::Both).unwrap();
        }
        let (ask, deadline, most) = (get("/", None, false), Deadline::after(SHORT), Most(ANSWER_BYTES));
        let stream = Either::Left(Metered::new(stream, most));
        let result = http1::exchange(stream, request(at, &ask).unwrap(), &ask, deadline, most).await;
        assert_eq!(words(&result.map(drop).into()), expected);
    }
}

/// A server may say what it likes with the end of its handshake, before the client has a word.
#[tokio::test]
async fn an_answer_with_the_handshake_is_none() {
    let acceptor = accepts(2090, &["http/1.1"]);
    let mut config = rustls::ServerConfig::clone(acceptor.config());
    config.send_half_rtt_data = true;
    let config = Arc::new(config);
    let at = serve(move |stream| {
        let (config, mut stream) = (Arc::clone(&config), stream.into_std().unwrap());
        async move {
            let answers = move || -> std::io::Result<()> {
                stream.set_nonblocking(false)?;
                let mut session = rustls::ServerConnection::new(config).unwrap();
                while session.wants_read() && !session.wants_write() {
                    session.read_tls(&mut stream)?;
                    session.process_new_packets().unwrap();
                }
                std::io::Write::write_all(&mut session.writer(), b"HTTP/1.1 200 OK\r\n\r\n")?;
                // All of it at once, lest the handshake be over before the answer is there.
                let mut flight = Vec::new();
                while session.wants_write() {
                    session.write_tls(&mut flight)?;
                }
                std::io::Write::write_all(&mut stream, &flight)?;
                std::io::Read::read_to_end(&mut stream, &mut Vec::new()).map(drop)
            };
            let _ = tokio::task::spawn_blocking(answers).await;
        }
    })
    .await;
    let outcome = ask(at, get("/", Some("www.example.com"), true), LONG).await.outcome;
    assert_eq!(words(&outcome), "hard: answered before it was asked");
}
