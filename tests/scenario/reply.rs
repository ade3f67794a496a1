//! Replies: read by hickory-proto for what is shown, and by `domain` to be sure.

use domain::base::name::ParsedName;
use domain::base::opt::UnknownOptData;
use domain::rdata::AllRecordData;
use hickory_proto::op::Message;
use hickory_proto::rr::{RData, Record, RecordType};
use hickory_proto::serialize::binary::BinDecodable;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::query::{Asked, CLIENT_COOKIE};

/// A reply that both codecs can read.
pub struct Answered {
    message: Message,
    rcode: u16,
    /// Code and data of every EDNS option, in order.
    options: Options,
    asked_edns: bool,
    /// Seconds since its making, and the server's half of the cookie.
    pub cookie: Option<(u32, Vec<u8>)>,
}

/// Reads a reply, and holds it against what every reply must be.
pub fn read(asked: &Asked, bytes: &[u8], now: u64) -> Result<Answered, String> {
    let (rcode, options) = verify(asked, bytes)?;
    let message = Message::from_vec(&readable(bytes)).map_err(|error| format!("hickory: {error}"))?;
    let cookie = options.iter().find(|(code, _)| *code == 10);
    let cookie = cookie.map(|(_, data)| server_cookie(data, now)).transpose()?;
    Ok(Answered { message, rcode, options, asked_edns: asked.edns, cookie })
}

/// hickory cannot read an ECS option of family 0 (RFC 7871 §7.1.2 allows it with SOURCE 0): it gets a private
/// code to read over instead.
fn readable(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    if let Some(at) = bytes.windows(8).position(|window| window == [0, 8, 0, 4, 0, 0, 0, 0]) {
        bytes[at..at + 2].copy_from_slice(&[0xfd, 0xe9]);
    }
    bytes
}

/// Code and data of EDNS options.
type Options = Vec<(u16, Vec<u8>)>;

/// The second oracle: `domain` reads it to its end, and it answers what was asked within the limit.
pub fn verify(asked: &Asked, bytes: &[u8]) -> Result<(u16, Options), String> {
    let shown = |error: &dyn std::fmt::Display| format!("domain: {error}: {}", hex::encode(bytes));
    let message = domain::base::Message::from_octets(bytes).map_err(|error| shown(&error))?;
    let mut end = 12;
    for question in message.question() {
        question.map_err(|error| shown(&error))?;
    }
    end += questions_length(bytes);
    let (mut opts, mut options) = (0, Vec::new());
    for record in message.iter() {
        let (record, _) = record.map_err(|error| shown(&error))?;
        record.to_any_record::<AllRecordData<_, ParsedName<_>>>().map_err(|error| shown(&error))?;
        opts += u16::from(record.rtype() == domain::base::Rtype::OPT);
    }
    if let Some(opt) = message.opt() {
        for option in opt.opt().iter::<UnknownOptData<_>>() {
            let option = option.map_err(|error| shown(&error))?;
            options.push((option.code().to_int(), option.as_slice().to_vec()));
        }
    }
    end = record_end(bytes, end)?;
    let question = questions_length(&asked.bytes).min(asked.bytes.len().saturating_sub(12));
    let echoed = questions_length(bytes);
    let wrong = if end != bytes.len() {
        Some(format!("{} octets behind the last record", bytes.len() - end))
    } else if bytes[..2] != asked.bytes[..2] {
        Some("another id".into())
    } else if echoed > 0 && bytes[12..12 + echoed] != asked.bytes[12..12 + question] {
        Some("another question".into())
    } else if bytes[2] & 0x80 == 0 || bytes[3] & 0xf0 != 0 || (bytes[2] ^ asked.bytes[2]) & 0x79 != 0 {
        Some(format!("wrong flags {:02x}{:02x}", bytes[2], bytes[3]))
    } else if bytes.len() > asked.limit {
        Some(format!("{} octets, over {}", bytes.len(), asked.limit))
    } else if opts > 1 {
        Some("more than one OPT".into())
    } else {
        None
    };
    wrong.map_or(Ok((message.opt_rcode().to_int(), options)), |what| Err(shown(&what)))
}

/// Octets of one question, if the header says that there is one.
fn questions_length(bytes: &[u8]) -> usize {
    if bytes[4..6] != [0, 1] {
        return 0;
    }
    let mut at = 12;
    while let Some(length) = bytes.get(at).filter(|length| **length > 0) {
        at += 1 + usize::from(*length);
    }
    at + 5 - 12
}

/// Where the last record ends.
fn record_end(bytes: &[u8], mut at: usize) -> Result<usize, String> {
    let count = |at: usize| usize::from(u16::from_be_bytes([bytes[at], bytes[at + 1]]));
    for _ in 0..count(6) + count(8) + count(10) {
        loop {
            match bytes.get(at) {
                None => return Err("a name does not end".into()),
                Some(0) => break at += 1,
                Some(0xc0..) => break at += 2,
                Some(length) => at += 1 + usize::from(*length),
            }
        }
        at += 10
            + bytes.get(at + 8..at + 10).map_or(0, |len| usize::from(u16::from_be_bytes([len[0], len[1]])));
    }
    Ok(at)
}

/// RFC 9018 §4: the client's half back, version 1, reserved zeros, the time, 8 octets of hash.
fn server_cookie(data: &[u8], now: u64) -> Result<(u32, Vec<u8>), String> {
    let shape = data.len() == 24 && data[..8] == CLIENT_COOKIE && data[8..12] == [1, 0, 0, 0];
    if !shape {
        return Err(format!("not a cookie as RFC 9018 makes them: {}", hex::encode(data)));
    }
    let made = u32::from_be_bytes(data[12..16].try_into().expect("four octets"));
    Ok((now as u32 - made, data[8..].to_vec()))
}

impl Answered {
    /// In full, a line each: status and flags, records by section, options.
    pub fn in_full(&self) -> String {
        let mut lines = vec![[vec![self.status()], self.flags()].concat().join(" ")];
        let sections = [
            ("answer", &self.message.answers),
            ("authority", &self.message.authorities),
            ("additional", &self.message.additionals),
        ];
        for (section, records) in sections {
            let mut shown: Vec<_> =
                records.iter().map(|record| format!("{section} {}", shown(record))).collect();
            sort_addresses(&mut shown, records);
            lines.extend(shown);
        }
        lines.extend(self.options.iter().map(|(code, data)| option(*code, data, &self.cookie)));
        if self.message.edns.as_ref().is_some_and(|edns| edns.flags().dnssec_ok) {
            lines.push("do".into());
        }
        lines.join("\n")
    }

    /// On one line: what was answered, for how long, and for whom.
    pub fn in_brief(&self) -> String {
        let mut words = Vec::new();
        if self.rcode != 0 {
            words.push(self.status());
        }
        words.extend(self.items());
        words.extend(self.ttl().map(|ttl| format!("ttl {ttl}")));
        for (code, data) in &self.options {
            match code {
                8 => words.push(format!("scope {}", data[3])),
                15 => words.push(format!("ede {}", u16::from_be_bytes([data[0], data[1]]))),
                _ => {}
            }
        }
        words.extend(self.flags().into_iter().filter(|flag| flag != "aa" && flag != "rd"));
        let negative = matches!(self.rcode, 0 | 3) && self.message.queries.len() == 1;
        if negative && !self.message.metadata.authoritative {
            words.push("noaa".into());
        }
        words.join(" ")
    }

    /// The addresses of the answer, smallest first.
    pub fn addresses(&self) -> Vec<IpAddr> {
        let mut addresses: Vec<_> = self.message.answers.iter().filter_map(address).collect();
        addresses.sort();
        addresses
    }

    fn items(&self) -> Vec<String> {
        let others = self.message.answers.iter().filter(|record| address(record).is_none());
        let mut items: Vec<_> = others.map(|record| record.record_type().to_string()).collect();
        items.extend(self.addresses().iter().map(ToString::to_string));
        let authority = self.message.authorities.first().map(Record::record_type);
        if items.is_empty() && self.rcode == 0 {
            items.push(match authority {
                Some(RecordType::SOA) => "NODATA".into(),
                Some(RecordType::NS) => "REFERRAL".into(),
                _ => "EMPTY".into(),
            });
        }
        items
    }

    fn ttl(&self) -> Option<u32> {
        let answers = self.message.answers.iter().map(|record| record.ttl).min();
        answers.or_else(|| self.message.authorities.iter().map(|record| record.ttl).min())
    }

    fn status(&self) -> String {
        let names = ["NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED", "YXDOMAIN"];
        let name = names.get(usize::from(self.rcode)).map(ToString::to_string);
        name.unwrap_or_else(|| match self.rcode {
            16 => "BADVERS".into(),
            23 => "BADCOOKIE".into(),
            other => format!("RCODE{other}"),
        })
    }

    fn flags(&self) -> Vec<String> {
        let metadata = &self.message.metadata;
        let edns = self.message.edns.is_some();
        let flags = [
            ("aa", metadata.authoritative),
            ("tc", metadata.truncation),
            ("rd", metadata.recursion_desired),
            ("no-opt", self.asked_edns && !edns),
            ("stray-opt", !self.asked_edns && edns),
        ];
        flags.into_iter().filter(|(_, set)| *set).map(|(flag, _)| flag.to_owned()).collect()
    }
}

/// As hickory shows it, which does not know DNAME: its data is one name, uncompressed.
fn shown(record: &Record) -> String {
    match &record.data {
        RData::Unknown { code, rdata } if u16::from(*code) == 39 => {
            let name = hickory_proto::rr::Name::from_bytes(&rdata.anything);
            let name = name.map_or_else(|error| error.to_string(), |name| name.to_string());
            format!("{} {} {} DNAME {name}", record.name, record.ttl, record.dns_class)
        }
        _ => record.to_string(),
    }
}

fn address(record: &Record) -> Option<IpAddr> {
    match &record.data {
        RData::A(a) => Some(IpAddr::V4(a.0)),
        RData::AAAA(aaaa) => Some(IpAddr::V6(aaaa.0)),
        _ => None,
    }
}

/// Address sets are rotated: their order says nothing.
fn sort_addresses(shown: &mut [String], records: &[Record]) {
    let start = records.iter().position(|record| address(record).is_some()).unwrap_or(records.len());
    if records[start..].iter().all(|record| address(record).is_some()) {
        shown[start..].sort();
    }
}

fn option(code: u16, data: &[u8], cookie: &Option<(u32, Vec<u8>)>) -> String {
    match code {
        3 => format!("nsid {}", String::from_utf8_lossy(data)),
        8 => subnet(data).unwrap_or_else(|| format!("ecs malformed {}", hex::encode(data))),
        10 => format!("cookie {}s old", cookie.as_ref().map_or(0, |(age, _)| *age)),
        15 => {
            let (code, text) = data.split_at(2);
            let code = u16::from_be_bytes([code[0], code[1]]);
            format!("ede {code} {}", String::from_utf8_lossy(text)).trim_end().to_owned()
        }
        _ => format!("option {code} {}", hex::encode(data)),
    }
}

fn subnet(data: &[u8]) -> Option<String> {
    let ([_, family, source, scope], prefix) = data.split_first_chunk::<4>()?;
    let mut octets = [0; 16];
    octets.get_mut(..prefix.len())?.copy_from_slice(prefix);
    let fits = prefix.len() == usize::from(*source).div_ceil(8);
    let address = match family {
        0 if data.len() == 4 => return Some(format!("ecs family 0 source {source} scope {scope}")),
        1 if *scope <= 32 => Ipv4Addr::new(octets[0], octets[1], octets[2], octets[3]).to_string(),
        2 if *scope <= 128 => Ipv6Addr::from(octets).to_string(),
        _ => return None,
    };
    fits.then(|| format!("ecs {address}/{source} scope {scope}"))
}
