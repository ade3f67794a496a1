//! Endpoints that are other names.

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;

use super::Builder;
use super::geo::items;
use crate::config::Config;
use crate::config::file;
use crate::config::reader::{Entry, quoted};
use crate::config::text::Span;
use crate::model::{Check, Families, Name, Service};

impl Builder<'_> {
    /// The name that stands in place of an endpoint's addresses, and whether clients get its addresses.
    pub(super) fn cname(&mut self, endpoint: &file::Endpoint) -> (Option<Name>, bool) {
        let resolve = endpoint.resolve.value().copied().unwrap_or_default();
        let Some((name, span)) = endpoint.cname.marked() else {
            if let Some(span) = endpoint.resolve.span().filter(|_| resolve) {
                self.error(
                    span,
                    "resolve looks up a cname, and there is none; write cname = \"lb.example.net.\"",
                );
            }
            return (None, false);
        };
        if name.0.is_wildcard() || name.0 == Name::root() {
            let text =
                format!("cname '{}' is the name of no host; clients would ask for it as it is", name.0);
            self.error(span, text);
        }
        let elsewhere: [(&str, Option<&Span>); 3] = [
            ("addresses", endpoint.addresses.span()),
            ("service", endpoint.service.span()),
            ("probe_addresses", endpoint.probe_addresses.span().filter(|_| resolve)),
        ];
        for (key, at) in elsewhere.iter().filter_map(|(key, at)| Some((key, (*at)?))) {
            let whose = if resolve { "its own are looked up" } else { "clients are sent on to it" };
            self.error(at, format!("cname and {key} exclude each other: {whose}"));
        }
        (Some(name.0.clone()), resolve)
    }

    /// Who is asked for names.
    pub fn name_servers(&mut self, entry: &Entry<file::Resolver>) -> Vec<SocketAddr> {
        let Some(servers) = entry.value().map(|resolver| &resolver.servers) else { return Vec::new() };
        if let Some((list, span)) =
            servers.marked().filter(|(list, _)| list.0.len() > Config::MAX_NAME_SERVERS)
        {
            let (count, most) = (list.0.len(), Config::MAX_NAME_SERVERS);
            self.error(span, format!("{count} servers are too many; at most {most} are possible"));
        }
        let mut seen = HashMap::new();
        let all = items(servers).map(|(server, span)| (server.0, span));
        all.filter(|(server, span)| self.once(&mut seen, *server, span, "server"))
            .map(|(one, _)| one)
            .collect()
    }

    /// Names are looked up again and again, so there is an end to how many.
    pub(super) fn few_resolved(&mut self, services: &[Service]) {
        let endpoints = services.iter().flat_map(|service| &service.endpoints);
        let mut names = HashSet::new();
        let first_over =
            endpoints.filter_map(|one| one.resolved().map(|name| (name, one))).find(|(name, _)| {
                names.insert(*name);
                names.len() > Config::MAX_RESOLVED
            });
        if let Some((_, endpoint)) = first_over {
            let most = Config::MAX_RESOLVED;
            let text = format!(
                "this is one name too many to be looked up; at most {most} different ones are possible"
            );
            self.problems.error(&endpoint.place, text);
        }
    }

    /// What is true of a service whose endpoints are names, and of no other; `aliases` are all of those, by their numbers.
    pub(super) fn aliased(
        &mut self,
        (at, written): (usize, &file::Service),
        services: &[Service],
        aliases: &[bool],
    ) {
        let Some(service) = services.get(at).filter(|_| aliases.get(at) == Some(&true)) else { return };
        let name = quoted(&service.name);
        let stands_for_names = |inner: Option<crate::model::ServiceId>| {
            inner.is_some_and(|inner| aliases.get(inner.index()) == Some(&true))
        };
        for endpoint in &service.endpoints {
            let text = match endpoint.alias() {
                Some(target) if service.names.iter().any(|(name, _)| name == target) => {
                    format!("cname '{target}' is a name of service {name} itself: clients would go in a circle")
                }
                Some(_) if endpoint.probe_addresses.is_empty() && is_probed(&service.checks) => {
                    "a name has no addresses to be probed; write probe_addresses, or check = { kind = \"none\" }"
                        .to_owned()
                }
                None if !stands_for_names(endpoint.inner) => format!(
                    "service {name} sends clients on to other names (cname), so all of its endpoints have to; write resolve \
                     = true where it does, to mix them"
                ),
                _ => continue,
            };
            self.problems.error(&endpoint.place, text);
        }
        if service.policy.answers_several() {
            let place = written.policy.span().map_or_else(|| service.place.clone(), |at| self.text.place(at));
            let text = "a name has one CNAME (RFC 1034 §3.6.2), and this policy answers with several endpoints; end it \
                        with \"first\"";
            self.problems.error(&place, text.to_owned());
        }
        if let Some(span) = written.fallback.span().filter(|_| !service.fallback.is_empty()) {
            self.error(span, "fallback addresses cannot stand beside a cname (RFC 1034 §3.6.2)");
        }
        if let Some(span) = written.families.span().filter(|_| service.families == Families::Together) {
            self.warn(span, "families has no effect: a cname is for both");
        }
    }
}

fn is_probed(checks: &[Check]) -> bool {
    checks.iter().any(|check| check.probe.is_some())
}
