//! Queries from words: built by hickory-proto, then bent where a step wants them malformed.

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use hickory_proto::op::{Edns, Message, MessageType, OpCode, Query};
use hickory_proto::rr::rdata::opt::EdnsOption;
use hickory_proto::rr::{DNSClass, Name, RecordType};
use meridian::answer::Peer;
use meridian::telemetry::Transport;

/// The client's half of every cookie.
pub const CLIENT_COOKIE: [u8; 8] = *b"\x24\x64\xc4\xab\xcf\x10\xc9\x57";

/// A query on its way.
pub struct Asked {
    pub bytes: Vec<u8>,
    pub peer: Peer,
    /// Whether it has an OPT record that can be read.
    pub edns: bool,
    /// What the reply may be at most.
    pub limit: usize,
}

/// `NAME TYPE words…`; `again` is the server's cookie of the last reply.
pub fn build(words: &[&str], again: Option<&[u8]>) -> Result<Asked, String> {
    let [name, qtype, rest @ ..] = words else { return Err("a query needs a name and a type".into()) };
    let mut plan = Plan::new(name, qtype)?;
    let mut rest = rest.iter().copied();
    while let Some(word) = rest.next() {
        plan.take(word, &mut rest, again)?;
    }
    plan.finish()
}

struct Plan {
    message: Message,
    edns: Option<Edns>,
    address: IpAddr,
    port: u16,
    transport: Transport,
    bends: Vec<Bend>,
}

/// What no honest encoder writes.
enum Bend {
    Octet(usize, u8),
    Append(Vec<u8>),
    SecondOpt,
    Cut(usize),
    Raw(Vec<u8>),
}

impl Plan {
    fn new(name: &str, qtype: &str) -> Result<Plan, String> {
        let name = Name::from_ascii(name).map_err(|error| format!("'{name}': {error}"))?;
        let qtype = match qtype.strip_prefix("TYPE") {
            Some(number) => RecordType::from(number.parse::<u16>().map_err(|error| error.to_string())?),
            None => RecordType::from_str(qtype).map_err(|error| error.to_string())?,
        };
        let mut message = Message::new(0x5eed, MessageType::Query, OpCode::Query);
        message.add_query(Query::query(name, qtype));
        let mut edns = Edns::new();
        edns.set_max_payload(1232);
        let address = "192.0.2.53".parse().expect("an address");
        let transport = Transport::Udp;
        Ok(Plan { message, edns: Some(edns), address, port: 5353, transport, bends: Vec::new() })
    }

    fn take<'a>(
        &mut self,
        word: &str,
        rest: &mut impl Iterator<Item = &'a str>,
        again: Option<&[u8]>,
    ) -> Result<(), String> {
        let mut next = || rest.next().ok_or_else(|| format!("'{word}' wants a word after it"));
        match word {
            "from" => self.address = parsed(next()?)?,
            "port" => self.port = parsed(next()?)?,
            "tcp" => self.transport = Transport::Tcp,
            "rd" => self.message.metadata.recursion_desired = true,
            "ad" => self.message.metadata.authentic_data = true,
            "cd" => self.message.metadata.checking_disabled = true,
            "class" => {
                let class = DNSClass::from_str(next()?).map_err(|error| error.to_string())?;
                self.message.queries[0].set_query_class(class);
            }
            "noedns" => self.edns = None,
            "bufsize" => _ = self.opt()?.set_max_payload(parsed(next()?)?),
            "version" => _ = self.opt()?.set_version(parsed(next()?)?),
            "do" => _ = self.opt()?.set_dnssec_ok(true),
            "nsid" => self.option(3, &[])?,
            "keepalive" => self.option(11, &[])?,
            "ecs" => self.option(8, &subnet(next()?)?)?,
            "ecs-raw" => self.option(8, &octets(next()?)?)?,
            "cookie" => self.option(10, &CLIENT_COOKIE)?,
            "cookie-again" => {
                let server = again.ok_or("no reply had a cookie yet")?;
                self.option(10, &[&CLIENT_COOKIE[..], server].concat())?;
            }
            "cookie-raw" => self.option(10, &octets(next()?)?)?,
            "qr" => self.bends.push(Bend::Octet(2, 0x80)),
            "opcode" => {
                let opcode: u8 = parsed(next()?)?;
                self.bends.push(Bend::Octet(2, opcode << 3));
            }
            "qdcount" => {
                let count: u8 = parsed(next()?)?;
                self.bends.push(Bend::Octet(5, count));
            }
            "arcount" => {
                let count: u8 = parsed(next()?)?;
                self.bends.push(Bend::Octet(11, count));
            }
            "trailing" => self.bends.push(Bend::Append(octets(next()?)?)),
            "two-opts" => self.bends.push(Bend::SecondOpt),
            "cut" => self.bends.push(Bend::Cut(parsed(next()?)?)),
            "raw" => self.bends.push(Bend::Raw(octets(next()?)?)),
            _ => return Err(format!("no query word is called '{word}'")),
        }
        Ok(())
    }

    fn opt(&mut self) -> Result<&mut Edns, String> {
        self.edns.as_mut().ok_or_else(|| "'noedns' goes last".into())
    }

    fn option(&mut self, code: u16, data: &[u8]) -> Result<(), String> {
        let option = EdnsOption::Unknown(code, data.to_vec());
        self.opt()?.options_mut().options.push((code.into(), option));
        Ok(())
    }

    fn finish(mut self) -> Result<Asked, String> {
        let payload = self.edns.as_ref().map_or(512, |edns| usize::from(edns.max_payload()).clamp(512, 4096));
        let limit = if self.transport == Transport::Tcp { 65_535 } else { payload };
        let edns = self.edns.is_some();
        self.message.edns = self.edns;
        let mut bytes = self.message.to_vec().map_err(|error| error.to_string())?;
        self.bends.into_iter().for_each(|bend| bend.apply(&mut bytes));
        let peer = Peer { address: SocketAddr::new(self.address, self.port), transport: self.transport };
        Ok(Asked { bytes, peer, edns, limit })
    }
}

impl Bend {
    fn apply(self, bytes: &mut Vec<u8>) {
        match self {
            Bend::Octet(2, bits) => bytes[2] |= bits,
            Bend::Octet(at, value) => bytes[at] = value,
            Bend::Append(more) => bytes.extend(more),
            Bend::SecondOpt => {
                bytes.extend([0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0]);
                bytes[11] += 1;
            }
            Bend::Cut(length) => bytes.truncate(length),
            Bend::Raw(whole) => *bytes = whole,
        }
    }
}

fn parsed<T: FromStr>(word: &str) -> Result<T, String>
where
    T::Err: std::fmt::Display,
{
    word.parse().map_err(|error| format!("'{word}': {error}"))
}

/// Hex digits; `-` is none of them.
fn octets(word: &str) -> Result<Vec<u8>, String> {
    if word == "-" { Ok(Vec::new()) } else { hex::decode(word).map_err(|error| format!("'{word}': {error}")) }
}

/// RFC 7871 §6: family, SOURCE, SCOPE 0, as many octets as SOURCE needs; bits past it are cleared.
fn subnet(word: &str) -> Result<Vec<u8>, String> {
    let network: ipnet::IpNet = parsed(word)?;
    let (family, octets) = match network.network() {
        IpAddr::V4(four) => (1, four.octets().to_vec()),
        IpAddr::V6(six) => (2, six.octets().to_vec()),
    };
    let source = network.prefix_len();
    Ok([&[0, family, source, 0], &octets[..usize::from(source).div_ceil(8)]].concat())
}
