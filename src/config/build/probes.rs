//! The table `probes`: how much may be probed.

use super::Builder;
use super::server::number;
use crate::config::file;
use crate::config::reader::Entry;
use crate::model::ProbeBudget;

impl Builder<'_> {
    /// The budget of all probes.
    pub fn probes(&self, entry: &Entry<file::Probes>) -> ProbeBudget {
        let default = ProbeBudget::default();
        let Some(probes) = entry.value() else { return default };
        ProbeBudget {
            in_flight: number(&probes.in_flight).unwrap_or(default.in_flight),
            per_second: number(&probes.per_second).unwrap_or(default.per_second),
            per_address: number(&probes.per_address).unwrap_or(default.per_address),
        }
    }
}
