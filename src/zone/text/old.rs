//! Record types that were given up, and that BIND reads to this day. They are data like any other: no resolver
//! that validates looks at SIG or NXT (RFC 3755 §2).

use std::net::Ipv6Addr;
use std::str::FromStr;

use domain::base::scan::Scanner;
use domain::rdata::dnssec::Timestamp;

use super::extra::{algorithm, number};
use super::rare::{Read, all_in_base64, record_type, set_bit};
use super::rdata::{Complaint, Fields};

/// RFC 2535 §4.1, §7.2: what is covered, algorithm, labels, TTL, end, begin, key tag, signer, signature.
pub(super) fn signature(fields: &mut Fields<'_>, out: &mut Vec<u8>) -> Read {
    out.extend(record_type(fields)?.to_be_bytes());
    out.push(algorithm(fields)?);
    out.push(number::<u8>(fields)?);
    out.extend(number::<u32>(fields)?.to_be_bytes());
    for _ in 0..2 {
        out.extend(time(fields)?.to_be_bytes());
    }
    out.extend(number::<u16>(fields)?.to_be_bytes());
    out.extend(fields.name()?);
    all_in_base64(fields, out)
}

/// RFC 2535 §5.2: the next name, and a bit for each type below 128 that is there.
pub(super) fn next(fields: &mut Fields<'_>, out: &mut Vec<u8>) -> Read {
    out.extend(fields.name()?);
    let start = out.len();
    while fields.continues() {
        let kind = record_type(fields)?;
        if kind > 127 {
            return Err(Complaint::Crate("NXT knows types below 128 alone"));
        }
        set_bit(out, start, kind);
    }
    Ok(())
}

/// RFC 2874 §3.1, §3.2: how many bits a prefix has, the others, and whose prefix it is.
pub(super) fn chained_address(fields: &mut Fields<'_>, out: &mut Vec<u8>) -> Read {
    let bits = number::<u8>(fields)?;
    if bits > 128 {
        return Err(Complaint::Crate("an IPv6 prefix has at most 128 bits"));
    }
    out.push(bits);
    if bits < 128 {
        let word = str::from_utf8(fields.word()?).ok();
        let address = word.and_then(|word| Ipv6Addr::from_str(word).ok());
        let address = address.ok_or(Complaint::Crate("an IPv6 address is needed here"))?;
        // Bits of the prefix are 0 in what is sent.
        let suffix = (address.to_bits() & (u128::MAX >> bits)).to_be_bytes();
        out.extend(&suffix[usize::from(bits / 8)..]);
    }
    if bits > 0 {
        out.extend(fields.name()?);
    }
    Ok(())
}

/// RFC 2535 §3.1: flags, protocol, algorithm, and the key unless the flags say that there is none (§3.1.2).
pub(super) fn key(fields: &mut Fields<'_>, out: &mut Vec<u8>) -> Read {
    const NO_KEY: u16 = 0xc000;
    let flags = number::<u16>(fields)?;
    out.extend(flags.to_be_bytes());
    out.push(number::<u8>(fields)?);
    out.push(algorithm(fields)?);
    if flags & NO_KEY == NO_KEY && !fields.continues() { Ok(()) } else { all_in_base64(fields, out) }
}

/// ATM Forum's ATM Name System §5.2, as BIND reads it: digits behind a plus (E.164), or octets in hexadecimal, with
/// dots wherever they please.
pub(super) fn switched_address(fields: &mut Fields<'_>, out: &mut Vec<u8>) -> Read {
    const BAD: Complaint = Complaint::Crate("+ and digits, or octets in hexadecimal, are needed here");
    let word = fields.word()?;
    let without_dots = |word: &[u8]| word.iter().copied().filter(|byte| *byte != b'.').collect::<Vec<_>>();
    let (form, octets) = match word.strip_prefix(b"+") {
        Some(digits) => {
            (1, Some(without_dots(digits)).filter(|digits| digits.iter().all(u8::is_ascii_digit)))
        }
        None => (0, hex::decode(without_dots(word)).ok()),
    };
    out.push(form);
    out.extend(octets.filter(|octets| !octets.is_empty()).ok_or(BAD)?);
    Ok(())
}

/// The port of a service that is as old as WKS (RFC 1123 §2.2 calls the type obsolete), by its name in IANA's
/// registry.
pub(super) fn port(name: &[u8]) -> Option<u16> {
    const PORTS: [(&str, u16); 26] = [
        ("echo", 7),
        ("discard", 9),
        ("systat", 11),
        ("daytime", 13),
        ("netstat", 15),
        ("qotd", 17),
        ("chargen", 19),
        ("ftp-data", 20),
        ("ftp", 21),
        ("ssh", 22),
        ("telnet", 23),
        ("smtp", 25),
        ("time", 37),
        ("domain", 53),
        ("tftp", 69),
        ("gopher", 70),
        ("finger", 79),
        ("http", 80),
        ("kerberos", 88),
        ("pop3", 110),
        ("sunrpc", 111),
        ("nntp", 119),
        ("ntp", 123),
        ("imap", 143),
        ("snmp", 161),
        ("https", 443),
    ];
    let known = PORTS.iter().find(|(known, _)| name.eq_ignore_ascii_case(known.as_bytes()));
    known.map(|(_, port)| *port)
}

/// `YYYYMMDDhhmmss` in UTC, or seconds since 1970, which wrap.
fn time(fields: &mut Fields<'_>) -> Result<u32, Complaint> {
    let time = str::from_utf8(fields.word()?).ok().and_then(|word| Timestamp::from_str(word).ok());
    time.map(Timestamp::into_int).ok_or(Complaint::Crate("a time is needed here, as in 20260101000000"))
}
