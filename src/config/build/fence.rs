//! Fences of endpoints.

use super::Builder;
use super::geo::items;
use crate::config::file;
use crate::config::reader::{Entry, List};
use crate::config::text::Span;
use crate::model::{Clients, Fence, Service};

impl Builder<'_> {
    /// Whom an endpoint may serve.
    pub(super) fn fence(&mut self, endpoint: &file::Endpoint) -> Fence {
        let allow = self.clients("allow", &endpoint.allow);
        Fence { allow, deny: self.clients("deny", &endpoint.deny).unwrap_or_default() }
    }

    fn clients(&mut self, key: &str, entry: &Entry<file::Clients>) -> Option<Clients> {
        let (table, span) = entry.marked()?;
        let clients = Clients {
            networks: items(&table.networks).map(|(network, _)| network.0).collect(),
            asns: items(&table.asns).map(|(asn, _)| u32::try_from(asn.0).unwrap_or(0)).collect(),
            subdivisions: items(&table.subdivisions).map(|(code, _)| code.0.clone()).collect(),
            countries: items(&table.countries).map(|(code, _)| code.0).collect(),
            continents: items(&table.continents).map(|(code, _)| code.0).collect(),
        };
        if names_nobody(table) {
            let keys = "networks, asns, subdivisions, countries or continents";
            self.error(span, format!("{key} names nobody; write {keys}"));
        }
        Some(clients)
    }

    /// A fence and the filter that looks at it belong together.
    pub(super) fn fenced(&mut self, service: &Service, written: &file::Service, policy: Option<&Span>) {
        let endpoints = written.endpoints.value().map_or(&[][..], |map| &map.0);
        let fences = endpoints.iter().filter_map(|named| named.value.as_ref());
        let fences: Vec<&Span> =
            fences.filter_map(|endpoint| endpoint.allow.span().or(endpoint.deny.span())).collect();
        match (service.policy.fences(), fences.first(), policy) {
            (false, Some(span), _) => {
                let cure = "begin it with \"fence\", as in [\"fence\", \"healthy\", \"near\", \"first\"]";
                self.warn(span, format!("this has no effect: the policy has no fence; {cure}"));
            }
            (true, None, Some(span)) => {
                self.warn(span, "the filter 'fence' has no effect: no endpoint has allow or deny");
            }
            _ => {}
        }
    }
}

fn names_nobody(table: &file::Clients) -> bool {
    fn empty<T>(entry: &Entry<List<T>>) -> bool {
        entry.is_absent() || entry.value().is_some_and(|list| list.0.is_empty())
    }
    empty(&table.networks)
        && empty(&table.asns)
        && empty(&table.subdivisions)
        && empty(&table.countries)
        && empty(&table.continents)
}
