//! Text and databases into a world: the one loader that `check`, `serve` and `explain` share.
//!
//! Checks that span rooms happen on the way: a name outside every zone is found where the table is built.

use std::collections::HashSet;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::inside::nested_in;
use super::plan::Plan;
use crate::config::{self, Config};
use crate::geo::{self, Threads};
use crate::model::{
    CapacityUnit, Family, Grouping, Name, OrderRule, Place, Problems, Region, Resolutions, Service,
    ServiceId, Steer, resolve,
};
use crate::snapshot::{Addresses, Aliases, Chaos, SteeredService, World};
use crate::steer::chain::Program;
use crate::steer::hash::EndpointKey;
use crate::steer::shares::Shares;
use crate::steer::{Keep, Steered};
use crate::zone::table::{Names, Steered as SteeredName, Steers, build};
use crate::zone::{self, Zone};

/// What a world needs to know of this machine and is not in the configuration.
#[derive(Clone, Debug)]
pub struct Node {
    /// What the node calls itself where `server.identity` does not say.
    pub host_name: String,
    /// Signs cookies where `server.cookies.secrets` is empty: random, and so this node's alone.
    pub cookie_secret: [u8; 16],
}

/// A configuration that loads, whole.
#[derive(Debug)]
pub struct Built {
    /// As written.
    pub config: Config,
    /// What queries see.
    pub world: World,
    /// What is probed, and what each result is about.
    pub plan: Plan,
    /// What the databases say of themselves.
    pub databases: Vec<DatabaseFacts>,
}

/// A geographic database, for `/v1/status`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatabaseFacts {
    /// Its file.
    pub path: String,
    /// As it calls itself.
    pub kind: String,
    /// When it was made, in Unix seconds.
    pub built: u64,
}

/// Loads a configuration and everything that it names. Warnings may stand beside what was built; with an error
/// there is nothing but problems, all that could be found at once.
pub fn load(path: &Path, node: &Node, threads: Threads) -> (Option<Built>, Problems) {
    let (config, mut problems) = config::load_what_can_be(path);
    let Some(config) = config else { return (None, problems) };
    if problems.has_errors() {
        // What spans rooms waits: a zone that is misspelt here would make every name in it look lost.
        let answered = answered(&config);
        config.zones.iter().for_each(|zone| drop(load_zone(zone, &answered, &mut problems)));
        open_databases(&config, &mut problems);
        return (None, problems);
    }
    let built = compile(config, node, threads, &mut problems);
    (built.filter(|_| !problems.has_errors()), problems)
}

/// Compiles a configuration; reads zones and databases.
pub fn compile(mut config: Config, node: &Node, threads: Threads, problems: &mut Problems) -> Option<Built> {
    // Positions in a service are ids: they follow the written order of regions, which also breaks ties.
    for service in &mut config.services {
        service.endpoints.sort_by_key(|endpoint| endpoint.region);
    }
    warn_of_surprises(&config, problems);
    let names = names(&config, problems);
    let (databases, table) = geography(&config, threads, problems);
    let world = world(&config, node, (Arc::new(names?), Arc::new(table?)));
    let plan = Plan::new(&config);
    for strain in plan.strains(config.probes) {
        problems.warn(&Place::file(&config.path), strain);
    }
    Some(Built { config, world, plan, databases })
}

/// What queries see, by names and geography that are compiled already.
fn world(config: &Config, node: &Node, (names, geo): (Arc<Names>, Arc<geo::Table>)) -> World {
    World {
        names,
        geo,
        services: steered(config),
        addresses: Addresses::new(&config.services),
        aliases: Aliases::new(&config.services),
        identity: config.server.identity.clone().unwrap_or_else(|| node.host_name.clone()),
        cookies: cookies(config, node),
        cookie_required: config.server.cookie_required,
        payload: config.server.payload,
        chaos: Chaos {
            version: config.server.version.as_deref().map(Into::into),
            id: config.server.chaos_id.as_deref().map(Into::into),
        },
        agent: config
            .server
            .error_reports
            .as_ref()
            .map_or_else(Box::default, |(name, _)| name.as_wire().into()),
        regions: config.regions.clone().into(),
        nested_in: nested_in(&config.services),
        written: config.services.clone().into(),
        zones: config.zones.iter().map(|zone| zone.origin.clone()).collect(),
    }
}

impl Built {
    /// The same with what names stand for now. Zones and geography do not know of it, and stay as they are.
    pub fn resolved(mut self, node: &Node, resolutions: &Resolutions) -> Built {
        if self.config.services.iter().flat_map(|one| &one.endpoints).all(|one| one.resolved().is_none()) {
            return self;
        }
        resolve(&mut self.config.services, resolutions);
        let compiled = (Arc::clone(&self.world.names), Arc::clone(&self.world.geo));
        let world = world(&self.config, node, compiled);
        Built { plan: Plan::new(&self.config), world, ..self }
    }

    /// What is built once more from a configuration in force, with what names stand for now.
    pub fn again(
        config: &Config,
        node: &Node,
        of: &World,
        databases: Vec<DatabaseFacts>,
        resolutions: &Resolutions,
    ) -> Built {
        let mut config = config.clone();
        resolve(&mut config.services, resolutions);
        let world = world(&config, node, (Arc::clone(&of.names), Arc::clone(&of.geo)));
        Built { plan: Plan::new(&config), world, config, databases }
    }
}

/// What loads, and may still not be what was meant.
fn warn_of_surprises(config: &Config, problems: &mut Problems) {
    let whole = Place::file(&config.path);
    if config.zones.is_empty() {
        let text = "there is no zone, so every query is refused; add [zones.\"…\"] with its file";
        problems.warn(&whole, text);
    }
    if let Some((agent, place)) = &config.server.error_reports
        && let Some(zone) = config.zones.iter().find(|zone| agent.is_within(&zone.origin))
    {
        let (zone, why) = (&zone.origin, "a report of what fails there would fail as well (RFC 9567 §8.1)");
        problems.error(place, format!("error_reports '{agent}' lies in the zone '{zone}' itself: {why}"));
    }
}

fn names(config: &Config, problems: &mut Problems) -> Option<Names> {
    let answered = answered(config);
    let zones: Vec<Option<Zone>> =
        config.zones.iter().map(|zone| load_zone(zone, &answered, problems)).collect();
    // A zone that does not load would make every name in it look lost.
    let zones: Vec<Zone> = zones.into_iter().collect::<Option<_>>()?;
    let aliases = Service::aliases(&config.services);
    let services = (0..).map(ServiceId).zip(&config.services).flat_map(|(id, service)| {
        let steers = if aliases[id.index()] { Steers::Alias(id) } else { Steers::Service(id) };
        service.names.iter().map(move |(name, place)| SteeredName { name, steers, place })
    });
    let whoami = config.server.whoami.iter();
    let whoami = whoami.map(|(name, place)| SteeredName { name, steers: Steers::Whoami, place });
    build(&zones, &services.chain(whoami).collect::<Vec<_>>(), problems)
}

/// The names that are not the zones' to answer.
fn answered(config: &Config) -> HashSet<&Name> {
    let names = config.services.iter().flat_map(|service| &service.names).chain(&config.server.whoami);
    names.map(|(name, _)| name).collect()
}

/// A file that cannot be read is a matter of the configuration, so the line there is named; what is wrong inside
/// has its own place.
fn load_zone(zone: &config::ZoneFile, answered: &HashSet<&Name>, problems: &mut Problems) -> Option<Zone> {
    // Asked before it is opened: opening a pipe would wait for a writer.
    let readable = std::fs::metadata(&zone.file).and_then(|facts| match facts.is_file() {
        true => std::fs::File::open(&zone.file).map(drop),
        false => Err(std::io::Error::other("not a regular file")),
    });
    if let Err(error) = readable {
        let file = zone.file.display();
        let text = format!("cannot read '{file}': give a master file that this user may read: {error}");
        problems.error(&zone.place, text);
        return None;
    }
    zone::load(&zone.origin, &zone.file, answered, problems)
}

fn geography(
    config: &Config,
    threads: Threads,
    problems: &mut Problems,
) -> (Vec<DatabaseFacts>, Option<geo::Table>) {
    let databases = open_databases(config, problems);
    let facts = databases.iter().map(|database| DatabaseFacts {
        path: database.path().display().to_string(),
        kind: database.kind().to_owned(),
        built: database.build_epoch(),
    });
    let facts = facts.collect();
    if problems.has_errors() {
        return (facts, None);
    }
    let service_rules: Vec<(ServiceId, &[OrderRule])> =
        (0..).map(ServiceId).zip(config.services.iter().map(|service| &*service.order_rules)).collect();
    let fences = (0..).map(ServiceId).zip(&config.services).filter(|(_, service)| is_fenced(service));
    let fence = |service: &Service| service.endpoints.iter().map(|endpoint| endpoint.fence.clone()).collect();
    let fences: Vec<_> = fences.map(|(id, service)| (id, fence(service))).collect();
    let input = geo::Input {
        databases: &databases,
        regions: &config.regions,
        rules: &config.geo.rules,
        service_rules: &service_rules,
        fences: &fences,
        measured: config.services.iter().any(|service| service.policy.measures()),
        threads,
    };
    let table = geo::compile(&input);
    (facts, table.map_err(|error| problems.error(&place_of(&error, config), with_causes(&error))).ok())
}

/// Where a database stands in the configuration that turned out to be damaged only when it was read through.
fn place_of(error: &geo::CompileError, config: &Config) -> Place {
    let named = match error {
        geo::CompileError::Database(error) => {
            config.geo.databases.iter().find(|(path, _)| path == error.path()).map(|(_, place)| place)
        }
        _ => None,
    };
    named.cloned().unwrap_or_else(|| Place::file(&config.path))
}

fn open_databases(config: &Config, problems: &mut Problems) -> Vec<geo::Database> {
    let open = |(path, place): &(PathBuf, Place)| match geo::Database::open(path) {
        Ok(database) => Some(database),
        Err(error) => {
            problems.error(place, with_causes(&error));
            None
        }
    };
    config.geo.databases.iter().filter_map(open).collect()
}

/// An error and what caused it, on one line.
pub fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let said = error.to_string();
        if !text.contains(&said) {
            text = format!("{text}: {said}");
        }
        cause = error.source();
    }
    text
}

fn steered(config: &Config) -> Box<[SteeredService]> {
    let mut first = 0;
    let mut all = Vec::with_capacity(config.services.len());
    let refuses = |rules: &[OrderRule]| rules.iter().any(|rule| rule.steer == Steer::Regions(Vec::new()));
    let refused = refuses(&config.geo.rules);
    for (service, id) in config.services.iter().zip((0..).map(ServiceId)) {
        let refused = refused || refuses(&service.order_rules);
        let steered = steer(&config.services, service, &config.regions, first, refused);
        first += service.endpoints.len() as u32;
        let (ecs, ruled, fenced) = (service.ecs, !service.order_rules.is_empty(), is_fenced(service));
        let fast = service.policy.measures();
        all.push(SteeredService { steered, ecs, ruled, fenced, fast, id });
    }
    all.into()
}

/// Whether a service's policy looks at fences, and any of its endpoints has one.
fn is_fenced(service: &Service) -> bool {
    service.policy.fences() && service.endpoints.iter().any(|endpoint| !endpoint.fence.is_open())
}

/// Whether a service's capacity counts the demand that the node itself sees, and its policy does anything about it.
fn counts_demand(service: &Service) -> bool {
    service.policy.spills() && service.capacity.unit == CapacityUnit::Demand
}

/// Whether any endpoint of a service has an address of a family, or a service has that answers in its place. Circles do not
/// load.
fn has_family(services: &[Service], service: &Service, family: Family) -> bool {
    service.endpoints.iter().any(|endpoint| match endpoint.inner {
        Some(inner) => has_family(services, &services[inner.index()], family),
        None if endpoint.alias().is_some() => family == Family::ALIAS,
        // What will be found nobody knows yet.
        None if endpoint.resolved().is_some() => true,
        None => endpoint.addresses.iter().any(|address| Family::of(*address) == family),
    })
}

/// Who answers in the place of endpoints; empty where nobody does.
fn inner(service: &Service) -> Box<[Option<ServiceId>]> {
    match service.endpoints.iter().any(|endpoint| endpoint.inner.is_some()) {
        true => service.endpoints.iter().map(|endpoint| endpoint.inner).collect(),
        false => Box::default(),
    }
}

fn steer(services: &[Service], service: &Service, regions: &[Region], first: u32, refused: bool) -> Steered {
    let mut by_region = vec![0; regions.len()];
    for (endpoint, position) in service.endpoints.iter().zip(1..) {
        by_region[endpoint.region.index()] = position;
    }
    let has = |addresses: &[IpAddr], family| addresses.iter().any(|address| Family::of(*address) == family);
    let any = |family| has_family(services, service, family);
    let key = |endpoint: &crate::model::Endpoint| {
        EndpointKey::new(&service.name, &regions[endpoint.region.index()].name)
    };
    let largest = service.largest_weight();
    let weight = |endpoint: &crate::model::Endpoint| {
        let exact = (u64::from(endpoint.weight) << 20) / u64::from(largest.max(1));
        (Keep::of_weights(endpoint.weight, largest), exact as u32)
    };
    let together = |grouping: Grouping| {
        let region = |endpoint: &crate::model::Endpoint| &regions[endpoint.region.index()];
        let with = |one: &crate::model::Endpoint| {
            let others = service.endpoints.iter().zip(0..);
            let others =
                others.filter(|(other, _)| region(one).is_with(region(other), grouping) == Some(true));
            others.fold(0_u64, |set, (_, place)| set | 1 << place)
        };
        service.endpoints.iter().map(with).collect()
    };
    Steered {
        together: service.policy.grouping().map(together).unwrap_or_default(),
        program: Program::new(&service.name, &service.policy.filters, refused),
        shares: Shares::new(service.endpoints.iter().map(weight)),
        inner: inner(service),
        priorities: service.endpoints.iter().map(|endpoint| endpoint.priority).collect(),
        first: crate::model::EndpointId(first),
        regions: service.endpoints.iter().map(|endpoint| endpoint.region).collect(),
        keys: service.endpoints.iter().map(key).collect(),
        by_region: by_region.into(),
        ttl: service.ttl,
        families: service.families,
        on_all_down: service.on_all_down,
        has_fallback: Family::ALL.map(|family| has(&service.fallback, family)),
        has_family: Family::ALL.map(any),
        counted: Family::ALL.into_iter().find(|family| counts_demand(service) && any(*family)),
    }
}

/// RFC 9018 §4.4 keys SipHash with the secret's octets, the low half first.
fn cookies(config: &Config, node: &Node) -> Box<[(u64, u64)]> {
    let words = |secret: &[u8; 16]| {
        let [low, high] = [0, 8].map(|at| std::array::from_fn(|i| secret[at + i]));
        (u64::from_le_bytes(low), u64::from_le_bytes(high))
    };
    match &config.server.cookies[..] {
        [] => [words(&node.cookie_secret)].into(),
        secrets => secrets.iter().map(|secret| words(&secret.0)).collect(),
    }
}
