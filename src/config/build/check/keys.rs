//! Which key of a check belongs to which kind: the others are warned about.

use super::{Builder, word};
use crate::config::file::Check;
use crate::config::leaf::Kind::{self, Command, Dns, Grpc, Http, Https, Icmp, Service, Tcp};
use crate::config::text::Span;

const WEB: &[Kind] = &[Http, Https];
const TLS: &[Kind] = &[Https, Tcp, Grpc];
const ALL: &[Kind] = &[Http, Https, Tcp, Dns, Grpc, Icmp, Command];

/// A key, where it is written, and the kinds that it belongs to.
type Row = (&'static str, fn(&Check) -> Option<&Span>, &'static [Kind]);

/// Every key but `kind`, in the order of the documentation.
#[rustfmt::skip]
const KEYS: &[Row] = &[
    ("port", |check| check.port.span(), &[Http, Https, Tcp, Dns, Grpc, Command]),
    ("path", |check| check.path.span(), WEB),
    ("host", |check| check.host.span(), &[Http, Https, Tcp, Grpc]),
    ("method", |check| check.method.span(), WEB),
    ("headers", |check| check.headers.span(), WEB),
    ("expect", |check| check.expect.span(), WEB),
    ("body", |check| check.body.span(), WEB),
    ("body_regex", |check| check.body_regex.span(), WEB),
    ("http2", |check| check.http2.span(), WEB),
    ("tls", |check| check.tls.span(), &[Tcp, Grpc]),
    ("ca", |check| check.ca.span(), TLS),
    ("verify", |check| check.verify.span(), TLS),
    ("certificate_warning", |check| check.certificate_warning.span(), TLS),
    ("send", |check| check.send.span(), &[Tcp]),
    ("receive", |check| check.receive.span(), &[Tcp]),
    ("name", |check| check.name.span(), &[Dns]),
    ("type", |check| check.r#type.span(), &[Dns]),
    ("rcode", |check| check.rcode.span(), &[Dns]),
    ("answers", |check| check.answers.span(), &[Dns]),
    ("grpc_service", |check| check.grpc_service.span(), &[Grpc]),
    ("command", |check| check.command.span(), &[Command]),
    ("service", |check| check.service.span(), &[Service]),
    ("interval", |check| check.interval.span(), ALL),
    ("timeout", |check| check.timeout.span(), ALL),
    ("slow", |check| check.slow.span(), ALL),
    ("rise", |check| check.rise.span(), ALL),
    ("fall", |check| check.fall.span(), ALL),
    ("fast_interval", |check| check.fast_interval.span(), ALL),
    ("flap_half_life", |check| check.flap_half_life.span(), ALL),
];

impl Builder<'_> {
    /// Keys that say nothing about a check of this kind.
    pub(super) fn warn_of_idle_keys(&mut self, check: &Check, kind: Kind) {
        for (key, span, kinds) in KEYS.iter().filter(|(_, _, kinds)| !kinds.contains(&kind)) {
            let Some(span) = span(check) else { continue };
            let why = match kind {
                Kind::None => "kind 'none' never probes".into(),
                _ => {
                    let kinds: Vec<_> = kinds.iter().map(|kind| word(*kind)).collect();
                    format!("it does not belong to kind '{}' but to {}", word(kind), kinds.join(", "))
                }
            };
            self.warn(span, format!("{key} has no effect: {why}"));
        }
        let plain = matches!(kind, Tcp | Grpc) && !check.tls.value().is_some_and(|tls| *tls);
        if plain {
            self.warn_of_keys_without_tls(check, kind);
        }
    }

    /// Keys that say how to go on inside TLS, where nothing does.
    fn warn_of_keys_without_tls(&mut self, check: &Check, kind: Kind) {
        let within = |key: &str| {
            ["ca", "verify", "certificate_warning"].contains(&key) || key == "host" && kind == Tcp
        };
        for (key, span, _) in KEYS.iter().filter(|(key, ..)| within(key)) {
            if let Some(span) = span(check) {
                self.warn(span, format!("{key} has no effect without tls = true"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_stands_in_the_table() {
        let schema = crate::config::schema();
        let keys = schema["$defs"]["Check"]["properties"].as_object().unwrap().keys();
        let mut written: Vec<_> = keys.filter(|key| *key != "kind").map(String::as_str).collect();
        let mut listed: Vec<_> = KEYS.iter().map(|(key, ..)| *key).collect();
        written.sort_unstable();
        listed.sort_unstable();
        assert_eq!(listed, written);
    }
}
