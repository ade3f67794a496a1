//! Checks: what is probed, how often, and what it takes to change a mind.

mod keys;
mod request;
mod trust;

use std::time::Duration;

use super::Builder;
use super::server::number;
use crate::config::file;
use crate::config::leaf::{Kind, Lasting, Word};
use crate::config::reader::Entry;
use crate::config::text::Span;
use crate::model::{Check, Probe};

/// What is waited for an answer, unless the interval is shorter.
const TIMEOUT: Duration = Duration::from_secs(2);

/// From the start of one probe to the start of the next.
const INTERVAL: Duration = Duration::from_secs(5);

/// In which what earlier falls weigh halves.
const FLAP_HALF_LIFE: Duration = Duration::from_secs(60);

impl Builder<'_> {
    /// One check; without a table, or of the kind `none`, there is none.
    pub fn check(&mut self, entry: &Entry<file::Check>) -> Option<Check> {
        let (check, span) = entry.marked()?;
        self.of_table(check, span)
    }

    /// The check that a table means.
    pub fn of_table(&mut self, check: &file::Check, table: &Span) -> Option<Check> {
        let kinds: Vec<_> = Kind::WORDS.iter().map(|(word, _)| *word).collect();
        let text = format!("the check has no 'kind'; kinds: {}", kinds.join(", "));
        let kind = self.required(&check.kind, table, &text).map(|kind| kind.0);
        let (interval, timeout) = self.times(check);
        let (fast_interval, slow) =
            (self.fast_interval(check, interval, timeout), self.slow(&check.slow, timeout));
        let kind = kind?;
        let probe = self.probe(check, kind, table);
        let of_service = if kind == Kind::Service { Some(self.of_service(check, table)?) } else { None };
        if probe.is_none() && of_service.is_none() {
            return None;
        }
        Some(Check {
            name: String::new(),
            of_service,
            probe,
            interval,
            timeout,
            rise: number(&check.rise).unwrap_or(2),
            fall: number(&check.fall).unwrap_or(3),
            fast_interval,
            flap_half_life: check.flap_half_life.value().map_or(FLAP_HALF_LIFE, |lasting| lasting.0),
            slow,
            certificate_warning: check.certificate_warning.value().map(|lasting| lasting.0),
        })
    }

    fn fast_interval(
        &mut self,
        check: &file::Check,
        interval: Duration,
        timeout: Duration,
    ) -> Option<Duration> {
        let (fast, span) = check.fast_interval.marked()?;
        let known = check.timeout.is_absent() || check.timeout.value().is_some();
        let [word, interval_word, timeout_word] =
            [fast.0, interval, timeout].map(crate::config::leaf::print_duration);
        if fast.0 > interval {
            self.error(span, format!("fast_interval '{word}' is longer than the interval '{interval_word}'"));
        } else if known && fast.0 < timeout {
            let text = format!("fast_interval '{word}' is shorter than the timeout '{timeout_word}'");
            let so = format!("after a failure, who takes longer than '{word}' fails again");
            self.warn(span, format!("{text}: {so}; make it at least the timeout, or the timeout '{word}'"));
        }
        Some(fast.0)
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

    fn slow(&mut self, entry: &Entry<Lasting<1, 3_600_000>>, timeout: Duration) -> Option<Duration> {
        let (slow, span) = entry.marked()?;
        if slow.0 >= timeout {
            let [slow, timeout] = [slow.0, timeout].map(crate::config::leaf::print_duration);
            let text = format!("slow '{slow}' is not shorter than the timeout '{timeout}'");
            self.error(span, format!("{text}; nothing would ever be slow"));
        }
        Some(slow.0)
    }

    fn probe(&mut self, check: &file::Check, kind: Kind, table: &Span) -> Option<Probe> {
        self.warn_of_idle_keys(check, kind);
        let request = self.request(check, kind, table)?;
        Some(Probe { port: self.port(check, kind, table), request })
    }

    /// The port that is written, or the kind's own.
    fn port(&mut self, check: &file::Check, kind: Kind, table: &Span) -> u16 {
        let own = match kind {
            Kind::Http => Some(80),
            Kind::Https => Some(443),
            Kind::Dns => Some(53),
            Kind::Tcp | Kind::Grpc => None,
            Kind::None | Kind::Icmp | Kind::Command | Kind::Service => Some(0),
        };
        if own.is_none() && check.port.is_absent() {
            let word = word(kind);
            self.error(table, format!("the check has no 'port', and kind '{word}' has none of its own"));
        }
        let written = number(&check.port).filter(|_| kind != Kind::Icmp);
        written.or(own).unwrap_or_default()
    }
}

/// A kind as it is written.
fn word(kind: Kind) -> &'static str {
    Kind::WORDS.iter().find(|(_, known)| *known == kind).map_or("", |(word, _)| word)
}
