//! A master file of any octets; it may include itself and a second text, split off at the first NUL.
//!
//! Whatever comes: no panic; a zone or an error, never both and never neither; every record of a zone lies in it;
//! and the zone, written out in the form of RFC 3597, is read as the same zone.
#![no_main]

use std::borrow::Cow;
use std::fmt::Write as _;
use std::path::PathBuf;

use libfuzzer_sys::fuzz_target;
use meridian::model::{Name, Place, Problems};
use meridian::zone::text::{Source, parse};
use meridian::zone::{Rrset, Zone};

fuzz_target!(|text: &[u8]| {
    let (text, included) = match text.iter().position(|octet| *octet == 0) {
        Some(nul) => (&text[..nul], &text[nul + 1..]),
        None => (text, &b""[..]),
    };
    let origin = Name::from_wire(b"\x04gslb\x07example\0").expect("a name");
    let source = Source {
        place: Place::file("fuzz.zone"),
        identity: PathBuf::from("fuzz.zone"),
        text: Cow::Borrowed(text),
    };
    let mut include = |name: &[u8], _most: u64| {
        let identity = PathBuf::from(String::from_utf8_lossy(name).into_owned());
        let text = Cow::Owned(included.to_vec());
        Ok(Source { place: Place::file(&identity), identity, text })
    };
    let mut problems = Problems::default();
    let zone = parse(&origin, source, &mut include, &mut problems);
    assert_eq!(zone.is_none(), problems.has_errors(), "{problems}");
    for rrset in zone.iter().flat_map(|zone| &zone.rrsets) {
        assert!(rrset.owner.is_within(&origin), "{} is not in the zone", rrset.owner);
        assert!(!rrset.rdata.is_empty(), "{} has a set without records", rrset.owner);
    }
    drop(problems.to_string());
    if let Some(zone) = zone {
        let text = unknown_form(&zone);
        let source = Source {
            place: Place::file("again.zone"),
            identity: PathBuf::from("again.zone"),
            text: Cow::Borrowed(text.as_bytes()),
        };
        let mut problems = Problems::default();
        let again = parse(&origin, source, &mut include, &mut problems);
        let again = again.unwrap_or_else(|| panic!("{problems}\n{text}"));
        assert_eq!(again.rrsets.len(), zone.rrsets.len(), "{text}");
        for (now, before) in again.rrsets.iter().zip(&zone.rrsets) {
            let parts = |rrset: &Rrset| (rrset.owner.clone(), rrset.rtype, rrset.ttl, rrset.rdata.clone());
            assert_eq!(parts(now), parts(before));
        }
    }
});

/// The zone with every record's data as octets (RFC 3597 §5).
fn unknown_form(zone: &Zone) -> String {
    let mut text = String::new();
    for rrset in &zone.rrsets {
        for data in rrset.rdata.iter() {
            let octets: String = data.iter().map(|octet| format!("{octet:02x}")).collect();
            let (owner, ttl, rtype) = (&rrset.owner, rrset.ttl, rrset.rtype);
            writeln!(text, "{owner} {ttl} IN TYPE{rtype} \\# {} {octets}", data.len()).expect("memory");
        }
    }
    text
}
