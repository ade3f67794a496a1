//! Databases, rules and regions into one table.
//!
//! Every source (each database, and the networks of the global rules) is a row of ranges in order. A sweep
//! goes through all of them side by side: what they say together is a number, the number leads to a cell,
//! neighbours of one cell are joined and cut into blocks, and the blocks fill the trie. Nothing is held but
//! the sources, the table in the making, and each distinct thing once.

use std::collections::{HashMap, VecDeque};

use crate::model::{Family, OrderRule, Region, ServiceId, Steer};

use super::cut::Cutter;
use super::facts::Facts;
use super::knowledge::{Asked, FactId, FactsKey, Knowledge, facts_key};
use super::mmdb::{Database, DatabaseError};
use super::order::{OrderId, Sorter};
use super::overlay::{Overlay, Word};
use super::poptrie::{Builder, MAX_VALUE, Poptrie};
use super::records::Records;
use super::rules::{RuleRange, Rules};
use super::spread::SpreadMap;
use super::table::{Cell, PlaceId, Table};
use super::tree::{Range, Tangled, Walk, address, embedded};

/// How many ranges a database's walk is ahead of the sweep: enough to wait for memory once for all of them, and
/// few enough to stay in the nearest cache.
const AHEAD: usize = 32;

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
}

/// Why there is no table.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CompileError {
    /// A database turned out to be damaged.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// Cells are numbered with 24 bits.
    #[error(
        "geography needs more than 16,777,216 cells: name fewer ASNs and subdivisions in services' overrides"
    )]
    TooManyCells,
}

/// Compiles a table: seconds of CPU for a large database, and no I/O.
pub fn compile(input: &Input<'_>) -> Result<Table, CompileError> {
    let mut compiler = Compiler::new(input);
    let mut records: Vec<_> =
        input.databases.iter().map(|database| Records::new(database.data().len())).collect();
    let tries = [
        compiler.sweep(Family::V4, input.databases, &mut records)?,
        compiler.sweep(Family::V6, input.databases, &mut records)?,
    ];
    let overlays = input.service_rules.iter().filter(|(_, rules)| !rules.is_empty());
    let overlays = overlays.map(|&(service, rules)| (service, compiler.overlay(rules))).collect();
    Ok(Table {
        tries,
        cells: compiler.cells.into(),
        orders: compiler.sorter.finish(),
        places: compiler.places.len(),
        overlays,
    })
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
}

impl<'a> Compiler<'a> {
    fn new(input: &Input<'a>) -> Self {
        let of_services = || input.service_rules.iter().flat_map(|(_, rules)| rules.iter());
        Compiler {
            rules: Rules::new(input.rules),
            knowledge: Knowledge::new(Asked::by(input.rules.iter().chain(of_services()))),
            sorter: Sorter::new(input.regions),
            asked_by_services: Asked::by(of_services()),
            places: vec![Facts::default()],
            place_ids: SpreadMap::from_iter([(facts_key(&Facts::default()), PlaceId(0))]),
            cells: Vec::new(),
            cell_ids: SpreadMap::default(),
            by_facts: Vec::new(),
            by_rule: SpreadMap::default(),
            twins: HashMap::new(),
        }
    }

    /// All sources of one family side by side.
    fn sweep(
        &mut self,
        family: Family,
        databases: &'a [Database],
        records: &mut [Records],
    ) -> Result<Poptrie, CompileError> {
        let mut sources = Vec::new();
        for (database, records) in databases.iter().zip(records) {
            let mut source = Source::new(database, family, records);
            source.advance(&mut self.knowledge)?;
            sources.push(source);
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
        let order = match self.rules.rule(number).map(|rule| &rule.steer) {
            Some(Steer::Regions(list)) => self.sorter.listed(list, facts.stands_at()),
            Some(Steer::Location(location)) => self.sorter.near(Some(*location)),
            None => self.sorter.near(facts.stands_at()),
        };
        let place = self.asked_by_services.place(facts);
        let place = self.place(place);
        self.keep(Cell { order, place })
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
        let id = *self.cell_ids.entry((order, place)).or_insert(next);
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

/// One database, at its current range.
struct Source<'a, 'r> {
    database: &'a Database,
    family: Family,
    walk: Walk<'a>,
    ahead: VecDeque<Result<Range, Tangled>>,
    records: &'r mut Records,
    last: u128,
    facts: FactId,
}

impl<'a, 'r> Source<'a, 'r> {
    fn new(database: &'a Database, family: Family, records: &'r mut Records) -> Self {
        let walk = database.tree().walk(family);
        let ahead = VecDeque::with_capacity(AHEAD);
        Source { database, family, walk, ahead, records, last: u128::MAX, facts: 0 }
    }

    /// On to the next range; a family that the database does not have is one range without facts.
    fn advance(&mut self, knowledge: &mut Knowledge<'_>) -> Result<(), DatabaseError> {
        if self.ahead.is_empty() {
            self.look_ahead();
        }
        let Some(range) = self.ahead.pop_front() else { return Ok(()) };
        let range = range.map_err(|tangled| self.database.tangled(tangled))?;
        self.last = range.last;
        self.facts = match range.pointer {
            None => 0,
            Some(pointer) => {
                let offset = self.database.offset(pointer);
                match self.records.facts(offset) {
                    Some(facts) => facts,
                    None => self.read(offset, range.first, knowledge)?,
                }
            }
        };
        Ok(())
    }

    /// Walks on through a few ranges, and asks for what is known of their records: by the time that they are
    /// next, memory has answered.
    fn look_ahead(&mut self) {
        self.ahead.extend(self.walk.by_ref().take(AHEAD));
        let pointers = self.ahead.iter().flatten().filter_map(|range| range.pointer);
        pointers.for_each(|pointer| self.records.prefetch(self.database.offset(pointer)));
    }

    /// What the record at an offset says, to which this key leads; asked once.
    fn read(
        &mut self,
        offset: usize,
        key: u128,
        knowledge: &mut Knowledge<'_>,
    ) -> Result<FactId, DatabaseError> {
        let facts = self.database.read(offset, address(self.family, key), knowledge.wanted())?;
        let facts = knowledge.id(facts);
        self.records.insert(offset, facts);
        Ok(facts)
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
