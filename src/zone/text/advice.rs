//! What may stand in a zone, and is hardly ever meant: of this `named-checkzone` warns or, in its default mode,
//! refuses the file.

use super::check::targets;
use super::notes::Notes;
use super::records::Index;
use super::{regexp, rtype, svcb};
use crate::model::Name;
use crate::zone::Rrset;

const A: u16 = 1;
const NS: u16 = 2;
const MD: u16 = 3;
const MF: u16 = 4;
const MX: u16 = 15;
const TXT: u16 = 16;
const X25: u16 = 19;
const AAAA: u16 = 28;
const SRV: u16 = 33;
const NAPTR: u16 = 35;
const SSHFP: u16 = 44;
const ZONEMD: u16 = 63;
const SVCB: u16 = 64;
const HTTPS: u16 = 65;
const SPF: u16 = 99;

/// Notes what is odd about an RRset.
pub(super) fn advise(rrset: &Rrset, index: &Index<'_>, notes: &mut Notes<'_>) {
    let (owner, name) = (&rrset.owner, rtype::name(rrset.rtype));
    let mut warn = |why: String| notes.warn(&rrset.place, why);
    if owner.labels().skip(1).any(|label| label == b"*") {
        warn(format!(
            "{owner} has a '*' that is not its first label: it is no wildcard, but a name like any other"
        ));
    }
    match rrset.rtype {
        A | AAAA | MX if !is_host(owner, true) => {
            warn(format!(
                "{name} for {owner}, which is no host name (RFC 1123 §2.1); use letters, digits and hyphens"
            ));
        }
        NS if owner.is_wildcard() => {
            warn(format!("NS for {owner}: what a wildcard delegates is undefined (RFC 4592 §4.2)"));
        }
        MD | MF => warn(format!("{name} is obsolete (RFC 973 §3); use MX")),
        SPF if index.find(owner, TXT).is_none() => {
            warn(format!(
                "SPF for {owner} without a TXT: nobody reads it any more (RFC 7208 §3.1); write it as TXT"
            ));
        }
        _ => {}
    }
    if let Some(why) = rrset.rdata.iter().find_map(|data| fault(rrset.rtype, data)) {
        warn(format!("{name} for {owner}: {why}"));
    }
    if matches!(rrset.rtype, NS | MX | SRV) {
        for target in targets(rrset).filter(|target| !is_host(target, false)) {
            warn(format!("{name} names {target}, which is no host name (RFC 1123 §2.1)"));
        }
    }
}

/// What is wrong with data that has the form of its type and still is of use to nobody.
fn fault(rtype: u16, data: &[u8]) -> Option<String> {
    match rtype {
        // RFC 1183 §3.1: an X.121 address begins with the four digits of a network.
        X25 if data.len() < 5 || !data[1..].iter().all(u8::is_ascii_digit) => {
            Some("it has four digits at least, and nothing else".into())
        }
        NAPTR => regexp::fault(substitution(data)?).map(|why| format!("its substitution is none: {why}")),
        // RFC 4255 §3.1.2, RFC 6594 §3.2; RFC 8976 §5.3
        SSHFP => of_length(data.get(2..)?, &[(1, 20), (2, 32)], data[1]),
        ZONEMD => of_length(data.get(6..)?, &[(1, 48), (2, 64)], data[5]),
        SVCB | HTTPS if !svcb::has_good_path(data) => Some(
            "dohpath is a path with the variable dns, as in dohpath=/dns-query{?dns} (RFC 9461 §5)".into(),
        ),
        _ => None,
    }
}

fn of_length(digest: &[u8], kinds: &[(u8, usize)], kind: u8) -> Option<String> {
    let (_, expected) = kinds.iter().find(|(known, _)| *known == kind)?;
    let found = digest.len();
    (found != *expected)
        .then(|| format!("a digest of kind {kind} has {expected} octets; this one has {found}"))
}

/// The substitution of a NAPTR (RFC 3403 §4.1): behind two numbers, flags, and services.
fn substitution(data: &[u8]) -> Option<&[u8]> {
    let strings = data.get(4..)?;
    let services = strings.get(1 + usize::from(*strings.first()?)..)?;
    let regexp = services.get(1 + usize::from(*services.first()?)..)?;
    regexp.get(1..=usize::from(*regexp.first()?))
}

/// Whether every label is one of letters, digits, and hyphens inside (RFC 952, RFC 1123 §2.1). The root, which says
/// that there is none, and a wildcard where one may stand are hosts, too.
fn is_host(name: &Name, wildcard: bool) -> bool {
    let start = usize::from(wildcard && name.is_wildcard());
    name.labels().skip(start).all(|label| {
        let inside = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'-';
        let ends = [label.first(), label.last()];
        label.iter().all(inside) && ends.iter().flatten().all(|byte| **byte != b'-')
    })
}
