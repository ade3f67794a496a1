//! Checks: what is probed, how often, and what it takes to change a mind.

use std::time::Duration;

use super::Builder;
use super::server::number;
use crate::config::file;
use crate::config::leaf::{Kind, OneOf};
use crate::config::reader::Entry;
use crate::config::text::Span;
use crate::model::{Check, HttpRequest, Probe, Request};

/// What is waited for an answer, unless the interval is shorter.
const TIMEOUT: Duration = Duration::from_secs(2);

/// From the start of one probe to the start of the next.
const INTERVAL: Duration = Duration::from_secs(5);

impl Builder<'_> {
    /// The check of a service; without a table, none.
    pub fn check(&mut self, entry: &Entry<file::Check>) -> Check {
        let none = file::Check::default();
        let check = entry.value().unwrap_or(&none);
        let kind = entry.marked().and_then(|(_, span)| {
            self.required(&check.kind, span, "the check has no 'kind'; kinds: none, http, https").copied()
        });
        let (interval, timeout) = self.times(check);
        Check {
            probe: self.probe(check, kind),
            interval,
            timeout,
            rise: number(&check.rise).unwrap_or(2),
            fall: number(&check.fall).unwrap_or(3),
        }
    }

    /// Interval and timeout: a probe ends before the next begins.
    fn times(&mut self, check: &file::Check) -> (Duration, Duration) {
        let interval = check.interval.value().map_or(INTERVAL, |lasting| lasting.0);
        let Some((timeout, span)) = check.timeout.marked() else { return (interval, TIMEOUT.min(interval)) };
        let known = check.interval.is_absent() || check.interval.value().is_some();
        if known && timeout.0 > interval {
            let [timeout, interval] = [timeout.0, interval].map(crate::config::leaf::print_duration);
            self.error(span, format!("timeout '{timeout}' is longer than the interval '{interval}'"));
        }
        (interval, timeout.0)
    }

    fn probe(&mut self, check: &file::Check, kind: Option<OneOf<Kind>>) -> Option<Probe> {
        let tls = match kind?.0 {
            Kind::None => {
                self.warn_of_idle_keys(check);
                return None;
            }
            Kind::Http => false,
            Kind::Https => true,
        };
        if tls
            && check.host.is_absent()
            && let Some(span) = check.kind.span()
        {
            let cure = "most certificates name hosts; write 'host'";
            self.warn(
                span,
                format!("without 'host' the certificate must name the endpoint's own address; {cure}"),
            );
        }
        let request = HttpRequest {
            tls,
            path: check.path.value().map_or("/".into(), |path| path.0.clone()),
            host: check.host.value().map(|host| host.0.clone()),
            expect: check.expect.value().map(|statuses| statuses.0.clone()).unwrap_or_default(),
        };
        let port = number(&check.port).unwrap_or(if tls { 443 } else { 80 });
        Some(Probe { port, request: Request::Http(request) })
    }

    /// Keys that say how to probe what is never probed.
    fn warn_of_idle_keys(&mut self, check: &file::Check) {
        let written: [(&str, Option<&Span>); 8] = [
            ("port", check.port.span()),
            ("path", check.path.span()),
            ("host", check.host.span()),
            ("expect", check.expect.span()),
            ("interval", check.interval.span()),
            ("timeout", check.timeout.span()),
            ("rise", check.rise.span()),
            ("fall", check.fall.span()),
        ];
        for (key, span) in written {
            if let Some(span) = span {
                self.warn(span, format!("{key} has no effect: kind 'none' never probes"));
            }
        }
    }
}
