//! Which of an operator's rules holds for whom.
//!
//! The most specific kind of match wins (networks, then ASNs, subdivisions, countries, continents); among
//! networks the longest; among equals the first written.

use std::collections::HashMap;
use std::hash::Hash;

use crate::model::{Family, OrderRule};

use super::facts::Facts;
use super::tree::{key, last_of};

/// A list of rules, each known by its place in the list.
pub(super) struct Rules<'a> {
    rules: &'a [OrderRule],
    asns: HashMap<u32, u32>,
    subdivisions: HashMap<&'a str, u32>,
    countries: HashMap<[u8; 2], u32>,
    continents: HashMap<[u8; 2], u32>,
}

/// Where a range of keys ends, and the number of its rule; 0: none.
pub(super) type RuleRange = (u128, u32);

impl<'a> Rules<'a> {
    /// Indexes a list of rules.
    pub fn new(rules: &'a [OrderRule]) -> Self {
        Rules {
            rules,
            asns: first_written(rules, |rule| rule.asns.iter().copied()),
            subdivisions: first_written(rules, |rule| rule.subdivisions.iter().map(String::as_str)),
            countries: first_written(rules, |rule| rule.countries.iter().copied()),
            continents: first_written(rules, |rule| rule.continents.iter().copied()),
        }
    }

    /// A rule by its number, which is its place in the list plus one; 0 is no rule.
    pub fn rule(&self, number: u32) -> Option<&'a OrderRule> {
        self.rules.get((number as usize).checked_sub(1)?)
    }

    /// The number of the rule for what is known of an address, its networks left aside; 0: none. Only the
    /// continent that stands there counts: whoever wants that of the country puts it there first.
    pub fn by_facts(&self, facts: &Facts) -> u32 {
        let asn = facts.asn.and_then(|asn| self.asns.get(&asn));
        asn.or_else(|| self.subdivisions.get(facts.subdivision.as_deref()?))
            .or_else(|| self.countries.get(&facts.country?))
            .or_else(|| self.continents.get(&facts.continent?))
            .copied()
            .unwrap_or(0)
    }

    /// All keys of a family in order, with the rule whose longest network holds them.
    pub fn networks(&self, family: Family) -> Vec<RuleRange> {
        let mut networks = Vec::new();
        for (rule, number) in self.rules.iter().zip(1..) {
            let of_family = rule.networks.iter().filter(|network| Family::of(network.addr()) == family);
            networks.extend(of_family.map(|network| (key(network.network()), network.prefix_len(), number)));
        }
        flatten(networks)
    }
}

/// What each word leads to: the number of the first rule that has it.
fn first_written<'a, T: Eq + Hash, I: Iterator<Item = T>>(
    rules: &'a [OrderRule],
    words: impl Fn(&'a OrderRule) -> I,
) -> HashMap<T, u32> {
    let mut found = HashMap::new();
    for (rule, number) in rules.iter().zip(1..) {
        words(rule).for_each(|word| _ = found.entry(word).or_insert(number));
    }
    found
}

/// Nested blocks as consecutive ranges: the longest block decides, among equals the first.
pub(super) fn flatten(mut networks: Vec<(u128, u8, u32)>) -> Vec<RuleRange> {
    networks.sort_by_key(|&(start, depth, _)| (start, depth));
    networks.dedup_by_key(|&mut (start, depth, _)| (start, depth));
    let mut ranges = Ranges { open: vec![(u128::MAX, 0)], done: Vec::new() };
    for (start, depth, number) in networks {
        if let Some(before) = start.checked_sub(1) {
            ranges.close(before);
        }
        ranges.open.push((last_of(start, depth), number));
    }
    ranges.close(u128::MAX);
    ranges.done
}

/// Blocks that have begun, the innermost last, and the ranges before the current key.
struct Ranges {
    open: Vec<RuleRange>,
    done: Vec<RuleRange>,
}

impl Ranges {
    /// Writes every range up to and including this key.
    fn close(&mut self, last: u128) {
        while let Some(&(end, number)) = self.open.last() {
            let end_here = end.min(last);
            if self.done.last().is_none_or(|&(written, _)| written < end_here) {
                self.done.push((end_here, number));
            }
            if end > last {
                return;
            }
            self.open.pop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_network_holds_and_the_first_written_among_equals() {
        let rule = |networks: &[&str]| OrderRule {
            networks: networks.iter().map(|text| text.parse().unwrap()).collect(),
            ..OrderRule::default()
        };
        let rules = [
            rule(&["10.0.0.0/8", "0.0.0.0/1"]),
            rule(&["10.1.0.0/16", "10.0.0.0/8", "2001:db8::/32"]),
            rule(&["10.1.2.3/32", "255.255.255.255/32"]),
        ];
        let ranges = Rules::new(&rules).networks(Family::V4);
        let rows = [
            ("0.0.0.0", 1),
            ("10.0.0.0", 1),
            ("10.1.0.0", 2),
            ("10.1.2.2", 2),
            ("10.1.2.3", 3),
            ("10.1.2.4", 2),
            ("10.2.0.0", 1),
            ("127.255.255.255", 1),
            ("128.0.0.0", 0),
            ("255.255.255.254", 0),
            ("255.255.255.255", 3),
        ];
        for (address, number) in rows {
            let key = key(address.parse().unwrap());
            let found = ranges[ranges.partition_point(|range| range.0 < key)];
            assert_eq!(found.1, number, "{address}");
        }
    }

    #[test]
    fn the_most_specific_kind_wins() {
        let rules = [
            OrderRule { continents: vec![*b"NA"], ..OrderRule::default() },
            OrderRule { countries: vec![*b"US"], continents: vec![*b"EU"], ..OrderRule::default() },
            OrderRule { subdivisions: vec!["US-CA".into()], countries: vec![*b"US"], ..OrderRule::default() },
            OrderRule { asns: vec![64496], ..OrderRule::default() },
        ];
        let rules = Rules::new(&rules);
        let facts = |country: &[u8; 2], subdivision: Option<&str>, asn| Facts {
            country: Some(*country),
            continent: Facts { country: Some(*country), ..Facts::default() }.on_continent(),
            subdivision: subdivision.map(str::to_owned),
            asn,
            ..Facts::default()
        };
        assert_eq!(rules.by_facts(&facts(b"US", Some("US-CA"), Some(64496))), 4);
        assert_eq!(rules.by_facts(&facts(b"US", Some("US-CA"), Some(1))), 3);
        assert_eq!(rules.by_facts(&facts(b"US", Some("US-NY"), None)), 2);
        assert_eq!(rules.by_facts(&facts(b"CA", None, None)), 1);
        assert_eq!(rules.by_facts(&facts(b"IE", None, None)), 2);
        assert_eq!(rules.by_facts(&facts(b"JP", None, None)), 0);
    }
}
