//! Databases, rules and regions into one table.
//!
//! Every source (each database, and the networks of the global rules) is a row of ranges in order. A sweep
//! goes through all of them side by side: what they say together is a number, the number leads to a cell,
//! neighbours of one cell are joined and cut into blocks, and the blocks fill the trie. Nothing is held but
//! the sources, the table in the making, and each distinct thing once.

use std::collections::HashMap;
use std::thread;

use crate::model::{Family, Fence, OrderRule, Region, ServiceId, Steer};

use super::asns::Asns;
use super::cut::Cutter;
use super::facts::Facts;
use super::fences::Fences;
use super::knowledge::{Asked, FactId, FactsKey, Knowledge, facts_key};
use super::mmdb::{Database, DatabaseError};
use super::order::{OrderId, Sorter};
use super::overlay::{Overlay, Word};
use super::poptrie::{Builder, MAX_VALUE, Poptrie};
use super::reading::{self, Chunks, RecordId};
use super::rules::{RuleRange, Rules};
use super::spread::SpreadMap;
use super::table::{Cell, PlaceId, Table};
use super::tree::embedded;

/// All that a table is made of.
#[derive(Clone, Copy)]
pub struct Input<'a> {
    /// Later ones refine earlier ones; see [`Facts::refined_by`].
    pub databases: &'a [Database],
    /// As written.
    pub regions: &'a [Region],
    /// For every service.
    pub rules: &'a [OrderRule],
    /// For one service each; they come before the others.
    pub service_rules: &'a [(ServiceId, &'a [OrderRule])],
    /// For one service each, by endpoint.
    pub fences: &'a [(ServiceId, Vec<Fence>)],
    /// Whether any policy looks at measured latency: then it is kept who announces which addresses, and which cells have
    /// their regions from a rule.
    pub measured: bool,
    /// On how many threads.
    pub threads: Threads,
}

/// On how many threads a table is compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Threads {
    /// On the calling one, while others have more urgent work.
    One,
    /// On one more for each database, which reads it ahead: sooner done where processors have nothing else to do.
    Many,
}

/// Why there is no table.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CompileError {
    /// A database turned out to be damaged.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// Whoever reads a database did not read it to its end.
    #[error("reading a database broke off, which is a defect of this program: please report it")]
    CutShort,
    /// Cells are numbered with 24 bits.
    #[error(
        "geography needs more than 16,777,216 cells: name fewer ASNs and subdivisions in services' overrides"
    )]
    TooManyCells,
}

/// Compiles a table: a second of CPU for a large database, and no I/O.
pub fn compile(input: &Input<'_>) -> Result<Table, CompileError> {
    let compiler = Compiler::new(input);
    let wanted = compiler.knowledge.wanted();
    let databases = input.databases.iter();
    match input.threads {
        Threads::One => {
            let sources = databases.map(|database| Source::new(reading::here(database, wanted)));
            compiler.compile(sources.collect(), input)
        }
        Threads::Many => thread::scope(|scope| {
            let sources = databases.map(|database| Source::new(reading::aside(scope, database, wanted)));
            compiler.compile(sources.collect(), input)
        }),
    }
}

/// Everything that is being made, save the tries.
struct Compiler<'a> {
    rules: Rules<'a>,
    knowledge: Knowledge<'a>,
    sorter: Sorter<'a>,
    asked_by_services: Asked<'a>,
    places: Vec<Facts>,
    place_ids: SpreadMap<FactsKey, PlaceId>,
    cells: Vec<Cell>,
    cell_ids: SpreadMap<(u32, u32), u32>,
    /// Cells by facts where no network rule holds: nearly everywhere.
    by_facts: Vec<Option<u32>>,
    by_rule: SpreadMap<(u32, FactId), u32>,
    /// Cells of addresses that are unfolded before anybody looks here, by the cell that they look like.
    twins: HashMap<u32, u32>,
    measured: bool,
    asns: Asns,
}

impl<'a> Compiler<'a> {
    fn new(input: &Input<'a>) -> Self {
        let of_services = || input.service_rules.iter().flat_map(|(_, rules)| rules.iter());
        let fences = || input.fences.iter().flat_map(|(_, fences)| fences);
        Compiler {
            rules: Rules::new(input.rules),
            knowledge: Knowledge::new(
                Asked::by(input.rules.iter().chain(of_services())).and_fences(fences()),
            ),
            sorter: Sorter::new(input.regions),
            asked_by_services: Asked::by(of_services()).and_fences(fences()),
            places: vec![Facts::default()],
            place_ids: SpreadMap::from_iter([(facts_key(&Facts::default()), PlaceId(0))]),
            cells: Vec::new(),
            cell_ids: SpreadMap::default(),
            by_facts: Vec::new(),
            by_rule: SpreadMap::default(),
            twins: HashMap::new(),
            measured: input.measured,
            asns: Asns::default(),
        }
    }

    /// Both families, one after the other, then what services say of their own.
    fn compile(mut self, mut sources: Vec<Source<'_>>, input: &Input<'a>) -> Result<Table, CompileError> {
        let tries = [self.sweep(Family::V4, &mut sources)?, self.sweep(Family::V6, &mut sources)?];
        let overlays = input.service_rules.iter().filter(|(_, rules)| !rules.is_empty());
        let overlays = overlays.map(|&(service, rules)| (service, self.overlay(rules))).collect();
        let fences = input.fences.iter();
        let fences = fences.map(|(service, fences)| (*service, Fences::new(fences, &self.places))).collect();
        Ok(Table {
            tries,
            fences,
            cells: self.cells.into(),
            orders: self.sorter.finish(),
            places: self.places.len(),
            overlays,
            asns: self.asns,
        })
    }

    /// All sources of one family side by side.
    fn sweep(&mut self, family: Family, sources: &mut [Source<'_>]) -> Result<Poptrie, CompileError> {
        for source in &mut *sources {
            source.advance(&mut self.knowledge)?;
        }
        let mut networks = Networks::new(self.rules.networks(family));
        // Addresses that callers unfold are answered as IPv4: no block around an IPv6 address may reach into
        // theirs, or its scope would promise them an answer that they do not get.
        let mut unfolded = Networks::new(embedded(family));
        let mut cutter = Cutter::new(Builder::new());
        loop {
            let nearest = networks.last.min(unfolded.last);
            let last = sources.iter().fold(nearest, |last, source| last.min(source.last));
            let facts = sources.iter().fold(0, |facts, source| self.knowledge.refined(facts, source.facts));
            let cell = self.cell(networks.rule, facts)?;
            cutter.push(last, if unfolded.rule == 0 { cell } else { self.apart(cell)? });
            if self.measured {
                self.asns.push(family, last, announcer(sources));
            }
            if last == u128::MAX {
                return Ok(cutter.finish().finish());
            }
            for source in sources.iter_mut().filter(|source| source.last == last) {
                source.advance(&mut self.knowledge)?;
            }
            for ranges in [&mut networks, &mut unfolded] {
                if ranges.last == last {
                    ranges.advance();
                }
            }
        }
    }

    /// The cell for a network rule (0: none) and what is known.
    fn cell(&mut self, rule: u32, facts: FactId) -> Result<u32, CompileError> {
        let known = match rule {
            0 => self.by_facts.get(facts as usize).copied().flatten(),
            _ => self.by_rule.get(&(rule, facts)).copied(),
        };
        if let Some(cell) = known {
            return Ok(cell);
        }
        let cell = self.new_cell(rule, facts)?;
        if rule == 0 {
            let length = self.by_facts.len().max(facts as usize + 1);
            self.by_facts.resize(length, None);
            self.by_facts[facts as usize] = Some(cell);
        } else {
            self.by_rule.insert((rule, facts), cell);
        }
        Ok(cell)
    }

    fn new_cell(&mut self, network_rule: u32, facts: FactId) -> Result<u32, CompileError> {
        let facts = self.knowledge.facts(facts);
        let facts = &Facts { continent: facts.on_continent(), ..facts.clone() };
        let number = if network_rule == 0 { self.rules.by_facts(facts) } else { network_rule };
        let steer = self.rules.rule(number).map(|rule| &rule.steer);
        let ruled = self.measured && matches!(steer, Some(Steer::Regions(_)));
        let order = match steer {
            Some(Steer::Regions(list)) => self.sorter.listed(list, facts.stands_at()),
            Some(Steer::Location(location)) => self.sorter.near(Some(*location)),
            None => self.sorter.near(facts.stands_at()),
        };
        let place = self.asked_by_services.place(facts);
        let place = self.place(place);
        self.keep(Cell { order, place, ruled })
    }

    fn place(&mut self, place: Facts) -> PlaceId {
        let next = PlaceId(self.places.len() as u32);
        let id = *self.place_ids.entry(facts_key(&place)).or_insert(next);
        if id == next {
            self.places.push(place);
        }
        id
    }

    fn keep(&mut self, cell: Cell) -> Result<u32, CompileError> {
        let (OrderId(order), PlaceId(place)) = (cell.order, cell.place);
        let next = self.cells.len() as u32;
        if next > MAX_VALUE {
            return Err(CompileError::TooManyCells);
        }
        // There are no more places than cells, so a bit is to spare.
        let id = *self.cell_ids.entry((order, place << 1 | u32::from(cell.ruled))).or_insert(next);
        if id == next {
            self.cells.push(cell);
        }
        Ok(id)
    }

    /// A cell like this one that is not merged with it.
    fn apart(&mut self, cell: u32) -> Result<u32, CompileError> {
        if let Some(twin) = self.twins.get(&cell) {
            return Ok(*twin);
        }
        let twin = self.cells.len() as u32;
        if twin > MAX_VALUE {
            return Err(CompileError::TooManyCells);
        }
        self.cells.push(self.cells[cell as usize]);
        self.twins.insert(cell, twin);
        Ok(twin)
    }

    /// A service's own rules, once all places are known.
    fn overlay(&mut self, rules: &[OrderRule]) -> Overlay {
        let mut words = vec![Word::Silent];
        let mut word_ids = vec![0];
        for rule in rules {
            let word = self.word(&rule.steer);
            let id = words.iter().position(|known| *known == word).unwrap_or(words.len());
            if id == words.len() {
                words.push(word);
            }
            word_ids.push(id as u32);
        }
        let rules = Rules::new(rules);
        let [four, six] = Family::ALL.map(|family| {
            let ranges = rules.networks(family).into_iter();
            ranges.map(|(last, rule)| (last, word_ids[rule as usize])).collect::<Vec<RuleRange>>()
        });
        let places = self.places.iter().map(|place| word_ids[rules.by_facts(place) as usize]).collect();
        Overlay::new([&four, &six], places, words)
    }

    fn word(&mut self, steer: &Steer) -> Word {
        match steer {
            Steer::Regions(list) if list.is_empty() => Word::Order(OrderId::NODATA),
            Steer::Regions(list) => Word::First(self.sorter.only(list)),
            Steer::Location(location) => Word::Order(self.sorter.near(Some(*location))),
        }
    }
}

/// Who announces the addresses at hand: a later database's word beats an earlier one's, as everywhere; 0: nobody knows.
fn announcer(sources: &[Source<'_>]) -> u32 {
    sources.iter().rev().map(|source| source.asn).find(|asn| *asn != 0).unwrap_or(0)
}

/// One database, at its current range.
struct Source<'a> {
    chunks: Chunks<'a>,
    /// The rest of the current chunk.
    ranges: std::vec::IntoIter<(u128, RecordId)>,
    /// What each record says.
    facts_of: Vec<FactId>,
    /// And which autonomous system it names; 0: none.
    asns_of: Vec<u32>,
    last: u128,
    facts: FactId,
    asn: u32,
}

impl<'a> Source<'a> {
    fn new(chunks: Chunks<'a>) -> Self {
        let ranges = Vec::new().into_iter();
        Source { chunks, ranges, facts_of: vec![0], asns_of: vec![0], last: u128::MAX, facts: 0, asn: 0 }
    }

    /// On to the next range, which is the next family's first behind the last of one.
    #[inline]
    fn advance(&mut self, knowledge: &mut Knowledge<'_>) -> Result<(), CompileError> {
        loop {
            if let Some((last, record)) = self.ranges.next() {
                (self.last, self.facts) = (last, self.facts_of[record as usize]);
                self.asn = self.asns_of[record as usize];
                return Ok(());
            }
            let chunk = self.chunks.next().ok_or(CompileError::CutShort)??;
            self.asns_of.extend(chunk.facts.iter().map(|facts| facts.asn.unwrap_or(0)));
            self.facts_of.extend(chunk.facts.into_iter().map(|facts| knowledge.id(facts)));
            self.ranges = chunk.ranges.into_iter();
        }
    }
}

/// The networks of the global rules, at the current range.
struct Networks {
    ranges: std::vec::IntoIter<RuleRange>,
    last: u128,
    rule: u32,
}

impl Networks {
    fn new(ranges: Vec<RuleRange>) -> Networks {
        let mut networks = Networks { ranges: ranges.into_iter(), last: u128::MAX, rule: 0 };
        networks.advance();
        networks
    }

    fn advance(&mut self) {
        if let Some((last, rule)) = self.ranges.next() {
            (self.last, self.rule) = (last, rule);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_whose_reader_breaks_off_is_an_error() {
        let mut knowledge = Knowledge::new(Asked::default());
        let chunk = reading::Chunk { ranges: vec![(7, 0)], facts: Vec::new() };
        let mut source = Source::new(Box::new(std::iter::once(Ok(chunk))));
        assert!(source.advance(&mut knowledge).is_ok() && source.last == 7);
        assert!(matches!(source.advance(&mut knowledge), Err(CompileError::CutShort)));
    }
}
