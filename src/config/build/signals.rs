//! Signals: where load balancers are asked for them, and when they speak against an endpoint.

mod presets;

use std::time::Duration;

use super::Builder;
use super::server::number;
use crate::config::file;
use crate::config::leaf::{FormulaText, Kind, Lasting, OneOf, Preset, Word, print_duration};
use crate::config::reader::{Entry, List};
use crate::config::text::Span;
use crate::model::{Formula, HttpRequest, PassiveRule, Scrape, ScrapeRequest, Signal};

/// From the start of one scrape to the start of the next.
const INTERVAL: Duration = Duration::from_secs(10);
/// For one whole scrape, unless the interval is shorter.
const TIMEOUT: Duration = Duration::from_secs(2);
/// The most rules of one service.
const MOST_RULES: usize = 16;

impl Builder<'_> {
    /// Where the load balancers of a service are asked; without a table, nowhere.
    pub(super) fn scrape(&mut self, entry: &Entry<file::Signals>) -> Option<Scrape> {
        let (signals, span) = entry.marked()?;
        let presets: Vec<_> = Preset::WORDS.iter().map(|(word, _)| *word).collect();
        let text = format!("the signals have no 'preset'; presets: {}", presets.join(", "));
        let OneOf(preset) = *self.required(&signals.preset, span, &text)?;
        let (interval, timeout) = self.scrape_times(&signals.interval, &signals.timeout);
        let formulas = self.formulas(signals, preset, span);
        let http = self.scrape_http(signals, preset);
        let port = number(&signals.port).or(presets::port(preset));
        if port.is_none() && signals.port.is_absent() {
            let word = word(preset);
            self.error(span, format!("the signals have no 'port', and preset '{word}' has none of its own"));
        }
        let request = ScrapeRequest { http, format: presets::format(preset), formulas };
        Some(Scrape { port: port?, request, interval, timeout })
    }

    /// A scrape is asked for as an HTTP check would be.
    fn scrape_http(&mut self, signals: &file::Signals, preset: Preset) -> HttpRequest {
        let tls = signals.tls.value().is_some_and(|tls| *tls);
        for (key, span) in [("ca", signals.ca.span()), ("verify", signals.verify.span())] {
            if let Some(span) = span.filter(|_| !tls) {
                self.warn(span, format!("{key} has no effect without tls = true"));
            }
        }
        let kind = signals.tls.span().map(|span| Entry::Written(span.clone(), Some(OneOf(Kind::Https))));
        let as_check = file::Check {
            kind: kind.unwrap_or_default(),
            host: signals.host.clone(),
            headers: signals.headers.clone(),
            ca: signals.ca.clone(),
            verify: signals.verify.clone(),
            ..file::Check::default()
        };
        let path =
            signals.path.value().map_or_else(|| presets::path(preset).to_owned(), |path| path.0.clone());
        HttpRequest { path, ..self.http(&as_check, tls) }
    }

    /// A scrape ends before the next begins.
    fn scrape_times(
        &mut self,
        interval: &Entry<Lasting<1_000, 3_600_000>>,
        timeout: &Entry<Lasting<10, 3_600_000>>,
    ) -> (Duration, Duration) {
        let every = interval.value().map_or(INTERVAL, |lasting| lasting.0);
        let Some((timeout, span)) = timeout.marked() else { return (every, TIMEOUT.min(every)) };
        let known = interval.is_absent() || interval.value().is_some();
        if known && timeout.0 > every {
            let [timeout, every] = [timeout.0, every].map(print_duration);
            self.error(span, format!("timeout '{timeout}' is longer than the interval '{every}'"));
        }
        (every, timeout.0)
    }

    /// What the operator wrote, and for the other signals what the preset says.
    fn formulas(&mut self, signals: &file::Signals, preset: Preset, table: &Span) -> Vec<(Signal, Formula)> {
        let none = file::Metrics::default();
        let metrics = signals.metrics.value().unwrap_or(&none);
        let labels = signals.labels.value().map_or("", |labels| &labels.0);
        let own = presets::formulas(preset, labels);
        if let Some(span) = signals.labels.span().filter(|_| !presets::has_labels(preset)) {
            self.warn(
                span,
                format!("labels has no effect: the metrics of preset '{}' have none", word(preset)),
            );
        }
        let written = |signal| written(metrics, signal).value().map(|text| text.0.clone());
        let preset_s =
            |signal| own.iter().find(|(known, _)| *known == signal).map(|(_, formula)| formula.clone());
        let both = |signal| Some((signal, written(signal).or_else(|| preset_s(signal))?));
        let formulas: Vec<_> = Signal::ALL.into_iter().filter_map(both).collect();
        if formulas.is_empty() && signals.metrics.value().is_none() {
            let example = "metrics = { connections = 'name{label=\"value\"}' }";
            self.error(table, format!("preset '{}' knows no metrics; write {example}", word(preset)));
        }
        formulas
    }

    /// The passive rules of a service.
    pub(super) fn passive(&mut self, entry: &Entry<List<file::Passive>>) -> Vec<PassiveRule> {
        let written: Vec<_> = entry.value().iter().flat_map(|list| list.marked()).collect();
        if let Some((_, span)) = written.get(MOST_RULES) {
            let count = written.len();
            self.error(
                span,
                format!("{count} passive rules are too many; a service has at most {MOST_RULES}"),
            );
        }
        written.into_iter().filter_map(|(rule, span)| self.passive_rule(rule, span)).collect()
    }

    fn passive_rule(&mut self, rule: &file::Passive, table: &Span) -> Option<PassiveRule> {
        let signal = self.required(&rule.signal, table, "the passive rule has no 'signal'");
        let over = self.required(&rule.over, table, "the passive rule has no 'over'");
        let lasting = self.required(&rule.r#for, table, "the passive rule has no 'for'");
        let then =
            self.required(&rule.then, table, "the passive rule has no 'then'; write degraded or unhealthy");
        let (OneOf(signal), over) = (*signal?, over?.0);
        let under = rule.under.value().map_or(over * 0.8, |under| under.0);
        if let Some(span) = rule.under.span().filter(|_| under > over) {
            self.error(span, format!("under ({under}) is greater than over ({over})"));
        }
        if let Some(span) = rule.over.span().filter(|_| signal.is_share() && over >= 1.0) {
            self.error(span, format!("{} is a share: over ({over}) is less than 1", signal.name()));
        }
        if let Some(span) = rule.under.span().or(rule.over.span()).filter(|_| under == 0.0) {
            self.error(span, "nothing is less than 0: an endpoint would never come back");
        }
        Some(PassiveRule { signal, over, under, lasting: lasting?.0, then: then?.0 })
    }
}

/// What is written for a signal.
fn written(metrics: &file::Metrics, signal: Signal) -> &Entry<FormulaText> {
    match signal {
        Signal::Connections => &metrics.connections,
        Signal::Requests => &metrics.requests,
        Signal::Errors => &metrics.errors,
        Signal::Timeouts => &metrics.timeouts,
        Signal::Latency => &metrics.latency,
        Signal::Utilization => &metrics.utilization,
        Signal::Capacity => &metrics.capacity,
        Signal::Draining => &metrics.draining,
    }
}

/// A preset as it is written.
fn word(preset: Preset) -> &'static str {
    Preset::WORDS.iter().find(|(_, known)| *known == preset).map_or("", |(word, _)| word)
}
