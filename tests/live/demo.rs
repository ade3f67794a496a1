//! `meridian demo`: the lines that it prints work as pasted, and do what the text beside them says.

use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::path::Path;

use rustix::process::Signal;
use tempfile::TempDir;

use super::client::paste;
use super::node::{Process, meridian, wait_for};
use super::scene::free_port;

/// A demo on ports of its own, and what it printed.
pub struct Demo {
    pub process: Process,
    pub lines: Vec<String>,
    pub directory: TempDir,
}

const LAST_LINE: &str = "Ctrl-C ends the demo.";

impl Demo {
    pub fn start() -> Demo {
        let directory = tempfile::tempdir().expect("a directory");
        let free = || free_port(Ipv4Addr::LOCALHOST);
        let [dns, api, switch] = [free(), free(), free()].map(|port| format!("127.0.0.1:{port}"));
        let port = backend_port().to_string();
        let files = directory.path().join("files");
        let process = Process::spawn(demo(directory.path(), &dns, &api, &switch, &port, &files));
        process.output.wait_for(LAST_LINE);
        let lines = joined(&process.output.all());
        Demo { process, lines, directory }
    }

    /// The printed lines that begin with these words, as pasted.
    pub fn pasted(&self, start: &str) -> Vec<&str> {
        self.lines.iter().map(|line| line.trim()).filter(|line| line.starts_with(start)).collect()
    }

    /// The first line that has all of these words.
    pub fn line(&self, words: &[&str]) -> &str {
        let found = self.lines.iter().find(|line| words.iter().all(|word| line.contains(word)));
        found.unwrap_or_else(|| panic!("no line says {words:?}: {:#?}", self.lines)).trim()
    }
}

fn demo(
    directory: &Path,
    dns: &str,
    api: &str,
    switch: &str,
    port: &str,
    files: &Path,
) -> std::process::Command {
    let mut command = meridian(directory, &["demo", "--dns", dns, "--api", api, "--switch", switch]);
    command.args(["--backend-port", port, "--directory"]).arg(files);
    command
}

/// A port that is free on the demo's four addresses.
fn backend_port() -> u16 {
    let addresses = [11, 12, 13, 14].map(|last| Ipv4Addr::new(127, 0, 0, last));
    let is_free = |port: &u16| addresses.iter().all(|address| TcpListener::bind((*address, *port)).is_ok());
    (0..100).map(|_| free_port(addresses[0])).find(is_free).expect("a port that is free on four addresses")
}

/// Lines that end in a backslash go on in the next one.
fn joined(printed: &[String]) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut goes_on = false;
    for line in printed {
        match lines.last_mut().filter(|_| goes_on) {
            Some(last) => *last += &format!("\n{line}"),
            None => lines.push(line.clone()),
        }
        goes_on = line.ends_with('\\');
    }
    lines
}

/// Pastes a line that must succeed; gives what it printed, trimmed.
pub fn must(line: &str) -> String {
    let (output, succeeded) = paste(line);
    assert!(succeeded, "{line}\n{output}");
    output.trim().to_owned()
}

pub const DUBLIN: &str = "127.0.0.12";
const TOKYO: &str = "127.0.0.13";

#[test]
fn every_dig_line_works_as_pasted() {
    let demo = Demo::start();
    let cities = [
        ("# Tokyo", TOKYO),
        ("# London", DUBLIN),
        ("# São Paulo", "127.0.0.14"),
        ("# New York", "127.0.0.11"),
    ];
    for (city, address) in cities {
        assert_eq!(must(demo.line(&["dig ", city])), address, "{city}");
    }
    let whoami = must(demo.line(&["dig ", "whoami"]));
    for words in ["\"resolver 127.0.0.1\"", "\"ecs 193.60.0.0/24\"", "\"order eu-west us-east "] {
        assert!(whoami.contains(words), "{whoami}");
    }
    let shop = must(demo.line(&["dig ", "shop"]));
    assert!(shop.contains("CNAME\twww.gslb.example.") && shop.contains(DUBLIN), "{shop}");
    // None was overlooked: the four cities, Tokyo and London once more, whoami and shop.
    assert_eq!(demo.pasted("dig ").len(), 8, "{:#?}", demo.lines);
}

#[test]
fn a_stopped_backend_moves_tokyo() {
    let demo = Demo::start();
    let [stop, start] = ["/stop", "/start"].map(|end| demo.line(&["curl -X POST", "ap-northeast", end]));
    let tokyo = demo.line(&["dig ", "# Tokyo"]);
    let london = demo.line(&["dig ", "# London"]);
    assert_eq!(must(tokyo), TOKYO);
    assert_eq!(must(stop), "ap-northeast is stopped: its connections are refused now");
    wait_for("Tokyo's clients to move", || (must(tokyo) == DUBLIN).then_some(()));
    assert_eq!(must(london), DUBLIN);
    assert_eq!(must(start), "ap-northeast is started");
    wait_for("Tokyo's clients to come back", || (must(tokyo) == TOKYO).then_some(()));
    let unknown = must(&stop.replace("ap-northeast", "atlantis"));
    assert_eq!(unknown, "no such region; regions: us-east, eu-west, ap-northeast, sa-east");
}

#[test]
fn the_backends_say_where_they_are() {
    let demo = Demo::start();
    for (region, city) in
        [("us-east", "Ashburn"), ("eu-west", "Dublin"), ("ap-northeast", "Tokyo"), ("sa-east", "São Paulo")]
    {
        let line = demo.line(&[region, city, "http://"]);
        let url = line.split_whitespace().last().unwrap();
        assert_eq!(must(&format!("curl -sS {url}")), format!("{region} ({city})"));
    }
}

#[test]
fn its_files_are_a_configuration_that_checks() {
    let mut demo = Demo::start();
    let files = demo.directory.path().join("files");
    let named = demo.line(&["The configuration is "]);
    assert_eq!(named, format!("The configuration is {}.", files.join("meridian.toml").display()));
    let output = meridian(&files, &["check"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert!(output.stdout.starts_with(b"ok: "));
    demo.process.signal(Signal::INT);
    assert_eq!(demo.process.wait().code(), Some(0));
}

#[test]
fn a_taken_port_is_one_clear_line() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let datagrams = UdpSocket::bind("127.0.0.1:0").unwrap();
    let backends = TcpListener::bind("127.0.0.13:0").unwrap();
    let (tcp, udp) = (taken.local_addr().unwrap(), datagrams.local_addr().unwrap());
    let backend = backends.local_addr().unwrap();
    let directory = tempfile::tempdir().unwrap();
    let files = directory.path().join("files");
    let (free, port) = ("127.0.0.1:0", backend_port().to_string());
    let (tcp, udp) = (tcp.to_string(), udp.to_string());
    let taken_port = backend.port().to_string();
    let rows = [
        (&*tcp, free, free, &port, format!("cannot bind TCP {tcp}: the port is taken; ")),
        (&*udp, free, free, &port, format!("cannot bind UDP {udp}: the port is taken; ")),
        (free, &*tcp, free, &port, format!("cannot bind the API to {tcp}: the port is taken; ")),
        (free, free, &*tcp, &port, format!("cannot bind the demo's switch to {tcp}: the port is taken; ")),
        (
            free,
            free,
            free,
            &taken_port,
            format!("cannot bind the backend of ap-northeast to {backend}: the port is taken; "),
        ),
    ];
    for (dns, api, switch, port, line) in rows {
        let mut process = Process::spawn(demo(directory.path(), dns, api, switch, port, &files));
        assert_eq!(process.wait().code(), Some(1), "{line}");
        let said = process.log.all();
        assert!(said.len() == 1 && said[0].starts_with(&line), "{said:?}\n{line}");
        assert_eq!(process.output.all(), Vec::<String>::new());
    }
}
