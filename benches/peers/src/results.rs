//! What was measured, one JSON object a line, so that tables can be made again without running anything.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::load::Tally;
use crate::machine::Machine;
use crate::servers::Server;
use crate::statistics::Estimate;
use crate::workload::{Size, Workload};

/// One line.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Line {
    /// Where and when, and how: the first line.
    Machine(Machine),
    /// A server that took part.
    Server(Facts),
    /// One run.
    Run(Run),
    /// Something measured of one server alone.
    Alone(Alone),
    /// A sentence for the report.
    Note(Note),
}

/// What is known of a server apart from its runs.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Facts {
    /// Who.
    pub server: Server,
    /// Holding how many names.
    pub size: Size,
    /// The floor alone: for which workload.
    pub workload: Option<Workload>,
    /// As its package or its repository has it.
    pub version: String,
    /// Milliseconds from the start until the first right answer.
    pub starts: Vec<f64>,
    /// Octets after all runs, and at the most.
    pub memory: u64,
    /// See `memory`.
    pub peak: u64,
}

/// Whether a run was saturated or steady.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// As fast as the server answers.
    Saturated,
    /// At a fixed rate.
    Steady,
}

/// One run of one server.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Run {
    /// From 1.
    pub round: usize,
    /// Who.
    pub server: Server,
    /// What was asked.
    pub workload: Workload,
    /// How.
    pub pace: Kind,
    /// Processor time of the server, in nanoseconds.
    pub processor: u64,
    /// Nanoseconds from the first query to the last answer.
    pub elapsed: u64,
    /// What the generator saw.
    pub tally: Tally,
}

impl Run {
    /// Microseconds of processor time for each answer.
    pub fn cost(&self) -> f64 {
        self.processor as f64 / self.tally.answered as f64 / 1e3
    }

    /// The share of its processor that the server had.
    pub fn busy(&self) -> f64 {
        self.processor as f64 / self.elapsed as f64
    }
}

/// Samples of one figure of one server.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Alone {
    /// What: the report's words.
    pub what: String,
    /// Its unit.
    pub unit: String,
    /// All samples.
    pub samples: Vec<f64>,
    /// Not more than this, if there is a target.
    pub limit: Option<Limit>,
    /// What should stand beside the figure.
    #[serde(default)]
    pub remark: String,
}

/// What is not to be exceeded.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Limit {
    /// By the median.
    Median(f64),
    /// By any sample at all.
    Worst(f64),
}

impl Limit {
    /// Whether samples keep to it.
    pub fn is_met(self, samples: &[f64]) -> bool {
        match self {
            Limit::Median(limit) => {
                Estimate::of(samples.iter().copied()).is_some_and(|estimate| estimate.median <= limit)
            }
            Limit::Worst(limit) => samples.iter().all(|sample| *sample <= limit),
        }
    }
}

impl std::fmt::Display for Limit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Limit::Median(limit) => write!(f, "median ≤ {limit}"),
            Limit::Worst(limit) => write!(f, "worst ≤ {limit}"),
        }
    }
}

/// A sentence.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Note {
    /// The sentence.
    pub text: String,
}

/// Where lines go.
pub struct Results {
    file: File,
    /// All so far.
    pub lines: Vec<Line>,
}

impl Results {
    /// Begins a new file.
    pub fn create(path: &Path) -> Result<Results> {
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        let file = File::create(path).with_context(|| format!("cannot write {path:?}"))?;
        Ok(Results { file, lines: Vec::new() })
    }

    /// Keeps a line, on the disk at once.
    pub fn add(&mut self, line: Line) -> Result<()> {
        writeln!(self.file, "{}", serde_json::to_string(&line)?)?;
        self.lines.push(line);
        Ok(())
    }

    /// Keeps a sentence, and says it.
    pub fn note(&mut self, text: String) -> Result<()> {
        println!("  {text}");
        self.add(Line::Note(Note { text }))
    }
}

/// Reads what an earlier run has left.
pub fn read(path: &Path) -> Result<Vec<Line>> {
    let file =
        File::open(path).with_context(|| format!("cannot read {path:?}: run without --report-only first"))?;
    let lines = BufReader::new(file).lines().map(|line| Ok(serde_json::from_str(&line?)?));
    lines.collect::<Result<_>>().with_context(|| format!("{path:?} is not what this program writes"))
}

/// Lines, sorted for the tables.
#[derive(Default)]
pub struct Sorted {
    /// Where and when.
    pub machine: Option<Machine>,
    /// By server, size and workload, as they took part.
    pub facts: Vec<Facts>,
    /// By server, workload and pace; in each, by round.
    pub runs: BTreeMap<(Server, Workload, Kind), BTreeMap<usize, Run>>,
    /// As measured.
    pub alone: Vec<Alone>,
    /// As noted.
    pub notes: Vec<String>,
}

impl Sorted {
    /// Sorts.
    pub fn new(lines: &[Line]) -> Sorted {
        let mut sorted = Sorted::default();
        for line in lines.iter().cloned() {
            match line {
                Line::Machine(machine) => sorted.machine = Some(machine),
                Line::Server(facts) => sorted.facts.push(facts),
                Line::Run(run) => {
                    let key = (run.server, run.workload, run.pace);
                    sorted.runs.entry(key).or_default().insert(run.round, run);
                }
                Line::Alone(alone) => sorted.alone.push(alone),
                Line::Note(note) => sorted.notes.push(note.text),
            }
        }
        sorted
    }

    /// A figure of every run of a server.
    pub fn figures<'s>(
        &'s self,
        key: (Server, Workload, Kind),
        figure: impl Fn(&Run) -> f64 + 's,
    ) -> impl Iterator<Item = f64> + 's {
        self.runs.get(&key).into_iter().flat_map(|runs| runs.values()).map(figure)
    }

    /// The ratios of a figure of two servers, paired by round.
    pub fn ratios(
        &self,
        above: Server,
        below: Server,
        workload: Workload,
        kind: Kind,
        figure: impl Fn(&Run) -> f64,
    ) -> Vec<f64> {
        let of = |server| self.runs.get(&(server, workload, kind));
        let (Some(above), Some(below)) = (of(above), of(below)) else { return Vec::new() };
        let paired = above.iter().filter_map(|(round, run)| Some((run, below.get(round)?)));
        paired.map(|(above, below)| figure(above) / figure(below)).collect()
    }
}
