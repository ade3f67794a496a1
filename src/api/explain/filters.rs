//! What each filter of a policy kept, moved and cut, and why.

use crate::model::{Filter, OnAllDown};
use crate::steer::{Answer, Tier, Why};

use super::candidates::Case;
use super::latency;
use crate::api::wire::{CandidateBody, FilterBody};

/// The chain, in the order in which it works.
pub fn all(case: &Case<'_>) -> Vec<FilterBody> {
    if matches!(case.pick.why, Why::NoFamily | Why::EmptyOrder) {
        return Vec::new();
    }
    if case.steered.program.walk.is_none() {
        return super::chain::all(case);
    }
    let filter = |filter: &Filter| {
        let (words, endpoints) = match filter {
            Filter::Healthy => healthy(case),
            Filter::Near => ordered(case, "orders by the client's cell".to_owned(), whereabouts),
            Filter::Fast => ordered(case, latency::said_of(case), latency::of),
            Filter::Listed => listed(case),
            Filter::Spill => spill(case),
            // A walk has no others.
            _ => first(case),
        };
        FilterBody { filter: filter.to_string(), words, endpoints }
    };
    case.written.policy.filters.iter().map(filter).collect()
}

type Done = (String, Vec<CandidateBody>);

/// One endpoint and what was done to it.
pub fn candidate(case: &Case<'_>, position: usize, action: &str, words: String) -> CandidateBody {
    CandidateBody { region: case.region(position).name.clone(), action: action.to_owned(), words }
}

/// What the first filter keeps, in the client's order.
fn kept<'a>(case: &'a Case<'_>) -> impl Iterator<Item = usize> + 'a {
    case.order.iter().copied().filter(|position| case.is_kept(*position))
}

/// The first filter. Written order is the order of positions.
pub fn healthy(case: &Case<'_>) -> Done {
    let mut written = case.order.clone();
    written.sort_unstable();
    let (stay, go): (Vec<_>, Vec<_>) = written.into_iter().partition(|position| case.is_kept(*position));
    let rows = stay.into_iter().map(|position| candidate(case, position, "kept", case.state_of(position)));
    let cut = go.into_iter().map(|position| candidate(case, position, "cut", case.state_of(position)));
    let words = match (case.pick.why, case.tier()) {
        (Why::AllDown, _) => format!("nothing is fit, unknown or idle: on_all_down = \"{}\"", all_down(case)),
        (Why::OnlyBarred, _) | (_, None) => "everything is overridden down".to_owned(),
        (_, Some(Tier::Fit)) => "keeps what is fit".to_owned(),
        (_, Some(tier)) => format!("nothing is better than {}: keeps that tier", tier.name()),
    };
    (words, rows.chain(cut).collect())
}

fn all_down(case: &Case<'_>) -> &'static str {
    match case.written.on_all_down {
        OnAllDown::All => "all",
        OnAllDown::Fallback => "fallback",
        OnAllDown::Nodata => "nodata",
        OnAllDown::Servfail => "servfail",
    }
}

fn ordered(case: &Case<'_>, said: String, why: impl Fn(&Case<'_>, usize) -> String) -> Done {
    let mut before: Vec<usize> = kept(case).collect();
    before.sort_unstable();
    let row = |(rank, position): (usize, usize)| {
        let action = if before[rank] == position { "kept" } else { "moved" };
        candidate(case, position, action, format!("{}, {}", ordinal(rank + 1), why(case, position)))
    };
    (said, kept(case).enumerate().map(row).collect())
}

fn listed(case: &Case<'_>) -> Done {
    let row = |(rank, position)| candidate(case, position, "kept", ordinal(rank + 1));
    ("orders as written".to_owned(), kept(case).enumerate().map(row).collect())
}

/// How far a region is, and which rule says otherwise.
pub fn whereabouts(case: &Case<'_>, position: usize) -> String {
    let region = case.region(position);
    let (km, biased) = case.standpoint.distance(region);
    let far = match (km, biased) {
        (Some(km), Some(biased)) if region.bias != 0 => {
            format!("{km:.0} km, {biased:.0} km with its bias of {}", region.bias)
        }
        (Some(km), _) => format!("{km:.0} km"),
        (None, _) if region.location.is_none() => "has no location".to_owned(),
        (None, _) => "distance unknown".to_owned(),
    };
    let rule = case.standpoint.rule_for(case.steered.regions[position]);
    rule.map_or(far.clone(), |rule| format!("{far}, by {rule}"))
}

fn spill(case: &Case<'_>) -> Done {
    let row = |position| {
        let word = case.word(position);
        let share = format!("keeps {} % of its clients", (word.keep.fraction() * 1e4).round() / 1e2);
        let (action, words) = match case.step(position).and_then(|step| step.keeps) {
            None => ("kept", "not asked: one before it keeps this client".to_owned()),
            Some(_) if word.tier == Tier::Idle => ("kept", "no weight counts in this tier".to_owned()),
            Some(true) => ("kept", format!("{share}: this one stays")),
            Some(false) if case.is_chosen(position) => {
                ("kept", format!("{share}: not this one, but nobody does"))
            }
            Some(false) => ("cut", format!("{share}: this one moves on")),
        };
        candidate(case, position, action, words)
    };
    ("lets every endpoint keep its fraction of clients".to_owned(), kept(case).map(row).collect())
}

fn first(case: &Case<'_>) -> Done {
    let left = kept(case).filter(|position| {
        let moved_on = case.step(*position).and_then(|step| step.keeps) == Some(false);
        case.is_chosen(*position) || !moved_on
    });
    let row = |position| match case.pick.answer {
        Answer::Endpoint { mask, .. } if case.is_chosen(position) => {
            candidate(case, position, "kept", case.handed_out(position, mask))
        }
        _ => candidate(case, position, "cut", "stands behind".to_owned()),
    };
    ("keeps the first".to_owned(), left.map(row).collect())
}

/// A place as it is spoken.
pub fn ordinal(rank: usize) -> String {
    let ending = match (rank % 10, rank % 100) {
        (1, hundred) if hundred != 11 => "st",
        (2, hundred) if hundred != 12 => "nd",
        (3, hundred) if hundred != 13 => "rd",
        _ => "th",
    };
    format!("{rank}{ending}")
}

#[cfg(test)]
mod tests {
    use super::ordinal;

    #[test]
    fn ranks_end_as_they_are_spoken() {
        let rows = [(1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (12, "12th"), (13, "13th")];
        for (rank, spoken) in rows.into_iter().chain([(21, "21st"), (111, "111th")]) {
            assert_eq!(ordinal(rank), spoken);
        }
    }
}
