//! What all servers serve: zones made from a seed, one inside another here and there.
//!
//! [`zone`] holds the rules by which every server loads a zone, [`grow`] what grows in one, [`shape`] the
//! names that this happens at, [`data`] how record data is written.

mod data;
mod grow;
mod shape;
mod zone;

use std::collections::BTreeSet;

use clap::ValueEnum;
use domain::base::iana::Rtype;
use fastrand::Rng;

use crate::name::Name;
pub use zone::{Set, Zone};

/// What can be left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, ValueEnum)]
pub enum Kind {
    /// CNAME
    Cname,
    /// DNAME
    Dname,
    /// DNAME at wildcards, which RFC 6672 section 3.3 discourages
    WildcardDname,
    /// Wildcards
    Wildcard,
    /// Delegations
    Cut,
    /// Names of up to 127 labels, and labels of 63 octets
    Deep,
    /// Octets in labels that have to be escaped
    Odd,
    /// RRsets that do not fit into a datagram
    Big,
    /// Records whose targets have addresses: MX, SRV, SVCB, HTTPS
    Extra,
    /// Zones inside others
    Nested,
    /// Questions of type ANY
    Any,
}

/// The zones.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct World {
    /// A parent stands before its children.
    pub zones: Vec<Zone>,
    /// Names with addresses that servers and services may be named after, with the zone they are in.
    pub hosts: Vec<(usize, Name)>,
    /// Names that records lead to, or that were looked at and left empty.
    pub mentioned: Vec<Name>,
}

impl World {
    /// So many zones from a seed, without some kinds of data.
    pub fn new(seed: u64, zones: usize, without: &[Kind]) -> World {
        let mut random = Rng::with_seed(seed);
        let mut world = World::default();
        for number in 0..zones {
            let apex = shape::apex(&mut random, &world, number, without);
            world.zones.push(Zone::new(apex));
        }
        (0..zones).for_each(|at| grow::root(&mut random, &mut world, at));
        (0..zones).for_each(|at| grow::delegate(&mut random, &mut world, at));
        for at in 0..zones {
            grow::grow(&mut random, &mut world, at, without);
        }
        world.mentioned.sort();
        world.mentioned.dedup();
        world
    }

    /// The zone that answers for a name.
    pub fn zone_of(&self, name: &Name) -> Option<&Zone> {
        let around = self.zones.iter().filter(|zone| name.is_in(&zone.apex));
        around.max_by_key(|zone| zone.apex.labels())
    }

    /// The zone that delegates a name, or that would.
    pub fn zone_above(&self, name: &Name) -> Option<&Zone> {
        let around = self.zones.iter().filter(|zone| name.is_below(&zone.apex));
        around.max_by_key(|zone| zone.apex.labels())
    }

    /// Every name that questions begin with: owners, what lies between them and their zone, and targets.
    pub fn names(&self) -> Vec<Name> {
        let mut names: BTreeSet<Name> = self.mentioned.iter().cloned().collect();
        for zone in &self.zones {
            for (owner, _) in zone.names() {
                names.extend(owner.ancestors().take_while(|above| above.is_in(&zone.apex)));
            }
        }
        names.into_iter().collect()
    }

    /// Types that a name owns, in any zone.
    pub fn types(&self, name: &Name) -> Vec<Rtype> {
        let sets = self.zones.iter().filter_map(|zone| zone.at(name));
        sets.flat_map(|sets| sets.keys().copied()).collect()
    }
}

#[cfg(test)]
mod tests;
