//! One walk over a service's candidates in the client's order.

use std::net::IpAddr;
use std::ops::ControlFlow::{Break, Continue};

use crate::model::{Families, Family, OnAllDown, RegionId};

use super::chain::{self, By, slate::Candidate};
use super::hash::granularity;
use super::steered::Steered;
use super::word::{Keep, Live, Load, Tier, Word};

/// Who asks, as far as a pick cares.
#[derive(Clone, Copy, Debug)]
pub struct Client<'a> {
    /// Unfolded; bits past what is known are zero.
    pub address: IpAddr,
    /// The regions that the service's own rules put first.
    pub first: &'a [RegionId],
    /// The regions that are fast from where it is, the fastest first; none where nobody measured, or a rule says where
    /// it goes.
    pub fast: &'a [RegionId],
    /// The regions as its cell prefers them; both empty: these clients get no addresses.
    pub rest: &'a [RegionId],
    /// Whose fences let it in: bit `i`, the endpoint at position `i`. Looked at where the chain does.
    pub admitted: u64,
    /// How many bits of the address it took to know all that.
    pub depth: u8,
}

/// What was chosen for one query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pick {
    /// What to hand out.
    pub answer: Answer,
    /// In seconds; at least 1.
    pub ttl: u32,
    /// How many bits of the client's unfolded address it depended on.
    pub scope: u8,
    /// Which rule decided.
    pub why: Why,
}

impl Pick {
    /// Before anything was picked.
    pub const NONE: Pick = Pick { answer: Answer::Nodata, ttl: 1, scope: 0, why: Why::NoFamily };

    /// The same inside a service that answers in the place of what `outer` picked.
    #[inline]
    pub fn inside(self, outer: &Pick) -> Pick {
        Pick { ttl: self.ttl.min(outer.ttl), scope: self.scope.max(outer.scope), ..self }
    }
}

/// What to hand out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Addresses of the endpoint at this position, those in the mask.
    Endpoint {
        /// Among the service's endpoints.
        position: usize,
        /// Bit `i`: its `i`-th address of the family.
        mask: u16,
    },
    /// The service's fallback addresses of the family.
    Fallback,
    /// Addresses of several endpoints, each as its live word says.
    Endpoints(
        /// Bit `i`: the endpoint at position `i`; two at least.
        u64,
    ),
    /// No addresses.
    Nodata,
    /// SERVFAIL.
    Servfail,
}

/// Which rule decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The first of its tier that keeps this client.
    Kept(Tier),
    /// What the chain left of the tier.
    Chosen(Tier),
    /// Nobody keeps this client, so the first of the tier does.
    NobodyKeeps(Tier),
    /// Nothing is fit, unknown or idle: `on_all_down`.
    AllDown,
    /// Only endpoints that are overridden down are left.
    OnlyBarred,
    /// Fences let this client in nowhere.
    Fenced,
    /// The place's rule lists no region.
    EmptyOrder,
    /// No endpoint has an address of this family.
    NoFamily,
    /// Families stay together, and the chosen endpoint has nothing fit of this one.
    OtherFamily,
}

/// One candidate as the walk met it; `explain` collects them, a query throws them away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// Among the service's endpoints.
    pub position: usize,
    /// What was known of it.
    pub word: Word,
    /// Whether it keeps this client, where that was asked.
    pub keeps: Option<bool>,
}

/// What changes between reloads, as a pick sees it.
#[derive(Clone, Copy, Debug)]
pub struct Scene<'a> {
    /// By endpoint, then family.
    pub live: &'a [Live],
    /// By endpoint: the signal that its service's chain compares by.
    pub loads: &'a [Load],
    /// In Unix seconds.
    pub now: u64,
}

impl Scene<'_> {
    /// The signal of an endpoint.
    #[inline]
    pub fn load(&self, service: &Steered, position: usize) -> u32 {
        self.loads.get(service.first.index() + position).map_or(0, Load::load)
    }
}

/// What a pick tells of its way, for `explain`.
#[derive(Clone, Copy, Debug)]
pub enum Seen<'a> {
    /// A candidate was consulted.
    Step(Step),
    /// All that may be answered, before any link of the chain has worked.
    Gathered(&'a [Candidate]),
    /// A link of the chain has worked; this is left, in order.
    After(usize, &'a [Candidate]),
}

/// How good a candidate is; smaller answers first. Failing endpoints that would be idle if they were healthy
/// come after those that would be fit: `on_all_down = "all"` answers as if all were healthy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Fit.
    Fit,
    /// Unknown.
    Unknown,
    /// Idle.
    Idle,
    /// Failing.
    Failing,
    /// Failing, and idle if it were not.
    FailingIdle,
}

impl Class {
    /// The class of an endpoint that may be answered.
    #[inline]
    pub fn of(word: Word) -> Option<Class> {
        match word.tier {
            Tier::Absent | Tier::Barred => None,
            Tier::Fit => Some(Class::Fit),
            Tier::Unknown => Some(Class::Unknown),
            Tier::Idle => Some(Class::Idle),
            Tier::Failing if word.keep > super::Keep::NONE => Some(Class::Failing),
            Tier::Failing => Some(Class::FailingIdle),
        }
    }

    /// The tier that it belongs to.
    pub fn tier(self) -> Tier {
        match self {
            Class::Fit => Tier::Fit,
            Class::Unknown => Tier::Unknown,
            Class::Idle => Tier::Idle,
            Class::Failing | Class::FailingIdle => Tier::Failing,
        }
    }

    /// Whether no weight counts in it.
    pub fn is_idle(self) -> bool {
        matches!(self, Class::Idle | Class::FailingIdle)
    }
}

/// The best so far of one walk.
struct Best {
    class: Class,
    position: usize,
    word: Word,
    kept: bool,
    /// Whether the keep test of a fraction decided anything in this class.
    hashed: bool,
}

/// Picks for one client and family. `random` gives 64 random bits, and is asked by chains alone that want some; `seen` is
/// told of what was consulted, where `TELLS`.
//
// first class with anything   on_all_down   answer
// fit, unknown, idle          any           first that keeps the client, else the first
// failing                     all           the same, at the smallest TTL
// failing                     fallback      fallback of the family, else NODATA
// failing                     nodata        NODATA
// failing                     servfail      SERVFAIL
// none, some barred           any           fallback of the family, else NODATA
// none                        any           NODATA
#[inline]
pub fn pick<const TELLS: bool>(
    service: &Steered,
    client: &Client<'_>,
    family: Family,
    scene: &Scene<'_>,
    mut random: impl FnMut() -> u64,
    mut seen: impl FnMut(Seen<'_>),
) -> Pick {
    if !service.has_family[family.index()] {
        return Pick { answer: Answer::Nodata, ttl: service.ttl.max, scope: 0, why: Why::NoFamily };
    }
    if client.first.is_empty() && client.rest.is_empty() && service.program.placed {
        let (ttl, scope) = (service.ttl.min, client.depth);
        return Pick { answer: Answer::Nodata, ttl, scope, why: Why::EmptyOrder };
    }
    let Some(walk) = service.program.walk else {
        if let Some(lot) = service.program.lot.filter(|_| !TELLS)
            && let Some(pick) = chain::lot::draw(lot, service, client, family, scene, &mut random)
        {
            return pick;
        }
        return chain::run(service, client, family, scene, &mut random, &mut seen);
    };
    // Nobody comes first where they stand as written; nearly all go by distance, and nothing is copied for them.
    let other;
    let client = match walk.by {
        By::Distance => client,
        By::Latency if client.fast.is_empty() => client,
        By::Latency => {
            other = Client { first: client.fast, ..*client };
            &other
        }
        By::Writing => {
            other = Client { first: &[], rest: &[], ..*client };
            &other
        }
    };
    let pick = at_once(service, client, family, scene, &mut seen);
    pick.unwrap_or_else(|| at_length(service, client, family, scene, &mut seen))
}

/// The whole walk, and what it comes to.
fn at_length(
    service: &Steered,
    client: &Client<'_>,
    family: Family,
    scene: &Scene<'_>,
    seen: &mut impl FnMut(Seen<'_>),
) -> Pick {
    let (best, ttl) = walk(service, client, family, scene, seen);
    let depth = if service.program.placed { client.depth } else { 0 };
    let scope = match &best {
        Some(best) if best.hashed => depth.max(granularity(client.address)),
        _ => counted(service, client, depth),
    };
    let (answer, why) = decide(service, best.as_ref(), family);
    // DESIGN 4.7: what is answered against better knowledge should not be kept for long.
    let brief = matches!(why, Why::AllDown | Why::OnlyBarred);
    let ttl = if brief { service.ttl.min.min(ttl) } else { ttl };
    Pick { answer, ttl: ttl.max(1), scope, why }
}

/// What nearly every walk comes to: the first candidate is fit and keeps everybody. The same as [`at_length`], sooner.
#[inline]
fn at_once(
    service: &Steered,
    client: &Client<'_>,
    family: Family,
    scene: &Scene<'_>,
    seen: &mut impl FnMut(Seen<'_>),
) -> Option<Pick> {
    let mut listed = client.first.iter().chain(client.rest);
    let position = listed.find_map(|region| service.at(*region))?;
    let word = scene.live.get(service.live_index(position, family))?.load();
    let settled = word.tier == Tier::Fit && word.keep == Keep::ALL && word.mask != 0;
    if !settled || service.families != Families::Independent {
        return None;
    }
    seen(Seen::Step(Step { position, word, keeps: Some(true) }));
    let answer = Answer::Endpoint { position, mask: word.mask };
    let ttl = word.ttl_at(scene.now).min(service.ttl.max).max(1);
    Some(Pick { answer, ttl, scope: counted(service, client, client.depth), why: Why::Kept(Tier::Fit) })
}

/// The scope where demand is counted: as fine as it would be if some clients were shed, so that how many queries stand for how
/// many clients does not change when that begins.
#[inline]
pub(super) fn counted(service: &Steered, client: &Client<'_>, depth: u8) -> u8 {
    if service.counted.is_some() { depth.max(granularity(client.address)) } else { depth }
}

#[inline]
fn walk(
    service: &Steered,
    client: &Client<'_>,
    family: Family,
    scene: &Scene<'_>,
    seen: &mut impl FnMut(Seen<'_>),
) -> (Option<Best>, u32) {
    let (mut best, mut ttl): (Option<Best>, u32) = (None, service.ttl.max);
    // Driven from inside, the order's three parts are three loops; from outside they would be one with three arms.
    let _ = service.in_order(client.first, client.rest).try_for_each(|position| {
        let word = candidate(service, position, family, scene.live);
        if word.tier == Tier::Absent {
            return Continue(());
        }
        ttl = ttl.min(word.ttl_at(scene.now));
        let keeps = consider(&mut best, service, client, position, word);
        seen(Seen::Step(Step { position, word, keeps }));
        let settled = best.as_ref().is_some_and(|best| best.class == Class::Fit && best.kept);
        if settled { Break(()) } else { Continue(()) }
    });
    (best, ttl)
}

/// Holds a candidate against the best so far; says whether it keeps the client, where that was asked.
#[inline]
fn consider(
    best: &mut Option<Best>,
    service: &Steered,
    client: &Client<'_>,
    position: usize,
    word: Word,
) -> Option<bool> {
    let class = Class::of(word)?;
    if best.as_ref().is_none_or(|best| class < best.class) {
        *best = Some(Best { class, position, word, kept: false, hashed: false });
    }
    let best = best.as_mut().filter(|best| best.class == class && !best.kept)?;
    let spills = service.program.walk.is_some_and(|walk| walk.spill);
    let keeps = !spills || class.is_idle() || {
        best.hashed |= word.keep.is_fractional();
        !word.keep.is_fractional() || word.keep.keeps(service.keys[position].client(client.address))
    };
    if keeps {
        (best.position, best.word, best.kept) = (position, word, true);
    }
    Some(keeps)
}

/// The word that a candidate is judged by: its own family's, or the better of both where they stay together.
#[inline]
pub(super) fn candidate(service: &Steered, position: usize, family: Family, live: &[Live]) -> Word {
    let own = live[service.live_index(position, family)].load();
    if service.families == Families::Independent {
        return own;
    }
    let other = live[service.live_index(position, family.other())].load();
    let ttl = if other.tier == Tier::Absent || own.tier == Tier::Absent {
        own.ttl.max(other.ttl)
    } else {
        own.ttl.min(other.ttl)
    };
    match (Class::of(own), Class::of(other)) {
        (Some(one), Some(two)) if one > two => Word { ttl, mask: 0, ..other },
        (None, Some(_)) => Word { ttl, mask: 0, ..other },
        (None, None) if own.tier == Tier::Absent => Word { mask: 0, ..other },
        _ => Word { ttl, ..own },
    }
}

#[inline]
fn decide(service: &Steered, best: Option<&Best>, family: Family) -> (Answer, Why) {
    let fallback = fallback(service, family);
    let Some(best) = best else { return (fallback, Why::OnlyBarred) };
    if best.class >= Class::Failing {
        match service.on_all_down {
            OnAllDown::All => {}
            OnAllDown::Fallback => return (fallback, Why::AllDown),
            OnAllDown::Nodata => return (Answer::Nodata, Why::AllDown),
            OnAllDown::Servfail => return (Answer::Servfail, Why::AllDown),
        }
    }
    let why = match best.class {
        _ if best.word.mask == 0 => return (Answer::Nodata, Why::OtherFamily),
        Class::Failing | Class::FailingIdle => Why::AllDown,
        class if best.kept => Why::Kept(class.tier()),
        class => Why::NobodyKeeps(class.tier()),
    };
    (Answer::Endpoint { position: best.position, mask: best.word.mask }, why)
}

/// The service's fallback addresses, or none.
pub(super) fn fallback(service: &Steered, family: Family) -> Answer {
    if service.has_fallback[family.index()] { Answer::Fallback } else { Answer::Nodata }
}

#[cfg(test)]
mod tests;
