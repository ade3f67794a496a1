//! Capacity: what it counts, and from when on it sheds (DESIGN 4.6).

use super::Signal;

/// What the capacity of a service's endpoints counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CapacityUnit {
    /// Open connections, as their load balancers report them.
    #[default]
    Connections,
    /// Requests per second, as their load balancers report them.
    Requests,
    /// Client networks that hold an answer of this node, as the node itself estimates: answers a second × their TTL.
    Demand,
}

impl CapacityUnit {
    /// The signal that says it; `None`: the node's own estimate does.
    pub fn signal(self) -> Option<Signal> {
        match self {
            CapacityUnit::Connections => Some(Signal::Connections),
            CapacityUnit::Requests => Some(Signal::Requests),
            CapacityUnit::Demand => None,
        }
    }

    /// As it is written.
    pub fn name(self) -> &'static str {
        self.signal().map_or("demand", Signal::name)
    }
}

/// How a service deals with load.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Capacity {
    /// What it is counted in.
    pub unit: CapacityUnit,
    /// Utilization above which an endpoint sheds, if the others are less full: 0…10.
    pub soft: f64,
    /// Utilization at which it is full: it sheds at once as much as it must; `soft`…10.
    pub hard: f64,
}

impl Default for Capacity {
    fn default() -> Capacity {
        Capacity { unit: CapacityUnit::default(), soft: 0.8, hard: 1.0 }
    }
}
