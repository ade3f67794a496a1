//! Addresses and networks.

use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;
use toml::de::DeValue;

use super::{Leaf, Wrong, leaf_schema, string};
use crate::config::reader::quoted;
use crate::model::{Family, Network, Vantage, unusable};

//------------ Socket --------------------------------------------------------

/// An address and a port to listen on.
#[derive(Clone, Copy, Debug)]
pub struct Socket(pub SocketAddr);

impl Leaf for Socket {
    fn leaf(value: &DeValue) -> Result<Self, Wrong> {
        const WANTS: &str = "an address with a port; write it like '127.0.0.1:5300' or '[::1]:5300'";
        string(value, WANTS)?.parse().map(Socket).map_err(|_| Wrong::not(WANTS))
    }
}

leaf_schema!(Socket, "Socket", { "type": "string", "pattern": ":[0-9]{1,5}$" });

//------------ NameServer ----------------------------------------------------

/// Who is asked for names: an address, and a port if it is not 53.
#[derive(Clone, Copy, Debug)]
pub struct NameServer(pub SocketAddr);

impl Leaf for NameServer {
    fn leaf(value: &DeValue) -> Result<Self, Wrong> {
        const WANTS: &str = "an address; write it like '198.51.100.53', '127.0.0.1:5353' or '[::1]:5353'";
        let word = string(value, WANTS)?;
        let plain = || word.parse::<IpAddr>().map(|address| SocketAddr::new(address, 53));
        word.parse().or_else(|_| plain()).map(NameServer).map_err(|_| Wrong::not(WANTS))
    }
}

leaf_schema!(NameServer, "NameServer", { "type": "string", "pattern": "^[0-9A-Fa-f.:\\[\\]]+$" });

//------------ SteeredAddress ------------------------------------------------

/// An address that a client can be sent to.
#[derive(Clone, Copy, Debug)]
pub struct SteeredAddress(pub IpAddr);

impl Leaf for SteeredAddress {
    fn leaf(value: &DeValue) -> Result<Self, Wrong> {
        const WANTS: &str = "an IP address";
        let word = string(value, WANTS)?;
        let address: IpAddr = word.parse().map_err(|_| Wrong::not(WANTS))?;
        match unusable(address) {
            Some(why) => Err(Wrong::Says(format!("no client can be sent to {}: it is {why}", quoted(word)))),
            None => Ok(SteeredAddress(address)),
        }
    }
}

leaf_schema!(SteeredAddress, "Address", { "type": "string", "anyOf": [{ "format": "ipv4" }, { "format": "ipv6" }] });

//------------ Cidr ----------------------------------------------------------

/// A network in CIDR form, its host bits clear.
#[derive(Clone, Copy, Debug)]
pub struct Cidr(pub Network);

impl Leaf for Cidr {
    fn leaf(value: &DeValue) -> Result<Self, Wrong> {
        parse_network(string(value, "a network")?).map(Cidr).map_err(Wrong::Says)
    }
}

leaf_schema!(Cidr, "Network", { "type": "string", "pattern": "^[0-9A-Fa-f.:]+/[0-9]{1,3}$" });

/// A network with its host bits clear, or what is wrong with the word.
pub fn parse_network(word: &str) -> Result<Network, String> {
    let shown = quoted(word);
    if let Ok(address) = word.parse::<IpAddr>() {
        let bits = if address.is_ipv4() { 32 } else { 128 };
        return Err(format!("{shown} is an address, not a network; write '{address}/{bits}'"));
    }
    let written: IpNet = word
        .parse()
        .map_err(|_| format!("{shown} is not a network; write it like '10.20.0.0/16' or '2001:db8::/32'"))?;
    let network = written.trunc();
    if network != written {
        return Err(format!("{shown} has bits set after its length; the network is '{network}'"));
    }
    match Aliased::around(network) {
        Some(alias) => Err(format!(
            "{shown} is never looked up: clients in {} ({}) are found by the IPv4 address inside; write that",
            alias.space, alias.name
        )),
        None => Ok(network),
    }
}

/// A network from which latency is measured, or what is wrong with the word.
pub fn parse_vantage(word: &str) -> Result<Vantage, String> {
    if let Ok(address) = word.parse::<IpAddr>()
        && let Ok(network) = IpNet::new(address, Vantage::longest(Family::of(address)))
    {
        return Err(format!("{} is an address, not a network; write '{}'", quoted(word), network.trunc()));
    }
    Vantage::of_network(parse_network(word)?)
}

/// A part of IPv6 whose addresses hold IPv4 ones, by which their clients are looked up.
pub struct Aliased {
    space: &'static str,
    name: &'static str,
}

impl Aliased {
    /// The spaces that `model::unfold` unfolds.
    const ALL: &'static [Aliased] = &[
        Aliased { space: "::ffff:0:0/96", name: "mapped IPv4" },
        Aliased { space: "64:ff9b::/96", name: "NAT64" },
        Aliased { space: "2002::/16", name: "6to4" },
        Aliased { space: "2001::/32", name: "Teredo" },
    ];

    /// The space that a network lies in.
    pub fn around(network: Network) -> Option<&'static Aliased> {
        let holds = |space: &str| space.parse::<IpNet>().is_ok_and(|space| space.contains(&network));
        Aliased::ALL.iter().find(|alias| holds(alias.space))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ScopeOffset, unfold};

    #[test]
    fn aliased_spaces_are_those_that_are_unfolded() {
        for alias in Aliased::ALL {
            let space: IpNet = alias.space.parse().unwrap();
            let inside = space.addr();
            assert_ne!(unfold(inside).1, ScopeOffset::Add(0), "{}", alias.space);
            assert!(Aliased::around(space).is_some());
        }
        assert!(Aliased::around("2001:db8::/32".parse().unwrap()).is_none());
        assert!(Aliased::around("::/0".parse().unwrap()).is_none());
    }
}
