//! Thousands of endpoints, each with an address of its own, in as few services as a configuration takes.

use std::fmt::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::servers::{self, Server, meridian_head};
use crate::verify::Expect;
use crate::wire;
use crate::world::{ZONE_HEAD, write};

/// How many there are: a service has at most 64 endpoints, one a region.
#[derive(Clone, Copy, Debug)]
pub struct Fleet {
    /// Services.
    pub services: usize,
    /// Regions, each with an endpoint of every service.
    pub regions: usize,
}

impl Fleet {
    /// All endpoints.
    pub fn endpoints(self) -> usize {
        self.services * self.regions
    }

    /// An endpoint's address: on loopback, all of which one listener at the wildcard hears.
    fn address(number: usize) -> Ipv4Addr {
        Ipv4Addr::from(u32::from(Ipv4Addr::new(127, 100, 0, 0)) + number as u32)
    }

    /// What the server says of the first name, which nobody steers: it is there before any verdict.
    pub fn expect() -> Expect {
        Server::Knot.expect()
    }

    /// Writes a configuration with this check for all, and says where.
    pub fn configuration(self, place: &Path, listen: SocketAddr, check: &str) -> Result<PathBuf> {
        let zone = format!("{ZONE_HEAD}{} 60 A {}\n", wire::label(0, true), crate::verify::address(0));
        write(place, "zone", &zone)?;
        let mut file = meridian_head(place, listen, servers::api(listen), &[])?;
        for region in 0..self.regions {
            writeln!(file, "[regions.r{region:02}]")?;
        }
        for service in 0..self.services {
            writeln!(file, "[services.s{service:03}]\nnames = [\"{}\"]", wire::name(service + 1))?;
            writeln!(file, "[services.s{service:03}.check]\n{check}")?;
            for region in 0..self.regions {
                let address = Fleet::address(service * self.regions + region);
                writeln!(file, "[services.s{service:03}.endpoints.r{region:02}]")?;
                writeln!(file, "addresses = [\"{address}\"]")?;
            }
        }
        write(place, "meridian.toml", &file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_endpoint_has_an_address_of_its_own() {
        let rows =
            [(0, "127.100.0.0"), (255, "127.100.0.255"), (256, "127.100.1.0"), (9_999, "127.100.39.15")];
        for (number, address) in rows {
            assert_eq!(Fleet::address(number).to_string(), address);
        }
    }
}
