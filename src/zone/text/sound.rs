//! Whether octets in the form of RFC 3597 are data of their type: a server that knows the type must hold them to it
//! (RFC 3597 §5), and whoever reads our replies does.

use domain::base::iana::Rtype;

use super::octets::Octets;
use super::rare::DSYNC;

/// Of a type whose form is not a list of fields; `None` for a type that is not known here.
pub(super) fn is_sound(rtype: u16, data: &[u8]) -> Option<bool> {
    let fits: fn(&mut Octets<'_>) -> Option<()> = match Rtype::from_int(rtype) {
        Rtype::LOC => location,
        Rtype::KEY => |octets| octets.take(4).and(Some(octets.rest())).and(Some(())),
        Rtype::ATMA => switched_address,
        Rtype::SIG => |octets| octets.take(18).and(octets.name()).and(some_rest(octets)),
        Rtype::NXT => |octets| octets.name().and((octets.rest().len() <= 16).then_some(())),
        Rtype::A6 => chained_address,
        Rtype::WKS => |octets| octets.take(5).and((octets.rest().len() <= 8192).then_some(())),
        Rtype::ISDN => |octets| octets.strings(),
        Rtype::NSAP => some_rest,
        Rtype::CERT => |octets| octets.take(5).and(some_rest(octets)),
        Rtype::APL => prefixes,
        Rtype::HIP => host_identity,
        Rtype::CSYNC => |octets| octets.take(6).and(type_windows(octets)),
        Rtype::AMTRELAY => relay,
        _ if rtype == DSYNC => |octets| octets.take(5).and(octets.name()),
        _ => return None,
    };
    let mut octets = Octets(data);
    Some(fits(&mut octets).is_some() && octets.0.is_empty())
}

/// At least one octet more.
fn some_rest(octets: &mut Octets<'_>) -> Option<()> {
    (!octets.rest().is_empty()).then_some(())
}

/// RFC 1876 §2: version 0, three lengths of two decimal digits, angles within a half and a whole turn.
fn location(octets: &mut Octets<'_>) -> Option<()> {
    let lengths = octets.take(4)?;
    let digits = lengths[1..].iter().all(|octet| octet >> 4 <= 9 && octet & 15 <= 9);
    let mut angle = || octets.take(4).and_then(|four| four.try_into().ok()).map(u32::from_be_bytes);
    let (latitude, longitude) = (angle()?, angle()?);
    let within = |angle: u32, degrees: u32| angle.abs_diff(1 << 31) <= degrees * 3_600_000;
    octets.take(4)?;
    (lengths[0] == 0 && digits && within(latitude, 90) && within(longitude, 180)).then_some(())
}

/// A format, then an address: digits in format 1.
fn switched_address(octets: &mut Octets<'_>) -> Option<()> {
    let (form, address) = (octets.octet()?, octets.rest());
    let fits = form == 0 || form == 1 && address.iter().all(u8::is_ascii_digit);
    (fits && !address.is_empty()).then_some(())
}

/// RFC 2874 §3.1: bits of a prefix, the suffix with zeros where the prefix is, and the prefix' name.
fn chained_address(octets: &mut Octets<'_>) -> Option<()> {
    let bits = octets.octet().filter(|bits| *bits <= 128)?;
    let suffix = octets.take(usize::from((128 - bits).div_ceil(8)))?;
    let padding = suffix.first().map_or(0, |first| u32::from(*first) >> (8 - u32::from(bits % 8)));
    (bits % 8 == 0 || padding == 0).then_some(())?;
    if bits > 0 { octets.name() } else { Some(()) }
}

/// RFC 3123 §4: family, prefix, length without trailing zeros.
fn prefixes(octets: &mut Octets<'_>) -> Option<()> {
    while !octets.0.is_empty() {
        let head = octets.take(4)?;
        let address = octets.take(usize::from(head[3] & 0x7f))?;
        let (most_octets, most_bits) = match head[..2] {
            [0, 1] => (4, 32),
            [0, 2] => (16, 128),
            _ => return None,
        };
        let fits = address.len() <= most_octets && head[2] <= most_bits && address.last() != Some(&0);
        fits.then_some(())?;
    }
    Some(())
}

/// RFC 8005 §5: lengths of tag and key, algorithm, tag, key, rendezvous servers.
fn host_identity(octets: &mut Octets<'_>) -> Option<()> {
    let head = octets.take(4)?;
    let (tag, key) = (usize::from(head[0]), usize::from(u16::from_be_bytes([head[2], head[3]])));
    (tag > 0 && key > 0).then_some(())?;
    octets.take(tag + key)?;
    octets.names()
}

/// RFC 4034 §4.1.2: windows in order, each with its bitmap of 1 to 32 octets, of which the last is not 0.
fn type_windows(octets: &mut Octets<'_>) -> Option<()> {
    let mut before = None;
    while !octets.0.is_empty() {
        let (window, length) = (octets.octet()?, octets.octet()?);
        let bits = octets.take(usize::from(length))?;
        let fits = (1..=32).contains(&length) && bits.last() != Some(&0) && before < Some(window);
        fits.then_some(())?;
        before = Some(window);
    }
    Some(())
}

/// RFC 8777 §4.2: precedence, discovery and kind, a relay of its kind.
fn relay(octets: &mut Octets<'_>) -> Option<()> {
    octets.octet()?;
    match octets.octet()? & 0x7f {
        0 => Some(()),
        1 => octets.take(4).map(drop),
        2 => octets.take(16).map(drop),
        3 => octets.name(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::extra;
    use super::*;

    fn check(rtype: &str, octets: &str) -> bool {
        let rtype = super::super::rtype::number(rtype.as_bytes()).unwrap();
        let data = hex::decode(octets).unwrap();
        extra::is_sound(rtype, &data).or_else(|| is_sound(rtype, &data)).unwrap()
    }

    #[test]
    fn octets_that_no_text_could_give_are_refused() {
        let rows = "LP 000061|A6 ff|A6 81|A6 0200000000000000000000000000000000|APL 000100|APL 0001ff00|APL 00011801c0\
            00|APL 0003180100|AMTRELAY 00|AMTRELAY 0001|AMTRELAY 0004|AMTRELAY 000303|URI 000000|LOC 00|\
            LOC 00ff161380000000800000000098968|LOC 001216138000000080000000009896|LOC 00121613ffffffff8000000000989680|\
            NID 00000000|L32 00000000|L64 0000|EUI48 0000000000|EUI64 00|PX 000000|KX 0000|AFSDB 0000|X25 0561|GPOS 0000|\
            NSAP |NSAP-PTR |KEY 000000|SIG 000000|NXT |CERT 00000000|CERT 0000000000|DHCID |OPENPGPKEY |CSYNC 0000000000|\
            CSYNC 0000000000000001|CSYNC 000000000000000100|CDNSKEY 00000000|DS 0001000205|CAA 0000|HIP 00|TLSA 000000|\
            SMIMEA 0000|NINFO 0561|AVC |RESINFO 0561|WALLET 0561|DLV 00010001|TA 0001|SINK 0000|DOA 00|TALINK 00|EID |\
            NIMLOC |ATMA 01|ATMA 0141|WKS 00000000|RKEY 00000000|ISDN |DSYNC 003b0114b4|HIP 0102000000";
        for row in rows.split('|') {
            let (rtype, octets) = row.trim().split_once(' ').unwrap_or((row.trim(), ""));
            if octets.len() % 2 == 0 {
                assert!(!check(rtype, octets), "{row}");
            }
        }
    }
}
