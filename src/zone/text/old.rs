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

/// `YYYYMMDDhhmmss` in UTC, or seconds since 1970, which wrap.
fn time(fields: &mut Fields<'_>) -> Result<u32, Complaint> {
    let time = str::from_utf8(fields.word()?).ok().and_then(|word| Timestamp::from_str(word).ok());
    time.map(Timestamp::into_int).ok_or(Complaint::Crate("a time is needed here, as in 20260101000000"))
}
