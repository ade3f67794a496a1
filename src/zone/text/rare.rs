//! Record types with forms of their own that hardly any zone has, and that BIND reads: lists of prefixes, bitmaps,
//! a relay that is one of three things.

use std::net::{IpAddr, Ipv4Addr};

use domain::base::iana::Rtype;
use domain::base::scan::Scanner;
use domain::utils::base64;

use super::extra::{algorithm, number};
use super::rdata::{Complaint, Fields};
use super::rtype;

/// The wire form, if the type is one of those that are read here.
pub(super) fn wire(rtype: u16, fields: &mut Fields<'_>) -> Option<Result<Vec<u8>, Complaint>> {
    let read = match Rtype::from_int(rtype) {
        Rtype::SIG => super::old::signature,
        Rtype::NXT => super::old::next,
        Rtype::A6 => super::old::chained_address,
        Rtype::KEY => super::old::key,
        Rtype::ATMA => super::old::switched_address,
        Rtype::WKS => services,
        Rtype::ISDN => isdn,
        Rtype::NSAP => nsap,
        Rtype::CERT => certificate,
        Rtype::APL => prefixes,
        Rtype::HIP => host_identity,
        Rtype::CSYNC => child_synchronization,
        Rtype::AMTRELAY => relay,
        _ if rtype == DSYNC => delegation_synchronization,
        _ => return None,
    };
    let mut out = Vec::new();
    Some(read(fields, &mut out).map(|()| out))
}

/// RFC 9859.
pub(super) const DSYNC: u16 = 66;

/// Reading appends to the wire form.
pub(super) type Read = Result<(), Complaint>;

/// RFC 1035 §3.4.2: an address, a protocol, and a bit for each port, by number or name.
fn services(fields: &mut Fields<'_>, out: &mut Vec<u8>) -> Read {
    out.extend(
        address(fields.word()?).and_then(four).ok_or(Complaint::Crate("an IPv4 address is needed here"))?,
    );
    out.push(match fields.peek() {
        Some(word) if word.eq_ignore_ascii_case(b"tcp") => named(fields, 6)?,
        Some(word) if word.eq_ignore_ascii_case(b"udp") => named(fields, 17)?,
        _ => number::<u8>(fields)?,
    });
    let start = out.len();
    while fields.continues() {
        let port = match super::old::port(fields.peek().unwrap_or_default()) {
            Some(port) => named(fields, port)?,
            None => number::<u16>(fields)?,
        };
        set_bit(out, start, port);
    }
    Ok(())
}

/// RFC 1183 §3.2: an address, and perhaps a subaddress.
fn isdn(fields: &mut Fields<'_>, out: &mut Vec<u8>) -> Read {
    fields.string(out)?;
    if fields.continues() { fields.string(out) } else { Ok(()) }
}

/// RFC 1706 §5: hexadecimal digits behind `0x`, with dots wherever they please.
fn nsap(fields: &mut Fields<'_>, out: &mut Vec<u8>) -> Read {
    const BAD: Complaint = Complaint::Crate("0x and whole octets in hexadecimal are needed here");
    let word = fields.word()?;
    let digits = word.strip_prefix(b"0x").or(word.strip_prefix(b"0X")).ok_or(BAD)?;
    let digits: Vec<u8> = digits.iter().copied().filter(|byte| *byte != b'.').collect();
    out.extend(hex::decode(digits).ok().filter(|octets| !octets.is_empty()).ok_or(BAD)?);
    Ok(())
}

/// RFC 4398 §2.1, §2.2: the type by number or mnemonic, the key tag, the algorithm, the certificate.
fn certificate(fields: &mut Fields<'_>, out: &mut Vec<u8>) -> Read {
    const TYPES: [(&[u8], u16); 10] = [
        (b"PKIX", 1),
        (b"SPKI", 2),
        (b"PGP", 3),
        (b"IPKIX", 4),
        (b"ISPKI", 5),
        (b"IPGP", 6),
        (b"ACPKIX", 7),
        (b"IACPKIX", 8),
        (b"URI", 253),
        (b"OID", 254),
    ];
    let word = fields.peek().unwrap_or_default();
    let known = TYPES.iter().find(|(name, _)| word.eq_ignore_ascii_case(name));
    let kind = match known {
        Some((_, kind)) => named(fields, *kind)?,
        None => number::<u16>(fields)?,
    };
    out.extend(kind.to_be_bytes());
    out.extend(number::<u16>(fields)?.to_be_bytes());
    out.push(algorithm(fields)?);
    all_in_base64(fields, out)
}

/// RFC 3123 §4, §5: `[!]family:address/prefix`, any number of them. Zeros at an address' end are left out.
fn prefixes(fields: &mut Fields<'_>, out: &mut Vec<u8>) -> Read {
    while fields.continues() {
        let word = fields.word()?;
        let item =
            prefix(word).ok_or(Complaint::Crate("[!]1:IPv4/prefix or [!]2:IPv6/prefix is needed here"))?;
        out.extend(item);
    }
    Ok(())
}

fn prefix(word: &[u8]) -> Option<Vec<u8>> {
    let text = str::from_utf8(word).ok()?;
    let (negated, text) = text.strip_prefix('!').map_or((0, text), |rest| (0x80, rest));
    let (family, network) = text.split_once(':')?;
    let (address, bits) = network.split_once('/')?;
    let (expected, most, octets) = match address.parse().ok()? {
        IpAddr::V4(four) => ("1", 32, four.octets().to_vec()),
        IpAddr::V6(six) => ("2", 128, six.octets().to_vec()),
    };
    let bits = bits.parse().ok().filter(|bits| *bits <= most)?;
    let length = octets.iter().rposition(|octet| *octet != 0).map_or(0, |last| last + 1);
    let head = [0, family.parse().ok()?, bits, negated | length as u8];
    (family == expected).then(|| [&head, &octets[..length]].concat())
}

/// RFC 8005 §5, §6: algorithm, tag in hexadecimal, key in base64, and rendezvous servers.
fn host_identity(fields: &mut Fields<'_>, out: &mut Vec<u8>) -> Read {
    let algorithm = number::<u8>(fields)?;
    let tag = hex::decode(fields.word()?).ok();
    let tag = tag.ok_or(Complaint::Crate("a tag in hexadecimal is needed here"))?;
    let length = u8::try_from(tag.len()).map_err(|_| Complaint::Crate("a tag has at most 255 octets"))?;
    let key = in_base64(fields.word()?)?;
    let key_length =
        u16::try_from(key.len()).map_err(|_| Complaint::Crate("a key has at most 65535 octets"))?;
    out.extend([length, algorithm]);
    out.extend(key_length.to_be_bytes());
    out.extend([tag, key].concat());
    while fields.continues() {
        out.extend(fields.name()?);
    }
    Ok(())
}

/// RFC 7477 §2: serial, flags, and the types to copy.
fn child_synchronization(fields: &mut Fields<'_>, out: &mut Vec<u8>) -> Read {
    out.extend(number::<u32>(fields)?.to_be_bytes());
    out.extend(number::<u16>(fields)?.to_be_bytes());
    let mut types = Vec::new();
    while fields.continues() {
        types.push(record_type(fields)?);
    }
    types.sort_unstable();
    for window in types.chunk_by(|a, b| a >> 8 == b >> 8) {
        let mut bits = Vec::new();
        window.iter().for_each(|kind| set_bit(&mut bits, 0, kind & 0xff));
        // RFC 4034 §4.1.2: at most 32 octets in each window.
        out.extend([(window[0] >> 8) as u8, bits.len() as u8]);
        out.extend(bits);
    }
    Ok(())
}

/// RFC 8777 §4.2, §4.3: precedence, whether discovery is optional, and a relay of one of four kinds.
fn relay(fields: &mut Fields<'_>, out: &mut Vec<u8>) -> Read {
    out.push(number::<u8>(fields)?);
    let optional = number::<u8>(fields)?;
    let kind = number::<u8>(fields)?;
    if optional > 1 {
        return Err(Complaint::Crate("discovery is optional (1) or not (0)"));
    }
    out.push(optional << 7 | kind);
    let relay = match kind {
        0 => (fields.word()? == b".").then(Vec::new),
        1 => address(fields.word()?).and_then(four).map(Vec::from),
        2 => address(fields.word()?).and_then(six).map(Vec::from),
        3 => Some(fields.name()?),
        _ => None,
    };
    out.extend(relay.ok_or(Complaint::Crate("a relay of its kind: 0 '.', 1 IPv4, 2 IPv6, 3 a name"))?);
    Ok(())
}

/// RFC 9859 §2.1: which type, by which scheme, at which port of whom.
fn delegation_synchronization(fields: &mut Fields<'_>, out: &mut Vec<u8>) -> Read {
    let kind = rtype::number(fields.word()?);
    out.extend(kind.ok_or(Complaint::Crate("a record type is needed here, as in CDS"))?.to_be_bytes());
    out.push(match fields.peek() {
        Some(word) if word.eq_ignore_ascii_case(b"notify") => named(fields, 1)?,
        _ => number::<u8>(fields)?,
    });
    out.extend(number::<u16>(fields)?.to_be_bytes());
    out.extend(fields.name()?);
    Ok(())
}

/// A record type by its mnemonic or as `TYPE731`.
pub(super) fn record_type(fields: &mut Fields<'_>) -> Result<u16, Complaint> {
    let known = rtype::number(fields.word()?);
    known.ok_or(Complaint::Crate("a record type is needed here, as in A or TYPE731"))
}

/// Passes over a word that stands for a number.
fn named<N>(fields: &mut Fields<'_>, number: N) -> Result<N, Complaint> {
    fields.word().map(|_| number)
}

fn address(word: &[u8]) -> Option<IpAddr> {
    str::from_utf8(word).ok()?.parse().ok()
}

fn four(address: IpAddr) -> Option<[u8; 4]> {
    if let IpAddr::V4(four) = address { Some(Ipv4Addr::octets(&four)) } else { None }
}

fn six(address: IpAddr) -> Option<[u8; 16]> {
    if let IpAddr::V6(six) = address { Some(six.octets()) } else { None }
}

/// All words that are left, joined and decoded; at least one octet.
pub(super) fn all_in_base64(fields: &mut Fields<'_>, out: &mut Vec<u8>) -> Read {
    let mut text = Vec::new();
    while fields.continues() {
        text.extend_from_slice(fields.word()?);
    }
    out.extend(in_base64(&text)?);
    Ok(())
}

fn in_base64(text: &[u8]) -> Result<Vec<u8>, Complaint> {
    let octets = str::from_utf8(text).ok().and_then(|text| base64::decode(text).ok());
    octets
        .filter(|octets: &Vec<u8>| !octets.is_empty())
        .ok_or(Complaint::Crate("whole octets in base64 are needed here"))
}

/// Sets a bit of the map that begins at `start`, counted from the highest of its first octet.
pub(super) fn set_bit(out: &mut Vec<u8>, start: usize, bit: u16) {
    let octet = start + usize::from(bit / 8);
    out.resize(out.len().max(octet + 1), 0);
    out[octet] |= 0x80 >> (bit % 8);
}
