//! What a node needs around it: a directory with configuration, zone and database, and four backends.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use tempfile::TempDir;

/// The regions, in the order of the configuration, with where they stand.
pub const REGIONS: [(&str, &str); 4] = [
    ("us-east", "{ lat = 39.04, lon = -77.49 }"),
    ("eu-west", "{ lat = 53.35, lon = -6.26 }"),
    ("ap-northeast", "{ lat = 35.68, lon = 139.69 }"),
    ("sa-east", "{ lat = -23.55, lon = -46.63 }"),
];

/// Networks near one region each.
pub const NEW_YORK: &str = "128.122.0.0/24";
pub const LONDON: &str = "193.60.0.0/24";
pub const TOKYO: &str = "133.11.0.0/24";
pub const SAO_PAULO: &str = "143.107.0.0/24";

/// A directory and its backends.
pub struct Scene {
    directory: TempDir,
    backends: Vec<Backend>,
}

impl Scene {
    /// Four regions whose backends run, a zone, and the database that comes with the source.
    pub fn new() -> Scene {
        let backends = four_backends();
        let scene = Scene { directory: tempfile::tempdir().expect("a directory"), backends };
        scene.write("meridian.toml", &scene.configuration());
        let source = Path::new(env!("CARGO_MANIFEST_DIR"));
        for file in ["zones/gslb.example.zone", "geoip/country.mmdb"] {
            let bytes = std::fs::read(source.join(file)).expect("a file of the source");
            scene.write_bytes(file, &bytes);
        }
        scene
    }

    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    /// The text of a file.
    pub fn read(&self, file: &str) -> String {
        std::fs::read_to_string(self.path().join(file)).expect("a file of the scene")
    }

    pub fn write(&self, file: &str, text: &str) {
        self.write_bytes(file, text.as_bytes());
    }

    /// Replaces a file whole, by renaming, as careful editors do.
    pub fn write_bytes(&self, file: &str, bytes: &[u8]) {
        let path = self.path().join(file);
        std::fs::create_dir_all(path.parent().expect("a directory")).expect("a directory");
        let new = path.with_extension("new");
        std::fs::write(&new, bytes).and_then(|()| std::fs::rename(&new, &path)).expect("a file");
    }

    /// Replaces words of a file that must be there.
    pub fn edit(&self, file: &str, from: &str, to: &str) {
        let text = self.read(file);
        assert!(text.contains(from), "{file} does not say '{from}'");
        self.write(file, &text.replace(from, to));
    }

    /// What a client gets that is sent to a region.
    pub fn address(&self, region: &str) -> String {
        self.backend(region).address.ip().to_string()
    }

    pub fn stop(&mut self, region: &str) {
        self.backends[position(region)].stop();
    }

    pub fn start(&mut self, region: &str) {
        let address = self.backend(region).address;
        let listener = TcpListener::bind(address).expect("the backend's address again");
        self.backends[position(region)] = Backend::serve(listener);
    }

    fn backend(&self, region: &str) -> &Backend {
        &self.backends[position(region)]
    }

    fn configuration(&self) -> String {
        let port = self.backends[0].address.port();
        let mut text = format!(
            r#"[server]
listen = ["127.0.0.1:0"]
identity = "live"
whoami = "whoami.gslb.example."
state = "state"
drain = "1s"
workers = 2

[api]
listen = "127.0.0.1:0"

[geo]
databases = ["geoip/country.mmdb"]

[zones."gslb.example."]
file = "zones/gslb.example.zone"

[services.www]
names = ["www.gslb.example.", "*.cust.gslb.example."]
ttl = {{ min = "1s", max = "10s" }}
check = {{ kind = "http", port = {port}, path = "/healthz", interval = "500ms", timeout = "400ms", rise = 2, fall = 2 }}
"#
        );
        for (region, location) in REGIONS {
            let address = self.address(region);
            text += &format!("\n[regions.{region}]\nlocation = {location}\n");
            text += &format!("[services.www.endpoints.{region}]\naddresses = [\"{address}\"]\n");
        }
        text
    }
}

fn position(region: &str) -> usize {
    REGIONS.iter().position(|(name, _)| *name == region).expect("a region of the scene")
}

//------------ Backend -------------------------------------------------------

/// A region's server: says 200 to whatever it is asked, until it is stopped.
pub struct Backend {
    pub address: SocketAddr,
    stopped: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// On four addresses and one port that is free on all of them.
fn four_backends() -> Vec<Backend> {
    let addresses = own_addresses();
    for _ in 0..100 {
        let port = free_port(addresses[0]);
        let bound: Result<Vec<_>, _> =
            addresses.iter().map(|address| TcpListener::bind((*address, port))).collect();
        if let Ok(listeners) = bound {
            return listeners.into_iter().map(Backend::serve).collect();
        }
    }
    panic!("no port is free on {addresses:?}");
}

/// A port of this address that nothing listens on.
pub fn free_port(address: Ipv4Addr) -> u16 {
    let listener = TcpListener::bind((address, 0)).expect("a loopback address");
    listener.local_addr().expect("its address").port()
}

/// Loopback addresses that no other test has: the process gives the middle, the scene the end.
fn own_addresses() -> [Ipv4Addr; 4] {
    static SCENES: AtomicU32 = AtomicU32::new(0);
    let scene = SCENES.fetch_add(1, Ordering::Relaxed);
    let process = std::process::id() & 0xffff;
    let first = 127 << 24 | 1 << 23 | (process & 0x7fff) << 8 | (scene * 4 % 248 + 1);
    std::array::from_fn(|i| Ipv4Addr::from(first + i as u32))
}

impl Backend {
    fn serve(listener: TcpListener) -> Backend {
        let address = listener.local_addr().expect("its address");
        let stopped = Arc::new(AtomicBool::new(false));
        let stop = Arc::clone(&stopped);
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if stop.load(Ordering::SeqCst) {
                    return;
                }
                // A prober that went away does not matter.
                drop(stream.and_then(say_yes));
            }
        });
        Backend { address, stopped, thread: Some(thread) }
    }

    /// From here on, connections are refused.
    fn stop(&mut self) {
        self.stopped.store(true, Ordering::SeqCst);
        // The thread waits for a connection: this is its last one.
        drop(TcpStream::connect(self.address));
        if let Some(thread) = self.thread.take() {
            thread.join().expect("a backend that did not panic");
        }
    }
}

impl Drop for Backend {
    fn drop(&mut self) {
        self.stop();
    }
}

fn say_yes(mut stream: TcpStream) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(1)))?;
    let mut head = Vec::new();
    let mut buffer = [0; 512];
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        match stream.read(&mut buffer)? {
            0 => return Ok(()),
            length => head.extend_from_slice(&buffer[..length]),
        }
    }
    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
}
