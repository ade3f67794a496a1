//! Whether what is to be probed fits the budget.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::Plan;
use crate::health::Standing;
use crate::model::ProbeBudget;

/// Addresses that are named in a warning.
const NAMED: usize = 3;

impl Plan {
    /// Where more is to be probed than the budget allows, in words: probes will come late there.
    pub fn strains(&self, budget: ProbeBudget) -> Vec<String> {
        let all: f64 = self.standing.iter().map(rate).sum();
        let hanging: f64 = self.standing.iter().map(|one| rate(one) * one.timeout.as_secs_f64()).sum();
        let mut strains = Vec::new();
        if budget.per_second > 0 && all > f64::from(budget.per_second) {
            strains.push(format!(
                "the checks ask for {} probes a second, and probes.per_second is {}: they will come late; lengthen \
                 intervals, or allow more",
                all.ceil(),
                budget.per_second
            ));
        }
        if hanging > budget.in_flight as f64 {
            strains.push(format!(
                "probes.in_flight is {}; should every target hang until its timeout, {} attempts would be under way at \
                 once, and probes would come late",
                budget.in_flight,
                hanging.ceil()
            ));
        }
        strains.extend(self.crowded(budget.per_address));
        strains
    }

    fn crowded(&self, most: u32) -> Option<String> {
        let mut rates: BTreeMap<IpAddr, f64> = BTreeMap::new();
        for one in self.standing.iter() {
            *rates.entry(one.target.address).or_default() += rate(one);
        }
        rates.retain(|_, rate| most > 0 && *rate > f64::from(most));
        let named: Vec<_> =
            rates.iter().take(NAMED).map(|(address, rate)| format!("{address} ({})", rate.ceil())).collect();
        let more = rates.len().saturating_sub(NAMED);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        (!rates.is_empty()).then(|| {
            format!(
                "more probes a second are asked for than probes.per_address allows, which is {most}: of {}{more}; they \
                 will come late",
                named.join(", ")
            )
        })
    }
}

/// Probes a second.
fn rate(standing: &Standing) -> f64 {
    1.0 / standing.interval.as_secs_f64().max(0.001)
}
