//! From what is written to what is meant: names resolved, defaults applied, values held against each other.
//!
//! Where something is wrong it is noted and a harmless value takes its place, so that one mistake causes one
//! message; [`super::parse`] lets nobody see the result then.

mod capacity;
mod check;
mod checks;
mod cname;
mod endpoint;
mod fence;
mod geo;
mod inner;
mod latency;
mod networks;
mod probes;
mod region;
mod server;
mod service;
mod signals;
mod webhook;
mod witness;

use std::collections::{BTreeMap, HashMap};
use std::fmt::Display;
use std::hash::Hash;
use std::path::{Path, PathBuf};

use super::file::{File, Location};
use super::leaf::{Domain, Wrong};
use super::reader::{Entry, quoted};
use super::text::{Span, Text};
use super::{Config, ReadFile, ZoneFile};
use crate::model::{self, Problems, RegionId, ServiceId, did_you_mean, listed};

/// The configuration that `file` means; what is wrong with it goes to `problems`.
pub fn build(
    path: &Path,
    file: &File,
    text: &Text,
    read_file: ReadFile<'_>,
    problems: &mut Problems,
) -> Config {
    let mut builder = Builder {
        text,
        problems,
        directory: path.parent().unwrap_or(Path::new("")),
        read_file,
        region_ids: HashMap::new(),
        region_names: Vec::new(),
        service_ids: HashMap::new(),
        service_names: Vec::new(),
        hints: HINTS,
        networks_files: Vec::new(),
        latency_files: Vec::new(),
        authorities: BTreeMap::new(),
        secret_files: Vec::new(),
    };
    let regions = builder.regions(&file.regions);
    let server = builder.server(&file.server);
    let latency = builder.latency(&file.latency);
    let whoami = server.whoami.clone();
    let services = builder.services(&file.services, whoami, &regions);
    builder.measuring(&file.latency, &services);
    let state = file.server.value().and_then(|server| server.state.value());
    Config {
        path: path.to_owned(),
        state: builder.path(state.map_or("state", |state| &state.0)),
        server,
        api: builder.api(&file.api, &file.server),
        geo: builder.geo(&file.geo),
        zones: builder.zones(&file.zones),
        services,
        latency,
        regions,
        probes: builder.probes(&file.probes),
        witnesses: builder.witnesses(&file.witnesses),
        resolver: builder.name_servers(&file.resolver),
        webhooks: builder.webhooks(&file.webhooks),
        networks_files: builder.networks_files,
        latency_files: builder.latency_files,
        authority_files: builder.authorities.into_keys().collect(),
        secret_files: builder.secret_files,
    }
}

/// Unknown regions and services that are compared with the known ones: a thousand regions and ten thousand typing errors
/// would take minutes.
const HINTS: usize = 100;

/// What every part of the building needs.
struct Builder<'a> {
    text: &'a Text<'a>,
    problems: &'a mut Problems,
    /// Of the configuration file: what relative paths are relative to.
    directory: &'a Path,
    read_file: ReadFile<'a>,
    region_ids: HashMap<&'a str, RegionId>,
    /// Of those, the names that messages may repeat.
    region_names: Vec<&'a str>,
    service_ids: HashMap<&'a str, ServiceId>,
    /// Of those, the names that messages may repeat, in written order.
    service_names: Vec<&'a str>,
    /// How many more unknown names are compared with the known ones.
    hints: usize,
    networks_files: Vec<PathBuf>,
    latency_files: Vec<PathBuf>,
    /// By file, what was read of authorities, or why nothing was.
    authorities: BTreeMap<PathBuf, Result<model::Authorities, String>>,
    secret_files: Vec<PathBuf>,
}

impl Builder<'_> {
    fn error(&mut self, span: &Span, text: impl Into<String>) {
        self.problems.error(&self.text.place(span), text);
    }

    fn warn(&mut self, span: &Span, text: impl Into<String>) {
        self.problems.warn(&self.text.place(span), text);
    }

    /// A path as written, seen from the directory of the configuration file.
    fn path(&self, written: &str) -> PathBuf {
        self.directory.join(written)
    }

    /// A key that `table` cannot do without.
    fn required<'e, T>(&mut self, entry: &'e Entry<T>, table: &Span, text: &str) -> Option<&'e T> {
        if entry.is_absent() {
            self.error(table, text);
        }
        entry.value()
    }

    /// The region of that name, or an error that lists those there are.
    fn region(&mut self, word: &str, span: &Span) -> Option<RegionId> {
        let known = self.region_ids.get(word).copied();
        if known.is_none() {
            let text = self.unknown("region", word, &self.region_names);
            self.hints = self.hints.saturating_sub(1);
            self.error(span, text);
        }
        known
    }

    /// An error that lists the services there are.
    fn no_service(&mut self, word: &str, span: &Span) {
        let text = self.unknown("service", word, &self.service_names);
        self.hints = self.hints.saturating_sub(1);
        self.error(span, text);
    }

    /// That nothing of a kind is called so, what may be meant, and what there is.
    fn unknown(&self, kind: &str, word: &str, names: &[&str]) -> String {
        let compared = if self.hints > 0 { names } else { &[] };
        let hint = did_you_mean(word, compared.iter().copied());
        let there = match names {
            [] => format!("there are no {kind}s"),
            _ => format!("{kind}s: {}", listed(names.iter().copied())),
        };
        format!("no {kind} is called {}{hint}; {there}", quoted(word))
    }

    /// Whether `item` is new; an error where it stands for the second time.
    fn once<T: Hash + Eq + Display>(
        &mut self,
        seen: &mut HashMap<T, Span>,
        item: T,
        span: &Span,
        what: &str,
    ) -> bool {
        if let Some(first) = seen.get(&item) {
            let line = self.text.place(first).line;
            self.error(
                span,
                format!("{what} {} is written twice; first on line {line}", quoted(&item.to_string())),
            );
            return false;
        }
        seen.insert(item, span.clone());
        true
    }

    /// A point, where both of its coordinates are written and right.
    fn location(&mut self, entry: &Entry<Location>) -> Option<model::Location> {
        let (location, span) = entry.marked()?;
        let lat = self.required(&location.lat, span, "the location has no 'lat'")?;
        let lon = self.required(&location.lon, span, "the location has no 'lon'")?;
        model::Location::new(lat.0, lon.0)
    }

    /// Notes that a key that is written with another value than its default is not obeyed yet.
    fn later<T: PartialEq>(&mut self, entry: &Entry<T>, key: &str, default: T) {
        if let Some((_, span)) = entry.marked().filter(|(value, _)| **value != default) {
            self.warn(span, format!("{key} is read, but has no effect in this version"));
        }
    }

    /// The master files, by origin.
    fn zones(&mut self, entry: &Entry<super::reader::Map<super::file::Zone>>) -> Vec<ZoneFile> {
        let mut zones = Vec::new();
        let mut seen = HashMap::new();
        for zone in entry.value().iter().flat_map(|map| &map.0) {
            let origin = self.origin(&zone.name, &zone.span);
            let table = zone.value.as_ref();
            let file = table.and_then(|table| {
                self.required(&table.file, &zone.span, &format!("zone {} has no 'file'", quoted(&zone.name)))
            });
            let Some(origin) = origin else { continue };
            if self.once(&mut seen, origin.clone(), &zone.span, "zone")
                && let Some(file) = file
            {
                zones.push(ZoneFile { origin, file: self.path(&file.0), place: self.text.place(&zone.span) });
            }
        }
        zones
    }

    /// The name of a zone.
    fn origin(&mut self, word: &str, span: &Span) -> Option<model::Name> {
        let text = match Domain::parse(word) {
            Ok(name) if name.0.is_wildcard() => format!("'{word}' cannot name a zone: it is a wildcard"),
            Ok(name) => return Some(name.0),
            Err(Wrong::Says(text)) => text,
            Err(Wrong::Not(wants)) => format!("zone {} is not {wants}", quoted(word)),
        };
        self.error(span, text);
        None
    }
}
