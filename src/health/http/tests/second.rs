//! HTTP/2, plain and inside TLS, and who does not speak it.

use super::*;
use crate::health::tests::{Said2, ask as ask_any, nobody, silent, speak2};

const FINE: Said2 = Said2 { status: 200, headers: &[], body: &[b"all ", b"ok"], trailers: None };

fn get2(tls: bool) -> HttpRequest {
    HttpRequest {
        http2: true,
        body: Some(Pattern::Text("all ok".into())),
        ..get("/healthz?a", Some("www.example.com"), tls)
    }
}

async fn says(at: SocketAddr, tls: bool, timeout: Duration, expected: &str) {
    assert_eq!(words(&ask_any(at, Asked::Http(get2(tls)), timeout).await.outcome), expected);
}

async fn plain(said: Said2) -> SocketAddr {
    serve(move |stream| {
        let said = said.clone();
        async move { speak2(stream, said, |_| {}).await }
    })
    .await
}

/// Sends these frames once the preface has come, then more of them again and again.
async fn frames(first: Vec<u8>, more: Vec<u8>) -> SocketAddr {
    let (first, more): (Arc<[u8]>, Arc<[u8]>) = (first.into(), more.into());
    serve(move |mut stream| {
        let (first, more) = (Arc::clone(&first), Arc::clone(&more));
        async move {
            let _ = stream.read(&mut [0; 4096]).await;
            let _ = stream.write_all(&first).await;
            while !more.is_empty() && stream.write_all(&more).await.is_ok() {
                tokio::task::yield_now().await;
            }
            let _ = stream.read_to_end(&mut Vec::new()).await;
        }
    })
    .await
}

/// A frame by kind and flags, of the first stream.
fn frame(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = (payload.len() as u32).to_be_bytes()[1..].to_vec();
    frame.extend([kind, flags, 0, 0, 0, stream]);
    frame.extend(payload);
    frame
}

#[tokio::test]
async fn answers_over_http2() {
    says(plain(FINE).await, false, LONG, "up").await;
    let no = Said2 { status: 503, ..FINE };
    says(plain(no).await, false, LONG, "hard: answered 503, expected 2xx").await;
    let other = Said2 { body: &[b"some"], ..FINE };
    says(plain(other).await, false, LONG, "hard: the answer lacks 'all ok'; it begins 'some'").await;
    says(nobody().await, false, LONG, "hard: connection refused").await;
}

#[tokio::test]
async fn the_request_is_what_the_operator_wrote() {
    let heard = Arc::new(Mutex::new(String::new()));
    let kept = Arc::clone(&heard);
    let at = serve(move |stream| {
        let kept = Arc::clone(&kept);
        async move {
            let note = |request: &hyper::Request<h2::RecvStream>| {
                let agent = request.headers()["user-agent"].to_str().unwrap().to_owned();
                *kept.lock().unwrap() = format!("{} {} {agent}", request.method(), request.uri());
            };
            speak2(stream, FINE, note).await;
        }
    })
    .await;
    says(at, false, LONG, "up").await;
    let expected = format!("GET http://www.example.com/healthz?a meridian/{}", env!("CARGO_PKG_VERSION"));
    assert_eq!(*heard.lock().unwrap(), expected);
    let bare = HttpRequest { host: None, body: None, ..get2(false) };
    assert_eq!(ask(at, bare, LONG).await.outcome, Outcome::Up);
    assert!(heard.lock().unwrap().contains(&format!("http://{at}/healthz?a")));
}

#[tokio::test]
async fn inside_tls_it_is_agreed_upon() {
    let speaks = |alpn: &'static [&'static str]| {
        let acceptor = accepts(2090, alpn);
        serve(move |stream| {
            let acceptor = acceptor.clone();
            async move {
                let Ok(stream) = acceptor.accept(stream).await else { return };
                speak2(stream, FINE, |_| {}).await;
            }
        })
    };
    says(speaks(&["h2", "http/1.1"]).await, true, LONG, "up").await;
    let no = "hard: TLS: the protocol that was asked for is not spoken there (ALPN)";
    says(speaks(&["http/1.1"]).await, true, LONG, no).await;
    says(speaks(&[]).await, true, LONG, no).await;
}

#[tokio::test]
async fn who_does_not_speak_it() {
    for reply in ["HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", "SSH-2.0-OpenSSH_9.2\r\n"] {
        let outcome = ask(frames(reply.into(), Vec::new()).await, get2(false), LONG).await.outcome;
        assert!(words(&outcome).starts_with("hard: the answer is not HTTP/2: "), "{reply}: {outcome:?}");
    }
    says(silent().await, false, SHORT, "soft: connected, but no response head within 500ms").await;
    let closes = frames(frame(4, 0, 0, &[]), Vec::new()).await;
    says(closes, false, SHORT, "soft: connected, but no response head within 500ms").await;
    let resets = resets_after("").await;
    let outcome = ask(resets, get2(false), SHORT).await.outcome;
    assert!(matches!(outcome, Outcome::Down(_)), "{outcome:?}");
}

#[tokio::test]
async fn strangers_who_stretch_over_http2() {
    let settings = frame(4, 0, 0, &[]);
    let with = |frame: Vec<u8>| [settings.clone(), frame].concat();
    // An endless head: ten megabytes and more of continuations.
    let head = with(frame(1, 0, 1, &[0x88]));
    let at = frames(head, frame(9, 0, 1, &[0x40; 16_000])).await;
    let outcome = ask(at, get2(false), LONG).await.outcome;
    assert!(words(&outcome).starts_with("hard: the answer is not HTTP/2: "), "{outcome:?}");
    // Interim answers without end, and frames that mean little or nothing.
    let too_much = "hard: more came than an answer takes, before the response head was whole";
    let window = frame(8, 0, 0, &[0, 0, 0, 1]);
    for more in
        [frame(1, 4, 1, b"\x08\x03103"), window, frame(2, 0, 3, &[0, 0, 0, 0, 1]), frame(0xee, 0, 0, b"")]
    {
        says(frames(settings.clone(), more.repeat(100)).await, false, LONG, too_much).await;
    }
    let at = frames(with(frame(1, 4, 1, &[0x88])), frame(0xee, 0, 0, b"").repeat(100)).await;
    says(at, false, LONG, "hard: more came than an answer takes, before the body was whole").await;
    // A refusal, and a head without a body.
    let at = frames(with(frame(3, 0, 1, &[0, 0, 0, 7])), Vec::new()).await;
    let outcome = ask(at, get2(false), LONG).await.outcome;
    assert!(words(&outcome).starts_with("hard: connection failed: "), "{outcome:?}");
    let at = frames(with(frame(1, 4, 1, &[0x88])), Vec::new()).await;
    says(at, false, SHORT, "soft: connected, but no whole body within 500ms").await;
    // A body without end: more than is read, and than the window lets through.
    let at = frames(with(frame(1, 4, 1, &[0x88])), frame(0, 0, 1, &[b'x'; 1000])).await;
    let expected = format!("hard: the answer lacks 'all ok'; it begins '{}'", "x".repeat(60));
    says(at, false, LONG, &expected).await;
}

#[tokio::test]
async fn a_connection_that_ends_says_where() {
    let settings = frame(4, 0, 0, &[]);
    for (sent, expected) in [
        (settings.clone(), "hard: connection closed before the response head was whole"),
        (
            [settings.clone(), frame(1, 4, 1, &[0x88])].concat(),
            "hard: connection closed before the body was whole",
        ),
    ] {
        let sent: Arc<[u8]> = sent.into();
        let at = serve(move |mut stream| {
            let sent = Arc::clone(&sent);
            async move {
                // The preface and frames up to the request: only once all are read does a close not reset.
                let mut heard = vec![0; 24];
                let _ = stream.read_exact(&mut heard).await;
                let mut kind = 0;
                while kind != 1 {
                    let mut head = [0; 9];
                    if stream.read_exact(&mut head).await.is_err() {
                        return;
                    }
                    kind = head[3];
                    heard.resize(u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize, 0);
                    let _ = stream.read_exact(&mut heard).await;
                }
                let _ = stream.write_all(&sent).await;
                let _ = stream.shutdown().await;
                let _ = stream.read_to_end(&mut heard).await;
            }
        })
        .await;
        says(at, false, SHORT, expected).await;
    }
}
