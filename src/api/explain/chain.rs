//! What each filter of a chain kept, moved and cut, from what was left after each of them.

use crate::model::{Filter, Grouping, Signal};
use crate::steer::Answer;
use crate::steer::chain::slate::Candidate;

use super::candidates::Case;
use super::filters::{candidate, healthy, ordinal, whereabouts};
use super::latency;
use crate::api::wire::{CandidateBody, FilterBody};

/// The chain, in the order in which it works.
pub fn all(case: &Case<'_>) -> Vec<FilterBody> {
    let links = case.steered.program.filters.iter().zip(&case.stages).enumerate();
    let link = |(place, (filter, after)): (usize, (&Filter, &Vec<Candidate>))| {
        let before = place.checked_sub(1).map_or(&case.gathered, |before| &case.stages[before]);
        let (words, endpoints) = match (place, filter) {
            (0, Filter::Healthy) => healthy(case),
            (_, Filter::Fast) => (latency::said_of(case), rows(case, *filter, before, after)),
            _ => (said_of(*filter), rows(case, *filter, before, after)),
        };
        FilterBody { filter: filter.to_string(), words, endpoints }
    };
    links.map(link).collect()
}

/// What is left in its order, then what was cut.
fn rows(case: &Case<'_>, filter: Filter, before: &[Candidate], after: &[Candidate]) -> Vec<CandidateBody> {
    let place =
        |slate: &[Candidate], one: &Candidate| slate.iter().position(|other| other.position == one.position);
    let survivors: Vec<_> = before.iter().filter(|one| place(after, one).is_some()).collect();
    let kept = after.iter().enumerate().map(|(rank, one)| {
        let stays = survivors.get(rank).is_some_and(|was| was.position == one.position);
        let action = if stays { "kept" } else { "moved" };
        candidate(case, one.position.into(), action, words(case, filter, rank, one, before))
    });
    let gone = before.iter().filter(|one| place(after, one).is_none());
    let cut = gone.map(|one| candidate(case, one.position.into(), "cut", words_of_cut(case, filter, one)));
    kept.chain(cut).collect()
}

fn said_of(filter: Filter) -> String {
    match filter {
        Filter::Healthy => "keeps the best tier".to_owned(),
        Filter::Fence => "keeps those whose fences let this client in".to_owned(),
        Filter::Near => "orders by the client's cell".to_owned(),
        Filter::Fast => "orders by measured latency, the fastest first".to_owned(),
        Filter::NearBy(grouping) => {
            format!("orders by the client's cell; groups the nearest with its {}", group_word(grouping))
        }
        Filter::Listed => "orders as written".to_owned(),
        Filter::Priority => "keeps the lowest priority that is left".to_owned(),
        Filter::Weighted => {
            "orders at random, by weight: every query draws anew, this is one draw".to_owned()
        }
        Filter::Hash => {
            "orders by the hash of the client's prefix and of each endpoint, by weight".to_owned()
        }
        Filter::Rotate => "turns the order to a random place, by weight: this is one draw".to_owned(),
        Filter::Shuffle => "orders at random: this is one draw".to_owned(),
        Filter::Least(signal) => format!("orders by {} for their weight, the least first", signal.name()),
        Filter::TwoChoices(signal) => {
            format!("of two drawn by weight, who has the less {} for its weight goes first", signal.name())
        }
        Filter::Spill => "lets every endpoint keep its fraction of clients".to_owned(),
        Filter::First(1) => "keeps the first".to_owned(),
        Filter::First(count) => format!("keeps the first {count}"),
        Filter::FirstGroup => "keeps the first group".to_owned(),
    }
}

fn group_word(grouping: Grouping) -> String {
    match grouping {
        Grouping::Within(km) => format!("neighbours within {km} km"),
        named => named.to_string(),
    }
}

fn words(case: &Case<'_>, filter: Filter, rank: usize, one: &Candidate, before: &[Candidate]) -> String {
    let position = usize::from(one.position);
    match filter {
        Filter::Near => format!("{}, {}", ordinal(rank + 1), whereabouts(case, position)),
        Filter::Fast => format!("{}, {}", ordinal(rank + 1), latency::of(case, position)),
        Filter::NearBy(_) => {
            let group = ordinal(usize::from(one.group) + 1);
            format!("{}, {}, in the {group} group", ordinal(rank + 1), whereabouts(case, position))
        }
        Filter::Priority => format!("priority {}", case.written.endpoints[position].priority),
        Filter::Weighted | Filter::Hash | Filter::Rotate => {
            let all: u64 = before.iter().map(|one| u64::from(one.weight)).sum();
            let share = f64::from(one.weight) * 100.0 / all.max(1) as f64;
            format!("{}, weighs {} % of what is left", ordinal(rank + 1), (share * 100.0).round() / 100.0)
        }
        Filter::Least(signal) | Filter::TwoChoices(signal) => {
            format!("{}, {}", ordinal(rank + 1), told(case, position, signal))
        }
        Filter::Spill => format!("keeps {} % of its clients", percent(one)),
        Filter::First(_) | Filter::FirstGroup => handed_out(case, one),
        Filter::Fence => "lets this client in".to_owned(),
        Filter::Healthy => case.state_of(position),
        Filter::Listed | Filter::Shuffle => ordinal(rank + 1),
    }
}

fn words_of_cut(case: &Case<'_>, filter: Filter, one: &Candidate) -> String {
    match filter {
        Filter::Priority => {
            format!("priority {}", case.written.endpoints[usize::from(one.position)].priority)
        }
        Filter::Spill => format!("keeps {} % of its clients: this one moves on", percent(one)),
        Filter::Fence => "does not let this client in".to_owned(),
        Filter::Healthy => case.state_of(one.position.into()),
        _ => "stands behind".to_owned(),
    }
}

fn percent(one: &Candidate) -> f64 {
    (one.word.keep.fraction() * 1e4).round() / 1e2
}

fn handed_out(case: &Case<'_>, one: &Candidate) -> String {
    match case.pick.answer {
        Answer::Endpoint { .. } | Answer::Endpoints(_) => case.handed_out(one.position.into(), one.word.mask),
        _ => "is not asked: on_all_down decides".to_owned(),
    }
}

/// What an endpoint reports, and how that compares.
fn told(case: &Case<'_>, position: usize, signal: Signal) -> String {
    let readings = case.report(position).map_or(&[][..], |report| &report.signals.readings);
    let reading = readings.iter().find(|reading| reading.signal == signal);
    match reading {
        Some(reading) => format!("{} {}", signal.name(), (reading.smoothed * 1e3).round() / 1e3),
        None => format!("{} unknown: counts as the mean of the others", signal.name()),
    }
}
