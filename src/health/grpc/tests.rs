//! gRPC servers, those that say no, and those that are none; each gives its own reason, in words.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::*;
use crate::health::tests::{
    LONG, SHORT, Said2, accepts, ask as ask_any, check, goes_on, nobody, serve, silent, speak2, trusted,
};
use crate::model::Request as Asked;

const HEAD: &[(&str, &str)] = &[("content-type", "application/grpc")];
const OK: Option<&[(&str, &str)]> = Some(&[("grpc-status", "0")]);

fn serving(body: &'static [&'static [u8]]) -> Said2 {
    Said2 { status: 200, headers: HEAD, body, trailers: OK }
}

async fn says(said: Said2) -> SocketAddr {
    serve(move |stream| {
        let said = said.clone();
        async move { speak2(stream, said, |_| {}).await }
    })
    .await
}

fn plain() -> Asked {
    Asked::Grpc(GrpcRequest::default())
}

#[tokio::test]
async fn what_the_health_service_says() {
    let rows: [(&[&[u8]], &str); 9] = [
        (&[b"\0\0\0\0\x02\x08\x01"], "up"),
        (&[b"\0\0", b"\0\0\x02", b"\x08\x01"], "up"),
        // A field of a later version beside it.
        (&[b"\0\0\0\0\x06\x12\x02hi\x08\x01"], "up"),
        (&[b"\0\0\0\0\x02\x08\x02"], "hard: answered NOT_SERVING"),
        (&[b"\0\0\0\0\x02\x08\x03"], "hard: answered that it does not know the service"),
        // Nothing is the first of an enumeration.
        (&[b"\0\0\0\0\0"], "hard: answered UNKNOWN, expected SERVING"),
        (&[b"\0\0\0\0\x02\x08\x09"], "hard: answered serving status 9, expected SERVING"),
        (&[b"\x01\0\0\0\x02\x08\x01"], "hard: the answer is not gRPC: its message cannot be read"),
        (&[b"\0\0\0\0\x09\x08\x01"], "hard: the answer is not gRPC: its message cannot be read"),
    ];
    for (body, expected) in rows {
        check(says(serving(body)).await, plain(), LONG, expected).await;
    }
}

#[tokio::test]
async fn what_grpc_says() {
    let rows: [(&[(&str, &str)], &str); 5] = [
        (&[("grpc-status", "12")], "hard: answered UNIMPLEMENTED: it has no service grpc.health.v1.Health"),
        (&[("grpc-status", "5")], "hard: answered that it does not know the service"),
        (&[("grpc-status", "14"), ("grpc-message", "going down")], "hard: answered UNAVAILABLE: going down"),
        (&[("grpc-status", "99")], "hard: answered status 99"),
        (&[("x", "y")], "hard: the answer is not gRPC: it has no grpc-status"),
    ];
    for (trailers, expected) in rows {
        let said = Said2 { trailers: Some(trailers), ..serving(&[]) };
        check(says(said).await, plain(), LONG, expected).await;
    }
    // The status in the head, as from a server that refuses at once.
    let headers = &[("content-type", "application/grpc"), ("grpc-status", "7")];
    let said = Said2 { headers, trailers: None, ..serving(&[]) };
    check(says(said).await, plain(), LONG, "hard: answered PERMISSION_DENIED").await;
}

#[tokio::test]
async fn what_is_not_grpc() {
    let page = Said2 { headers: &[("content-type", "text/html")], body: &[b"<html>"], ..serving(&[]) };
    let text = "hard: the answer is not gRPC: its content type is 'text/html'";
    check(says(page).await, plain(), LONG, text).await;
    let broken = Said2 { status: 502, ..serving(&[]) };
    check(says(broken).await, plain(), LONG, "hard: answered 502, expected 200").await;
    // More than is read, so that the status behind it never comes.
    let long = serving(&[&[0; 8000]]);
    check(says(long).await, plain(), LONG, "hard: the answer is not gRPC: it has no grpc-status").await;
    let old = goes_on("", b"HTTP/1.1 400 Bad Request\r\n\r\n", Duration::ZERO).await;
    let outcome = ask_any(old, plain(), SHORT).await.outcome;
    assert!(outcome != crate::health::Outcome::Up, "{outcome:?}");
}

#[tokio::test]
async fn nobody_and_silence() {
    check(nobody().await, plain(), LONG, "hard: connection refused").await;
    check(silent().await, plain(), SHORT, "soft: connected, but no response head within 500ms").await;
}

#[tokio::test]
async fn the_request_is_the_protocols() {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&heard);
    let acceptor = accepts(2090, &["h2"]);
    let at = serve(move |stream| {
        let (kept, acceptor) = (Arc::clone(&kept), acceptor.clone());
        async move {
            let Ok(stream) = acceptor.accept(stream).await else { return };
            let note = |request: &Request<h2::RecvStream>| {
                let field = |name: &str| request.headers()[name].to_str().unwrap().to_owned();
                let line = format!("{} {}", request.method(), request.uri());
                *kept.lock().unwrap() = vec![line, field("content-type"), field("te"), field("grpc-timeout")];
            };
            speak2(stream, serving(&[b"\0\0\0\0\x02\x08\x01"]), note).await;
        }
    })
    .await;
    let host = Some("www.example.com".to_owned());
    let asked = GrpcRequest { tls: trusted(), host, service: "api.Users".into() };
    let attempt = ask_any(at, Asked::Grpc(asked), LONG).await;
    assert_eq!(attempt.outcome, crate::health::Outcome::Up);
    assert!(attempt.certificate_expires.is_some());
    let uri = "POST https://www.example.com/grpc.health.v1.Health/Check";
    assert_eq!(*heard.lock().unwrap(), [uri, "application/grpc", "trailers", "20000m"]);
}

#[tokio::test]
async fn a_certificate_for_somebody_else() {
    let acceptor = accepts(2090, &["h2"]);
    let at = serve(move |stream| {
        let acceptor = acceptor.clone();
        async move { drop(acceptor.accept(stream).await) }
    })
    .await;
    let asked = GrpcRequest { tls: trusted(), host: Some("other.example".into()), ..GrpcRequest::default() };
    let expected = "hard: TLS: the certificate is not for 'other.example' but for www.example.com, 127.0.0.9";
    check(at, Asked::Grpc(asked), LONG, expected).await;
}

#[test]
fn messages_are_protobuf() {
    assert_eq!(message("")[..], *b"\0\0\0\0\0");
    assert_eq!(message("ab")[..], *b"\0\0\0\0\x04\x0a\x02ab");
    let long = message(&"x".repeat(200));
    assert_eq!(long[..8], *b"\0\0\0\0\xcb\x0a\xc8\x01");
}

#[test]
fn any_bytes_are_read() {
    let rows: [(&[u8], Option<u64>); 8] = [
        (b"", Some(0)),
        (b"\x08\x01\x08\x02", Some(2)),
        (b"\x08", None),
        (b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", None),
        (b"\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", None),
        (b"\x09\0\0\0\0\0\0\0\0\x08\x01", Some(1)),
        (b"\x0d\0\0\0\0\x08\x01", Some(1)),
        (b"\x0b", None),
    ];
    for (bytes, expected) in rows {
        assert_eq!(status(bytes), expected, "{bytes:?}");
    }
}

proptest::proptest! {
    #[test]
    fn no_bytes_panic(bytes: Vec<u8>) {
        let _ = (serving_of(&bytes), status(&bytes));
    }
}

/// What the message in there says.
fn serving_of(bytes: &[u8]) -> Result<(), GrpcFault> {
    super::serving(bytes)
}
