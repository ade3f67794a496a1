//! Record types that the `domain` crate does not read, or not well: those whose form is a list of simple fields
//! here, LOC and SVCB in files of their own.

use std::net::Ipv4Addr;
use std::ops::RangeInclusive;

use domain::base::iana::{Rtype, SecurityAlgorithm};
use domain::base::scan::Scanner;
use domain::utils::base64;

use super::decode;
use super::octets::Octets;
use super::rdata::{Complaint, Fields};

/// One field of a record.
#[derive(Clone, Copy)]
enum Field {
    /// A decimal number of 32 bits.
    Number32,
    /// A decimal number of 16 bits.
    Number16,
    /// A decimal number of 8 bits.
    Number8,
    /// A security algorithm, by number or mnemonic.
    Algorithm,
    /// A name, never compressed.
    Name,
    /// A character string.
    String,
    /// One or more character strings.
    Strings,
    /// All octets of one word, without a length.
    Octets,
    /// Letters and digits of one word, at least one, with a length.
    Tag,
    /// Hexadecimal digits in any number of words.
    Hex,
    /// Base64 in any number of words.
    Base64,
    /// The same, or a hyphen for no octets.
    Base64OrNone,
    /// An IPv4 address.
    Address4,
    /// Pairs of hexadecimal digits with hyphens, so many.
    Hyphens(usize),
    /// Four groups of up to four hexadecimal digits, with colons.
    Locator,
}

/// The fields of a type, if it is one of those that have nothing else.
fn form(rtype: u16) -> Option<&'static [Field]> {
    use Field::*;
    let form: &[Field] = match Rtype::from_int(rtype) {
        // RFC 7208 §3.1
        Rtype::SPF => &[Strings],
        // RFC 7553 §4.1
        Rtype::URI => &[Number16, Number16, Octets],
        // RFC 1183 §1, §3; RFC 2230 §3; RFC 6742 §2.4
        Rtype::AFSDB | Rtype::RT | Rtype::KX | Rtype::LP => &[Number16, Name],
        // RFC 1183 §3.1; RFC 1712 §3
        Rtype::X25 => &[String],
        Rtype::GPOS => &[String, String, String],
        // RFC 9606 §4, and registrations without an RFC: strings as in TXT.
        Rtype::RESINFO | Rtype::NINFO | Rtype::AVC | Rtype::WALLET => &[Strings],
        // RFC 6742 §2.1 to §2.3; RFC 7043 §3, §4
        Rtype::NID | Rtype::L64 => &[Number16, Locator],
        Rtype::L32 => &[Number16, Address4],
        Rtype::EUI48 => &[Hyphens(6)],
        Rtype::EUI64 => &[Hyphens(8)],
        // RFC 4701 §3.1, and two types of RFC 9886
        Rtype::DHCID | Rtype::HHIT | Rtype::BRID => &[Base64],
        // A registration without an RFC; KEY, which may lack its key, is one of old.rs
        Rtype::RKEY => &[Number16, Number8, Algorithm, Base64],
        // RFC 4431 §2, and a registration without an RFC
        Rtype::DLV | Rtype::TA => &[Number16, Algorithm, Number8, Hex],
        // Registrations without an RFC, as BIND reads them
        Rtype::SINK => &[Number8, Number8, Number8, Base64],
        Rtype::TALINK => &[Name, Name],
        Rtype::DOA => &[Number32, Number32, Number8, String, Base64OrNone],
        // RFC 1706 §6; two types of Nimrod, as BIND reads them
        Rtype::NSAPPTR => &[Name],
        Rtype::EID | Rtype::NIMLOC => &[Hex],
        // RFC 6698 §2.2, RFC 8162 §2; RFC 4255 §3.2; RFC 7929 §2.3; RFC 8976 §2.3
        Rtype::TLSA | Rtype::SMIMEA => &[Number8, Number8, Number8, Hex],
        Rtype::SSHFP => &[Number8, Number8, Hex],
        Rtype::OPENPGPKEY => &[Base64],
        Rtype::ZONEMD => &[Number32, Number8, Number8, Hex],
        // RFC 4034 §5.3, RFC 7344 §3; RFC 8659 §4.1.1
        Rtype::DS | Rtype::CDS => &[Number16, Algorithm, Number8, Hex],
        Rtype::CDNSKEY => &[Number16, Number8, Algorithm, Base64],
        Rtype::CAA => &[Number8, Tag, Octets],
        // RFC 2163 §4
        Rtype::PX => &[Number16, Name, Name],
        _ => return None,
    };
    Some(form)
}

/// The wire form, if the type is one of those that are read here.
pub(super) fn wire(rtype: u16, fields: &mut Fields<'_>) -> Option<Result<Vec<u8>, Complaint>> {
    let form = match (form(rtype), Rtype::from_int(rtype)) {
        (Some(form), _) => form,
        (None, Rtype::SVCB | Rtype::HTTPS) => return Some(super::svcb::wire(fields)),
        (None, Rtype::LOC) => return Some(super::loc::wire(fields)),
        _ => return super::rare::wire(rtype, fields),
    };
    let mut out = Vec::new();
    let read = form.iter().try_for_each(|&field| append(field, fields, &mut out));
    Some(read.and_then(|()| has_its_length(rtype, &out)).map(|()| out))
}

/// RFC 4034 §5.1.4, RFC 4509 §2.2, RFC 5933 §4, RFC 6605 §2: a digest of a kind that is known has its length.
fn has_its_length(rtype: u16, data: &[u8]) -> Result<(), Complaint> {
    let (kind, digest) = match Rtype::from_int(rtype) {
        Rtype::DS | Rtype::CDS => (data.get(3), data.get(4..)),
        _ => return Ok(()),
    };
    let expected = match kind {
        Some(1) => 20,
        Some(2 | 3) => 32,
        Some(4) => 48,
        _ => return Ok(()),
    };
    let sound = digest.is_some_and(|digest| digest.len() == expected);
    if sound { Ok(()) } else { Err(Complaint::Crate("a digest of this type has another length")) }
}

/// Whether octets could have come from the form of such a type; `None` for a type that has another.
pub(super) fn is_sound(rtype: u16, data: &[u8]) -> Option<bool> {
    let mut octets = Octets(data);
    let fits = form(rtype)?.iter().try_for_each(|field| holds(*field, &mut octets));
    Some(fits.is_some() && octets.0.is_empty() && has_its_length(rtype, data).is_ok())
}

/// Passes over the octets of one field.
fn holds(field: Field, octets: &mut Octets<'_>) -> Option<()> {
    match field {
        Field::Number32 | Field::Address4 => octets.take(4).map(drop),
        Field::Number16 => octets.take(2).map(drop),
        Field::Number8 | Field::Algorithm => octets.take(1).map(drop),
        Field::Name => octets.name(),
        Field::String => octets.string().map(drop),
        Field::Strings => octets.strings(),
        Field::Tag => octets
            .string()
            .filter(|tag| !tag.is_empty() && tag.iter().all(u8::is_ascii_alphanumeric))
            .map(drop),
        Field::Octets | Field::Base64OrNone => {
            octets.rest();
            Some(())
        }
        Field::Hex | Field::Base64 => (!octets.rest().is_empty()).then_some(()),
        Field::Hyphens(count) => octets.take(count).map(drop),
        Field::Locator => octets.take(8).map(drop),
    }
}

fn append(field: Field, fields: &mut Fields<'_>, out: &mut Vec<u8>) -> Result<(), Complaint> {
    match field {
        Field::Number32 => out.extend(number::<u32>(fields)?.to_be_bytes()),
        Field::Number16 => out.extend(number::<u16>(fields)?.to_be_bytes()),
        Field::Number8 => out.push(number::<u8>(fields)?),
        Field::Algorithm => out.push(algorithm(fields)?),
        Field::Name => out.extend(fields.name()?),
        Field::String => fields.string(out)?,
        Field::Strings => out.extend(fields.scan_charstr_entry()?),
        Field::Octets => out.extend(decode::octets(fields.word()?)?),
        Field::Tag => {
            let word = fields.word()?;
            let sound = !word.is_empty() && word.iter().all(u8::is_ascii_alphanumeric);
            let length = u8::try_from(word.len()).ok().filter(|_| sound);
            out.push(length.ok_or(Complaint::Crate("a tag of letters and digits is needed here"))?);
            out.extend_from_slice(word);
        }
        Field::Hex => words(fields, out, |digits| hex::decode(digits).ok())?,
        Field::Base64OrNone if fields.peek() == Some(b"-") => drop(fields.word()?),
        Field::Base64 | Field::Base64OrNone => {
            words(fields, out, |text| base64::decode(str::from_utf8(text).ok()?).ok())?
        }
        Field::Address4 => {
            let address: Option<Ipv4Addr> =
                str::from_utf8(fields.word()?).ok().and_then(|word| word.parse().ok());
            out.extend(address.ok_or(Complaint::Crate("an IPv4 address is needed here"))?.octets());
        }
        Field::Hyphens(count) => groups(fields.word()?, b'-', count, 2..=2, out)?,
        Field::Locator => groups(fields.word()?, b':', 4, 1..=4, out)?,
    }
    Ok(())
}

/// A decimal number that fits its type.
pub(super) fn number<N: std::str::FromStr>(fields: &mut Fields<'_>) -> Result<N, Complaint> {
    let word = fields.word()?;
    let digits = str::from_utf8(word).ok().filter(|word| word.bytes().all(|byte| byte.is_ascii_digit()));
    digits.and_then(|digits| digits.parse().ok()).ok_or(Complaint::Crate("a number that fits is needed here"))
}

/// A security algorithm: its number, or its mnemonic in IANA's registry or in BIND.
pub(super) fn algorithm(fields: &mut Fields<'_>) -> Result<u8, Complaint> {
    const OF_BIND: [(&[u8], u8); 3] = [(b"NSEC3DSA", 6), (b"NSEC3RSASHA1", 7), (b"ECCGOST", 12)];
    let word = fields.peek().unwrap_or_default();
    let registered = SecurityAlgorithm::from_mnemonic(word).map(SecurityAlgorithm::to_int);
    let of_bind = OF_BIND.iter().find(|(name, _)| word.eq_ignore_ascii_case(name)).map(|(_, number)| *number);
    match registered.or(of_bind) {
        Some(known) => fields.word().map(|_| known),
        None => number::<u8>(fields),
    }
}

/// All words that are left, joined and decoded; at least one octet.
fn words(
    fields: &mut Fields<'_>,
    out: &mut Vec<u8>,
    decode: impl Fn(&[u8]) -> Option<Vec<u8>>,
) -> Result<(), Complaint> {
    let mut text = fields.word()?.to_vec();
    while fields.continues() {
        text.extend_from_slice(fields.word()?);
    }
    let octets = decode(&text).filter(|octets| !octets.is_empty());
    out.extend(octets.ok_or(Complaint::Crate("whole octets in hexadecimal or base64 are needed here"))?);
    Ok(())
}

/// Groups of hexadecimal digits: octets where they have two, 16-bit words where they have up to four.
fn groups(
    word: &[u8],
    separator: u8,
    count: usize,
    digits: RangeInclusive<usize>,
    out: &mut Vec<u8>,
) -> Result<(), Complaint> {
    const BAD: Complaint = Complaint::Crate("groups of hexadecimal digits are needed here");
    let start = usize::from(*digits.end() == 2);
    let groups: Vec<_> = word.split(|&byte| byte == separator).collect();
    if groups.len() != count {
        return Err(BAD);
    }
    for group in groups {
        let is_sound = digits.contains(&group.len()) && group.iter().all(u8::is_ascii_hexdigit);
        let text = str::from_utf8(group).ok().filter(|_| is_sound).ok_or(BAD)?;
        let value = u16::from_str_radix(text, 16).map_err(|_| BAD)?;
        out.extend_from_slice(&value.to_be_bytes()[start..]);
    }
    Ok(())
}
