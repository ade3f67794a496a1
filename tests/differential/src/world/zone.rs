//! One zone: its RRsets, and the rules by which every server loads it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use domain::base::iana::Rtype;

use crate::name::Name;

/// An RRset: one TTL (RFC 2181 §5.2), and the data of its records as master files write them.
#[derive(Clone, Debug, PartialEq)]
pub struct Set {
    /// In seconds.
    pub ttl: u32,
    /// No two alike (RFC 2181 §5).
    pub data: Vec<String>,
}

/// What stands at one name.
pub type Sets = BTreeMap<Rtype, Set>;

/// A zone.
#[derive(Clone, Debug, PartialEq)]
pub struct Zone {
    /// Its name.
    pub apex: Name,
    names: BTreeMap<Name, Sets>,
}

impl Zone {
    /// An empty zone.
    pub fn new(apex: Name) -> Zone {
        Zone { apex, names: BTreeMap::new() }
    }

    /// Adds a record, unless a rule is against it; says whether it was added.
    pub fn add(&mut self, name: &Name, rtype: Rtype, ttl: u32, data: String) -> bool {
        if !self.may(name, rtype) {
            return false;
        }
        let sets = self.names.entry(name.clone()).or_default();
        let set = sets.entry(rtype).or_insert_with(|| Set { ttl, data: Vec::new() });
        let new = !set.data.contains(&data);
        if new {
            set.data.push(data);
        }
        new
    }

    /// All names that own records, with those.
    pub fn names(&self) -> impl Iterator<Item = (&Name, &Sets)> {
        self.names.iter()
    }

    /// What stands at a name.
    pub fn at(&self, name: &Name) -> Option<&Sets> {
        self.names.get(name)
    }

    /// Whether a name owns a record of that type.
    pub fn has(&self, name: &Name, rtype: Rtype) -> bool {
        self.at(name).is_some_and(|sets| sets.contains_key(&rtype))
    }

    /// The highest delegation at or above a name (RFC 1034 §4.2).
    pub fn cut(&self, name: &Name) -> Option<Name> {
        let below = |above: &Name| above.is_below(&self.apex) && self.has(above, Rtype::NS);
        name.ancestors().filter(below).last()
    }

    /// Whether the name or one above it owns a DNAME, so that there is nothing further down.
    fn is_redirected(&self, name: &Name) -> bool {
        let above = |above: &Name| above != name && above.is_in(&self.apex) && self.has(above, Rtype::DNAME);
        name.ancestors().any(|name| above(&name))
    }

    fn may(&self, name: &Name, rtype: Rtype) -> bool {
        name.is_in(&self.apex)
            && !self.is_redirected(name)
            && match rtype {
                Rtype::SOA => *name == self.apex,
                Rtype::CNAME => self.may_be_alias(name),
                Rtype::DNAME => self.may_redirect(name),
                Rtype::NS => self.may_delegate(name),
                Rtype::DS => *name != self.apex && self.has(name, Rtype::NS),
                Rtype::A | Rtype::AAAA => !self.has(name, Rtype::CNAME),
                _ => !self.has(name, Rtype::CNAME) && (*name == self.apex || !self.has(name, Rtype::NS)),
            }
    }

    /// An alias has no other data, and only one target (RFC 2181 §10.1).
    fn may_be_alias(&self, name: &Name) -> bool {
        *name != self.apex && self.at(name).is_none()
    }

    /// One DNAME, nothing below it, no CNAME beside it, and no NS but at the apex (RFC 6672 §2.3, §2.4).
    fn may_redirect(&self, name: &Name) -> bool {
        let barred = [Rtype::CNAME, Rtype::DNAME].iter().any(|rtype| self.has(name, *rtype));
        let delegates = *name != self.apex && self.has(name, Rtype::NS);
        !barred && !delegates && !self.names.keys().any(|other| other.is_below(name))
    }

    /// A delegation stands alone but for glue (RFC 2181 §6.1), and not at a wildcard (RFC 4592 §4.2).
    fn may_delegate(&self, name: &Name) -> bool {
        let apart = |rtype: &Rtype| matches!(*rtype, Rtype::NS | Rtype::DS | Rtype::A | Rtype::AAAA);
        *name == self.apex
            || (!name.ancestors().any(|name| name.is_wildcard() && name.is_in(&self.apex))
                && self.at(name).is_none_or(|sets| sets.keys().all(apart)))
    }

    /// The zone as a master file, the SOA first.
    pub fn text(&self) -> String {
        let mut text = String::new();
        let first = self.names.get_key_value(&self.apex).into_iter();
        for (name, sets) in first.chain(self.names.iter().filter(|(name, _)| **name != self.apex)) {
            let soa = sets.iter().filter(|(rtype, _)| **rtype == Rtype::SOA);
            for (rtype, set) in soa.chain(sets.iter().filter(|(rtype, _)| **rtype != Rtype::SOA)) {
                for data in &set.data {
                    writeln!(text, "{name} {} IN {rtype} {data}", set.ttl).expect("a text takes all");
                }
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A name and a type that stands at it.
    type Row = (&'static str, Rtype);

    fn zone(rows: &[Row]) -> Zone {
        let mut zone = Zone::new(Name::of(&["z"]));
        rows.iter().for_each(|(name, rtype)| assert!(add(&mut zone, name, *rtype), "{name} {rtype}"));
        zone
    }

    fn name(text: &str) -> Name {
        Name::of(&text.split('.').collect::<Vec<_>>())
    }

    fn add(zone: &mut Zone, at: &str, rtype: Rtype) -> bool {
        zone.add(&name(at), rtype, 60, "data".into())
    }

    #[test]
    fn rules_hold() {
        use Rtype as R;
        let rows: &[(&[Row], &str, R)] = &[
            (&[], "y", R::A),
            (&[], "a.z", R::SOA),
            (&[], "z", R::CNAME),
            (&[], "a.z", R::DS),
            (&[("a.z", R::A)], "a.z", R::A),
            (&[("a.z", R::A)], "a.z", R::CNAME),
            (&[("a.z", R::CNAME)], "a.z", R::TXT),
            (&[("a.z", R::CNAME)], "a.z", R::CNAME),
            (&[("a.z", R::DNAME)], "b.a.z", R::A),
            (&[("a.z", R::DNAME)], "c.b.a.z", R::CNAME),
            (&[("b.a.z", R::A)], "a.z", R::DNAME),
            (&[("a.z", R::NS)], "a.z", R::DNAME),
            (&[("a.z", R::CNAME)], "a.z", R::DNAME),
            (&[("a.z", R::DNAME)], "a.z", R::NS),
            (&[("a.z", R::NS)], "a.z", R::TXT),
            (&[("a.z", R::TXT)], "a.z", R::NS),
            (&[], "*.z", R::NS),
            (&[], "a.*.z", R::NS),
        ];
        for (there, at, rtype) in rows {
            assert!(!add(&mut zone(there), at, *rtype), "{there:?} and {at} {rtype}");
        }
        zone(&[("z", R::NS), ("z", R::DNAME), ("z", R::TXT)]);
        zone(&[
            ("a.z", R::DNAME),
            ("a.z", R::A),
            ("b.z", R::NS),
            ("b.z", R::DS),
            ("b.z", R::A),
            ("c.b.z", R::TXT),
        ]);
    }

    #[test]
    fn the_highest_cut_counts() {
        let zone = zone(&[("z", Rtype::NS), ("b.a.z", Rtype::NS), ("c.b.a.z", Rtype::NS)]);
        assert_eq!(zone.cut(&name("d.c.b.a.z")), Some(name("b.a.z")));
        assert_eq!(zone.cut(&name("a.z")), None);
    }

    #[test]
    fn the_soa_comes_first() {
        let zone = zone(&[("0.z", Rtype::A), ("z", Rtype::A), ("z", Rtype::SOA)]);
        assert!(zone.text().starts_with("z. 60 IN SOA data\nz. 60 IN A data\n0.z. "));
    }
}
