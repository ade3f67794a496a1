//! Services inside services.

use std::collections::{BTreeSet, HashSet};

use super::Builder;
use crate::config::file;
use crate::config::reader::quoted;
use crate::config::text::Span;
use crate::model::{Service, ServiceId};

impl Builder<'_> {
    /// The service that answers in an endpoint's place.
    pub(super) fn inner(&mut self, endpoint: &file::Endpoint) -> Option<ServiceId> {
        let (name, span) = endpoint.service.marked()?;
        let of_addresses: [(&str, Option<&Span>); 3] = [
            ("addresses", endpoint.addresses.span()),
            ("probe_addresses", endpoint.probe_addresses.span()),
            ("probe_port", endpoint.probe_port.span()),
        ];
        for (key, at) in of_addresses.iter().filter_map(|(key, at)| Some((key, (*at)?))) {
            let text = format!("service and {key} exclude each other: service {} answers here", quoted(name));
            self.error(at, text);
        }
        let known = self.service_ids.get(name.as_str()).copied();
        if known.is_none() {
            self.no_service(name, span);
        }
        known
    }

    /// What a policy hands out at once has to be addresses, and whoever looks at a service has to see its endpoints.
    pub(super) fn nesting(&mut self, service: &Service, written: &file::Service, services: &[Service]) {
        let nests = |service: &Service| service.endpoints.iter().any(|endpoint| endpoint.inner.is_some());
        if nests(service) && service.policy.answers_several() {
            let place = written.policy.span().map_or_else(|| service.place.clone(), |at| self.text.place(at));
            let text = "this policy answers with several endpoints at once, so none of them can be a service; end it \
                        with \"first\", or have the inner service answer with several";
            self.problems.error(&place, text.to_owned());
        }
        if nests(service) && is_deep(service, services, DEEPEST - 1) {
            let text = format!(
                "services stand inside {} more than {DEEPEST} deep; every query would go all that way",
                quoted(&service.name)
            );
            self.problems.error(&service.place, text);
        }
        if let (true, Some(span)) =
            (service.endpoints.iter().all(|one| one.inner.is_some()), written.check.span())
        {
            self.warn(span, "the check has no effect: every endpoint is a service, with checks of its own");
        }
        let looked_at = service.checks.iter().filter_map(|check| services.get(check.of_service?.index()));
        for other in looked_at.filter(|other| nests(other)) {
            let (name, other) = (quoted(&service.name), quoted(&other.name));
            let text =
                format!("a check of {name} looks at {other}, which answers by other services; look at those");
            self.problems.error(&service.place, text);
        }
    }
}

/// So many services may stand inside each other, the outermost counted: a query decides as often.
const DEEPEST: usize = 4;

/// Whether more than `left` services stand inside each other in this one.
fn is_deep(service: &Service, services: &[Service], left: usize) -> bool {
    // Each once, level by level: they may share what is inside them. A circle never ends, and is told of by itself.
    let mut level: BTreeSet<usize> = inner_of(service).collect();
    let mut levels = 0;
    while !level.is_empty() && levels <= services.len() {
        level = level.iter().filter_map(|at| services.get(*at)).flat_map(inner_of).collect();
        levels += 1;
    }
    (left + 1..=services.len()).contains(&levels)
}

fn inner_of(service: &Service) -> impl Iterator<Item = usize> + '_ {
    service.endpoints.iter().filter_map(|endpoint| Some(endpoint.inner?.index()))
}

/// Services that answer in the place of some endpoint, by name.
pub(super) fn nested<'a>(services: impl Iterator<Item = &'a file::Service>) -> HashSet<&'a str> {
    let endpoints = services.filter_map(|service| service.endpoints.value()).flat_map(|map| &map.0);
    let endpoints = endpoints.filter_map(|named| named.value.as_ref());
    endpoints.filter_map(|endpoint| endpoint.service.value()).map(String::as_str).collect()
}
