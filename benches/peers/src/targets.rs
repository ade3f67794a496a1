//! What the figures have to be.

use crate::results::{Kind, Run, Sorted};
use crate::servers::Server;
use crate::statistics::Estimate;
use crate::workload::Workload;

/// Which figure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Figure {
    /// Processor time of an answer: at most.
    Cost,
    /// Answers a second: at least.
    Rate,
}

/// A ratio that has to be reached.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Which figure.
    pub figure: Figure,
    /// Whose figure.
    pub of: Server,
    /// Compared with whose.
    pub against: Server,
    /// On what work.
    pub workload: Workload,
    /// The ratio.
    pub limit: f64,
}

/// How a target was met.
#[derive(Clone, Copy, Debug)]
pub struct Outcome {
    /// Which.
    pub target: Target,
    /// The ratio.
    pub ratio: Estimate,
    /// Whether the lower end of its interval meets the target.
    pub met: bool,
}

/// All of them.
pub fn all() -> Vec<Target> {
    use Server::{Bind, Floor, Gdnsd, Hickory, KnotGeoip, Meridian4, Meridian32, Nsd, Pdns};
    use Workload::{Cookies, Names, Plain, Subnets};
    let cost = |of, against, workload, limit| Target { figure: Figure::Cost, of, against, workload, limit };
    let mut targets = vec![
        cost(Meridian32, Floor, Plain, 1.03),
        cost(Meridian32, Floor, Subnets, 1.06),
        cost(Meridian32, Floor, Cookies, 1.10),
        Target { figure: Figure::Rate, of: Meridian32, against: Floor, workload: Subnets, limit: 0.94 },
    ];
    for of in [Meridian4, Meridian32] {
        targets.extend([Plain, Names, Subnets].map(|workload| cost(of, Gdnsd, workload, 1.0)));
    }
    for (against, limit) in [(KnotGeoip, 0.85), (Nsd, 0.85), (Bind, 0.55), (Pdns, 0.25), (Hickory, 0.5)] {
        targets.extend([Plain, Names, Subnets].map(|workload| cost(Meridian4, against, workload, limit)));
    }
    targets
}

impl Target {
    /// Holds the results against it; `None` where somebody did not take part.
    pub fn judge(&self, sorted: &Sorted) -> Option<Outcome> {
        let figure: fn(&Run) -> f64 = match self.figure {
            Figure::Cost => Run::cost,
            Figure::Rate => |run| run.tally.per_second,
        };
        let ratios = sorted.ratios(self.of, self.against, self.workload, Kind::Saturated, figure);
        let ratio = Estimate::of(ratios)?;
        let met = match self.figure {
            Figure::Cost => ratio.low <= self.limit,
            Figure::Rate => ratio.low >= self.limit,
        };
        Some(Outcome { target: *self, ratio, met })
    }
}
