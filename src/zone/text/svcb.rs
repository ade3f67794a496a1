//! SVCB and HTTPS: a target and a list of parameters (RFC 9460 §2.1, appendix A).
//!
//! Both parsers that one could lean on fall short: one refuses escapes in `alpn` and keys with the digit 9, the
//! other wants the parameters sorted.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, Ipv6Addr};

use domain::base::scan::Scanner;
use domain::utils::base64;

use super::extra::number;
use super::rdata::{Complaint, Fields};
use super::ttl::quote;

const MANDATORY: u16 = 0;
const ALPN: u16 = 1;
const NO_DEFAULT_ALPN: u16 = 2;
const PORT: u16 = 3;
const IPV4_HINT: u16 = 4;
const ECH: u16 = 5;
const IPV6_HINT: u16 = 6;
const DOHPATH: u16 = 7;
const OHTTP: u16 = 8;

/// The keys that have names (RFC 9460 §14.3.2, RFC 9461 §5, RFC 9540 §4).
const KEYS: [(&str, u16); 9] = [
    ("mandatory", MANDATORY),
    ("alpn", ALPN),
    ("no-default-alpn", NO_DEFAULT_ALPN),
    ("port", PORT),
    ("ipv4hint", IPV4_HINT),
    ("ech", ECH),
    ("ipv6hint", IPV6_HINT),
    ("dohpath", DOHPATH),
    ("ohttp", OHTTP),
];

/// Parameters in the order in which they go out: by number.
type Parameters = BTreeMap<u16, Vec<u8>>;

/// `priority target key=value …`
pub(super) fn wire(fields: &mut Fields<'_>) -> Result<Vec<u8>, Complaint> {
    let mut out = number::<u16>(fields)?.to_be_bytes().to_vec();
    out.extend(fields.name()?);
    let mut parameters = Parameters::new();
    while fields.continues() {
        let word = fields.scan_svcb_octets()?;
        let (key, value) = parameter(&word).map_err(Complaint::Word)?;
        if parameters.insert(key, value).is_some() {
            return Err(Complaint::Word(format!("'{}' is given twice", quote(&word))));
        }
    }
    consistent(&parameters).map_err(Complaint::Word)?;
    for (key, value) in parameters {
        let Ok(length) = u16::try_from(value.len()) else {
            return Err(Complaint::Crate("a parameter is over 65535 octets"));
        };
        out.extend(key.to_be_bytes());
        out.extend(length.to_be_bytes());
        out.extend(value);
    }
    Ok(out)
}

/// A key's number by its name, or as `key65280`.
fn key(name: &[u8]) -> Result<u16, String> {
    let known = KEYS.iter().find(|(known, _)| known.as_bytes() == name).map(|&(_, key)| key);
    let by_number = || {
        let digits = str::from_utf8(name.strip_prefix(b"key")?).ok()?;
        // RFC 9460 §14.3.2: 65535 is reserved; a number has one way to be written.
        digits.parse().ok().filter(|key: &u16| *key != u16::MAX && key.to_string() == digits)
    };
    known.or_else(by_number).ok_or_else(|| {
        let names = KEYS.map(|(name, _)| name).join(", ");
        format!("no parameter is called '{}'; parameters: {names}, or key and a number", quote(name))
    })
}

/// One parameter, already without zone-file escapes.
fn parameter(word: &[u8]) -> Result<(u16, Vec<u8>), String> {
    let equals = word.iter().position(|&byte| byte == b'=');
    let (name, value) = equals.map_or((word, None), |at| (&word[..at], Some(&word[at + 1..])));
    let key = key(name)?;
    let bare = value.unwrap_or_default();
    if name.starts_with(b"key") {
        let possible = is_possible(key, bare);
        return possible.then(|| (key, bare.to_vec())).ok_or_else(|| {
            let name = KEYS.iter().find(|(_, known)| *known == key).map_or("", |(name, _)| name);
            format!("'{}' is wrong: these octets are no value of {name}; write it by name", quote(word))
        });
    }
    let encoded = match key {
        MANDATORY => mandatory(bare)?,
        ALPN => identifiers(bare),
        NO_DEFAULT_ALPN | OHTTP => bare.is_empty().then(Vec::new),
        PORT => {
            each(bare, |text| text.parse::<u16>().ok().map(u16::to_be_bytes)).filter(|port| port.len() == 2)
        }
        IPV4_HINT => each(bare, |text| text.parse::<Ipv4Addr>().ok().map(|address| address.octets())),
        IPV6_HINT => each(bare, |text| text.parse::<Ipv6Addr>().ok().map(|address| address.octets())),
        ECH => str::from_utf8(bare).ok().and_then(|text| base64::decode::<Vec<u8>>(text).ok()),
        _ => Some(bare.to_vec()),
    };
    let encoded = encoded.filter(|value| !value.is_empty() || matches!(key, NO_DEFAULT_ALPN | OHTTP));
    encoded.map(|value| (key, value)).ok_or_else(|| format!("'{}' is wrong; {}", quote(word), valid(key)))
}

/// Whether octets can be the value of a key; of one without a name, any can.
fn is_possible(key: u16, value: &[u8]) -> bool {
    match key {
        MANDATORY => !value.is_empty() && value.len().is_multiple_of(2),
        ALPN => !value.is_empty() && are_strings(value),
        NO_DEFAULT_ALPN | OHTTP => value.is_empty(),
        PORT => value.len() == 2,
        IPV4_HINT => !value.is_empty() && value.len().is_multiple_of(4),
        IPV6_HINT => !value.is_empty() && value.len().is_multiple_of(16),
        ECH | DOHPATH => !value.is_empty(),
        _ => true,
    }
}

/// Whether octets are strings with a length of 1 to 255 before each.
fn are_strings(mut octets: &[u8]) -> bool {
    while let [length @ 1..=255, rest @ ..] = octets {
        let Some(rest) = rest.get(usize::from(*length)..) else { return false };
        octets = rest;
    }
    octets.is_empty()
}

/// Whether data in wire form holds parameters in order, each with a value that it can have (RFC 9460 §2.2).
pub(super) fn is_sound(data: &[u8]) -> bool {
    let Some(mut rest) = data.get(2..).and_then(behind_name) else { return false };
    let mut before = None;
    while let [key_high, key_low, high, low, values @ ..] = rest {
        let (key, length) = (u16::from_be_bytes([*key_high, *key_low]), u16::from_be_bytes([*high, *low]));
        let Some((value, behind)) = values.split_at_checked(usize::from(length)) else { return false };
        if before.is_some_and(|before| before >= key) || !is_possible(key, value) {
            return false;
        }
        (before, rest) = (Some(key), behind);
    }
    rest.is_empty()
}

/// What follows the name at the beginning.
fn behind_name(mut octets: &[u8]) -> Option<&[u8]> {
    loop {
        let (length, rest) = octets.split_first()?;
        match length {
            0 => return Some(rest),
            1..=63 => octets = rest.get(usize::from(*length)..)?,
            _ => return None,
        }
    }
}

/// What a key's value looks like.
fn valid(key: u16) -> &'static str {
    match key {
        ALPN => "write protocols of 1 to 255 octets with commas, as in alpn=h2,h3",
        NO_DEFAULT_ALPN | OHTTP => "this parameter has no value",
        PORT => "write a number up to 65535, as in port=443",
        IPV4_HINT => "write IPv4 addresses with commas, as in ipv4hint=192.0.2.1,192.0.2.2",
        IPV6_HINT => "write IPv6 addresses with commas, as in ipv6hint=2001:db8::1",
        ECH => "write a configuration list in base64",
        _ => "it needs a value",
    }
}

/// Octets of every item of a list with commas; `None` if one is not what it should be.
fn each<const N: usize>(list: &[u8], encode: impl Fn(&str) -> Option<[u8; N]>) -> Option<Vec<u8>> {
    let items: Option<Vec<_>> = str::from_utf8(list).ok()?.split(',').map(encode).collect();
    Some(items?.concat())
}

/// RFC 9460 §8: keys by number, none twice, and not `mandatory` itself.
fn mandatory(list: &[u8]) -> Result<Option<Vec<u8>>, String> {
    let mut keys = list.split(|&byte| byte == b',').map(key).collect::<Result<Vec<_>, _>>()?;
    keys.sort_unstable();
    let sound = keys.windows(2).all(|pair| pair[0] != pair[1]) && keys[0] != MANDATORY;
    Ok(sound.then(|| keys.into_iter().flat_map(u16::to_be_bytes).collect()))
}

/// Protocols of 1 to 255 octets; `\,` and `\\` inside one are escaped a second time (RFC 9460 appendix A.1).
fn identifiers(list: &[u8]) -> Option<Vec<u8>> {
    let mut items = vec![Vec::new()];
    let mut bytes = list.iter();
    while let Some(&byte) = bytes.next() {
        match byte {
            b',' => items.push(Vec::new()),
            b'\\' => items.last_mut()?.push(*bytes.next()?),
            _ => items.last_mut()?.push(byte),
        }
    }
    let mut out = Vec::with_capacity(list.len() + 1);
    for item in items.iter() {
        out.push(u8::try_from(item.len()).ok().filter(|&length| length > 0)?);
        out.extend_from_slice(item);
    }
    Some(out)
}

/// What parameters demand of each other (RFC 9460 §7.1.1, §8).
fn consistent(parameters: &Parameters) -> Result<(), String> {
    if parameters.contains_key(&NO_DEFAULT_ALPN) && !parameters.contains_key(&ALPN) {
        return Err("no-default-alpn without alpn; add alpn=…".into());
    }
    let demanded = parameters.get(&MANDATORY).map_or(&[][..], Vec::as_slice);
    let keys = demanded.chunks_exact(2).map(|key| u16::from_be_bytes([key[0], key[1]]));
    match keys.into_iter().find(|key| !parameters.contains_key(key)) {
        Some(missing) => {
            let name = KEYS.iter().find(|&&(_, key)| key == missing);
            let name = name.map_or_else(|| format!("key{missing}"), |(name, _)| (*name).to_owned());
            Err(format!("mandatory names {name}, which is not given"))
        }
        None => Ok(()),
    }
}
