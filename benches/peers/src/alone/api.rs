//! As much HTTP as Meridian's API needs: one request, one answer, one connection.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// When a request began to leave, and when its answer was there.
#[derive(Clone, Copy, Debug)]
pub struct Exchange {
    /// The request's first octet left.
    pub sent: Instant,
    /// The answer's head was read: what was asked for is acknowledged.
    pub acknowledged: Instant,
}

/// Sends one request; anything but success is an error.
pub fn call(api: SocketAddr, method: &str, path: &str, body: &str) -> Result<Exchange> {
    let (mut stream, sent) = send(api, method, path, body)?;
    let mut answer = vec![0; 4096];
    let read = stream.read(&mut answer)?;
    let acknowledged = Instant::now();
    answer.truncate(read);
    succeeded(&String::from_utf8_lossy(&answer)).with_context(|| format!("{method} {path}"))?;
    Ok(Exchange { sent, acknowledged })
}

/// What stands at a path: head, body and all.
pub fn read(api: SocketAddr, path: &str) -> Result<String> {
    let (mut stream, _) = send(api, "GET", path, "")?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let answer = String::from_utf8_lossy(&answer).into_owned();
    succeeded(&answer).with_context(|| format!("GET {path}"))?;
    Ok(answer)
}

/// Waits for the first verdicts: until then whoever was probed first answers for those who were not.
pub fn wait_until_ready(api: SocketAddr, patience: Duration) -> Result<Duration> {
    let begin = Instant::now();
    while call(api, "GET", "/readyz", "").is_err() {
        ensure!(begin.elapsed() < patience, "not ready within {} s", patience.as_secs());
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(begin.elapsed())
}

fn send(api: SocketAddr, method: &str, path: &str, body: &str) -> Result<(TcpStream, Instant)> {
    let mut stream = TcpStream::connect(api).with_context(|| format!("no API at {api}"))?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {api}\r\nConnection: close\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\n\r\n{body}"
    );
    let sent = Instant::now();
    stream.write_all(request.as_bytes())?;
    Ok((stream, sent))
}

fn succeeded(answer: &str) -> Result<()> {
    match answer.split(' ').nth(1) {
        Some(status) if status.starts_with('2') => Ok(()),
        _ => bail!("{answer}"),
    }
}
