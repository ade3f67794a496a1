//! As much HTTP as Meridian's API needs: one request, one answer, one connection.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

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
    let mut answer = vec![0; 4096];
    let read = stream.read(&mut answer)?;
    let acknowledged = Instant::now();
    answer.truncate(read);
    let head = String::from_utf8_lossy(&answer);
    match head.split(' ').nth(1) {
        Some(status) if status.starts_with('2') => Ok(Exchange { sent, acknowledged }),
        _ => bail!("{method} {path}: {head}"),
    }
}
