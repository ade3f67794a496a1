//! Real clients: what they are asked to say, and how to read it.

use std::net::SocketAddr;
use std::process::{Command, Output};

/// Runs a client; a missing one is said with its cure.
pub fn run(command: &mut Command) -> Output {
    match command.output() {
        Ok(output) => output,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let program = command.get_program().display();
            panic!("{program} is missing: apt-get install bind9-dnsutils knot-dnsutils curl")
        }
        Err(error) => panic!("{command:?}: {error}"),
    }
}

/// A line as pasted into a shell, its output, and whether it was content.
pub fn paste(line: &str) -> (String, bool) {
    for program in ["dig", "curl"] {
        run(Command::new(program).arg(if program == "dig" { "-v" } else { "--version" }));
    }
    let output = run(Command::new("sh").args(["-c", line]));
    (text(&output), output.status.success())
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// One reply, as dig or kdig shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    pub status: String,
    pub flags: String,
    /// Records without TTL, one space between fields, sorted: sets have no order.
    pub answer: Vec<String>,
    pub authority: Vec<String>,
    pub additional: Vec<String>,
    /// TTLs of the answer.
    pub ttls: Vec<u32>,
    /// The scope of an EDNS Client Subnet.
    pub scope: Option<u8>,
}

/// Asks by dig: everything behind the server's address is the caller's.
pub fn dig(server: SocketAddr, arguments: &str) -> Shown {
    let (host, port) = (format!("@{}", server.ip()), server.port().to_string());
    let mut command = Command::new("dig");
    // No file of the user's may change what is asked.
    command.args(["-r", &host, "-p", &port, "+tries=3", "+time=5"]).args(arguments.split_whitespace());
    let output = run(&mut command);
    let shown = text(&output);
    assert!(output.status.success(), "{command:?}:\n{shown}");
    let mut replies = replies(&shown);
    assert_eq!(replies.len(), 1, "{command:?}:\n{shown}");
    replies.remove(0)
}

/// The addresses of a name for a client's network.
pub fn steer(server: SocketAddr, name: &str, subnet: &str) -> Vec<String> {
    let shown = dig(server, &format!("{name} A +subnet={subnet}"));
    let last = |record: &String| record.rsplit(' ').next().unwrap_or_default().to_owned();
    shown.answer.iter().map(last).collect()
}

/// Asks by kdig, several questions at once if there are several.
pub fn kdig(server: SocketAddr, arguments: &str) -> Vec<Shown> {
    let (host, port) = (format!("@{}", server.ip()), server.port().to_string());
    let mut command = Command::new("kdig");
    command.args([&host, "-p", &port, "+retry=2", "+time=5"]).args(arguments.split_whitespace());
    let output = run(&mut command);
    let shown = text(&output);
    assert!(output.status.success(), "{command:?}:\n{shown}");
    replies(&shown)
}

/// Everything that was shown, reply by reply.
fn replies(shown: &str) -> Vec<Shown> {
    let mut replies: Vec<Shown> = Vec::new();
    let mut section = "";
    for line in shown.lines() {
        if line.contains("->>HEADER<<-") {
            replies.push(Shown { status: word_after(line, "status: "), ..Shown::default() });
            section = "";
        }
        let Some(reply) = replies.last_mut() else { continue };
        if let Some(title) = line.strip_prefix(";; ").and_then(|line| line.split(" SECTION").next()) {
            section = title;
        }
        if let Some(flags) = line.to_lowercase().split("flags: ").nth(1).filter(|_| reply.flags.is_empty()) {
            reply.flags = flags.split(';').next().unwrap_or_default().to_owned();
        }
        if let Some(subnet) = line.split("CLIENT-SUBNET: ").nth(1) {
            reply.scope = subnet.split('/').nth(2).and_then(|scope| scope.trim().parse().ok());
        }
        reply.note(section, line);
    }
    for reply in &mut replies {
        reply.sort();
    }
    replies
}

fn word_after(line: &str, words: &str) -> String {
    let rest = line.split(words).nth(1).unwrap_or_default();
    rest.chars().take_while(char::is_ascii_alphanumeric).collect()
}

impl Shown {
    /// Takes one line of a section; comments and blanks are none.
    fn note(&mut self, section: &str, line: &str) {
        let mut fields: Vec<_> = line.split_whitespace().collect();
        if line.starts_with(';') || fields.len() < 5 {
            return;
        }
        let ttl = fields.remove(1);
        let record = fields.join(" ");
        match section {
            "ANSWER" => {
                self.ttls.push(ttl.parse().expect("a TTL"));
                self.answer.push(record);
            }
            "AUTHORITY" => self.authority.push(record),
            "ADDITIONAL" => self.additional.push(record),
            _ => {}
        }
    }

    fn sort(&mut self) {
        for section in [&mut self.answer, &mut self.authority, &mut self.additional] {
            section.sort();
        }
    }

    /// The reply without what may differ from one moment, or one transport, to the next.
    pub fn timeless(mut self) -> Shown {
        self.ttls.clear();
        self
    }
}

/// Asks the API by curl; gives the status and the body. `arguments` stand before the address.
pub fn curl(arguments: &[&str], url: &str) -> (u16, String) {
    let mut command = Command::new("curl");
    command.args(["-q", "-sS", "--max-time", "10", "-w", "\n%{http_code}"]).args(arguments).arg(url);
    let output = run(&mut command);
    let shown = text(&output);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {said}");
    let (body, status) = shown.rsplit_once('\n').expect("a status behind the body");
    (status.parse().expect("a status"), body.to_owned())
}
