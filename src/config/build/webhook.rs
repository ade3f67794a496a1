//! Webhooks: who is told of events.

use std::collections::HashMap;
use std::time::Duration;

use super::Builder;
use super::geo::items;
use crate::config::Config;
use crate::config::file;
use crate::config::leaf::unfit_name;
use crate::config::reader::{Entry, List, Map, quoted};
use crate::config::text::Span;
use crate::model::{EventKind, Secret, Webhook, did_you_mean, listed};

/// The kinds of events that are told where nothing else is written.
const TOLD: [EventKind; 5] =
    [EventKind::Transition, EventKind::Endpoint, EventKind::Override, EventKind::Parked, EventKind::Cut];

/// A secret's length in octets: shorter ones can be guessed.
const SECRET: std::ops::RangeInclusive<usize> = 8..=1024;

impl Builder<'_> {
    /// The webhooks in written order.
    pub fn webhooks(
        &mut self,
        entry: &Entry<List<file::Webhook>>,
        services: &Entry<Map<file::Service>>,
    ) -> Vec<Webhook> {
        let services: Vec<&str> =
            services.value().iter().flat_map(|map| &map.0).map(|named| named.name.as_str()).collect();
        let (mut seen, mut webhooks) = (HashMap::new(), Vec::new());
        for (webhook, span) in items(entry) {
            if webhooks.len() == Config::MAX_WEBHOOKS {
                let most = Config::MAX_WEBHOOKS;
                self.error(span, format!("these are too many webhooks; at most {most} are possible"));
                break;
            }
            webhooks.extend(self.webhook(webhook, span, &services, &mut seen));
        }
        webhooks
    }

    fn webhook(
        &mut self,
        webhook: &file::Webhook,
        table: &Span,
        services: &[&str],
        seen: &mut HashMap<String, Span>,
    ) -> Option<Webhook> {
        let url = self.required(&webhook.url, table, "the webhook has no 'url'")?;
        let span = webhook.name.span().unwrap_or(table);
        let name = webhook.name.value().cloned().unwrap_or_else(|| url.host().to_owned());
        if let Some(text) = unfit_name("webhook", &name).filter(|_| webhook.name.value().is_some()) {
            self.error(span, text);
        }
        if !self.once(seen, name.clone(), span, "webhook") {
            return None;
        }
        if let Some(span) = webhook.url.span().filter(|_| url.is_open()) {
            self.warn(span, "whoever is on the way can read what is sent by http; write https");
        }
        for (service, span) in items(&webhook.services) {
            if !services.contains(&service.as_str()) {
                let hint = did_you_mean(service, services.iter().copied());
                let known = listed(services.iter().copied());
                self.error(
                    span,
                    format!("no service is called {}{hint}; services: {known}", quoted(service)),
                );
            }
        }
        let kinds: Vec<_> = items(&webhook.events).map(|(kind, _)| kind.0).collect();
        Some(Webhook {
            name,
            url: url.0.clone(),
            kinds: if webhook.events.is_absent() { TOLD.to_vec() } else { kinds },
            services: items(&webhook.services).map(|(service, _)| service.clone()).collect(),
            secret: self.secret(webhook),
            format: webhook.format.value().map(|word| word.0).unwrap_or_default(),
            timeout: webhook.timeout.value().map_or(Duration::from_secs(10), |lasting| lasting.0),
        })
    }

    /// The secret of the file that is named; no message repeats any of it.
    fn secret(&mut self, webhook: &file::Webhook) -> Option<Secret> {
        let (file, span) = webhook.secret_file.marked()?;
        let path = self.path(&file.0);
        self.secret_files.push(path.clone());
        let text = match (self.read_file)(&path) {
            Ok(text) => text,
            Err(error) => {
                self.error(span, format!("secret_file '{}' cannot be read: {error}", path.display()));
                return None;
            }
        };
        let secret = text.trim();
        if !SECRET.contains(&secret.len()) {
            let (least, most) = SECRET.into_inner();
            let what = format!("has no secret of {least} to {most} octets");
            self.error(
                span,
                format!("secret_file '{}' {what}; 'openssl rand -hex 32' makes one", path.display()),
            );
            return None;
        }
        Some(Secret(secret.as_bytes().into()))
    }
}
