//! Targets that misbehave, made by hand on loopback; each gives its own reason, in words.
//!
//! Nothing is asserted about how long anything takes, except that every attempt ends: what must time out does so
//! after [`SHORT`], everything else has [`LONG`].

use std::net::Ipv4Addr;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::SystemTime;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::*;
use crate::health::{Outcome, Severity};
use crate::model::{Request as Asked, StatusSet};

const SHORT: Duration = Duration::from_millis(500);
const LONG: Duration = Duration::from_secs(20);

//------------ Targets -------------------------------------------------------

/// A server on loopback: every connection is handed to `behave`.
async fn serve<F, W>(behave: F) -> SocketAddr
where
    F: Fn(TcpStream) -> W + Send + 'static,
    W: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind((Ipv4Addr::new(127, 0, 0, 9), 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(behave(stream));
        }
    });
    address
}

/// Reads a request's head, which it returns.
async fn hear(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => break,
        }
    }
    String::from_utf8_lossy(&head).into_owned()
}

/// A server that hears the request, says `reply`, and closes.
async fn replies(reply: impl Into<Vec<u8>>) -> SocketAddr {
    let reply: Arc<[u8]> = reply.into().into();
    serve(move |mut stream| {
        let reply = Arc::clone(&reply);
        async move {
            hear(&mut stream).await;
            // The prober may hang up first: that is no concern of the server's.
            let _ = stream.write_all(&reply).await;
            let _ = stream.shutdown().await;
            // Hold the socket until the other side is done, lest unread bytes turn the close into a reset.
            let _ = stream.read_to_end(&mut Vec::new()).await;
        }
    })
    .await
}

/// A server that hears the request, says `head`, then `more` again and again, `pause` apart, until nobody listens.
async fn goes_on(head: &'static str, more: impl Into<Vec<u8>>, pause: Duration) -> SocketAddr {
    let more: Arc<[u8]> = more.into().into();
    serve(move |mut stream| {
        let more = Arc::clone(&more);
        async move {
            hear(&mut stream).await;
            let _ = stream.write_all(head.as_bytes()).await;
            while stream.write_all(&more).await.is_ok() {
                tokio::time::sleep(pause).await;
            }
        }
    })
    .await
}

/// Closes with a reset: the system sends one when lingering is turned off.
async fn resets_after(head: &'static str) -> SocketAddr {
    serve(move |mut stream| async move {
        hear(&mut stream).await;
        stream.write_all(head.as_bytes()).await.unwrap();
        socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
    })
    .await
}

//------------ Asking --------------------------------------------------------

static PLAIN: LazyLock<Http> = LazyLock::new(|| Http::new(&[]).unwrap());

fn get(path: &str, host: Option<&str>, tls: bool) -> HttpRequest {
    HttpRequest { tls, path: path.into(), host: host.map(str::to_owned), expect: StatusSet::default() }
}

async fn ask(http: &Http, at: SocketAddr, request: HttpRequest, timeout: Duration) -> Attempt {
    let target = Target { address: at.ip(), port: at.port(), request: Asked::Http(request.clone()) };
    http.attempt(&target, &request, timeout).await
}

/// In words: `up`, `hard: …`, `soft: …` or `nothing: …`.
fn words(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Up => "up".to_owned(),
        Outcome::Down(reason) if reason.severity() == Severity::Hard => format!("hard: {reason}"),
        Outcome::Down(reason) => format!("soft: {reason}"),
        Outcome::Nothing(fault) => format!("nothing: {fault}"),
    }
}

async fn check(at: SocketAddr, timeout: Duration, expected: &str) {
    let attempt = ask(&PLAIN, at, get("/healthz", None, false), timeout).await;
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
        assert_eq!(words(&ask(&PLAIN, at, request, LONG).await.outcome), expected);
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
        let attempt = ask(&PLAIN, at, get("/a?b=c%20d", host, false), LONG).await;
        assert_eq!(attempt.outcome, Outcome::Up);
        let version = env!("CARGO_PKG_VERSION");
        let request = format!(
            "GET /a?b=c%20d HTTP/1.1\r\nhost: {expected}\r\nuser-agent: meridian/{version}\r\nconnection: close\r\n\r\n"
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
        assert_eq!(authority(address.parse().unwrap(), port, tls), expected);
    }
}

#[tokio::test]
async fn a_request_that_nobody_can_send_is_no_observation() {
    let at = replies("HTTP/1.1 200 OK\r\n\r\n").await;
    for request in [get("/a b", None, false), get("/", Some("a\nb"), false), get("/", Some("a b"), true)] {
        let outcome = ask(&PLAIN, at, request, LONG).await.outcome;
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
async fn endless_interim_answers_end_with_the_timeout() {
    let at = goes_on("", "HTTP/1.1 100 Continue\r\n\r\n".repeat(10_000), Duration::ZERO).await;
    check(at, SHORT, "soft: connected, but no response head within 500ms").await;
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
        let outcome = ask(&PLAIN, replies(reply).await, get("/", None, false), LONG).await.outcome;
        assert!(words(&outcome).starts_with("hard: the answer is not HTTP: "), "{reply}: {outcome:?}");
    }
    let chunk = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n";
    let outcome = ask(&PLAIN, replies(chunk).await, get("/", None, false), LONG).await.outcome;
    assert!(words(&outcome).starts_with("hard: the answer is not HTTP: "), "{outcome:?}");
}

#[tokio::test]
async fn an_answer_before_the_question_is_none() {
    let at = serve(|mut stream| async move {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
        hear(&mut stream).await;
    })
    .await;
    let stream = TcpStream::connect(at).await.unwrap();
    // Loopback is too quick to leave it to chance: ask only once the answer is here.
    stream.readable().await.unwrap();
    let ask = get("/", None, false);
    let target = Target { address: at.ip(), port: at.port(), request: Asked::Http(ask.clone()) };
    let result = exchange(stream, request(&target, &ask).unwrap(), &ask, Deadline::after(LONG)).await;
    assert_eq!(result, Err(Reason::AnsweredBeforeAsked.into()));
    assert_eq!(words(&result.into()), "hard: answered before it was asked");
}

//------------ TLS -----------------------------------------------------------

/// An authority, and the prober that trusts it.
struct Trusted {
    authority: CertifiedIssuer<'static, KeyPair>,
    http: Http,
}

static TRUSTED: LazyLock<Trusted> = LazyLock::new(|| {
    let authority = authority_named("Trusted");
    let http = Http::new(&[authority.der().to_vec()]).unwrap();
    Trusted { authority, http }
});

fn authority_named(name: &str) -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(rcgen::DnType::CommonName, name);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// A certificate for `www.example.com` and 127.0.0.9, valid until that year.
fn leaf(until: i32) -> (CertificateParams, KeyPair) {
    let names = ["www.example.com".to_owned(), "127.0.0.9".to_owned()];
    let mut params = CertificateParams::new(names).unwrap();
    params.not_before = date_time_ymd(1990, 1, 1);
    params.not_after = date_time_ymd(until, 1, 1);
    (params, KeyPair::generate().unwrap())
}

/// A server that says `reply` inside TLS and then hangs up without TLS's goodbye.
async fn inside_tls(certificate: rcgen::Certificate, key: KeyPair, reply: &'static str) -> SocketAddr {
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    serve(move |stream| {
        let acceptor = acceptor.clone();
        async move {
            let Ok(mut stream) = acceptor.accept(stream).await else { return };
            hear(&mut stream).await;
            let _ = stream.write_all(reply.as_bytes()).await;
            let _ = stream.flush().await;
        }
    })
    .await
}

const FINE: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// Asks a server with that certificate for `host`; the outcome in words, and the year's first second in which
/// the certificate is said to end.
async fn check_tls(at: SocketAddr, host: Option<&str>, expected: &str, expires: Option<i32>) {
    let attempt = ask(&TRUSTED.http, at, get("/", host, true), LONG).await;
    assert_eq!(words(&attempt.outcome), expected);
    let expires = expires.map(|year| SystemTime::from(date_time_ymd(year, 1, 1)));
    assert_eq!(attempt.certificate_expires, expires);
}

async fn signed(until: i32, reply: &'static str) -> SocketAddr {
    let (params, key) = leaf(until);
    let certificate = params.signed_by(&key, &TRUSTED.authority).unwrap();
    inside_tls(certificate, key, reply).await
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
    let at = inside_tls(params.signed_by(&key, &TRUSTED.authority).unwrap(), key, FINE).await;
    let expected = "hard: TLS: the certificate is not valid yet before 2090-01-01 00:00:00 UTC";
    check_tls(at, None, expected, None).await;
}

#[tokio::test]
async fn self_signed_and_signed_by_a_stranger_are_told_apart() {
    let (params, key) = leaf(2090);
    let at = inside_tls(params.self_signed(&key).unwrap(), key, FINE).await;
    check_tls(at, None, "hard: TLS: the certificate is self-signed and not trusted", None).await;

    let (mut params, key) = leaf(2090);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let at = inside_tls(params.self_signed(&key).unwrap(), key, FINE).await;
    check_tls(at, None, "hard: TLS: the certificate is self-signed and not trusted", None).await;

    let (params, key) = leaf(2090);
    let at = inside_tls(params.signed_by(&key, &authority_named("Stranger")).unwrap(), key, FINE).await;
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
    let silent = goes_on("", b"", Duration::from_secs(3600)).await;
    let outcome = ask(&TRUSTED.http, silent, get("/", None, true), SHORT).await.outcome;
    assert_eq!(words(&outcome), "soft: connected, but no TLS handshake within 500ms");

    let closes = serve(|mut stream| async move {
        let _ = stream.read(&mut [0; 4096]).await;
    })
    .await;
    check_tls(closes, None, "hard: connection closed during the TLS handshake", None).await;
}
