//! Measured latency at work: taken from whoever reports it, compiled and published where an order moves, kept for after a
//! restart.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::time::Instant;
use tracing::{info, warn};

use super::handle::{LatencyWish, Refusal};
use super::latency::{Latencies, RowReport, RowsWanted};
use super::task::{Control, aside};
use crate::geo::Fast;
use crate::model::RegionId;
use crate::snapshot::World;

/// What was measured is kept for after a restart this often, if anything changed: it is much, and one report is little.
const KEEP: Duration = Duration::from_secs(300);

/// The orders in force, for queries to this world: nothing where no policy looks at them.
pub fn fast(latencies: &Latencies, world: &World) -> Arc<Fast> {
    if !world.services.iter().any(|service| service.fast) {
        return Arc::default();
    }
    let named = world.regions.iter().zip((0..).map(RegionId));
    let ids: std::collections::HashMap<&str, RegionId> =
        named.map(|(region, id)| (region.name.as_str(), id)).collect();
    let rows = latencies.orders().map(|(vantage, order)| {
        (vantage, order.iter().filter_map(|region| ids.get(&**region).copied()).collect())
    });
    Arc::new(Fast::new(rows, world.geo.asns(), world.regions.len()))
}

impl Control {
    /// Takes measurements, all or none; they steer within some ten seconds.
    pub(super) fn take_latency(&mut self, wishes: Vec<LatencyWish>) -> Result<usize, Refusal> {
        for wish in &wishes {
            self.known(&crate::model::Subject::Region(wish.region.clone()))?;
        }
        let now = (self.clock)();
        for wish in &wishes {
            self.latencies.take(wish.vantage, &wish.region, wish.measured, now);
        }
        self.latencies.trim(now);
        Ok(wishes.len())
    }

    /// The rows that are wanted, and how many of them there are in all.
    pub(super) fn latency(&self, wanted: &RowsWanted) -> (Vec<RowReport>, usize) {
        self.latencies.list(wanted, (self.clock)())
    }

    /// Orders that moved are published with the same world: one pointer, as for everything.
    pub(super) fn look_at_latency(&mut self, now: SystemTime) {
        if self.latencies.is_due(now) && aside(|| self.latencies.settle(now)) {
            let snapshot = self.shared.load();
            let fast = aside(|| fast(&self.latencies, &snapshot.world));
            self.totals.retire(self.shared.swap(Arc::new(snapshot.measured(fast))));
        }
        if self.latencies.is_unsaved() && self.latency_kept_at.elapsed() >= KEEP {
            self.keep_latency();
        }
    }

    /// Keeps what was reported for after a restart.
    pub(super) fn keep_latency(&mut self) {
        if !self.latencies.is_unsaved() {
            return;
        }
        self.latency_kept_at = Instant::now();
        let bytes = self.latencies.save();
        if let Err(error) = aside(|| self.store.remember_latency(&bytes)) {
            warn!(
                error = super::with_causes(&error),
                "measured latency could not be kept for after a restart"
            );
        }
    }
}

/// What was reported before a restart.
pub fn recall(latencies: &mut Latencies, bytes: Option<Vec<u8>>, now: SystemTime) {
    let Some(bytes) = bytes else { return };
    let rows = latencies.restore(&bytes, now);
    info!(rows, "latency that was measured before the restart is believed on");
}
