//! Latency as it is measured from clients' networks to regions.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::{Family, Network, RegionId};

/// From where latency is measured. Networks come before autonomous systems, IPv4 before IPv6.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Vantage {
    /// A client network, no longer than [`Vantage::longest`].
    Network(Network),
    /// An autonomous system.
    Asn(u32),
}

impl Vantage {
    /// The longest network of a family that is told apart: in a longer one hardly anybody measures often enough, and
    /// resolvers say no more of a client than that, or little more (RFC 7871 §11.1).
    pub fn longest(family: Family) -> u8 {
        match family {
            Family::V4 => 24,
            Family::V6 => 48,
        }
    }

    /// A network as a vantage, or what is wrong with it.
    pub fn of_network(network: Network) -> Result<Vantage, String> {
        let longest = Vantage::longest(Family::of(network.addr()));
        if network.prefix_len() > longest {
            let cut = Network::new(network.addr(), longest).map_or(network, |cut| cut.trunc());
            return Err(format!(
                "'{network}' is longer than /{longest}, the longest that is told apart; write '{cut}'"
            ));
        }
        Ok(Vantage::Network(network))
    }
}

/// As it stands in a file of measurements.
impl fmt::Display for Vantage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Vantage::Network(network) => write!(f, "{network}"),
            Vantage::Asn(asn) => write!(f, "AS{asn}"),
        }
    }
}

impl FromStr for Vantage {
    type Err = String;

    fn from_str(text: &str) -> Result<Vantage, String> {
        if let Some(digits) = text.strip_prefix("AS") {
            let asn = digits.parse().ok().filter(|asn| *asn > 0);
            return asn
                .map(Vantage::Asn)
                .ok_or_else(|| format!("'{text}' is not an AS; write it like 'AS64500'"));
        }
        let network: Network = text
            .parse()
            .map_err(|_| format!("'{text}' is not a network; write it like '198.51.100.0/24'"))?;
        Vantage::of_network(network.trunc())
    }
}

/// What was measured between a vantage and a region.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measured {
    /// The mean round-trip time in milliseconds: above 0, at most [`Measured::SLOWEST`].
    pub rtt_ms: f64,
    /// Of how many samples: 1…[`Measured::MOST`].
    pub samples: u32,
}

impl Measured {
    /// The longest time that is one, in milliseconds: who waits longer has given up.
    pub const SLOWEST: f64 = 60_000.0;
    /// As many samples as one report may stand for.
    pub const MOST: u32 = 1_000_000;

    /// Whether a number of milliseconds can be a round-trip time.
    pub fn is_time(rtt_ms: f64) -> bool {
        rtt_ms > 0.0 && rtt_ms <= Measured::SLOWEST
    }
}

/// One row of a file of measurements.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LatencyRow {
    /// From where.
    pub vantage: Vantage,
    /// To where.
    pub region: RegionId,
    /// What was measured.
    pub measured: Measured,
}

/// How measurements become an order of regions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LatencyRules {
    /// Samples that make a row count, 1…[`Measured::MOST`].
    pub min_samples: u32,
    /// After this long a report weighs half.
    pub half_life: Duration,
    /// By this part of its latency a region has to be beaten to lose its place: 0.0…1.0.
    pub hysteresis: f64,
    /// After this long without a report a row is dropped.
    pub expires: Duration,
    /// Rows, vantages times regions, that are kept: those of the file among them.
    pub max_entries: usize,
}

impl Default for LatencyRules {
    fn default() -> Self {
        LatencyRules {
            min_samples: 10,
            half_life: Duration::from_secs(3600),
            hysteresis: 0.1,
            expires: Duration::from_secs(24 * 3600),
            max_entries: 100_000,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_that_are_too_long_say_what_to_write() {
        let rows = [
            ("198.51.100.0/24", Ok("198.51.100.0/24")),
            ("0.0.0.0/0", Ok("0.0.0.0/0")),
            ("198.51.100.128/25", Err("write '198.51.100.0/24'")),
            ("2001:db8::/48", Ok("2001:db8::/48")),
            ("2001:db8:0:1::/64", Err("write '2001:db8::/48'")),
        ];
        for (text, expected) in rows {
            match (Vantage::of_network(text.parse().unwrap()), expected) {
                (Ok(vantage), Ok(shown)) => assert_eq!(vantage.to_string(), shown),
                (Err(text), Err(cure)) => assert!(text.ends_with(cure), "{text}"),
                (got, _) => panic!("{text}: {got:?}"),
            }
        }
    }
}
