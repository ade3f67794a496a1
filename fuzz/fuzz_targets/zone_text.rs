//! A master file of any octets; it may include itself and a second text, split off at the first NUL.
//!
//! Whatever comes: no panic; a zone or an error, never both and never neither; and every record of a zone lies
//! in it.
#![no_main]

use std::borrow::Cow;
use std::path::PathBuf;

use libfuzzer_sys::fuzz_target;
use meridian::model::{Name, Place, Problems};
use meridian::zone::text::{Source, parse};

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
});
