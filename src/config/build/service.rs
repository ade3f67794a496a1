//! Services and their endpoints.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;

use super::Builder;
use super::geo::items;
use super::inner;
use super::server::number;
use crate::config::Config;
use crate::config::file;
use crate::config::leaf::{OneOf, SteeredAddress, unfit_name};
use crate::config::reader::{Entry, List, Map, Named, quoted};
use crate::config::text::Span;
use crate::model::{
    Endpoint, Family, Grouping, Name, OnAllDown, Place, Region, Service, ServiceId, TtlRange, listed,
};

/// Where each name is answered: the words for it, and where it is written.
type Owners = HashMap<Name, (String, Place)>;

impl<'a> Builder<'a> {
    /// The services in written order; `whoami` is a name that none of them may have.
    pub fn services(
        &mut self,
        entry: &'a Entry<Map<file::Service>>,
        whoami: Option<(Name, Place)>,
        regions: &[Region],
    ) -> Vec<Service> {
        let written = entry.value().map_or(&[][..], |map| &map.0);
        if let Some(first_over) = written.get(Config::MAX_SERVICES) {
            let (count, most) = (written.len(), Config::MAX_SERVICES);
            self.error(
                &first_over.span,
                format!("{count} services are too many; at most {most} are possible"),
            );
        }
        let mut owners: Owners =
            whoami.into_iter().map(|(name, place)| (name, ("the server's whoami".into(), place))).collect();
        self.service_ids =
            written.iter().zip(0..).map(|(named, id)| (named.name.as_str(), ServiceId(id))).collect();
        let names = written.iter().map(|named| named.name.as_str());
        self.service_names = names.filter(|name| unfit_name("service", name).is_none()).collect();
        let nested: HashSet<&str> = inner::nested(written.iter().filter_map(|named| named.value.as_ref()));
        let services: Vec<_> =
            written.iter().map(|service| self.service(service, &nested, &mut owners)).collect();

        let aliases = Service::aliases(&services);
        for (at, (service, written)) in services.iter().zip(written).enumerate() {
            let table = written.value.as_ref();
            let policy = table.and_then(|table| table.policy.span());
            if let Some(span) = policy {
                self.groups(service, span, regions);
            }
            if let Some(table) = table {
                self.fenced(service, table, policy);
                self.shedding(service, table);
                self.nesting(service, table, &services);
                self.aliased((at, table), &services, &aliases);
            }
        }

        self.few_resolved(&services);
        self.no_circles(&services);
        services
    }
}

impl Builder<'_> {
    fn service(
        &mut self,
        named: &Named<file::Service>,
        nested: &HashSet<&str>,
        owners: &mut Owners,
    ) -> Service {
        if let Some(text) = unfit_name("service", &named.name) {
            self.error(&named.span, text);
        }
        let none = file::Service::default();
        let service = named.value.as_ref().unwrap_or(&none);
        if named.value.is_some() {
            self.needs(named, service, nested.contains(&*named.name));
        }
        self.all_down(service);
        let min_addresses = number(&service.min_addresses).unwrap_or(1);
        let (checks, needed) = self.checks(service);
        let endpoints = self.endpoints(&service.endpoints, min_addresses, &checks);
        Service {
            name: named.name.clone(),
            names: self.names(named, service, owners),
            policy: service.policy.value().map(|policy| policy.0.clone()).unwrap_or_default(),
            ttl: self.ttl(&service.ttl),
            ecs: service.ecs.value().copied().unwrap_or(true),
            families: service.families.value().map(|word| word.0).unwrap_or_default(),
            on_all_down: service.on_all_down.value().map(|word| word.0).unwrap_or_default(),
            fallback: self.addresses(&service.fallback),
            min_addresses,
            checks,
            needed,
            scrape: self.scrape(&service.signals),
            passive: self.passive(&service.passive),
            max_ejected: f64::from(service.max_ejected.value().map_or(50, |share| share.0)) / 100.0,
            slow_start: service.slow_start.value().map(|lasting| lasting.0).unwrap_or_default(),
            capacity: self.capacity(service),
            manual_resume: service.manual_resume.value().copied().unwrap_or_default(),
            latency_objective: service.latency_objective.value().map(|lasting| lasting.0),
            order_rules: self.order_rules(&service.r#override),
            endpoints,
            place: self.text.place(&named.span),
        }
    }

    /// A policy that groups needs to know of every region where it belongs.
    fn groups(&mut self, service: &Service, span: &Span, regions: &[Region]) {
        let Some(grouping) = service.policy.grouping() else { return };
        let of = service.endpoints.iter().filter_map(|endpoint| regions.get(endpoint.region.index()));
        let homeless = of.filter(|region| region.is_with(region, grouping).is_none());
        let names: Vec<_> = homeless.map(|region| region.name.as_str()).collect();
        if !names.is_empty() {
            let within = matches!(grouping, Grouping::Within(_));
            let key = if within { "location".to_owned() } else { grouping.to_string() };
            let names = listed(names.into_iter());
            self.error(span, format!("near({grouping}) needs the {key} of every region; missing: {names}"));
        }
    }

    /// A service without names is never asked for, unless another one nests it; one without endpoints never answers.
    fn needs(&mut self, named: &Named<file::Service>, service: &file::Service, is_nested: bool) {
        let name = quoted(&named.name);
        if !is_nested && is_empty(&service.names, |list| list.0.is_empty()) {
            let span = service.names.span().unwrap_or(&named.span);
            self.error(span, format!("service {name} has no names; write names = [\"www.gslb.example.\"]"));
        }
        if is_empty(&service.endpoints, |map| map.0.is_empty()) {
            let span = service.endpoints.span().unwrap_or(&named.span);
            self.error(
                span,
                format!("service {name} has no endpoints; each is a table endpoints.REGION of its own"),
            );
        }
    }

    /// The names that are this service's alone.
    fn names(
        &mut self,
        named: &Named<file::Service>,
        service: &file::Service,
        owners: &mut Owners,
    ) -> Vec<(Name, Place)> {
        let mut names = Vec::new();
        for (name, span) in items(&service.names) {
            let (name, place) = (name.0.clone(), self.text.place(span));
            if let Some((owner, first)) = owners.get(&name) {
                let text = format!("'{name}' is already answered by {owner} (line {})", first.line);
                self.problems.error(&place, text);
                continue;
            }
            owners.insert(name.clone(), (format!("service {}", quoted(&named.name)), place.clone()));
            names.push((name, place));
        }
        names
    }

    fn ttl(&mut self, entry: &Entry<file::TtlRange>) -> TtlRange {
        let default = TtlRange::default();
        let Some(range) = entry.value() else { return default };
        let min = range.min.value().map_or(default.min, |ttl| ttl.0);
        let max = range.max.value().map_or(default.max, |ttl| ttl.0);
        let right = |entry: &Entry<_>| entry.is_absent() || entry.value().is_some();
        let span = range.max.span().or(range.min.span());
        if let Some(span) = span.filter(|_| min > max && right(&range.min) && right(&range.max)) {
            let word = |entry: &Entry<_>| if entry.is_absent() { ", the default" } else { "" };
            let (of_min, of_max) = (word(&range.min), word(&range.max));
            self.error(span, format!("ttl.max ({max}s{of_max}) is less than ttl.min ({min}s{of_min})"));
        }
        TtlRange { min, max }
    }

    /// `fallback` needs somewhere to fall back to.
    fn all_down(&mut self, service: &file::Service) {
        let Some((OneOf(OnAllDown::Fallback), span)) = service.on_all_down.marked() else { return };
        if is_empty(&service.fallback, |list| list.0.is_empty()) {
            self.error(
                span,
                "on_all_down is 'fallback', but there are no fallback addresses; write fallback = [\"…\"]",
            );
        }
    }

    /// Addresses in written order, none twice, no more of a family than a live word has bits for.
    pub(super) fn addresses(&mut self, entry: &Entry<List<SteeredAddress>>) -> Vec<IpAddr> {
        let mut seen = HashMap::new();
        let mut counts = [0; 2];
        let mut addresses = Vec::new();
        for (address, span) in items(entry) {
            if !self.once(&mut seen, address.0, span, "address") {
                continue;
            }
            let family = Family::of(address.0);
            counts[family.index()] += 1;
            if counts[family.index()] == Endpoint::MAX_ADDRESSES + 1 {
                let (name, most) = (family.name(), Endpoint::MAX_ADDRESSES);
                self.error(
                    span,
                    format!("too many {name} addresses; at most {most} of each family are possible"),
                );
            }
            addresses.push(address.0);
        }
        addresses
    }
}

/// Whether nothing is written where something should be; what is written but wrong counts as something.
pub(super) fn is_empty<T>(entry: &Entry<T>, empty: impl Fn(&T) -> bool) -> bool {
    entry.is_absent() || entry.value().is_some_and(empty)
}
