//! The networks of an order rule: those written out, and those in a file of their own.

use super::Builder;
use crate::config::file::OrderRule;
use crate::config::leaf::parse_network;
use crate::model::{Family, Network, Place};

/// Problems that are told of one file of networks; how many more there are is told in one line.
const TOLD: usize = 20;

impl Builder<'_> {
    /// All networks of a rule, each with its place.
    pub fn networks(&mut self, rule: &OrderRule) -> Vec<(Network, Place)> {
        let written = super::geo::items(&rule.networks);
        let mut networks: Vec<_> =
            written.map(|(network, span)| (network.0, self.text.place(span))).collect();
        self.warn_of_long(&networks);
        if let Some((file, span)) = rule.networks_file.marked() {
            let path = self.path(&file.0);
            match (self.read_file)(&path) {
                Ok(text) => {
                    let listed = self.listed_networks(&Place::file(path.as_path()), &text);
                    self.warn_of_long(&listed);
                    networks.extend(listed);
                }
                Err(error) => self.error(span, format!("'{}' cannot be read: {error}", path.display())),
            }
            self.networks_files.push(path);
        }
        networks
    }

    /// One network a line; what follows a `#` is a comment.
    fn listed_networks(&mut self, file: &Place, text: &str) -> Vec<(Network, Place)> {
        let mut networks = Vec::new();
        let mut wrong = 0usize;
        for (number, line) in (1u32..).zip(text.lines()) {
            let word = line.split('#').next().unwrap_or_default();
            let column = word.chars().take_while(|c| c.is_whitespace()).count() + 1;
            let place = file.at(number, u32::try_from(column).unwrap_or(u32::MAX));
            match parse_network(word.trim()) {
                _ if word.trim().is_empty() => {}
                Ok(network) => networks.push((network, place)),
                Err(text) => {
                    wrong += 1;
                    if wrong <= TOLD {
                        self.problems.error(&place, text);
                    }
                }
            }
        }
        if wrong > TOLD {
            self.problems.error(file, format!("{} more lines are not networks either", wrong - TOLD));
        }
        networks
    }

    /// RFC 7871 §11.1: resolvers should send no more than 24 or 56 bits, so longer networks are rarely told apart.
    fn warn_of_long(&mut self, networks: &[(Network, Place)]) {
        let mut long = networks.iter().filter(|(network, _)| network.prefix_len() > most_sent(*network));
        let Some((network, place)) = long.next() else { return };
        let more = match long.count() {
            0 => String::new(),
            more => format!(" (and {more} more here)"),
        };
        let most = most_sent(*network);
        let text = format!(
            "'{network}'{more} is longer than /{most}: most resolvers send no more of an address than that"
        );
        self.problems.warn(place, text);
    }
}

/// The bits of a client's address that resolvers send.
fn most_sent(network: Network) -> u8 {
    match Family::of(network.addr()) {
        Family::V4 => 24,
        Family::V6 => 56,
    }
}
