//! Measured latency: reports in, an order of regions for every vantage out.
//!
//! A plain machine without a clock: whoever has one calls [`Latencies::settle`] now and then, and compiles
//! [`Latencies::orders`] where that says that something moved. Rows are known by names, so that they outlast reloads.

mod order;
mod row;
mod saved;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::config;
use crate::model::{Family, LatencyRules, Measured, Network, Region, Vantage};
use order::order;
use row::Row;

/// So long orders stay as they are, whatever is reported: every change is a table to compile.
const PAUSE: Duration = Duration::from_secs(10);
/// So long without a look even where nothing is reported: samples grow old.
const SELDOM: Duration = Duration::from_secs(60);
/// Where there are too many rows, one in so many goes: not one at a time, each after a look at all.
const SHARE_TRIMMED: usize = 100;

/// A region and the latency to it, in milliseconds.
#[derive(Clone, Debug, PartialEq)]
pub struct Known {
    /// Its name.
    pub region: Arc<str>,
    /// The mean.
    pub rtt_ms: f64,
}

/// What is known from one vantage.
#[derive(Clone, Debug, Default, PartialEq)]
struct Place {
    rows: BTreeMap<Arc<str>, Row>,
    /// In force: the fastest first.
    order: Vec<Arc<str>>,
}

impl Place {
    /// Lets time pass; how many rows went, and whether the order moved.
    fn settle(&mut self, now: SystemTime, rules: &LatencyRules) -> (usize, bool) {
        let before = self.rows.len();
        self.rows.retain(|_, row| {
            row.age(now, rules);
            !row.is_empty()
        });
        let known = self.rows.iter().filter(|(_, row)| row.counts);
        let known = known
            .map(|(region, row)| Known { region: region.clone(), rtt_ms: row.rtt_ms(now, rules.half_life) });
        let order = order(known.collect(), &self.order, rules.hysteresis);
        let moved = order != self.order;
        self.order = order;
        (before - self.rows.len(), moved)
    }
}

/// How much there is, and what became of what was reported; for metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LatencyCounts {
    /// Rows: vantages times regions.
    pub rows: usize,
    /// Vantages whose clients have an order of their own.
    pub orders: usize,
    /// Measurements that were reported.
    pub reports: u64,
    /// Rows that went because nobody reported them any more.
    pub expired: u64,
    /// Rows that went because there were too many.
    pub crowded: u64,
    /// How often an order moved, so that a table was compiled.
    pub moves: u64,
    /// When the last report came.
    pub newest: Option<SystemTime>,
}

/// A row as it is told.
#[derive(Clone, Debug, PartialEq)]
pub struct RowReport {
    /// From where.
    pub vantage: Vantage,
    /// To where.
    pub region: Arc<str>,
    /// The mean, in milliseconds.
    pub rtt_ms: f64,
    /// The samples that it stands for.
    pub samples: f64,
    /// Whether they are enough.
    pub counts: bool,
    /// Its place in the order in force, from 1.
    pub place: Option<usize>,
    /// When it was last reported.
    pub reported: Option<SystemTime>,
    /// Whether the file has it.
    pub listed: bool,
}

/// Which rows are wanted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RowsWanted {
    /// Of this network, and of those in it; of this autonomous system.
    pub vantage: Option<Vantage>,
    /// To this region.
    pub region: Option<String>,
    /// Behind this one.
    pub after: Option<(Vantage, String)>,
    /// At most so many.
    pub most: usize,
}

/// All that is known of latency.
#[derive(Debug, Default)]
pub struct Latencies {
    rules: LatencyRules,
    places: BTreeMap<Vantage, Place>,
    regions: BTreeSet<Arc<str>>,
    counts: LatencyCounts,
    /// Something was reported since the last look.
    stirred: bool,
    settled: Option<SystemTime>,
    /// Something changed since it was last saved.
    unsaved: bool,
}

impl Latencies {
    /// Takes a new configuration: what was reported stays, for regions that there still are.
    pub fn replace(&mut self, latency: &config::Latency, regions: &[Region], now: SystemTime) {
        self.rules = latency.rules;
        self.regions = regions.iter().map(|region| Arc::from(region.name.as_str())).collect();
        for place in self.places.values_mut() {
            place.rows.retain(|region, row| {
                row.listed = None;
                self.regions.contains(region) && !row.is_empty()
            });
        }
        for listed in &latency.rows {
            let Some(region) = regions.get(listed.region.index()) else { continue };
            let place = self.places.entry(listed.vantage).or_default();
            let row = place.rows.entry(self.regions.get(&*region.name).cloned().unwrap_or_default());
            row.or_default().listed = Some(listed.measured);
        }
        self.trim(now);
        self.settle(now);
    }

    /// Takes a report; one to a region that is not known is dropped.
    pub fn take(&mut self, vantage: Vantage, region: &str, measured: Measured, now: SystemTime) {
        let Some(region) = self.regions.get(region).cloned() else { return };
        let place = self.places.entry(vantage).or_default();
        place.rows.entry(region).or_default().take(measured, now, &self.rules);
        self.counts.reports += 1;
        self.counts.newest = Some(now);
        (self.stirred, self.unsaved) = (true, true);
    }

    /// Drops rows where there are too many: those with the fewest samples, never those of the file.
    pub fn trim(&mut self, now: SystemTime) {
        let most = self.rules.max_entries;
        if self.rows() <= most {
            return;
        }
        let reported = self.places.iter().flat_map(|(vantage, place)| {
            let rows = place.rows.iter().filter(|(_, row)| row.listed.is_none());
            rows.map(|(region, row)| (row.samples(now, self.rules.half_life), *vantage, region.clone()))
        });
        let mut reported: Vec<_> = reported.collect();
        let many = (self.rows() - most + most / SHARE_TRIMMED).min(reported.len());
        if many > 0 && many < reported.len() {
            reported.select_nth_unstable_by(many, |one, other| one.0.total_cmp(&other.0));
        }
        for (_, vantage, region) in reported.into_iter().take(many) {
            if let Some(place) = self.places.get_mut(&vantage) {
                place.rows.remove(&region);
                self.counts.crowded += 1;
            }
        }
    }

    /// Whether it is time for a look.
    pub fn is_due(&self, now: SystemTime) -> bool {
        let pause = if self.stirred { PAUSE } else { SELDOM };
        // A clock that was set back is no reason to wait.
        self.settled.is_none_or(|settled| now.duration_since(settled).map_or(true, |passed| passed >= pause))
    }

    /// Brings every order up to date; whether any moved.
    pub fn settle(&mut self, now: SystemTime) -> bool {
        let (mut expired, mut moved) = (0, false);
        self.places.retain(|_, place| {
            let (gone, changed) = place.settle(now, &self.rules);
            expired += gone;
            moved |= changed;
            !place.rows.is_empty()
        });
        (self.stirred, self.settled) = (false, Some(now));
        self.counts.expired += expired as u64;
        self.counts.moves += u64::from(moved);
        self.unsaved |= moved || expired > 0;
        moved
    }

    /// The orders in force.
    pub fn orders(&self) -> impl Iterator<Item = (Vantage, &[Arc<str>])> {
        let orders = self.places.iter().filter(|(_, place)| !place.order.is_empty());
        orders.map(|(vantage, place)| (*vantage, &*place.order))
    }

    /// How much there is.
    pub fn counts(&self) -> LatencyCounts {
        LatencyCounts { rows: self.rows(), orders: self.orders().count(), ..self.counts }
    }

    /// What decides for an address that this system announces: the longest network with an order, else the system.
    pub fn at(&self, address: IpAddr, asn: Option<u32>, now: SystemTime) -> Vec<RowReport> {
        let lengths = (0..=Vantage::longest(Family::of(address))).rev();
        let networks = lengths.filter_map(|length| Network::new(address, length).ok());
        let networks = networks.map(|network| Vantage::Network(network.trunc()));
        let mut vantages = networks.chain(asn.map(Vantage::Asn));
        let found = vantages.find_map(|vantage| {
            let place = self.places.get(&vantage).filter(|place| !place.order.is_empty())?;
            Some(place.rows.iter().map(move |(region, row)| (vantage, place, region, row)))
        });
        found.into_iter().flatten().map(|one| self.report(one, now)).collect()
    }

    /// The rows that are wanted, sorted, and how many there are in all.
    pub fn list(&self, wanted: &RowsWanted, now: SystemTime) -> (Vec<RowReport>, usize) {
        let rows = self.places.iter().flat_map(|(vantage, place)| {
            place.rows.iter().map(move |(region, row)| (*vantage, place, region, row))
        });
        let fits = |vantage: &Vantage| match (wanted.vantage, vantage) {
            (None, _) => true,
            (Some(Vantage::Network(outer)), Vantage::Network(network)) => outer.contains(network),
            (Some(asked), vantage) => asked == *vantage,
        };
        let is_region = |region: &str| wanted.region.as_ref().is_none_or(|asked| asked == region);
        let rows = rows.filter(|(vantage, _, region, _)| fits(vantage) && is_region(region));
        let is_behind = |vantage: Vantage, region: &str| {
            wanted.after.as_ref().is_none_or(|(last, behind)| (vantage, region) > (*last, behind))
        };
        let shown = rows.clone().filter(|(vantage, _, region, _)| is_behind(*vantage, region));
        (shown.take(wanted.most).map(|one| self.report(one, now)).collect(), rows.count())
    }

    fn report(
        &self,
        (vantage, place, region, row): (Vantage, &Place, &Arc<str>, &Row),
        now: SystemTime,
    ) -> RowReport {
        RowReport {
            vantage,
            region: region.clone(),
            rtt_ms: row.rtt_ms(now, self.rules.half_life),
            samples: row.samples(now, self.rules.half_life),
            counts: row.counts,
            place: place.order.iter().position(|one| one == region).map(|place| place + 1),
            reported: row.told.map(|told| told.at),
            listed: row.listed.is_some(),
        }
    }

    fn rows(&self) -> usize {
        self.places.values().map(|place| place.rows.len()).sum()
    }
}
