//! What a steered name answers.

use std::net::IpAddr;
use std::time::Duration;

use super::{
    Capacity, Check, Family, Fence, Name, OrderRule, PassiveRule, Place, Policy, RegionId, Scrape, ServiceId,
};

/// Endpoints by region, a check, a policy, a TTL range.
#[derive(Clone, Debug, PartialEq)]
pub struct Service {
    /// As the operator wrote it; unique.
    pub name: String,
    /// The names it answers, each with where it is written; a first label `*` is a wildcard (RFC 4592).
    pub names: Vec<(Name, Place)>,
    /// How one endpoint is chosen.
    pub policy: Policy,
    /// The bounds of every answer's TTL.
    pub ttl: TtlRange,
    /// Whether an EDNS Client Subnet is honoured (RFC 7871).
    pub ecs: bool,
    /// Whether A and AAAA may come from different regions.
    pub families: Families,
    /// What to answer when nothing is fit, unknown or idle.
    pub on_all_down: OnAllDown,
    /// Addresses for `on_all_down = "fallback"`, and when every endpoint is overridden down.
    pub fallback: Vec<IpAddr>,
    /// Fit addresses, of each family that it has, that make an endpoint fit; at least 1.
    pub min_addresses: usize,
    /// How its addresses are probed, at most [`Service::MAX_CHECKS`]; empty: they are not, and always healthy.
    pub checks: Vec<Check>,
    /// So many of the checks must pass.
    pub needed: usize,
    /// Where its endpoints' load balancers are asked for signals; `None`: nowhere.
    pub scrape: Option<Scrape>,
    /// When signals speak against an endpoint.
    pub passive: Vec<PassiveRule>,
    /// The most of its capacity that soft failures may take out: 0.0…1.0.
    pub max_ejected: f64,
    /// What its endpoints' capacity counts, and from when on they shed.
    pub capacity: Capacity,
    /// Whether an endpoint that fell stays out until an operator resumes it.
    pub manual_resume: bool,
    /// How long a recovered endpoint takes to get its full share back; zero: none.
    pub slow_start: Duration,
    /// How fast it is to answer its probes; `None`: nobody said.
    pub latency_objective: Option<Duration>,
    /// Order rules for this service alone; they come before the global ones.
    pub order_rules: Vec<OrderRule>,
    /// In written order, at most one a region.
    pub endpoints: Vec<Endpoint>,
    /// Where it is written.
    pub place: Place,
}

impl Service {
    /// Checks that one service may have.
    pub const MAX_CHECKS: usize = 16;

    /// Of all services, by their numbers, whether they send clients on to other names: by an endpoint of theirs, or by a
    /// service that answers for one.
    pub fn aliases(services: &[Service]) -> Vec<bool> {
        let mut aliases = vec![false; services.len()];
        loop {
            let is_alias = |one: &Endpoint| {
                let inner = one.inner.and_then(|inner| aliases.get(inner.index()));
                one.alias().is_some() || inner == Some(&true)
            };
            let next: Vec<_> = services.iter().map(|one| one.endpoints.iter().any(is_alias)).collect();
            if next == aliases {
                return aliases;
            }
            aliases = next;
        }
    }

    /// The largest configured weight: what an endpoint's own is measured against.
    pub fn largest_weight(&self) -> u16 {
        self.endpoints.iter().map(|endpoint| endpoint.weight).max().unwrap_or(0)
    }
}

/// One service in one region.
#[derive(Clone, Debug, PartialEq)]
pub struct Endpoint {
    /// Where it stands.
    pub region: RegionId,
    /// Another service that answers here, instead of addresses.
    pub inner: Option<ServiceId>,
    /// Another name that stands here, instead of addresses.
    pub cname: Option<Name>,
    /// Whether clients get that name's addresses, and never the name.
    pub resolve: bool,
    /// At most [`Endpoint::MAX_ADDRESSES`] of each family, in written order, none twice.
    pub addresses: Vec<IpAddr>,
    /// 0…10,000; against the service's largest.
    pub weight: u16,
    /// For the filter `priority`: the lowest goes first.
    pub priority: u8,
    /// In the service's capacity unit; `None`: no limit known.
    pub capacity: Option<u64>,
    /// What is probed for each address, position by position; empty: the addresses themselves.
    pub probe_addresses: Vec<IpAddr>,
    /// The port that is probed here; `None`: the check's.
    pub probe_port: Option<u16>,
    /// Whom it may serve.
    pub fence: Fence,
    /// Where it is written.
    pub place: Place,
}

impl Endpoint {
    /// Addresses of one family that one endpoint may hold: as many as its live word has bits for.
    pub const MAX_ADDRESSES: usize = 16;

    /// The name that clients are sent on to; `None`: they get addresses.
    pub fn alias(&self) -> Option<&Name> {
        self.cname.as_ref().filter(|_| !self.resolve)
    }

    /// The name whose addresses clients get; `None`: it has its own, or none.
    pub fn resolved(&self) -> Option<&Name> {
        self.cname.as_ref().filter(|_| self.resolve)
    }

    /// Its addresses of one family, in written order. What is probed for an alias, of either family, stands under
    /// [`Family::ALIAS`]: it is up or down for all clients alike.
    pub fn addresses_of(&self, family: Family) -> impl Iterator<Item = IpAddr> + '_ {
        let is_alias = self.alias().is_some();
        let own = if is_alias { &self.probe_addresses } else { &self.addresses };
        let is_of = move |address: IpAddr| match is_alias {
            true => family == Family::ALIAS,
            false => Family::of(address) == family,
        };
        own.iter().copied().filter(move |address| is_of(*address))
    }

    /// What is probed for its addresses of one family, in the same order.
    pub fn probed_of(&self, family: Family) -> impl Iterator<Item = IpAddr> + '_ {
        let place = |address: IpAddr| self.addresses.iter().position(|one| *one == address);
        let probed = move |address| place(address).and_then(|at| self.probe_addresses.get(at).copied());
        self.addresses_of(family).map(move |address| probed(address).unwrap_or(address))
    }
}

/// The TTLs that answers may carry, in whole seconds, `1 ≤ min ≤ max ≤ MAX`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TtlRange {
    /// Given when the verdict may flip with the next probe.
    pub min: u32,
    /// Given when it cannot flip soon.
    pub max: u32,
}

impl TtlRange {
    /// The largest TTL that a live word can say: a little over nine hours.
    pub const MAX: u32 = (1 << 15) - 1;
}

impl Default for TtlRange {
    fn default() -> Self {
        TtlRange { min: 5, max: 60 }
    }
}

/// Whether A and AAAA are picked apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Families {
    /// Each family from the best region that it has.
    #[default]
    Independent,
    /// Both from one region: NODATA rather than another region for the other family.
    Together,
}

/// What to answer when nothing is fit, unknown or idle.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnAllDown {
    /// As if everything that is not overridden were healthy.
    #[default]
    All,
    /// The service's fallback addresses.
    Fallback,
    /// No addresses.
    Nodata,
    /// SERVFAIL, so that resolvers try another server.
    Servfail,
}
