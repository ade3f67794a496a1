//! What was measured, as it outlasts a restart: a network's latency is learnt over hours.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::row::{Row, Told};
use super::{Latencies, Place};
use crate::control::words::seconds;
use crate::model::{Measured, Vantage};

/// All places, as JSON.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Saved {
    places: Vec<SavedPlace>,
}

#[derive(Debug, Serialize, Deserialize)]
struct SavedPlace {
    vantage: String,
    rows: Vec<SavedRow>,
    /// In force: without it noise would move whoever it can, once.
    order: Vec<String>,
}

#[derive(Debug, Serialize, Deserialize)]
struct SavedRow {
    region: String,
    rtt_ms: f64,
    samples: f64,
    /// In Unix seconds.
    at: u64,
    counts: bool,
}

impl Latencies {
    /// Whether there is something to save, as of the last time.
    pub fn is_unsaved(&self) -> bool {
        self.unsaved
    }

    /// What was reported, as it is written to disk; from now on that is saved.
    pub fn save(&mut self) -> Vec<u8> {
        self.unsaved = false;
        let places = self.places.iter().map(|(vantage, place)| {
            let told = place.rows.iter().filter_map(|(region, row)| Some((region, row.told?, row.counts)));
            let rows = told.map(|(region, told, counts)| SavedRow {
                region: region.to_string(),
                rtt_ms: told.rtt_ms,
                samples: told.samples,
                at: seconds(told.at),
                counts,
            });
            let order = place.order.iter().map(|region| region.to_string()).collect();
            SavedPlace { vantage: vantage.to_string(), rows: rows.collect(), order }
        });
        serde_json::to_vec(&Saved { places: places.collect() }).unwrap_or_default()
    }

    /// Brings back what was written, as far as it makes sense and its regions are still there; how many rows.
    pub fn restore(&mut self, bytes: &[u8], now: SystemTime) -> usize {
        let saved: Saved = serde_json::from_slice(bytes).unwrap_or_default();
        let mut restored = 0;
        for SavedPlace { vantage, rows, order } in saved.places {
            let Ok(vantage) = vantage.parse::<Vantage>() else { continue };
            let place = self.places.entry(vantage).or_default();
            place.order = order.iter().filter_map(|region| self.regions.get(&**region).cloned()).collect();
            for saved in rows {
                let (Some(region), Some(told)) = (self.regions.get(&*saved.region), told(&saved, now)) else {
                    continue;
                };
                let row: &mut Row = place.rows.entry(region.clone()).or_default();
                (row.told, row.counts) = (Some(told), saved.counts);
                restored += 1;
            }
        }
        self.forget_empty();
        self.trim(now);
        self.settle(now);
        restored
    }

    fn forget_empty(&mut self) {
        self.places.retain(|_, Place { rows, .. }| !rows.is_empty());
    }
}

/// What was written in the future was written by a clock that went wrong: it counts as new.
fn told(saved: &SavedRow, now: SystemTime) -> Option<Told> {
    let sound = Measured::is_time(saved.rtt_ms) && saved.samples.is_finite() && saved.samples >= 0.0;
    let at = UNIX_EPOCH.checked_add(Duration::from_secs(saved.at))?.min(now);
    sound.then_some(Told { rtt_ms: saved.rtt_ms, samples: saved.samples, at })
}
