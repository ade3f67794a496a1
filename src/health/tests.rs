//! Targets that misbehave, made by hand on loopback, for the tests of every kind.
//!
//! Nothing is asserted about how long anything takes, except that every attempt ends: what must time out does so
//! after [`SHORT`], everything else has [`LONG`].

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use super::{Ask, Asker, Attempt, Outcome, Severity};
use crate::model::{Authorities, Request, Target, Trust};

pub const SHORT: Duration = Duration::from_millis(500);
pub const LONG: Duration = Duration::from_secs(20);

//------------ Targets -------------------------------------------------------

/// A server on loopback: every connection is handed to `behave`.
pub async fn serve<F, W>(behave: F) -> SocketAddr
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
pub async fn hear(stream: &mut (impl AsyncRead + Unpin)) -> String {
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
pub async fn replies(reply: impl Into<Vec<u8>>) -> SocketAddr {
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
pub async fn goes_on(head: &'static str, more: impl Into<Vec<u8>>, pause: Duration) -> SocketAddr {
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
pub async fn resets_after(head: &'static str) -> SocketAddr {
    serve(move |mut stream| async move {
        hear(&mut stream).await;
        stream.write_all(head.as_bytes()).await.unwrap();
        socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
    })
    .await
}

//------------ Asking --------------------------------------------------------

static ASKER: LazyLock<Asker> = LazyLock::new(|| Asker::new(&[]).unwrap());

pub async fn ask(at: SocketAddr, request: Request, timeout: Duration) -> Attempt {
    let target = Target { address: at.ip(), port: at.port(), request };
    ASKER.ask(Arc::new(target), timeout).await
}

/// In words: `up`, `hard: …`, `soft: …` or `nothing: …`.
pub fn words(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Up => "up".to_owned(),
        Outcome::Doubtful(concern) => format!("concern: {concern}"),
        Outcome::Down(reason) if reason.severity() == Severity::Hard => format!("hard: {reason}"),
        Outcome::Down(reason) => format!("soft: {reason}"),
        Outcome::Nothing(fault) => format!("nothing: {fault}"),
    }
}

/// Asks, and holds the outcome against its words.
pub async fn check(at: SocketAddr, request: Request, timeout: Duration, expected: &str) {
    let attempt = ask(at, request, timeout).await;
    assert_eq!(words(&attempt.outcome), expected);
}

/// A port where nobody listens.
pub async fn nobody() -> SocketAddr {
    TcpListener::bind("127.0.0.9:0").await.unwrap().local_addr().unwrap()
}

/// Connects and never hears a word.
pub async fn silent() -> SocketAddr {
    goes_on("", b"", Duration::from_secs(3600)).await
}

//------------ TLS -----------------------------------------------------------

/// An authority that some tests trust.
pub static AUTHORITY: LazyLock<CertifiedIssuer<'static, KeyPair>> =
    LazyLock::new(|| authority_named("Trusted"));

/// The trust in that authority alone.
pub fn trusted() -> Option<Trust> {
    Some(Trust::Only(Authorities([AUTHORITY.der().to_vec()].into())))
}

pub fn authority_named(name: &str) -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(rcgen::DnType::CommonName, name);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// A certificate for `www.example.com` and 127.0.0.9, valid until that year.
pub fn leaf(until: i32) -> (CertificateParams, KeyPair) {
    let names = ["www.example.com".to_owned(), "127.0.0.9".to_owned()];
    let mut params = CertificateParams::new(names).unwrap();
    params.not_before = date_time_ymd(1990, 1, 1);
    params.not_after = date_time_ymd(until, 1, 1);
    (params, KeyPair::generate().unwrap())
}

/// What accepts connections inside TLS, offering these protocols.
pub fn acceptor(certificate: &rcgen::Certificate, key: &KeyPair, alpn: &[&str]) -> TlsAcceptor {
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    config.alpn_protocols = alpn.iter().map(|word| word.as_bytes().to_vec()).collect();
    TlsAcceptor::from(Arc::new(config))
}

/// An acceptor with a certificate of the trusted authority, valid until that year.
pub fn accepts(until: i32, alpn: &[&str]) -> TlsAcceptor {
    let (params, key) = leaf(until);
    acceptor(&params.signed_by(&key, &*AUTHORITY).unwrap(), &key, alpn)
}

/// A server that hears a request inside TLS, says `reply`, and hangs up without TLS's goodbye.
pub async fn inside(acceptor: TlsAcceptor, reply: &'static str) -> SocketAddr {
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

//------------ HTTP/2 --------------------------------------------------------

/// What a server says over HTTP/2: head, then parts of a body, then trailers.
#[derive(Clone)]
pub struct Said2 {
    pub status: u16,
    pub headers: &'static [(&'static str, &'static str)],
    pub body: &'static [&'static [u8]],
    pub trailers: Option<&'static [(&'static str, &'static str)]>,
}

/// A server that speaks HTTP/2 over `stream`, and answers every request so; each request's head goes to `heard`.
pub async fn speak2<S>(stream: S, said: Said2, heard: impl Fn(&hyper::Request<h2::RecvStream>))
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let Ok(mut connection) = h2::server::handshake(stream).await else { return };
    while let Some(Ok((request, mut respond))) = connection.accept().await {
        heard(&request);
        let mut head = hyper::Response::builder().status(said.status);
        for (name, value) in said.headers {
            head = head.header(*name, *value);
        }
        let ends = said.body.is_empty() && said.trailers.is_none();
        let Ok(mut stream) = respond.send_response(head.body(()).unwrap(), ends) else { return };
        for (at, part) in said.body.iter().enumerate() {
            let last = at + 1 == said.body.len() && said.trailers.is_none();
            let _ = stream.send_data(bytes::Bytes::from_static(part), last);
        }
        if let Some(trailers) = said.trailers {
            let fields = trailers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
            let _ = stream.send_trailers(fields.collect());
        }
    }
}
