//! Endpoints: what clients are sent to, and what is probed for it.

use std::net::IpAddr;

use super::Builder;
use super::geo::items;
use super::server::number;
use super::service::is_empty;
use crate::config::Config;
use crate::config::file;
use crate::config::reader::{Entry, Map, Named, quoted};
use crate::config::text::Span;
use crate::model::{Check, Endpoint, Family, Probe, Request};

impl Builder<'_> {
    /// The endpoints in written order; `checks` are their service's.
    pub(super) fn endpoints(
        &mut self,
        entry: &Entry<Map<file::Endpoint>>,
        min_addresses: usize,
        checks: &[Check],
    ) -> Vec<Endpoint> {
        let written = entry.value().map_or(&[][..], |map| &map.0);
        if let Some(first_over) = written.get(Config::MAX_ENDPOINTS) {
            let (count, most) = (written.len(), Config::MAX_ENDPOINTS);
            self.error(
                &first_over.span,
                format!("{count} endpoints are too many; a service has at most {most}"),
            );
        }
        written.iter().filter_map(|endpoint| self.endpoint(endpoint, min_addresses, checks)).collect()
    }

    fn endpoint(
        &mut self,
        named: &Named<file::Endpoint>,
        min_addresses: usize,
        checks: &[Check],
    ) -> Option<Endpoint> {
        let region = self.region(&named.name, &named.span);
        let endpoint = named.value.as_ref()?;
        let inner = self.inner(endpoint);
        let (cname, resolve) = self.cname(endpoint);
        let elsewhere = !endpoint.service.is_absent() || !endpoint.cname.is_absent();
        if !elsewhere && is_empty(&endpoint.addresses, |list| list.0.is_empty()) {
            let span = endpoint.addresses.span().unwrap_or(&named.span);
            self.error(span, format!("endpoint {} has no addresses", quoted(&named.name)));
        }
        let built = Endpoint {
            region: region?,
            inner,
            cname,
            resolve,
            addresses: self.addresses(&endpoint.addresses),
            weight: number(&endpoint.weight).unwrap_or(100),
            priority: number(&endpoint.priority).unwrap_or(0),
            capacity: number(&endpoint.capacity).filter(|capacity| *capacity > 0),
            probe_addresses: self.probe_addresses(endpoint, checks),
            probe_port: self.probe_port(endpoint, checks),
            fence: self.fence(endpoint),
            place: self.text.place(&named.span),
        };
        let whole = endpoint.addresses.value().is_some_and(|list| list.0.len() == built.addresses.len());
        if whole {
            self.enough_addresses(&built, &named.span, min_addresses);
        }
        Some(built)
    }

    /// An endpoint with fewer addresses than make it fit never would be.
    fn enough_addresses(&mut self, endpoint: &Endpoint, span: &Span, min_addresses: usize) {
        for family in Family::ALL {
            let count = endpoint.addresses_of(family).count();
            if (1..min_addresses).contains(&count) {
                let (name, word) = (family.name(), if count == 1 { "address" } else { "addresses" });
                let text =
                    format!("min_addresses is {min_addresses}, but this endpoint has {count} {name} {word}");
                self.error(span, format!("{text}; it would never be fit"));
            }
        }
    }

    /// What is probed instead of the addresses: nothing, or one for each.
    fn probe_addresses(&mut self, endpoint: &file::Endpoint, checks: &[Check]) -> Vec<IpAddr> {
        let Some((list, span)) = endpoint.probe_addresses.marked() else { return Vec::new() };
        if checks.iter().all(|check| check.probe.is_none()) {
            self.warn(span, "probe_addresses has no effect: the service has no check");
        }
        let (count, wanted) = (list.0.len(), endpoint.addresses.value().map(|list| list.0.len()));
        if wanted.is_none() && count > Endpoint::MAX_ADDRESSES {
            let most = Endpoint::MAX_ADDRESSES;
            self.error(span, format!("{count} probe_addresses are too many; at most {most} are possible"));
        }
        if let Some(wanted) = wanted.filter(|wanted| *wanted != count) {
            let text = format!("there are {count} probe_addresses for {wanted} addresses");
            self.error(span, format!("{text}; write one for each, in the same order"));
        }
        items(&endpoint.probe_addresses).map(|(address, _)| address.0).collect()
    }

    fn probe_port(&mut self, endpoint: &file::Endpoint, checks: &[Check]) -> Option<u16> {
        let span = endpoint.probe_port.span()?;
        let mut probes = checks.iter().filter_map(|check| check.probe.as_ref());
        match (probes.next(), probes.next()) {
            (None, _) => self.warn(span, "probe_port has no effect: the service has no check"),
            (Some(_), Some(_)) => {
                self.error(span, "probe_port is one port for several checks; write 'port' in each check");
            }
            (Some(Probe { request: Request::Icmp, .. }), None) => {
                self.warn(span, "probe_port has no effect: kind 'icmp' knows no port");
            }
            (Some(_), None) => return number(&endpoint.probe_port),
        }
        None
    }
}
