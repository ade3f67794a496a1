//! Certificates that are wrong in every way, and handshakes that come to nothing.

use super::*;
use crate::health::tests::silent;

const FINE: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// Asks a server with that certificate for `host`; the outcome in words, and the year's first second in which
/// the certificate is said to end.
async fn check_tls(at: SocketAddr, host: Option<&str>, expected: &str, expires: Option<i32>) {
    let attempt = ask(at, get("/", host, true), LONG).await;
    assert_eq!(words(&attempt.outcome), expected);
    let expires = expires.map(|year| SystemTime::from(date_time_ymd(year, 1, 1)));
    assert_eq!(attempt.certificate_expires, expires);
}

async fn signed(until: i32, reply: &'static str) -> SocketAddr {
    inside(accepts(until, &[]), reply).await
}

#[tokio::test]
async fn a_good_certificate_is_trusted_and_its_end_reported() {
    let at = signed(2090, FINE).await;
    check_tls(at, Some("www.example.com"), "up", Some(2090)).await;
    check_tls(at, Some("www.example.com:8443"), "up", Some(2090)).await;
    check_tls(at, None, "up", Some(2090)).await;
    let no = signed(2090, "HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n").await;
    check_tls(no, None, "hard: answered 503, expected 2xx", Some(2090)).await;
}

#[tokio::test]
async fn a_body_until_the_close_needs_no_goodbye_and_a_measured_one_must_be_whole() {
    check_tls(signed(2090, "HTTP/1.1 200 OK\r\n\r\nuntil the close").await, None, "up", Some(2090)).await;
    let short = signed(2090, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort").await;
    check_tls(short, None, "hard: connection closed before the body was whole", Some(2090)).await;
}

#[tokio::test]
async fn the_wrong_name() {
    let expected =
        "hard: TLS: the certificate is not for 'other.example.com' but for www.example.com, 127.0.0.9";
    check_tls(signed(2090, FINE).await, Some("other.example.com"), expected, None).await;
}

#[tokio::test]
async fn expired_and_when() {
    let expected = "hard: TLS: the certificate expired on 2001-01-01 00:00:00 UTC";
    check_tls(signed(2001, FINE).await, None, expected, Some(2001)).await;
}

#[tokio::test]
async fn not_yet_valid() {
    let (mut params, key) = leaf(2095);
    params.not_before = date_time_ymd(2090, 1, 1);
    let at = inside(acceptor(&params.signed_by(&key, &*AUTHORITY).unwrap(), &key, &[]), FINE).await;
    let expected = "hard: TLS: the certificate is not valid yet before 2090-01-01 00:00:00 UTC";
    check_tls(at, None, expected, None).await;
}

#[tokio::test]
async fn self_signed_and_signed_by_a_stranger_are_told_apart() {
    let (params, key) = leaf(2090);
    let at = inside(acceptor(&params.self_signed(&key).unwrap(), &key, &[]), FINE).await;
    check_tls(at, None, "hard: TLS: the certificate is self-signed and not trusted", None).await;

    let (mut params, key) = leaf(2090);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let at = inside(acceptor(&params.self_signed(&key).unwrap(), &key, &[]), FINE).await;
    check_tls(at, None, "hard: TLS: the certificate is self-signed and not trusted", None).await;

    let (params, key) = leaf(2090);
    let at =
        inside(acceptor(&params.signed_by(&key, &authority_named("Stranger")).unwrap(), &key, &[]), FINE)
            .await;
    check_tls(at, None, "hard: TLS: the certificate's issuer is not trusted", None).await;
}

#[tokio::test]
async fn what_is_not_tls_is_said_so() {
    let plain = serve(|mut stream| async move {
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n").await;
        let _ = stream.read_to_end(&mut Vec::new()).await;
    })
    .await;
    check_tls(plain, None, "hard: TLS: the answer is not TLS", None).await;
}

#[tokio::test]
async fn handshakes_that_stall_or_stop_say_so() {
    let silent = silent().await;
    let outcome = ask(silent, get("/", None, true), SHORT).await.outcome;
    assert_eq!(words(&outcome), "soft: connected, but no TLS handshake within 500ms");

    let closes = serve(|mut stream| async move {
        let _ = stream.read(&mut [0; 4096]).await;
    })
    .await;
    check_tls(closes, None, "hard: connection closed during the TLS handshake", None).await;
}
