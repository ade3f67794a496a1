//! TCP targets that misbehave; each gives its own reason, in words.

use tokio::io::AsyncReadExt;

use super::*;
use crate::health::tests::{
    AUTHORITY, LONG, SHORT, acceptor, accepts, ask as ask_any, authority_named, check, goes_on, leaf, nobody,
    serve, silent, trusted, words,
};
use crate::model::{Request, Trust};
use std::net::SocketAddr;
use std::time::Duration;

fn connect() -> Request {
    Request::Tcp(TcpRequest::default())
}

fn ping() -> Request {
    Request::Tcp(TcpRequest {
        send: b"PING\r\n".to_vec(),
        receive: Some(Pattern::Text("+PONG".into())),
        ..TcpRequest::default()
    })
}

fn inside(host: &str, trust: Option<Trust>) -> Request {
    Request::Tcp(TcpRequest { tls: trust, host: Some(host.into()), ..TcpRequest::default() })
}

/// Hears a line, says `reply`, and waits for the other side to go.
async fn answers(reply: impl Into<Vec<u8>>) -> SocketAddr {
    let reply: std::sync::Arc<[u8]> = reply.into().into();
    serve(move |mut stream| {
        let reply = reply.clone();
        async move {
            while stream.read_u8().await.is_ok_and(|byte| byte != b'\n') {}
            let _ = stream.write_all(&reply).await;
            let _ = stream.shutdown().await;
            let _ = stream.read_to_end(&mut Vec::new()).await;
        }
    })
    .await
}

#[tokio::test]
async fn a_connection_is_enough_where_nothing_is_expected() {
    check(silent().await, connect(), LONG, "up").await;
    check(nobody().await, connect(), LONG, "hard: connection refused").await;
    let said = TcpRequest { send: b"QUIT\r\n".to_vec(), ..TcpRequest::default() };
    check(silent().await, Request::Tcp(said), LONG, "up").await;
}

#[tokio::test]
async fn a_full_backlog_is_a_connect_timeout() {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.9:0".parse().unwrap()).unwrap();
    let listener = socket.listen(0).unwrap();
    let at = listener.local_addr().unwrap();
    let mut held = Vec::new();
    while let Ok(Ok(stream)) = tokio::time::timeout(SHORT, tokio::net::TcpStream::connect(at)).await {
        held.push(stream);
    }
    check(at, connect(), SHORT, "hard: no connection within 500ms").await;
}

#[tokio::test]
async fn answers_are_searched_until_they_end() {
    check(answers("+PONG\r\n").await, ping(), LONG, "up").await;
    check(
        answers("-LOADING\r\n").await,
        ping(),
        LONG,
        "hard: the answer lacks '+PONG'; it begins '-LOADING..'",
    )
    .await;
    check(answers("").await, ping(), LONG, "hard: connection closed before the expected answer came").await;
    // What is expected counts as soon as it is there, also in pieces, also where more comes.
    let drips = goes_on("\r\n\r\n", b"+PONG", Duration::from_millis(20)).await;
    let empty = Request::Tcp(TcpRequest {
        send: b"\r\n\r\n".to_vec(),
        receive: Some(Pattern::Text("PONG+P".into())),
        ..TcpRequest::default()
    });
    check(drips, empty, LONG, "up").await;
}

#[tokio::test]
async fn a_banner_counts() {
    let at = serve(|mut stream| async move {
        let _ = stream.write_all(b"220 mail.example ESMTP\r\n").await;
        let _ = stream.read_to_end(&mut Vec::new()).await;
    })
    .await;
    let greets = TcpRequest { receive: Some(Pattern::Text("220 ".into())), ..TcpRequest::default() };
    check(at, Request::Tcp(greets), LONG, "up").await;
}

#[tokio::test]
async fn strangers_who_stretch() {
    check(silent().await, ping(), SHORT, "soft: connected, but not the expected answer within 500ms").await;
    let drips = serve(|mut stream| async move {
        while stream.write_all(b"x").await.is_ok() {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    })
    .await;
    check(drips, ping(), SHORT, "soft: connected, but not the expected answer within 500ms").await;
    let endless =
        serve(|mut stream| async move { while stream.write_all(&[b'x'; 4096]).await.is_ok() {} }).await;
    let expected = format!("hard: the answer lacks '+PONG'; it begins '{}'", "x".repeat(60));
    check(endless, ping(), LONG, &expected).await;
    let resets = serve(|mut stream| async move {
        while stream.read_u8().await.is_ok_and(|byte| byte != b'\n') {}
        stream.write_all(b"+PO").await.unwrap();
        socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
    })
    .await;
    check(resets, ping(), LONG, "hard: connection reset before the expected answer came").await;
}

#[tokio::test]
async fn inside_tls_the_certificate_counts() {
    let speaks = |acceptor: tokio_rustls::TlsAcceptor| {
        serve(move |stream| {
            let acceptor = acceptor.clone();
            async move {
                let Ok(mut stream) = acceptor.accept(stream).await else { return };
                let _ = stream.write_all(b"+PONG\r\n").await;
                let _ = stream.read_to_end(&mut Vec::new()).await;
            }
        })
    };
    let good = speaks(accepts(2090, &[])).await;
    check(good, inside("www.example.com", trusted()), LONG, "up").await;
    let attempt = ask_any(good, inside("www.example.com", trusted()), LONG).await;
    assert!(attempt.certificate_expires.is_some());
    let Request::Tcp(both) = ping() else { unreachable!() };
    let both = TcpRequest { tls: trusted(), host: Some("www.example.com".into()), ..both };
    check(good, Request::Tcp(both), LONG, "up").await;
    let other = "hard: TLS: the certificate is not for 'other.example' but for www.example.com, 127.0.0.9";
    check(good, inside("other.example", trusted()), LONG, other).await;
    check(good, inside("other.example", Some(Trust::Anybody)), LONG, "up").await;
    let expired = "hard: TLS: the certificate expired on 2001-01-01 00:00:00 UTC";
    check(speaks(accepts(2001, &[])).await, inside("www.example.com", trusted()), LONG, expired).await;
    let (params, key) = leaf(2090);
    let own = speaks(acceptor(&params.self_signed(&key).unwrap(), &key, &[])).await;
    let self_signed = "hard: TLS: the certificate is self-signed and not trusted";
    check(own, inside("www.example.com", trusted()), LONG, self_signed).await;
    let stranger = acceptor(&params.signed_by(&key, &authority_named("Stranger")).unwrap(), &key, &[]);
    let unknown = "hard: TLS: the certificate's issuer is not trusted";
    check(speaks(stranger).await, inside("www.example.com", trusted()), LONG, unknown).await;
    assert!(!AUTHORITY.der().is_empty());
}

#[tokio::test]
async fn endless_records_inside_tls_come_to_an_end() {
    let acceptor = accepts(2090, &[]);
    let at = serve(move |stream| {
        let acceptor = acceptor.clone();
        async move {
            let Ok(mut stream) = acceptor.accept(stream).await else { return };
            while stream.get_mut().1.refresh_traffic_keys().is_ok() && stream.flush().await.is_ok() {}
        }
    })
    .await;
    let waits = TcpRequest {
        tls: trusted(),
        host: Some("www.example.com".into()),
        receive: Some(Pattern::Text("+PONG".into())),
        ..TcpRequest::default()
    };
    check(at, Request::Tcp(waits), LONG, "hard: TLS: peer misbehaved: TooManyKeyUpdateRequests").await;
    // A handshake in which nothing comes but changes of the cipher, or warnings.
    for record in [&b"\x14\x03\x03\0\x01\x01"[..], b"\x15\x03\x03\0\x02\x01\x5a"] {
        let at = serve(move |mut stream| async move {
            while stream.write_all(&record.repeat(1000)).await.is_ok() {}
        });
        let outcome = ask_any(at.await, inside("www.example.com", trusted()), LONG).await.outcome;
        assert!(words(&outcome).starts_with("hard: TLS: "), "{outcome:?}");
    }
}

#[tokio::test]
async fn who_does_not_speak_tls() {
    let plain = answers("no\r\n").await;
    let outcome = ask_any(plain, inside("a.example", trusted()), LONG).await.outcome;
    assert!(words(&outcome).starts_with("hard: "), "{outcome:?}");
    let stalls = "soft: connected, but no TLS handshake within 500ms";
    check(silent().await, inside("a.example", trusted()), SHORT, stalls).await;
}
