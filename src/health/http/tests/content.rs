//! What is sent beside the path, what must stand in the body, and whose certificates are believed.

use super::*;
use crate::model::{Header, Method};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

async fn says(at: SocketAddr, request: HttpRequest, timeout: Duration, expected: &str) {
    assert_eq!(words(&ask(at, request, timeout).await.outcome), expected);
}

fn containing(text: &str) -> HttpRequest {
    HttpRequest { body: Some(Pattern::Text(text.into())), ..get("/", None, false) }
}

fn matching(text: &str) -> HttpRequest {
    HttpRequest { body: Some(Pattern::regex(text).unwrap()), ..get("/", None, false) }
}

#[tokio::test]
async fn methods_and_headers_are_the_operators() {
    let heard = Arc::new(Mutex::new(String::new()));
    let kept = Arc::clone(&heard);
    let at = serve(move |mut stream| {
        let kept = Arc::clone(&kept);
        async move {
            *kept.lock().unwrap() = hear(&mut stream).await;
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n").await;
            let _ = stream.shutdown().await;
        }
    })
    .await;
    let field = |name: &str, value: &str| Header { name: name.into(), value: value.into() };
    let own = format!("user-agent: meridian/{}\r\naccept-encoding: identity\r\n", env!("CARGO_PKG_VERSION"));
    // An answer to HEAD has no body, whatever its length says.
    let rows = [
        (Method::Head, vec![field("x-probe", "a b")], format!("{own}x-probe: a b\r\n"), "up"),
        (
            Method::Post,
            vec![field("user-agent", "mine"), field("accept-encoding", "br")],
            "content-length: 0\r\nuser-agent: mine\r\naccept-encoding: br\r\n".into(),
            "hard: connection closed before the body was whole",
        ),
        (Method::Options, Vec::new(), own.clone(), "hard: connection closed before the body was whole"),
    ];
    for (method, headers, fields, expected) in rows {
        let request = HttpRequest { method, headers, ..get("/", Some("a.example"), false) };
        says(at, request, LONG, expected).await;
        let head =
            format!("{} / HTTP/1.1\r\nhost: a.example\r\n{fields}connection: close\r\n\r\n", method.name());
        assert_eq!(*heard.lock().unwrap(), head);
    }
}

#[test]
fn secrets_in_headers_reach_no_log() {
    let headers = vec![Header { name: "authorization".into(), value: "Bearer secret".into() }];
    let request = HttpRequest { headers, ..get("/", None, false) };
    assert!(!format!("{request:?}").contains("secret"));
}

#[tokio::test]
async fn what_is_expected_stands_in_the_first_five_kibibytes() {
    let at = replies(OK).await;
    says(at, containing("ok"), LONG, "up").await;
    says(at, matching("(?i)^OK$"), LONG, "up").await;
    says(at, containing("fine"), LONG, "hard: the answer lacks 'fine'; it begins 'ok'").await;
    says(at, matching("^k"), LONG, "hard: the answer lacks '^k'; it begins 'ok'").await;
    let empty = replies("HTTP/1.1 204 No Content\r\n\r\n").await;
    says(empty, containing("ok"), LONG, "hard: the answer is empty, expected 'ok' in it").await;
    for (before, found) in [(5 * 1024 - 2, true), (5 * 1024 - 1, false)] {
        let body = format!("{}ok", "x".repeat(before));
        let reply = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        let outcome = ask(replies(reply).await, containing("ok"), LONG).await.outcome;
        assert_eq!(outcome == Outcome::Up, found, "after {before} bytes: {outcome:?}");
    }
}

#[tokio::test]
async fn an_endless_body_is_searched_as_far_as_it_is_read() {
    let at = goes_on("HTTP/1.1 200 OK\r\n\r\n", "\u{1b}[2J ".repeat(1000), Duration::ZERO).await;
    let began = ".[2J ".repeat(12);
    says(at, containing("ok"), LONG, &format!("hard: the answer lacks 'ok'; it begins '{began}'")).await;
    says(at, containing("[2J"), LONG, "up").await;
}

#[tokio::test]
async fn a_body_that_is_expected_may_still_be_slow_or_broken() {
    let drips =
        goes_on("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nok", b"x", Duration::from_secs(1)).await;
    says(drips, containing("ok"), SHORT, "soft: connected, but no whole body within 500ms").await;
    let resets = resets_after("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nok").await;
    says(resets, containing("ok"), LONG, "hard: connection reset before the body was whole").await;
}

#[tokio::test]
async fn an_expression_that_backtracks_elsewhere_does_not_here() {
    let body = "a".repeat(5000);
    let at = replies(format!("HTTP/1.1 200 OK\r\n\r\n{body}")).await;
    let outcome = ask(at, matching("^(a+)+$x"), LONG).await.outcome;
    assert!(words(&outcome).starts_with("hard: the answer lacks '^(a+)+$x'"), "{outcome:?}");
}

#[tokio::test]
async fn whose_certificates_are_believed() {
    let (params, key) = leaf(2001);
    let expired = inside(acceptor(&params.self_signed(&key).unwrap(), &key, &[]), OK).await;
    let signed = inside(accepts(2090, &[]), OK).await;
    let rows = [
        (signed, trusted(), "www.example.com", "up"),
        (
            signed,
            Some(Trust::System),
            "www.example.com",
            "hard: TLS: the certificate's issuer is not trusted",
        ),
        (signed, Some(Trust::Anybody), "other.example.com", "up"),
        (expired, Some(Trust::Anybody), "other.example.com", "up"),
    ];
    for (at, tls, host, expected) in rows {
        let attempt = ask(at, HttpRequest { tls, ..get("/", Some(host), true) }, LONG).await;
        assert_eq!(words(&attempt.outcome), expected);
        if expected == "up" {
            assert!(attempt.certificate_expires.is_some(), "its end is known all the same");
        }
    }
}
