//! Seeds, what is left out, and that every zone is sound.

use super::*;

fn text(seed: u64, without: &[Kind]) -> String {
    World::new(seed, 12, without).zones.iter().map(Zone::text).collect()
}

#[test]
fn the_same_seed_makes_the_same_zones() {
    assert_eq!(text(1, &[]), text(1, &[]));
    assert_ne!(text(1, &[]), text(2, &[]));
}

#[test]
fn what_is_left_out_is_not_there() {
    let rows: &[(Kind, &str)] = &[
        (Kind::Cname, " CNAME "),
        (Kind::Dname, " DNAME "),
        (Kind::Wildcard, "*"),
        (Kind::Odd, "\\255."),
        (Kind::Extra, " HTTPS "),
        (Kind::Nested, "between"),
    ];
    for (kind, mark) in rows {
        let (with, without) = (text(5, &[]), text(5, &[*kind]));
        assert!(with.contains(mark) && !without.contains(mark), "{kind:?}");
    }
}

/// What the rules of [`Zone::add`] cannot see when a record is added, because it may come before the other.
#[test]
fn every_zone_is_sound() {
    for seed in 0..20 {
        let world = World::new(seed, 12, &[]);
        let aliases = aliases(&world);
        for zone in &world.zones {
            assert!(zone.has(&zone.apex, Rtype::SOA) && zone.has(&zone.apex, Rtype::NS), "{}", zone.apex);
            for (name, sets) in zone.names() {
                let has = |rtype: Rtype| sets.contains_key(&rtype);
                assert!(!has(Rtype::CNAME) || sets.len() == 1, "{name}");
                assert!(
                    [Rtype::CNAME, Rtype::DNAME]
                        .iter()
                        .all(|rtype| sets.get(rtype).is_none_or(|set| set.data.len() == 1))
                );
                let mut above = name.ancestors().skip(1).take_while(|above| above.is_in(&zone.apex));
                assert!(!above.any(|above| zone.has(&above, Rtype::DNAME)), "{name} is below a DNAME");
                for server in sets.get(&Rtype::NS).into_iter().flat_map(|set| &set.data) {
                    assert!(!aliases.contains(server), "{name} NS {server}");
                }
            }
        }
    }
}

/// Names that are aliases in any zone.
fn aliases(world: &World) -> BTreeSet<String> {
    let of = |zone: &Zone| {
        let aliases = zone.names().filter(|(_, sets)| sets.contains_key(&Rtype::CNAME));
        aliases.map(|(name, _)| name.to_string()).collect::<Vec<_>>()
    };
    world.zones.iter().flat_map(of).collect()
}

#[test]
fn zones_have_all_that_is_promised() {
    let text = text(1, &[]);
    for mark in
        ["*.*", "CNAME", "DNAME", " DS ", "TYPE65280", "\\# ", "b.a.b.", "lllllll", "between", "SVCB 0 "]
    {
        assert!(text.contains(mark), "{mark}");
    }
    let world = World::new(1, 12, &[]);
    let deepest = world.names().iter().map(Name::labels).max();
    assert!(deepest > Some(110), "{deepest:?}");
}
