//! What came of it, for people: the same tables on the terminal and in `docs/performance.md`.

mod page;
mod table;

use std::fmt::Write as _;

use crate::results::{Facts, Kind, Run, Sorted};
use crate::rounds::STEADY;
use crate::servers::Server;
use crate::statistics::{ENOUGH, Estimate};
use crate::targets::{self, Figure};
use crate::workload::{Size, Workload};

pub use page::write as write_page;
use table::Table;

/// All tables.
pub fn tables(sorted: &Sorted) -> String {
    let mut text = String::new();
    for workload in Workload::ALL {
        text += &saturated(sorted, workload);
    }
    text + &steady(sorted) + &standing(sorted) + &targets_table(sorted) + &alone(sorted) + &notes(sorted)
}

/// A ratio to the floor with its interval; a line where the floor did not take part.
fn ratio(sorted: &Sorted, key: (Server, Workload, Kind), figure: fn(&Run) -> f64) -> String {
    let (server, workload, kind) = key;
    let ratios = sorted.ratios(server, Server::Floor, workload, kind, figure);
    Estimate::of(ratios).map_or_else(|| "–".into(), |estimate| interval(&estimate))
}

fn interval(estimate: &Estimate) -> String {
    format!("{:.2} ({:.2}–{:.2})", estimate.median, estimate.low, estimate.high)
}

/// The median of a figure, with so many decimals.
fn median(
    sorted: &Sorted,
    key: (Server, Workload, Kind),
    decimals: usize,
    figure: impl Fn(&Run) -> f64,
) -> String {
    let estimate = Estimate::of(sorted.figures(key, figure));
    estimate.map_or_else(|| "–".into(), |estimate| format!("{:.*}", decimals, estimate.median))
}

/// Who took part in a workload, in the order of the tables.
fn took_part(sorted: &Sorted, workload: Workload, kind: Kind) -> Vec<Server> {
    let took = |server: &Server| sorted.runs.contains_key(&(*server, workload, kind));
    Server::ALL.into_iter().filter(took).collect()
}

fn saturated(sorted: &Sorted, workload: Workload) -> String {
    let mut table = Table::new(&["server", "CPU µs a query", "× floor", "queries/s", "× floor", "busy"]);
    for server in took_part(sorted, workload, Kind::Saturated) {
        let key = (server, workload, Kind::Saturated);
        table.row([
            server.title().into(),
            median(sorted, key, 2, Run::cost),
            ratio(sorted, key, Run::cost),
            median(sorted, key, 0, |run| run.tally.per_second),
            ratio(sorted, key, |run| run.tally.per_second),
            median(sorted, key, 2, Run::busy),
        ]);
    }
    table.under(&format!("Saturated: {}", workload.title()))
}

fn steady(sorted: &Sorted) -> String {
    let rate = sorted.machine.as_ref().map_or(0, |machine| machine.rate);
    let mut table =
        Table::new(&["server", "p50 µs", "× floor", "p99 µs", "× floor", "lost of all", "CPU µs a query"]);
    for server in took_part(sorted, STEADY, Kind::Steady) {
        let key = (server, STEADY, Kind::Steady);
        let p50 = |run: &Run| run.tally.p50.unwrap_or(0) as f64 / 1e3;
        let p99 = |run: &Run| run.tally.p99.unwrap_or(0) as f64 / 1e3;
        let sum = |figure: fn(&Run) -> f64| sorted.figures(key, figure).sum::<f64>();
        let (lost, sent) = (sum(|run| run.tally.lost as f64), sum(|run| run.tally.sent as f64));
        table.row([
            server.title().into(),
            median(sorted, key, 0, p50),
            ratio(sorted, key, p50),
            median(sorted, key, 0, p99),
            ratio(sorted, key, p99),
            format!("{lost} of {sent}"),
            median(sorted, key, 2, Run::cost),
        ]);
    }
    table.under(&format!("At {rate} queries a second: {}", STEADY.title()))
}

/// Start and memory.
fn standing(sorted: &Sorted) -> String {
    let mut table =
        Table::new(&["server", "version", "names", "start ms", "× floor", "memory MB", "× floor", "peak MB"]);
    let floor = sorted.facts.iter().find(|facts| facts.server.is_floor());
    let start = |facts: &Facts| Estimate::of(facts.starts.iter().copied()).map_or(0.0, |start| start.median);
    let against = |own: f64, of: fn(&Facts) -> f64| {
        floor.map_or_else(|| "–".into(), |floor| format!("{:.1}", own / of(floor)))
    };
    let memory = |facts: &Facts| facts.memory as f64 / f64::from(1 << 20);
    let mut facts: Vec<&Facts> = sorted.facts.iter().collect();
    facts.sort_by_key(|facts| (facts.server, facts.size, facts.workload));
    for facts in facts {
        // One floor is as good as another.
        if facts.server.is_floor() && !floor.is_some_and(|floor| std::ptr::eq(floor, facts)) {
            continue;
        }
        let floor_start = floor.map_or(f64::NAN, start);
        table.row([
            facts.server.title().into(),
            facts.version.clone(),
            if facts.server.is_floor() { "none".into() } else { names(facts.size) },
            format!("{:.0}", start(facts)),
            if floor.is_some() { format!("{:.1}", start(facts) / floor_start) } else { "–".into() },
            format!("{:.1}", memory(facts)),
            against(memory(facts), |floor| floor.memory as f64 / f64::from(1 << 20)),
            format!("{:.1}", facts.peak as f64 / f64::from(1 << 20)),
        ]);
    }
    table.under("Start and memory")
}

fn names(size: Size) -> String {
    match size {
        Size::Small => "1,000".into(),
        Size::Large => "100,000".into(),
    }
}

fn targets_table(sorted: &Sorted) -> String {
    let mut table = Table::new(&["what", "of", "against", "on", "target", "measured", "met"]);
    for outcome in targets::all().iter().filter_map(|target| target.judge(sorted)) {
        let target = outcome.target;
        let (what, sign) = match target.figure {
            Figure::Cost => ("CPU a query", "≤"),
            Figure::Rate => ("queries/s", "≥"),
        };
        table.row([
            what.into(),
            target.of.title().into(),
            target.against.title().into(),
            target.workload.title().into(),
            format!("{sign} {:.2}", target.limit),
            interval(&outcome.ratio),
            verdict(outcome.met, outcome.ratio.count),
        ]);
    }
    table.under("Targets: ratios, paired by round")
}

/// Fewer rounds than an interval takes prove nothing.
fn verdict(met: bool, count: usize) -> String {
    match (met, count >= ENOUGH) {
        (true, true) => "yes".into(),
        (false, true) => "**no**".into(),
        (met, false) => format!("{}, of {count} rounds", if met { "yes" } else { "no" }),
    }
}

fn alone(sorted: &Sorted) -> String {
    let mut table = Table::new(&["what", "unit", "median", "95 %", "worst", "target", "met", "remark"]);
    for alone in &sorted.alone {
        let Some(estimate) = Estimate::of(alone.samples.iter().copied()) else { continue };
        let worst = alone.samples.iter().copied().fold(f64::MIN, f64::max);
        table.row([
            alone.what.clone(),
            alone.unit.clone(),
            format!("{:.2}", estimate.median),
            format!("{:.2}–{:.2}", estimate.low, estimate.high),
            format!("{worst:.2}"),
            alone.limit.map_or_else(|| "–".into(), |limit| limit.to_string()),
            alone.limit.map_or_else(|| "–".into(), |limit| verdict(limit.is_met(&alone.samples), ENOUGH)),
            alone.remark.clone(),
        ]);
    }
    table.under("Alone")
}

fn notes(sorted: &Sorted) -> String {
    if sorted.notes.is_empty() {
        return String::new();
    }
    let mut text = String::from("### Besides\n\n");
    for note in &sorted.notes {
        writeln!(text, "- {note}").expect("a text takes all");
    }
    text + "\n"
}

#[cfg(test)]
mod tests;
