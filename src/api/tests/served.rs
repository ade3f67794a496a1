//! The server itself, over loopback.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::*;

async fn over_wire(address: std::net::SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).await.unwrap();
    reply
}

#[tokio::test]
async fn it_serves_and_stops() {
    let node = Node::new().await;
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let shutdown = CancellationToken::new();
    let served = tokio::spawn(super::super::run(listener, node.context.clone(), shutdown.clone()));
    let reply = over_wire(address, "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
    assert!(reply.starts_with("HTTP/1.1 200 OK\r\n") && reply.ends_with("alive\n"), "{reply}");
    let reply = over_wire(address, "nonsense\r\n\r\n").await;
    assert!(reply.starts_with("HTTP/1.1 400"), "{reply}");
    let head = format!("GET / HTTP/1.1\r\nHost: x\r\nX: {}\r\n\r\n", "x".repeat(200_000));
    let mut stream = TcpStream::connect(address).await.unwrap();
    // The server may close before it has read all of it.
    let _ = stream.write_all(head.as_bytes()).await;
    let mut reply = Vec::new();
    let _ = stream.read_to_end(&mut reply).await;
    assert!(reply.is_empty() || reply.starts_with(b"HTTP/1.1 4"), "{}", String::from_utf8_lossy(&reply));
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"GET /v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    let mut followed = vec![0; 15];
    stream.read_exact(&mut followed).await.unwrap();
    assert_eq!(followed, b"HTTP/1.1 200 OK");
    // A connection that is open and idle does not hold the end up.
    let idle = TcpStream::connect(address).await.unwrap();
    let stopping = std::time::Instant::now();
    shutdown.cancel();
    assert!(served.await.unwrap().is_ok() && stopping.elapsed() < Duration::from_secs(4));
    assert!(TcpStream::connect(address).await.is_err());
    // The stream was ended as it should be: chunked, with a last chunk.
    stream.read_to_end(&mut followed).await.unwrap();
    assert!(followed.ends_with(b"\r\n0\r\n\r\n"), "{}", String::from_utf8_lossy(&followed));
    drop(idle);
}

#[tokio::test(start_paused = true)]
async fn a_head_that_never_ends_is_given_up() {
    let node = Node::new().await;
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let shutdown = CancellationToken::new();
    tokio::spawn(super::super::run(listener, node.context.clone(), shutdown.clone()));
    let reply = over_wire(address, "GET /healthz HTTP/1.1\r\nHost:").await;
    assert!(reply.is_empty() || reply.starts_with("HTTP/1.1 408"), "{reply}");
}
