//! What the zones say of a name, in words, up to the service that steers it.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::model::{Family, Name, ServiceId};
use crate::snapshot::World;
use crate::zone::dname::{MAX_NAME, substitute};
use crate::zone::rtype;
use crate::zone::table::{Asked, EntryId, Found, Names, Records, Steers};

/// Aliases that are followed.
const MAX_CHAIN: usize = 8;

/// Where the walk went, and where it ended.
pub struct Walk {
    /// A line for each step.
    pub lines: Vec<String>,
    /// Who steers the last name.
    pub service: Option<ServiceId>,
    /// Whether it answers with another name, for all types alike.
    pub is_alias: bool,
    /// What the zone's SOA lends to negative answers.
    pub negative_ttl: u32,
}

/// Walks to a name as a query for addresses does.
pub fn walk(world: &World, name: &Name, families: &[Family]) -> Walk {
    let mut walk = Walk { lines: Vec::new(), service: None, is_alias: false, negative_ttl: u32::MAX };
    let mut name = name.clone();
    for _ in 0..MAX_CHAIN {
        match walk.step(world, &name, families) {
            Some(alias) => name = alias,
            None => return walk,
        }
    }
    walk.lines.push(format!("more than {MAX_CHAIN} aliases: the chain is cut here"));
    walk
}

impl Walk {
    fn say(&mut self, line: String) -> Option<Name> {
        self.lines.push(line);
        None
    }

    /// One name; the next where it is an alias.
    fn step(&mut self, world: &World, name: &Name, families: &[Family]) -> Option<Name> {
        let names = &world.names;
        match names.find(&Asked::of(name.as_wire()).unwrap_or_default(), false) {
            Found::Outside => self.say(format!("{name} is in no zone of this node: REFUSED")),
            Found::Cut(cut) => self.say(referral(names, name, cut)),
            Found::Dname(entry) => self.dname(names, name, entry),
            Found::Missing(encloser) => {
                let known = printed(names.name(encloser));
                self.say(format!("{name} does not exist; the closest name above it is {known}: NXDOMAIN"))
            }
            Found::Node(entry) => self.node(world, name, entry, families),
        }
    }

    fn dname(&mut self, names: &Names, name: &Name, entry: EntryId) -> Option<Name> {
        let (owner, mut room) = (names.name(entry), [0; MAX_NAME]);
        let target = names.rrset(entry, rtype::DNAME).and_then(|records| target(names, records))?;
        let made = substitute(name.as_wire(), owner, target.as_wire(), &mut room).and_then(Name::from_wire);
        let of = format!("{name} is below {}, whose DNAME leads to {target}", printed(owner));
        match made {
            Some(made) => {
                self.lines.push(format!("{of}: {made}"));
                Some(made)
            }
            None => self.say(format!("{of}, where it would be too long: YXDOMAIN")),
        }
    }

    fn node(&mut self, world: &World, name: &Name, entry: EntryId, families: &[Family]) -> Option<Name> {
        let names = &world.names;
        self.negative_ttl = names.soa(entry).2;
        let bearer = printed(names.name(entry));
        let through = if bearer == name.to_string() { String::new() } else { format!(" through {bearer}") };
        match names.steers(entry) {
            Some(Steers::Service(service) | Steers::Alias(service)) => {
                self.service = Some(service);
                self.is_alias = matches!(names.steers(entry), Some(Steers::Alias(_)));
                let service = &world.written[service.index()].name;
                return self.say(format!("{name} is steered by service '{service}'{through}"));
            }
            Some(Steers::Whoami) => {
                return self.say(format!("{name} tells every resolver how it is seen; it is not steered"));
            }
            None => {}
        }
        let alias = names.rrset(entry, rtype::CNAME).and_then(|records| target(names, records));
        if let Some(alias) = alias {
            self.lines.push(format!("{name} is an alias of {alias}{through}"));
            return Some(alias);
        }
        for family in families {
            self.lines.push(addresses(names, name, entry, *family, &through));
        }
        None
    }
}

fn addresses(names: &Names, name: &Name, entry: EntryId, family: Family, through: &str) -> String {
    let (kind, rtype) = match family {
        Family::V4 => ("A", rtype::A),
        Family::V6 => ("AAAA", rtype::AAAA),
    };
    let Some(records) = names.rrset(entry, rtype) else {
        return format!("{name} is static and has no {kind}{through}: NODATA");
    };
    let list: Vec<String> = names.rdata(records).filter_map(address).collect();
    format!("{name} is static{through}: {kind} {} for {} s", list.join(", "), records.ttl)
}

fn address(data: &[u8]) -> Option<String> {
    let four = <[u8; 4]>::try_from(data).map(|octets| Ipv4Addr::from(octets).to_string());
    four.or_else(|_| <[u8; 16]>::try_from(data).map(|octets| Ipv6Addr::from(octets).to_string())).ok()
}

fn referral(names: &Names, name: &Name, cut: EntryId) -> String {
    let servers = names.rrset(cut, rtype::NS).map(|records| {
        let servers: Vec<_> = names.rdata(records).map(printed).collect();
        servers.join(", ")
    });
    let (cut, servers) = (printed(names.name(cut)), servers.unwrap_or_default());
    format!("{name} is delegated at {cut} to {servers}: referral")
}

fn target(names: &Names, records: &Records) -> Option<Name> {
    Name::from_wire(names.rdata(records).next()?)
}

fn printed(wire: &[u8]) -> String {
    Name::from_wire(wire).map(|name| name.to_string()).unwrap_or_default()
}
