//! Record types that the `domain` crate does not read, or not well: those whose form is a list of simple fields
//! here, LOC and SVCB in files of their own.

use domain::base::iana::Rtype;

use super::decode;
use super::rdata::{Complaint, Fields};
use domain::base::scan::Scanner;

/// One field of a record.
#[derive(Clone, Copy)]
enum Field {
    /// A decimal number of 16 bits.
    Number16,
    /// A decimal number of 8 bits.
    Number8,
    /// A name, never compressed.
    Name,
    /// A character string.
    String,
    /// One or more character strings.
    Strings,
    /// All octets of one word, without a length.
    Octets,
    /// Hexadecimal digits in any number of words.
    Hex,
}

/// The wire form, if the type is one of those that are read here.
pub(super) fn wire(rtype: u16, fields: &mut Fields<'_>) -> Option<Result<Vec<u8>, Complaint>> {
    use Field::*;
    let form: &[Field] = match Rtype::from_int(rtype) {
        // RFC 7208 §3.1
        Rtype::SPF => &[Strings],
        // RFC 7553 §4.1
        Rtype::URI => &[Number16, Number16, Octets],
        // RFC 1183 §1, §3; RFC 2230 §3; RFC 6742 §2.4
        Rtype::AFSDB | Rtype::RT | Rtype::KX | Rtype::LP => &[Number16, Name],
        // RFC 1183 §3.1
        Rtype::X25 => &[String],
        // RFC 8162 §2
        Rtype::SMIMEA => &[Number8, Number8, Number8, Hex],
        // RFC 2163 §4
        Rtype::PX => &[Number16, Name, Name],
        Rtype::SVCB | Rtype::HTTPS => return Some(super::svcb::wire(fields)),
        Rtype::LOC => return Some(super::loc::wire(fields)),
        _ => return None,
    };
    let mut out = Vec::new();
    Some(form.iter().try_for_each(|&field| append(field, fields, &mut out)).map(|()| out))
}

fn append(field: Field, fields: &mut Fields<'_>, out: &mut Vec<u8>) -> Result<(), Complaint> {
    match field {
        Field::Number16 => out.extend(number::<u16>(fields)?.to_be_bytes()),
        Field::Number8 => out.push(number::<u8>(fields)?),
        Field::Name => out.extend(fields.name()?),
        Field::String => fields.string(out)?,
        Field::Strings => out.extend(fields.scan_charstr_entry()?),
        Field::Octets => out.extend(decode::octets(fields.word()?)?),
        Field::Hex => hex_words(fields, out)?,
    }
    Ok(())
}

/// A decimal number that fits its type.
pub(super) fn number<N: std::str::FromStr>(fields: &mut Fields<'_>) -> Result<N, Complaint> {
    let word = fields.word()?;
    let digits = str::from_utf8(word).ok().filter(|word| word.bytes().all(|byte| byte.is_ascii_digit()));
    digits.and_then(|digits| digits.parse().ok()).ok_or(Complaint::Crate("a number that fits is needed here"))
}

fn hex_words(fields: &mut Fields<'_>, out: &mut Vec<u8>) -> Result<(), Complaint> {
    let mut digits = fields.word()?.to_vec();
    while fields.continues() {
        digits.extend_from_slice(fields.word()?);
    }
    let octets = hex::decode(&digits).ok().filter(|octets| !octets.is_empty());
    out.extend(octets.ok_or(Complaint::Crate("pairs of hexadecimal digits are needed"))?);
    Ok(())
}
