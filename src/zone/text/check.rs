//! Whether records make a zone: what RFC 1034 §4.2, RFC 2181, RFC 4592 and RFC 6672 demand of it, and what
//! `named-checkzone` warns of.

use std::collections::HashSet;

use super::notes::Notes;
use super::read::Spoiled;
use super::records::Index;
use super::rtype;
use crate::model::{Name, Place};
use crate::zone::Rrset;

const A: u16 = 1;
const NS: u16 = 2;
const CNAME: u16 = 5;
const SOA: u16 = 6;
const MX: u16 = 15;
const AAAA: u16 = 28;
const SRV: u16 = 33;
const DNAME: u16 = 39;
const DS: u16 = 43;

/// Notes everything that is wrong with these RRsets as the zone `origin`.
pub(super) fn check(
    origin: &Name,
    place: &Place,
    rrsets: &[Rrset],
    steered: &HashSet<&Name>,
    spoiled: Spoiled,
    notes: &mut Notes<'_>,
) {
    let check = Check::new(origin, rrsets, steered);
    check.apex(place, spoiled, notes);
    for rrset in rrsets {
        match rrset.rtype {
            SOA if rrset.owner != *origin => {
                notes.error(
                    &rrset.place,
                    format!("SOA at {}; a zone's SOA stands at its apex {origin}", rrset.owner),
                );
            }
            CNAME => check.cname(rrset, notes),
            DNAME => check.dname(rrset, notes),
            DS => check.ds(rrset, notes),
            NS | MX | SRV => check.targets(rrset, notes),
            _ => {}
        }
        check.hidden(rrset, notes);
    }
}

/// The zone, with what is needed to judge one RRset of it.
struct Check<'a> {
    origin: &'a Name,
    index: Index<'a>,
    /// Owners of NS below the apex.
    cuts: HashSet<&'a [u8]>,
    /// Owners of DNAME.
    dnames: HashSet<&'a [u8]>,
    /// The servers that the cuts name, as far as they are in the zone.
    servers: HashSet<Name>,
    /// Names that services answer.
    steered: &'a HashSet<&'a Name>,
}

/// What stands between a name and the apex.
enum Above<'a> {
    Nothing,
    Cut(&'a [u8]),
    Dname(&'a [u8]),
}

impl<'a> Check<'a> {
    fn new(origin: &'a Name, rrsets: &'a [Rrset], steered: &'a HashSet<&'a Name>) -> Check<'a> {
        let owners = |rtype| rrsets.iter().filter(move |rrset| rrset.rtype == rtype);
        let cuts = || owners(NS).filter(|rrset| rrset.owner != *origin);
        let servers = cuts().flat_map(targets).filter(|target| target.is_within(origin)).collect();
        Check {
            origin,
            index: Index::new(rrsets),
            cuts: cuts().map(|rrset| rrset.owner.as_wire()).collect(),
            dnames: owners(DNAME).map(|rrset| rrset.owner.as_wire()).collect(),
            servers,
            steered,
        }
    }

    fn apex(&self, place: &Place, spoiled: Spoiled, notes: &mut Notes<'_>) {
        let origin = self.origin;
        if self.index.find(origin, SOA).is_none() && !spoiled.soa {
            let cure = "@ SOA ns1 hostmaster 2026010100 1h 15m 1w 5m";
            notes
                .error(place, format!("the zone {origin} has no SOA; its first record is one, as in {cure}"));
        }
        if self.index.find(origin, NS).is_none() && !spoiled.ns {
            notes.error(
                place,
                format!("the zone {origin} has no NS at its apex; name its servers, as in @ NS ns1"),
            );
        }
    }

    /// RFC 1034 §3.6.2, RFC 2181 §10.1: a CNAME stands alone. The complaint goes to what was written later.
    fn cname(&self, cname: &Rrset, notes: &mut Notes<'_>) {
        let others = self.index.of(&cname.owner).filter(|other| other.rtype != CNAME);
        // RRsets lie in one slice in written order, so their addresses tell which came later.
        let Some(other) = others.min_by_key(|other| std::ptr::from_ref::<Rrset>(other)) else { return };
        let (first, second) = if std::ptr::from_ref(other) < std::ptr::from_ref(cname) {
            (other, cname)
        } else {
            (cname, other)
        };
        let why = format!(
            "{} for {} beside its {} at {}; a CNAME stands alone",
            rtype::name(second.rtype),
            cname.owner,
            rtype::name(first.rtype),
            first.place
        );
        notes.error(&second.place, why);
    }

    /// RFC 6672 §2.4: beside a DNAME below the apex there is no NS.
    fn dname(&self, dname: &Rrset, notes: &mut Notes<'_>) {
        let ns = self.index.find(&dname.owner, NS).filter(|_| dname.owner != *self.origin);
        if let Some(ns) = ns {
            let why = format!(
                "DNAME beside NS of {} at {}; a name is delegated or redirected, not both",
                dname.owner, ns.place
            );
            notes.error(&dname.place, why);
        }
    }

    /// RFC 4035 §2.4: DS belongs to a delegation, in the parent's zone.
    fn ds(&self, ds: &Rrset, notes: &mut Notes<'_>) {
        if ds.owner == *self.origin {
            notes.error(
                &ds.place,
                format!("DS at the apex of {}; it belongs into the parent zone", self.origin),
            );
        } else if self.index.find(&ds.owner, NS).is_none() {
            notes.warn(
                &ds.place,
                format!("DS for {}, which has no NS; it is of use at delegations only", ds.owner),
            );
        }
    }

    /// NS, MX and SRV lead to addresses, not to aliases (RFC 2181 §10.3, RFC 2782).
    fn targets(&self, rrset: &Rrset, notes: &mut Notes<'_>) {
        let name = rtype::name(rrset.rtype);
        for target in targets(rrset).filter(|target| target.is_within(self.origin)) {
            let is_glue = rrset.rtype == NS && rrset.owner != *self.origin && target.is_within(&rrset.owner);
            if let Some(alias) = self.index.find(&target, CNAME) {
                let why = format!(
                    "{name} names {target}, which is a CNAME at {}; name the host itself",
                    alias.place
                );
                notes.warn(&rrset.place, why);
            } else if is_glue && !self.has_address(&target) {
                let why = format!(
                    "{name} of {} names {target} without its address; nobody can reach it without glue, as in {target} A 192.0.2.1",
                    rrset.owner
                );
                notes.warn(&rrset.place, why);
            } else if !is_glue
                && matches!(self.above(&target), Above::Nothing)
                && !self.can_have_address(&target)
            {
                let why = format!(
                    "{name} names {target}, which has no A or AAAA here; add one, or let a service answer it"
                );
                notes.warn(&rrset.place, why);
            }
        }
    }

    fn has_address(&self, name: &Name) -> bool {
        [A, AAAA].iter().any(|&rtype| self.index.find(name, rtype).is_some())
    }

    /// An address of its own or of a service, or of a wildcard above it, or somebody else's to know.
    fn can_have_address(&self, name: &Name) -> bool {
        let is_cut = name != self.origin && self.cuts.contains(name.as_wire());
        let mut ancestors = std::iter::successors(name.parent(), Name::parent);
        let is_known = |name: &Name| self.has_address(name) || self.steered.contains(name);
        is_cut
            || is_known(name)
            || ancestors.any(|ancestor| {
                let wildcard = [b"\x01*", ancestor.as_wire()].concat();
                Name::from_wire(&wildcard).is_some_and(|wildcard| is_known(&wildcard))
            })
    }

    /// What is written below a delegation or a DNAME is never answered; only glue has a use there.
    fn hidden(&self, rrset: &Rrset, notes: &mut Notes<'_>) {
        let name = rtype::name(rrset.rtype);
        let is_cut = self.cuts.contains(rrset.owner.as_wire());
        let is_glue = matches!(rrset.rtype, A | AAAA) && self.servers.contains(&rrset.owner);
        match self.above(&rrset.owner) {
            Above::Dname(at) => {
                let why = format!(
                    "{name} for {} below the DNAME of {}; nothing stands below a DNAME (RFC 6672 §2.4)",
                    rrset.owner,
                    show(at)
                );
                notes.error(&rrset.place, why);
            }
            Above::Cut(at) if !is_glue => {
                let why = format!(
                    "{name} for {} is never answered: {} is delegated, and this is not glue",
                    rrset.owner,
                    show(at)
                );
                notes.warn(&rrset.place, why);
            }
            Above::Nothing if is_cut && !is_glue && !matches!(rrset.rtype, NS | DS | CNAME | DNAME) => {
                let why =
                    format!("{name} for {} is never answered: the name is delegated by its NS", rrset.owner);
                notes.warn(&rrset.place, why);
            }
            _ => {}
        }
    }

    /// The highest delegation or DNAME above a name; the apex itself delegates nothing.
    fn above<'n>(&self, name: &'n Name) -> Above<'n> {
        let mut found = Above::Nothing;
        if self.cuts.is_empty() && self.dnames.is_empty() {
            return found;
        }
        let mut rest = name.as_wire();
        while rest.len() > self.origin.as_wire().len() {
            rest = &rest[1 + usize::from(rest[0])..];
            if self.dnames.contains(rest) {
                found = Above::Dname(rest);
            } else if self.cuts.contains(rest) {
                found = Above::Cut(rest);
            }
        }
        found
    }
}

fn show(wire: &[u8]) -> String {
    Name::from_wire(wire).map_or_else(String::new, |name| name.to_string())
}

/// The names that NS, MX and SRV records lead to.
fn targets(rrset: &Rrset) -> impl Iterator<Item = Name> + '_ {
    let before = match rrset.rtype {
        MX => 2,
        SRV => 6,
        _ => 0,
    };
    rrset.rdata.iter().filter_map(move |data| Name::from_wire(data.get(before..)?))
}
