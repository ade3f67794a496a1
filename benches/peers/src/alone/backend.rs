//! Backends to be probed: as much HTTP as a check asks for, well or ill as they are told.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::verify::address_in;

/// One listener for each region. Their threads end with the process.
pub struct Backends(Vec<Backend>);

struct Backend {
    is_well: Arc<Mutex<bool>>,
    /// When each answer began to leave, and whether it was a good one.
    told: Receiver<(bool, Instant)>,
}

impl Backends {
    /// Where they are: on loopback, so that they can be.
    pub const NETWORK: [u8; 3] = [127, 0, 77];

    /// See [`Backends::NETWORK`].
    pub const PORT: u16 = 15_890;

    /// All well.
    pub fn start(count: usize) -> Result<Backends> {
        (0..count).map(Backend::start).collect::<Result<_>>().map(Backends)
    }

    /// Makes one well or ill, and says when the first such answer to a probe began to leave.
    pub fn turn(&self, number: usize, well: bool, patience: Duration) -> Result<Instant> {
        let backend = &self.0[number];
        while backend.told.try_recv().is_ok() {}
        *backend.is_well.lock().unwrap_or_else(PoisonError::into_inner) = well;
        loop {
            let (good, at) = backend.told.recv_timeout(patience).context("nobody probes")?;
            if good == well {
                return Ok(at);
            }
        }
    }
}

impl Backend {
    fn start(number: usize) -> Result<Backend> {
        let address = SocketAddr::from((address_in(Backends::NETWORK, number), Backends::PORT));
        let listener = TcpListener::bind(address).with_context(|| format!("cannot listen at {address}"))?;
        let (tell, told) = channel();
        let is_well = Arc::new(Mutex::new(true));
        let state = Arc::clone(&is_well);
        std::thread::Builder::new().name("backend".into()).spawn(move || {
            for stream in listener.incoming().flatten() {
                // Whoever hangs up in between asks again soon.
                let _ = answer(stream, &state, &tell);
            }
        })?;
        Ok(Backend { is_well, told })
    }
}

fn answer(
    mut stream: TcpStream,
    is_well: &Mutex<bool>,
    tell: &Sender<(bool, Instant)>,
) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(1)))?;
    let mut request = Vec::new();
    let mut room = [0; 1024];
    while !request.ends_with(b"\r\n\r\n") {
        match stream.read(&mut room)? {
            0 => return Ok(()),
            length => request.extend_from_slice(&room[..length]),
        }
    }
    let well = *is_well.lock().unwrap_or_else(PoisonError::into_inner);
    let status = if well { "200 OK" } else { "503 Service Unavailable" };
    let at = Instant::now();
    write!(stream, "HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")?;
    let _ = tell.send((well, at));
    Ok(())
}
