//! A policy's chain over the candidates of one query.
//!
//! ```text
//! gather ─▶ healthy ─▶ filter ─▶ … ─▶ what is left is answered
//! ```
//!
//! Chains that take the first of an order (`healthy`, then `near`, `fast` or `listed`, then perhaps `spill`, then `first`) are
//! walks, which stop at the first endpoint that will do: see [`super::pick()`]. Those that
//! draw one, or answer all, need no more than sets of bits: see [`lot`]. All others gather every candidate once and let one
//! filter after the other work on the [`Slate`].

pub mod filters;
pub mod lot;
pub mod rendezvous;
pub mod slate;

use crate::model::{Family, Filter, OnAllDown};

use super::hash::{EndpointKey, granularity};
use super::pick::{Answer, Class, Client, Pick, Scene, Seen, Step, Why, candidate, counted, fallback};
use super::steered::Steered;
use super::word::Tier;
use filters::Work;
use lot::Lot;
use slate::{Candidate, Slate};

/// A chain, compiled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// The chain as it is written, and as `explain` shows it.
    pub filters: Box<[Filter]>,
    /// How it is walked, if it takes the first of an order.
    pub walk: Option<Walk>,
    /// How it goes without a slate, if it does.
    pub lot: Option<Lot>,
    /// Whether it orders by the client's cell.
    pub near: bool,
    /// Whether the client's place has a say.
    pub placed: bool,
    /// What a client's prefix is hashed with where a filter does.
    pub key: EndpointKey,
}

/// The order to walk, and whether each endpoint keeps a fraction of its clients alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Walk {
    /// Whose order.
    pub by: By,
    /// Whether `spill` is in it.
    pub spill: bool,
}

/// Which order a walk takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// As the client's cell prefers the endpoints.
    Distance,
    /// The fastest first, as far as anybody measured; then as the client's cell prefers them.
    Latency,
    /// As they are written.
    Writing,
}

impl Program {
    /// The program of a service's chain. `refused`: rules of geography give some clients no region.
    pub fn new(service: &str, filters: &[Filter], refused: bool) -> Program {
        let near = filters.iter().any(|filter| filter.is_near() || *filter == Filter::Fast);
        Program {
            filters: filters.into(),
            walk: walk(filters),
            lot: Lot::of(filters),
            near,
            placed: refused || near || filters.contains(&Filter::Fence),
            // No region is called so.
            key: EndpointKey::new(service, ""),
        }
    }
}

fn walk(filters: &[Filter]) -> Option<Walk> {
    let (by, rest) = match filters {
        [Filter::Healthy, Filter::Near, rest @ ..] => (By::Distance, rest),
        [Filter::Healthy, Filter::Fast, rest @ ..] => (By::Latency, rest),
        [Filter::Healthy, Filter::Listed, rest @ ..] => (By::Writing, rest),
        [Filter::Healthy, Filter::First(1)] => return Some(Walk { by: By::Writing, spill: false }),
        _ => return None,
    };
    match rest {
        [Filter::Spill, Filter::First(1)] => Some(Walk { by, spill: true }),
        [Filter::First(1)] => Some(Walk { by, spill: false }),
        _ => None,
    }
}

/// Runs a chain for one client and family. `random` is asked once by each filter that needs it.
pub fn run(
    service: &Steered,
    client: &Client<'_>,
    family: Family,
    scene: &Scene<'_>,
    random: &mut impl FnMut() -> u64,
    seen: &mut impl FnMut(Seen<'_>),
) -> Pick {
    let (mut slate, gathered) = gather(service, client, family, scene, seen);
    let mut work = Work { service, client, hashed: false };
    let had_some = !slate.is_empty();
    seen(Seen::Gathered(&slate));
    for (link, filter) in service.program.filters.iter().enumerate() {
        let next = service.program.filters.get(link + 1).copied();
        work.filter(*filter, next, &mut slate, random);
        seen(Seen::After(link, &slate));
    }
    let depth = if service.program.placed { client.depth } else { 0 };
    let scope = match work.hashed {
        true => depth.max(granularity(client.address)),
        false => counted(service, client, depth),
    };
    let (answer, why) = match had_some && slate.is_empty() {
        // No filter but a fence cuts everybody; a fallback might stand on the wrong side of it.
        true => (Answer::Nodata, Why::Fenced),
        false => decide(service, &slate, family),
    };
    let brief = matches!(why, Why::AllDown | Why::OnlyBarred | Why::Fenced);
    let ttl = if brief { service.ttl.min.min(gathered) } else { gathered };
    Pick { answer, ttl: ttl.max(1), scope, why }
}

/// Every endpoint that has an address, in the order that the chain begins with, and the least TTL of all of them.
fn gather(
    service: &Steered,
    client: &Client<'_>,
    family: Family,
    scene: &Scene<'_>,
    seen: &mut impl FnMut(Seen<'_>),
) -> (Slate, u32) {
    let (mut slate, mut ttl, mut rank) = (Slate::new(), service.ttl.max, 0);
    let mut add = |position: usize| {
        let word = candidate(service, position, family, scene.live);
        if word.tier == Tier::Absent {
            return;
        }
        ttl = ttl.min(word.ttl_at(scene.now));
        seen(Seen::Step(Step { position, word, keeps: None }));
        let Some(class) = Class::of(word) else { return };
        let (weight, load) = (service.shares.weight(position, word.keep), scene.load(service, position));
        let one = Candidate { position: position as u8, rank, group: 0, class, word, weight, load, key: 0 };
        // A service has no more than fit.
        let _ = slate.try_push(one);
        rank = rank.saturating_add(1);
    };
    match service.program.near {
        true => service.in_order(client.first, client.rest).for_each(add),
        false => (0..service.regions.len()).for_each(&mut add),
    }
    (slate, ttl)
}

fn decide(service: &Steered, slate: &Slate, family: Family) -> (Answer, Why) {
    let Some(best) = slate.first() else { return (fallback(service, family), Why::OnlyBarred) };
    if best.class >= Class::Failing {
        match service.on_all_down {
            OnAllDown::All => {}
            OnAllDown::Fallback => return (fallback(service, family), Why::AllDown),
            OnAllDown::Nodata => return (Answer::Nodata, Why::AllDown),
            OnAllDown::Servfail => return (Answer::Servfail, Why::AllDown),
        }
    }
    let why = if best.class >= Class::Failing { Why::AllDown } else { Why::Chosen(best.class.tier()) };
    // Where families stay together, an endpoint may be here for its other family alone.
    let set = slate.iter().filter(|one| one.word.mask != 0);
    let set = set.fold(0_u64, |set, one| set | 1 << one.position);
    match set.count_ones() {
        0 => (Answer::Nodata, Why::OtherFamily),
        1 => {
            let position = set.trailing_zeros() as usize;
            let mask = slate.iter().find(|one| usize::from(one.position) == position);
            (Answer::Endpoint { position, mask: mask.map_or(0, |one| one.word.mask) }, why)
        }
        _ => (Answer::Endpoints(set), why),
    }
}

#[cfg(test)]
mod tests;
