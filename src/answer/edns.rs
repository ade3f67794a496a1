//! EDNS (RFC 6891): the OPT record and the options that matter here, read without trust and written whole.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::message::Message;
use super::query::HEADER;
use crate::zone::rtype;

/// Option codes (IANA's DNS EDNS0 option codes).
const NSID: u16 = 3;
const ECS: u16 = 8;
const COOKIE: u16 = 10;
const KEEPALIVE: u16 = 11;
const EDE: u16 = 15;
const REPORT_CHANNEL: u16 = 18;

/// Octets of an OPT record without options.
const FIXED: usize = 11;

/// What a query's OPT said.
#[derive(Clone, Debug)]
pub struct Edns {
    /// 0 is the only one there is.
    pub version: u8,
    /// The largest UDP reply that the sender takes.
    pub payload: u16,
    /// DNSSEC OK, to be echoed (RFC 3225 §3).
    pub dnssec_ok: bool,
    /// The name server's identity is asked for (RFC 5001).
    pub nsid: bool,
    /// How long a connection may stay idle is asked for (RFC 7828).
    pub keepalive: bool,
    /// Client Subnet (RFC 7871).
    pub ecs: Option<Ecs>,
    /// Cookie (RFC 7873).
    pub cookie: Option<Cookie>,
}

/// A client's subnet as a resolver gave it. Valid: bits past `source` are zero, the length fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ecs {
    /// IANA's address family: 1, 2, or 0 with no source.
    pub family: u16,
    /// SOURCE PREFIX-LENGTH.
    pub source: u8,
    /// The subnet's first address; `None` for family 0.
    pub address: Option<IpAddr>,
}

/// A cookie as a client sent it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cookie {
    /// The client's half.
    pub client: [u8; 8],
    /// The server's half, if there is one (RFC 9018 §4); zeros, which are nobody's, if its length is not ours.
    pub server: Option<[u8; 16]>,
}

/// Walks over the records behind the question and reads the one OPT among them. `None`: FORMERR, for records
/// that do not parse, trailing octets, two OPTs (RFC 6891 §6.1.1), or a malformed option.
#[inline]
pub fn read(query: &[u8], mut at: usize, counts: [usize; 3], edns: &mut Option<Edns>) -> Option<()> {
    for (section, count) in counts.into_iter().enumerate() {
        for _ in 0..count {
            at = read_record(query, at, section == 2, edns)?;
        }
    }
    (at == query.len()).then_some(())
}

/// Looks for the OPT of a query whose questions say nothing here. What cannot be read has none.
pub fn read_behind(query: &[u8], questions: usize, counts: [usize; 3], edns: &mut Option<Edns>) {
    // Every question takes five octets or more, so the packet's own length bounds this whatever the count says.
    let end = (0..questions).try_fold(HEADER, |at, _| skip_name(query, at).map(|end| end + 4));
    if end.and_then(|at| read(query, at, counts, edns)).is_none() {
        *edns = None;
    }
}

/// Reads one record and says where it ends. Every record takes 11 octets or more, so the packet's own length
/// bounds the walk whatever the counts say.
#[inline]
fn read_record(query: &[u8], at: usize, additional: bool, edns: &mut Option<Edns>) -> Option<usize> {
    let name_end = skip_name(query, at)?;
    let (fixed, rest) = query.get(name_end..)?.split_first_chunk::<10>()?;
    // The fifth octet extends a code, which only replies have.
    let [type_high, type_low, class_high, class_low, _, version, flags, _, len_high, len_low] = *fixed;
    let data = rest.get(..usize::from(u16::from_be_bytes([len_high, len_low])))?;
    if u16::from_be_bytes([type_high, type_low]) == rtype::OPT {
        // At the root (RFC 6891 §6.1.2), in its section, and no other before it.
        (additional && edns.is_none() && name_end == at + 1).then_some(())?;
        let opt = edns.insert(Edns {
            version,
            payload: u16::from_be_bytes([class_high, class_low]),
            dnssec_ok: flags & 0x80 != 0,
            nsid: false,
            keepalive: false,
            ecs: None,
            cookie: None,
        });
        // A version that is not known here has options that are not known either (RFC 6891 §6.1.3).
        if opt.version == 0 {
            read_options(data, opt)?;
        }
    }
    Some(name_end + 10 + data.len())
}

fn skip_name(query: &[u8], mut at: usize) -> Option<usize> {
    loop {
        match *query.get(at)? {
            0 => return Some(at + 1),
            length @ 1..=63 => at += 1 + usize::from(length),
            0xc0..=0xff => return query.get(at + 1).map(|_| at + 2),
            _ => return None,
        }
    }
}

fn read_options(mut data: &[u8], edns: &mut Edns) -> Option<()> {
    while !data.is_empty() {
        let ([code_high, code_low, len_high, len_low], rest) = data.split_first_chunk::<4>()?;
        let (option, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes([*len_high, *len_low])))?;
        match u16::from_be_bytes([*code_high, *code_low]) {
            NSID => edns.nsid = true,
            KEEPALIVE => edns.keepalive = true,
            ECS if edns.ecs.is_none() => edns.ecs = Some(read_ecs(option)?),
            COOKIE if edns.cookie.is_none() => edns.cookie = Some(read_cookie(option)?),
            _ => {}
        }
        data = rest;
    }
    Some(())
}

/// RFC 7871 §6 and §7.1.2. Malformed, and so FORMERR: an unknown family, a SOURCE longer than the address, a
/// SCOPE in a query, as many octets as SOURCE does not need, bits past SOURCE.
fn read_ecs(option: &[u8]) -> Option<Ecs> {
    let ([family_high, family_low, source, scope], prefix) = option.split_first_chunk::<4>()?;
    let (family, source) = (u16::from_be_bytes([*family_high, *family_low]), *source);
    let mut octets = [0; 16];
    let padded = octets.get_mut(..prefix.len())?;
    padded.copy_from_slice(prefix);
    let fits = *scope == 0 && prefix.len() == usize::from(source).div_ceil(8);
    let clean = source % 8 == 0 || prefix.last().is_none_or(|last| last << (source % 8) == 0);
    let address = match family {
        0 if source == 0 => None,
        1 if source <= 32 => Some(IpAddr::V4(Ipv4Addr::new(octets[0], octets[1], octets[2], octets[3]))),
        2 if source <= 128 => Some(IpAddr::V6(Ipv6Addr::from(octets))),
        _ => return None,
    };
    (fits && clean).then_some(Ecs { family, source, address })
}

/// RFC 7873 §5.2.2: 8 octets, or 16 to 40; anything else is FORMERR.
fn read_cookie(option: &[u8]) -> Option<Cookie> {
    let (client, server) = option.split_first_chunk::<8>()?;
    let length_fits = matches!(server.len(), 0 | 8..=32);
    let server = (!server.is_empty()).then(|| server.try_into().unwrap_or([0; 16]));
    length_fits.then_some(Cookie { client: *client, server })
}

/// What a reply's OPT says beside what it echoes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Said<'a> {
    /// The upper 8 bits of the response code.
    pub extended: u8,
    /// What this server takes itself.
    pub payload: u16,
    /// SCOPE PREFIX-LENGTH, where the query had a subnet.
    pub scope: u8,
    /// The server's half of the cookie, where the query had the client's.
    pub cookie: Option<[u8; 16]>,
    /// Who this is, if asked and configured.
    pub identity: &'a [u8],
    /// How long a connection may stay idle, in tenths of a second, if asked and there is one.
    pub keepalive: Option<u16>,
    /// The domain to which resolvers report errors (RFC 9567), in wire format; empty: none.
    pub agent: &'a [u8],
    /// An extended error (RFC 8914): code and text.
    pub error: Option<(u16, &'static str)>,
}

impl Edns {
    /// Octets of the reply's OPT that every reply must leave room for: without an extended error and the domain for
    /// reports. `cookie`: whether there is a server's half to give back.
    #[inline]
    pub fn reserve(&self, identity: &[u8], cookie: bool) -> usize {
        let ecs = self.ecs.as_ref().map_or(0, |ecs| 8 + ecs.prefix());
        let cookie = if cookie { 4 + 24 } else { 0 };
        let nsid = if self.nsid && !identity.is_empty() { 4 + identity.len() } else { 0 };
        let keepalive = if self.keepalive { 4 + 2 } else { 0 };
        FIXED + ecs + cookie + nsid + keepalive
    }

    /// Writes the reply's OPT. What was not [reserved](Edns::reserve) is left out where it does not fit.
    #[inline]
    pub fn write(&self, message: &mut Message<'_>, said: &Said<'_>) {
        let start = message.len();
        let [type_high, type_low] = rtype::OPT.to_be_bytes();
        let [payload_high, payload_low] = said.payload.to_be_bytes();
        let flags = if self.dnssec_ok { 0x80 } else { 0 };
        let fixed: [u8; FIXED] =
            [0, type_high, type_low, payload_high, payload_low, said.extended, 0, flags, 0, 0, 0];
        message.put_array(&fixed);
        self.write_options(message, said);
        if let Some((code, text)) = said.error.filter(|(_, text)| message.has_room(6 + text.len())) {
            option(message, EDE, &[&code.to_be_bytes(), text.as_bytes()]);
        }
        if !said.agent.is_empty() && message.has_room(4 + said.agent.len()) {
            option(message, REPORT_CHANNEL, &[said.agent]);
        }
        let length = message.len() - start - FIXED;
        message.patch(start + FIXED - 2, &(length as u16).to_be_bytes());
    }

    #[inline]
    fn write_options(&self, message: &mut Message<'_>, said: &Said<'_>) {
        if self.nsid && !said.identity.is_empty() {
            option(message, NSID, &[said.identity]);
        }
        if let Some(tenths) = said.keepalive {
            option(message, KEEPALIVE, &[&tenths.to_be_bytes()]);
        }
        if let Some(ecs) = &self.ecs {
            ecs.write(message, said.scope);
        }
        if let (Some(cookie), Some(server)) = (&self.cookie, said.cookie) {
            let mut octets = [0; 28];
            octets[..4].copy_from_slice(&[0, COOKIE as u8, 0, 24]);
            octets[4..12].copy_from_slice(&cookie.client);
            octets[12..].copy_from_slice(&server);
            message.put_array(&octets);
        }
    }
}

impl Ecs {
    /// Octets of the prefix.
    fn prefix(&self) -> usize {
        usize::from(self.source).div_ceil(8)
    }

    #[inline]
    fn write(&self, message: &mut Message<'_>, scope: u8) {
        let mut octets = [0; 24];
        let [family_high, family_low] = self.family.to_be_bytes();
        let length = 4 + self.prefix() as u8;
        octets[..8].copy_from_slice(&[0, ECS as u8, 0, length, family_high, family_low, self.source, scope]);
        match self.address {
            Some(IpAddr::V4(four)) => octets[8..12].copy_from_slice(&four.octets()),
            Some(IpAddr::V6(six)) => octets[8..].copy_from_slice(&six.octets()),
            None => {}
        }
        message.put_first(&octets, 8 + self.prefix());
    }
}

fn option(message: &mut Message<'_>, code: u16, parts: &[&[u8]]) {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    message.put(&code.to_be_bytes());
    message.put(&(length as u16).to_be_bytes());
    for part in parts {
        message.put(part);
    }
}
