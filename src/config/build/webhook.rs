//! Webhooks: who is told of events.

use std::collections::HashMap;
use std::time::Duration;

use super::Builder;
use super::geo::items;
use crate::config::Config;
use crate::config::file;
use crate::config::leaf::{WebAddress, unfit_name};
use crate::config::reader::{Entry, List};
use crate::config::text::Span;
use crate::model::{EventKind, Secret, Webhook};

/// The kinds of events that are told where nothing else is written.
const TOLD: [EventKind; 6] = [
    EventKind::Transition,
    EventKind::Endpoint,
    EventKind::Override,
    EventKind::Parked,
    EventKind::Ramp,
    EventKind::Cut,
];

/// A secret's length in octets: shorter ones can be guessed.
const SECRET: std::ops::RangeInclusive<usize> = 8..=1024;

impl Builder<'_> {
    /// The webhooks in written order.
    pub fn webhooks(&mut self, entry: &Entry<List<file::Webhook>>) -> Vec<Webhook> {
        let (mut seen, mut webhooks) = (HashMap::new(), Vec::new());
        for (webhook, span) in items(entry) {
            if webhooks.len() == Config::MAX_WEBHOOKS {
                let most = Config::MAX_WEBHOOKS;
                self.error(span, format!("these are too many webhooks; at most {most} are possible"));
                break;
            }
            webhooks.extend(self.webhook(webhook, span, &mut seen));
        }
        webhooks
    }

    /// Every key is looked at, also where another one is wrong.
    fn webhook(
        &mut self,
        webhook: &file::Webhook,
        table: &Span,
        seen: &mut HashMap<String, Span>,
    ) -> Option<Webhook> {
        let url = self.required(&webhook.url, table, "the webhook has no 'url'");
        if let Some(span) = webhook.url.span().filter(|_| url.is_some_and(WebAddress::is_open)) {
            self.warn(span, "whoever is on the way can read what is sent by http; write https");
        }
        let name = self.webhook_name(webhook, table, seen);
        self.known_services(&webhook.services);
        let kinds: Vec<_> = items(&webhook.events).map(|(kind, _)| kind.0).collect();
        let secret = self.secret(webhook);
        Some(Webhook {
            name: name?,
            url: url?.0.clone(),
            kinds: if webhook.events.is_absent() { TOLD.to_vec() } else { kinds },
            services: items(&webhook.services).map(|(service, _)| service.clone()).collect(),
            secret,
            format: webhook.format.value().map(|word| word.0).unwrap_or_default(),
            timeout: webhook.timeout.value().map_or(Duration::from_secs(10), |lasting| lasting.0),
        })
    }

    /// Its own, or its host's; `None` where it has none, or not alone.
    fn webhook_name(
        &mut self,
        webhook: &file::Webhook,
        table: &Span,
        seen: &mut HashMap<String, Span>,
    ) -> Option<String> {
        let span = webhook.name.span().unwrap_or(table);
        let own = webhook.name.value().cloned();
        if let Some(text) = own.as_ref().and_then(|name| unfit_name("webhook", name)) {
            self.error(span, text);
        }
        let name = own.or_else(|| Some(webhook.url.value()?.host().to_owned()))?;
        self.once(seen, name.clone(), span, "webhook").then_some(name)
    }

    fn known_services(&mut self, services: &Entry<List<String>>) {
        for (service, span) in items(services) {
            if !self.service_ids.contains_key(service.as_str()) {
                self.no_service(service, span);
            }
        }
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
