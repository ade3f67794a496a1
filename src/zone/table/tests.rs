//! Rows: a name asked for in a small world of zones, and where the walk must end.

use super::super::{Rrset, Zone, rtype};
use super::*;
use crate::model::{Name, Place, Problems};

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

fn rrset(owner: &str, rtype: u16) -> Rrset {
    let soa = [&[0, 0][..], &[0; 16], &[0, 0, 0, 60]].concat();
    let data: &[u8] = match rtype {
        rtype::SOA => &soa,
        rtype::NS => b"\x02ns\x04cut1\x07example\x00",
        _ => &[198, 51, 100, 1],
    };
    Rrset {
        owner: name(owner),
        rtype,
        ttl: 300,
        rdata: [data].into_iter().collect(),
        place: Place::default(),
    }
}

fn zone(origin: &str, rrsets: &[(&str, u16)]) -> Zone {
    let mut all = vec![rrset(origin, rtype::SOA), rrset(origin, rtype::NS)];
    all.extend(rrsets.iter().map(|(owner, rtype)| rrset(owner, *rtype)));
    Zone { origin: name(origin), rrsets: all, place: Place::default() }
}

/// Names that no entry can hold, and that no other octet than the last of the first label tells apart.
const LONG: [&str; 3] = [
    "a-name-that-is-longer-than-what-an-entry-holds-1.collide.example.",
    "a-name-that-is-longer-than-what-an-entry-holds-2.collide.example.",
    "a-name-that-is-longer-than-what-an-entry-holds-3.collide.example.",
];

fn world() -> Names {
    let zones = [
        zone(
            "example.",
            &[
                ("www.example.", rtype::A),
                ("a.deep.ent.example.", rtype::A),
                ("*.wild.example.", rtype::A),
                ("cut1.example.", rtype::NS),
                ("cut1.example.", rtype::DS),
                ("ns.cut1.example.", rtype::A),
                ("*.cut1.example.", rtype::A),
                ("child.example.", rtype::NS),
                ("child.example.", rtype::DS),
                ("glue.child.example.", rtype::A),
                ("child.below.example.", rtype::NS),
                ("child.below.example.", rtype::DS),
                ("old.example.", rtype::DNAME),
                ("one.collide.example.", rtype::A),
                ("two.collide.example.", rtype::AAAA),
                (LONG[0], rtype::A),
                (LONG[1], rtype::A),
            ],
        ),
        zone("child.example.", &[("www.child.example.", rtype::A)]),
        zone("child.below.example.", &[]),
    ];
    let steered = name("*.cust.example.");
    let steered =
        [Steered { name: &steered, steers: Steers::Service(ServiceId(7)), place: &Place::default() }];
    build(&zones, &steered, &mut Problems::default()).unwrap()
}

fn check(asked: &str, ends: &str) {
    let (asked, rtype) = asked.split_once(' ').unwrap_or((asked, ""));
    let names = world();
    let shown = |id: EntryId| Name::from_wire(names.name(id)).unwrap().to_string();
    let found = match names.find(&Asked::of(name(asked).as_wire()).unwrap(), rtype == "DS") {
        Found::Node(id) => format!("node {}", shown(id)),
        Found::Cut(id) => format!("cut {}", shown(id)),
        Found::Dname(id) => format!("dname {}", shown(id)),
        Found::Missing(id) => format!("missing below {}", shown(id)),
        Found::Outside => "outside".into(),
    };
    assert_eq!(found, ends, "{asked}");
}

#[test]
fn names_are_found_and_missing_ones_know_their_encloser() {
    check("www.example.", "node www.example.");
    check("nope.example.", "missing below example.");
    check("x.www.example.", "missing below www.example.");
    check("a.b.c.d.e.f.g.nope.example.", "missing below example.");
    check("other.", "outside");
    check(".", "outside");
    check("anexample.", "outside");
}

#[test]
fn empty_non_terminals_exist() {
    check("deep.ent.example.", "node deep.ent.example.");
    check("b.deep.ent.example.", "missing below deep.ent.example.");
}

#[test]
fn wildcards_stand_in_only_below_their_encloser() {
    check("x.wild.example.", "node *.wild.example.");
    check("x.y.wild.example.", "node *.wild.example.");
    check("*.wild.example.", "node *.wild.example.");
    check("wild.example.", "node wild.example.");
    check("a.cust.example.", "node *.cust.example.");
    check("x.cut1.example.", "cut cut1.example.");
}

#[test]
fn cuts_hide_what_is_below_and_the_parent_answers_ds() {
    check("cut1.example.", "cut cut1.example.");
    check("ns.cut1.example.", "cut cut1.example.");
    check("cut1.example. DS", "node cut1.example.");
    check("ns.cut1.example. DS", "cut cut1.example.");
}

#[test]
fn a_served_child_answers_for_itself_and_its_parent_for_ds() {
    check("www.child.example.", "node www.child.example.");
    check("glue.child.example.", "missing below child.example.");
    let names = world();
    let asked = Asked::of(name("child.example.").as_wire()).unwrap();
    let Found::Node(parent_side) = names.find(&asked, true) else { panic!() };
    assert!(names.rrset(parent_side, rtype::DS).is_some());
    let (_, soa_owner, _) = names.soa(parent_side);
    assert_eq!(soa_owner, name("example.").as_wire());
}

/// Resolvers that ask label by label would lose the child where the names between are said not to exist.
#[test]
fn what_lies_between_a_zone_and_its_served_child_exists() {
    check("below.example.", "node below.example.");
    check("child.below.example.", "node child.below.example.");
    check("other.below.example.", "missing below below.example.");
    let names = world();
    let asked = Asked::of(name("child.below.example.").as_wire()).unwrap();
    let Found::Node(parent_side) = names.find(&asked, true) else { panic!() };
    assert_eq!(names.soa(parent_side).1, name("example.").as_wire());
}

#[test]
fn a_collision_of_hashes_is_not_a_collision_of_names() {
    check("one.collide.example.", "node one.collide.example.");
    check("two.collide.example.", "node two.collide.example.");
    check("six.collide.example.", "missing below collide.example.");
    check(LONG[0], &format!("node {}", LONG[0]));
    check(LONG[1], &format!("node {}", LONG[1]));
    check(LONG[2], "missing below collide.example.");
}

#[test]
fn referrals_carry_glue() {
    let names = world();
    let cut = names.lookup(name("cut1.example.").as_wire()).unwrap();
    let ns = names.rrset(cut, rtype::NS).unwrap();
    let owners: Vec<_> = names.extras(ns).map(|extra| names.owner(extra)).collect();
    assert_eq!(owners, [name("ns.cut1.example.").as_wire()]);
}

#[test]
fn steered_names_that_cannot_be_answered_are_problems() {
    let zones = [zone(
        "example.",
        &[("cut.example.", rtype::NS), ("www.example.", rtype::A), ("old.example.", rtype::DNAME)],
    )];
    let rows = [
        (
            "a.old.example.",
            "'a.old.example.' is below 'old.example.', whose DNAME answers for everything below it",
        ),
        ("www.other.", "'www.other.' is outside every zone; zones: example."),
        (
            "a.cut.example.",
            "'a.cut.example.' is at or below the delegation of 'cut.example.', so nobody would ask here for it",
        ),
        ("www.example.", "'www.example.' is steered, but z:3 has A records for it; keep one"),
    ];
    for (asked, text) in rows {
        let mut zones = zones.clone();
        zones[0].rrsets.iter_mut().for_each(|rrset| rrset.place = Place::file("z").at(3, 0));
        let asked = name(asked);
        let steered =
            [Steered { name: &asked, steers: Steers::Service(ServiceId(0)), place: &Place::default() }];
        let mut problems = Problems::default();
        assert!(build(&zones, &steered, &mut problems).is_none());
        assert_eq!(problems.sorted()[0].text, text);
    }
}

#[test]
fn what_is_below_a_dname_is_renamed_and_the_name_itself_is_not() {
    check("old.example.", "node old.example.");
    check("a.old.example.", "dname old.example.");
    check("b.a.old.example. DS", "dname old.example.");
}

#[test]
fn an_entry_is_one_cache_line() {
    assert_eq!(size_of::<Entry>(), 64);
}
