//! Texts and what becomes of them.

mod data;
mod problems;
mod random;
mod texts;

use std::path::Path;

use super::{Source, load, parse};
use crate::model::{Name, Place, Problems};
use crate::zone::Zone;

const HEAD: &str = "$TTL 1h\n@ SOA ns hm 1 1h 15m 1w 5m\n@ NS ns.other.\n";

fn origin() -> Name {
    "example.".parse().unwrap()
}

fn source(text: &[u8]) -> Source<'_> {
    Source { place: Place::file("z"), identity: "z".into(), text: text.into() }
}

/// The zone `example.` of a text, and all problems in it, a line each.
fn read_with(text: &[u8], files: &[(&str, &str)]) -> (Option<Zone>, String) {
    let mut include = |name: &[u8], _: u64| {
        let file = files.iter().find(|(file, _)| file.as_bytes() == name).ok_or("no such file")?;
        let text = file.1.as_bytes().to_vec().into();
        Ok(Source { place: Place::file(file.0), identity: file.0.into(), text })
    };
    let mut problems = Problems::default();
    let zone = parse(&origin(), source(text), &mut include, &mut problems);
    assert_eq!(zone.is_none(), problems.has_errors());
    (zone, problems.to_string())
}

/// The zone of a text with a good SOA and NS before it, which stand in three lines.
fn good(text: &str) -> Zone {
    let (zone, problems) = read_with(format!("{HEAD}{text}").as_bytes(), &[]);
    assert_eq!(problems, "", "{text}");
    zone.unwrap()
}

/// `owner ttl type rdata-in-hex` of every record behind the head's two.
fn lines(zone: &Zone) -> Vec<String> {
    let rest = &zone.rrsets[2..];
    let line = |rrset: &crate::zone::Rrset, data: &[u8]| {
        format!("{} {} {} {}", rrset.owner, rrset.ttl, super::rtype::name(rrset.rtype), hex::encode(data))
    };
    rest.iter().flat_map(|rrset| rrset.rdata.iter().map(|data| line(rrset, data))).collect()
}

#[test]
fn the_demo_zone_is_without_a_problem() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("zones/gslb.example.zone");
    let (origin, mut problems) = ("gslb.example.".parse().unwrap(), Problems::default());
    let zone = load(&origin, &path, &std::collections::HashSet::new(), &mut problems);
    assert_eq!(problems.to_string(), "");
    let zone = zone.unwrap();
    assert_eq!(zone.rrset(&origin, 6).unwrap().place.line, 13);
    assert_eq!(zone.rrset(&"partner.gslb.example.".parse().unwrap(), 2).unwrap().rdata.len(), 2);
}
