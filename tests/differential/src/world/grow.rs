//! What grows in a zone, feature by feature, each at names that other features have touched before.

use domain::base::iana::Rtype;
use fastrand::Rng;

use super::{Kind, World, data, shape};
use crate::name::Name;

/// TTLs, short and long, so that SOA minimums are below and above them.
const TTLS: &[u32] = &[0, 5, 60, 300, 3600, 86400];

/// Who makes a zone grow.
struct Garden<'a> {
    random: &'a mut Rng,
    world: &'a mut World,
    at: usize,
    without: &'a [Kind],
}

/// One thing that grows.
type Feature = fn(&mut Garden);

/// What grows, how often of a hundred times, and of which kind it is.
const FEATURES: &[(u8, Option<Kind>, Feature)] = &[
    (20, None, |garden| garden.host()),
    (12, None, |garden| garden.plain()),
    (12, Some(Kind::Extra), |garden| garden.extra()),
    (11, Some(Kind::Wildcard), |garden| garden.wildcard()),
    (11, Some(Kind::Cut), |garden| garden.cut()),
    (8, Some(Kind::Cname), |garden| garden.alias()),
    (3, Some(Kind::Cname), |garden| garden.chain()),
    (2, Some(Kind::Cname), |garden| garden.ring()),
    (5, Some(Kind::Wildcard), |garden| garden.wildcard_alias()),
    (8, Some(Kind::Dname), |garden| garden.redirection()),
    (1, Some(Kind::WildcardDname), |garden| garden.wildcard_redirection()),
    (3, Some(Kind::Deep), |garden| garden.deep()),
    (4, Some(Kind::Big), |garden| garden.big()),
];

/// The top of a zone: SOA, and servers with addresses in it or in a zone before it. One zone in ten has nothing
/// below its apex yet, so that it may all be redirected.
pub fn root(random: &mut Rng, world: &mut World, at: usize) {
    let mut garden = Garden { random, world, at, without: &[] };
    let apex = garden.apex();
    let server = shape::below(&apex, &["ns1"]);
    let soa = data::soa(garden.random, &server, &apex);
    garden.add(&apex, Rtype::SOA, soa);
    let bare = garden.random.u8(..10) == 0 && !garden.world.hosts.is_empty();
    let own = if bare { 0 } else { garden.random.usize(1..4) };
    for number in 1..=own {
        let server = shape::below(&apex, &[&format!("ns{number}")]);
        garden.address(&server);
        garden.add(&apex, Rtype::NS, server.to_string());
    }
    if bare || garden.random.bool() {
        let server = garden.server();
        garden.add(&apex, Rtype::NS, server.to_string());
    }
    if garden.random.u8(..3) == 0 {
        garden.address(&apex);
    }
}

/// The delegation of a zone in the one around it, as the zone itself has it (RFC 1034 §4.2.2).
pub fn delegate(random: &mut Rng, world: &mut World, at: usize) {
    let child = world.zones[at].clone();
    let around = world.zones.iter().enumerate().filter(|(_, zone)| child.apex.is_below(&zone.apex));
    let Some((parent, _)) = around.max_by_key(|(_, zone)| zone.apex.labels()) else { return };
    let mut garden = Garden { random, world, at: parent, without: &[] };
    let servers = child.at(&child.apex).and_then(|sets| sets.get(&Rtype::NS)).cloned();
    for server in servers.into_iter().flat_map(|set| set.data) {
        garden.add(&child.apex, Rtype::NS, server);
    }
    for (name, sets) in child.names().filter(|(name, _)| **name != child.apex) {
        let addresses = sets.iter().filter(|(rtype, _)| matches!(**rtype, Rtype::A | Rtype::AAAA));
        for (rtype, set) in addresses {
            let zone = &mut garden.world.zones[parent];
            for data in &set.data {
                zone.add(name, *rtype, set.ttl, data.clone());
            }
        }
    }
    if garden.random.bool() {
        let ds = data::ds(garden.random);
        garden.add(&child.apex, Rtype::DS, ds);
    }
}

/// Everything else.
pub fn grow(random: &mut Rng, world: &mut World, at: usize, without: &[Kind]) {
    let mut garden = Garden { random, world, at, without };
    if !without.contains(&Kind::Dname) {
        garden.redirect_all();
    }
    for _ in 0..garden.random.usize(20..120) {
        let mut roll = garden.random.u8(..100);
        for (weight, kind, feature) in FEATURES {
            if roll < *weight {
                if kind.is_none_or(|kind| !without.contains(&kind)) {
                    feature(&mut garden);
                }
                break;
            }
            roll -= weight;
        }
    }
}

impl Garden<'_> {
    fn apex(&self) -> Name {
        self.world.zones[self.at].apex.clone()
    }

    fn ttl(&mut self) -> u32 {
        TTLS[self.random.usize(..TTLS.len())]
    }

    /// Adds a record, its TTL by chance where it is the first of its set.
    fn add(&mut self, name: &Name, rtype: Rtype, data: String) -> bool {
        let ttl = self.ttl();
        self.world.zones[self.at].add(name, rtype, ttl, data)
    }

    /// A name of this zone: one that is there, or one near it.
    fn name(&mut self) -> Name {
        let base = self.there();
        shape::near(self.random, &base, self.without)
    }

    /// The apex, or a name that owns records.
    fn there(&mut self) -> Name {
        let zone = &self.world.zones[self.at];
        let count = zone.names().count();
        let other = zone.names().nth(self.random.usize(..count.max(1)));
        match other {
            Some((name, _)) if self.random.bool() => name.clone(),
            _ => self.apex(),
        }
    }

    /// Where a record may lead: to a host, any other name, one below it, another zone, out of all zones.
    fn target(&mut self) -> Name {
        let target = match self.random.u8(..20) {
            0..5 => self.server(),
            5..9 => self.there(),
            9..12 => self.name(),
            12..15 => self.elsewhere(),
            15..17 => {
                let other = self.elsewhere();
                shape::near(self.random, &other, self.without)
            }
            17 => shape::below(&self.apex(), &["nowhere"]),
            18 => Name::of(&["www", "outside", "invalid"]),
            _ => self.world.zones[self.random.usize(..self.world.zones.len())].apex.clone(),
        };
        self.world.mentioned.push(target.clone());
        target
    }

    /// Some name of some zone.
    fn elsewhere(&mut self) -> Name {
        let zone = &self.world.zones[self.random.usize(..self.world.zones.len())];
        let count = zone.names().count().max(1);
        zone.names().nth(self.random.usize(..count)).map_or(zone.apex.clone(), |(name, _)| name.clone())
    }

    /// A name that has addresses, mostly of this zone: NS leads to no alias (RFC 2181 §10.3).
    fn server(&mut self) -> Name {
        let own: Vec<Name> = self
            .world
            .hosts
            .iter()
            .filter(|(zone, _)| *zone == self.at)
            .map(|(_, name)| name.clone())
            .collect();
        let any = self.random.choice(&self.world.hosts).map(|(_, name)| name.clone());
        let own = self.random.choice(own).filter(|_| self.random.u8(..4) > 0);
        own.or(any).unwrap_or_else(|| Name::of(&["ns", "outside", "invalid"]))
    }

    /// Gives a name addresses, if it may have some.
    fn address(&mut self, name: &Name) -> bool {
        let mut any = false;
        for _ in 0..self.random.usize(1..4) {
            let (v4, v6) = (data::a(self.random), data::aaaa(self.random));
            match self.random.u8(..3) {
                0 => any |= self.add(name, Rtype::AAAA, v6),
                _ => any |= self.add(name, Rtype::A, v4),
            }
        }
        if any && self.world.zones[self.at].cut(name).is_none() && !name.is_wildcard() {
            self.world.hosts.push((self.at, name.clone()));
        }
        any
    }

    fn host(&mut self) {
        let name = self.name();
        self.address(&name);
    }

    /// Data that leads nowhere.
    fn plain(&mut self) {
        let name = self.name();
        self.plain_at(&name);
    }

    fn plain_at(&mut self, name: &Name) {
        let strings = self.random.usize(1..3);
        let (rtype, data) = match self.random.u8(..5) {
            0 | 1 => (Rtype::TXT, data::txt(self.random, strings, 60)),
            2 => (Rtype::PTR, self.target().to_string()),
            3 => (Rtype::from_int(65280), data::unknown(self.random)),
            _ => (Rtype::CAA, format!("{} issue \"ca.example\"", 128 * self.random.u8(..2))),
        };
        self.add(name, rtype, data);
    }

    fn extra(&mut self) {
        let name = self.name();
        self.extra_at(&name);
    }

    /// Data that leads to addresses.
    fn extra_at(&mut self, name: &Name) {
        for _ in 0..self.random.usize(1..4) {
            let target = self.target();
            let (rtype, data) = match self.random.u8(..5) {
                0 | 1 => (Rtype::MX, data::mx(self.random, &target)),
                2 => (Rtype::SRV, data::srv(self.random, &target)),
                3 => (Rtype::SVCB, data::svcb(self.random, &target)),
                _ => (Rtype::HTTPS, data::svcb(self.random, &target)),
            };
            self.add(name, rtype, data);
        }
    }

    /// A wildcard with data, and now and then something below it or beside it.
    fn wildcard(&mut self) {
        let base = self.there();
        let Some(wildcard) = base.wildcard() else { return };
        match self.random.u8(..4) {
            0 => self.plain_at(&wildcard),
            1 if !self.without.contains(&Kind::Extra) => self.extra_at(&wildcard),
            _ => _ = self.address(&wildcard),
        }
        if self.random.u8(..4) == 0 {
            let below = shape::near(self.random, &wildcard, self.without);
            self.plain_at(&below);
        }
    }

    fn wildcard_alias(&mut self) {
        let (base, target) = (self.there(), self.target());
        if let Some(wildcard) = base.wildcard().filter(|_| !self.without.contains(&Kind::Cname)) {
            self.add(&wildcard, Rtype::CNAME, target.to_string());
        }
    }

    /// A delegation: servers below it, at it, below a sibling, elsewhere; hidden data; DS.
    fn cut(&mut self) {
        let cut = self.name();
        for number in 0..self.random.usize(1..4) {
            let server = match self.random.u8(..6) {
                0..3 => shape::below(&cut, &[&format!("ns{number}")]),
                3 => cut.clone(),
                4 => self.sibling().unwrap_or_else(|| self.server()),
                _ => self.server(),
            };
            if !self.add(&cut, Rtype::NS, server.to_string()) {
                return;
            }
            if server.is_in(&cut) {
                self.address(&server);
            }
        }
        if self.random.u8(..3) == 0 {
            let ds = data::ds(self.random);
            self.add(&cut, Rtype::DS, ds);
        }
        if self.random.u8(..3) == 0 {
            self.hidden(&cut);
        }
        self.world.mentioned.push(shape::below(&cut, &["a", "b"]));
    }

    /// Glue of another delegation.
    fn sibling(&mut self) -> Option<Name> {
        let zone = &self.world.zones[self.at];
        let glue = |name: &Name| {
            zone.cut(name).is_some() && (zone.has(name, Rtype::A) || zone.has(name, Rtype::AAAA))
        };
        let glue: Vec<Name> = zone.names().map(|(name, _)| name).filter(|name| glue(name)).cloned().collect();
        self.random.choice(glue)
    }

    /// Data below a delegation, which nobody may ever see (RFC 2136 §7.18 calls it occluded).
    fn hidden(&mut self, cut: &Name) {
        let name = shape::near(self.random, cut, self.without);
        self.plain_at(&name);
        if let Some(wildcard) = cut.wildcard().filter(|_| !self.without.contains(&Kind::Wildcard)) {
            self.plain_at(&wildcard);
        }
    }

    fn alias(&mut self) {
        let (name, target) = (self.name(), self.target());
        self.add(&name, Rtype::CNAME, target.to_string());
    }

    /// Aliases one after the other, each in some zone, to whatever comes last.
    fn chain(&mut self) {
        let length = self.random.usize(2..14);
        let end = self.target();
        self.string(length, end);
    }

    /// The same, but the last leads to the first.
    fn ring(&mut self) {
        let length = self.random.usize(1..6);
        let mark = format!("ring{}", self.random.u16(..));
        let first = shape::below(&self.apex(), &[&mark]);
        let second = self.string(length - 1, first.clone());
        self.add(&first, Rtype::CNAME, second.to_string());
        self.world.mentioned.push(first);
    }

    /// So many aliases that lead to `end`; gives the first of them.
    fn string(&mut self, length: usize, end: Name) -> Name {
        let (home, mut next) = (self.at, end);
        let mark = self.random.u16(..);
        for number in 0..length {
            if self.random.u8(..3) == 0 {
                self.at = self.random.usize(..self.world.zones.len());
            }
            let name = shape::below(&self.apex(), &[&format!("chain{mark}-{number}")]);
            if self.add(&name, Rtype::CNAME, next.to_string()) {
                next = name;
            }
        }
        self.at = home;
        next
    }

    /// A DNAME: to a name near by, to one of another zone, to what is above it, to itself.
    fn redirection(&mut self) {
        let name = self.name();
        self.redirect(&name);
    }

    fn redirect(&mut self, name: &Name) {
        let target = match self.random.u8(..8) {
            0 => name.parent().unwrap_or_default(),
            1 => shape::near(self.random, name, self.without),
            2 => shape::deep(self.random, name),
            _ => self.target(),
        };
        if target == *name || !self.add(name, Rtype::DNAME, target.to_string()) {
            return;
        }
        self.world.mentioned.push(shape::below(name, &["a"]));
        self.world.mentioned.push(shape::below(name, &["www", "a"]));
        if self.random.bool() {
            self.plain_at(name);
        }
    }

    fn wildcard_redirection(&mut self) {
        let (base, target) = (self.there(), self.target());
        if let Some(wildcard) = base
            .wildcard()
            .filter(|_| !self.without.contains(&Kind::Dname) && !self.without.contains(&Kind::Wildcard))
        {
            self.add(&wildcard, Rtype::DNAME, target.to_string());
        }
    }

    /// A DNAME at the apex, if nothing is below.
    fn redirect_all(&mut self) {
        let apex = self.apex();
        self.redirect(&apex);
    }

    fn deep(&mut self) {
        let base = self.there();
        let name = shape::deep(self.random, &base);
        match self.random.u8(..4) {
            0 => self.plain_at(&name),
            _ => _ = self.address(&name),
        }
    }

    /// Sets that do not fit into a datagram, or hardly.
    fn big(&mut self) {
        let name = self.name();
        match self.random.u8(..4) {
            0 => (0..self.random.usize(3..20)).for_each(|_| {
                let text = data::txt(self.random, 3, 100);
                self.add(&name, Rtype::TXT, text);
            }),
            1 => (0..self.random.usize(10..80)).for_each(|_| {
                let address = data::a(self.random);
                self.add(&name, Rtype::A, address);
            }),
            2 => (0..self.random.usize(5..40)).for_each(|_| {
                let target = self.target();
                let mx = data::mx(self.random, &target);
                self.add(&name, Rtype::MX, mx);
            }),
            _ => (0..self.random.usize(5..15)).for_each(|_| {
                let server = self.server();
                self.add(&name, Rtype::NS, server.to_string());
            }),
        }
    }
}
