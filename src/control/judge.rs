//! What is believed of addresses, endpoints and services, from what is believed of the targets that their checks look at.

use std::cell::RefCell;
use std::cmp::Reverse;
use std::collections::HashMap;
use std::time::Instant;

use super::plan::{Look, Plan, looked_at_from};
use crate::health::{self, Level, Severity};
use crate::model::{Family, RegionId, Service, ServiceId, Target, TtlRange};
use crate::snapshot::World;

/// What is believed of something that is one or many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Judged {
    /// How it is.
    pub level: Level,
    /// For how long that may be believed, in seconds.
    pub ttl: u32,
    /// When it fell, if it is down by soft failures alone.
    pub fell_softly: Option<Instant>,
}

/// Of all these, `needed` must be up: the level of the one at that place from the best counts, and the least TTL, since
/// any of them may change it. It is down softly if it would not be down for its hard failures alone.
pub fn combine(mut all: Vec<Judged>, needed: usize) -> Option<Judged> {
    all.sort_by_key(|judged| Reverse(rank(judged.level)));
    let level = all.get(needed.clamp(1, all.len().max(1)) - 1)?.level;
    let ttl = all.iter().map(|judged| judged.ttl).min()?;
    let not_gone =
        all.iter().filter(|judged| judged.level != Level::Unhealthy || judged.fell_softly.is_some());
    let softly = level == Level::Unhealthy && not_gone.count() >= needed;
    let fell_softly = all.iter().filter_map(|judged| judged.fell_softly).max().filter(|_| softly);
    Some(Judged { level, ttl, fell_softly })
}

/// The better the higher.
fn rank(level: Level) -> u8 {
    match level {
        Level::Unhealthy => 0,
        Level::Unknown => 1,
        Level::Degraded => 2,
        Level::Healthy => 3,
    }
}

/// What was judged of services, seen from a region: those that depend on many, in many layers, ask for the same again and
/// again. Worth as much as the verdicts that it was judged by.
pub type Judgements = RefCell<HashMap<(ServiceId, RegionId, Family, TtlRange), Judged>>;

/// All that judging takes.
#[derive(Clone, Copy, Debug)]
pub struct Judge<'a> {
    /// What is believed of targets.
    pub verdicts: &'a health::Table,
    /// Who is meant.
    pub world: &'a World,
    /// What checks look at.
    pub plan: &'a Plan,
    /// What these verdicts have been found to come to.
    pub judgements: &'a Judgements,
}

impl Judge<'_> {
    /// The addresses of a service's endpoint of one family, in written order.
    pub fn addresses(&self, service: &Service, id: usize, family: Family, range: TtlRange) -> Vec<Judged> {
        let region = service.endpoints[id - self.first_of(id)].region;
        let looks = &self.plan.endpoints[id].by_family[family.index()];
        let judge = |looks: &[Look]| {
            let each = looks.iter().map(|look| self.look(look, region, family, range)).collect();
            combine(each, service.needed).unwrap_or(Judged::always(range))
        };
        looks.iter().map(|looks| judge(looks)).collect()
    }

    /// The first endpoint of the service that this one belongs to.
    fn first_of(&self, id: usize) -> usize {
        let after = self.plan.first.partition_point(|first| first.index() <= id);
        self.plan.first.get(after.wrapping_sub(1)).map_or(0, |first| first.index())
    }

    /// What one check sees.
    pub fn look(&self, look: &Look, region: RegionId, family: Family, range: TtlRange) -> Judged {
        match look {
            Look::Target(target) => self.target(target, range),
            Look::Service(other) => self.service(*other, region, family, range),
        }
    }

    fn target(&self, target: &Target, range: TtlRange) -> Judged {
        let Some(verdict) = self.verdicts.verdict(target) else {
            return Judged { level: Level::Unknown, ttl: range.min, fell_softly: None };
        };
        let softly = verdict.severity() == Some(Severity::Soft);
        Judged {
            level: verdict.level,
            ttl: health::ttl(range, verdict.remaining, verdict.threshold),
            fell_softly: softly.then_some(verdict.since),
        }
    }

    /// Another service, seen from a region: its endpoint there, or whichever is best. Configurations whose services
    /// depend on each other in a circle do not load, so this comes to an end.
    fn service(&self, other: ServiceId, region: RegionId, family: Family, range: TtlRange) -> Judged {
        let key = (other, region, family, range);
        if let Some(judged) = self.judgements.borrow().get(&key) {
            return *judged;
        }
        let judged = self.judge_service(other, region, family, range);
        self.judgements.borrow_mut().insert(key, judged);
        judged
    }

    fn judge_service(&self, other: ServiceId, region: RegionId, family: Family, range: TtlRange) -> Judged {
        let service = &self.world.written[other.index()];
        let first = self.plan.first[other.index()].index();
        let endpoint = |at: usize, family| {
            combine(self.addresses(service, first + at, family, range), service.min_addresses)
        };
        let other_family = Family::ALL.into_iter().find(|one| *one != family).unwrap_or(family);
        let each = looked_at_from(&service.endpoints, region)
            .filter_map(|at| endpoint(at, family).or_else(|| endpoint(at, other_family)));
        combine(each.collect(), 1).unwrap_or(Judged::always(range))
    }
}

impl Judged {
    /// Of what nobody looks at.
    fn always(range: TtlRange) -> Judged {
        Judged { level: Level::Healthy, ttl: range.max, fell_softly: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `H`ealthy, `d`egraded, `?`, hard `U`nhealthy, `s`oft; what comes of it when so many are needed.
    fn check(levels: &str, needed: usize, expected: char) {
        let now = Instant::now();
        let one = |letter| {
            let (level, fell_softly) = match letter {
                'H' => (Level::Healthy, None),
                'd' => (Level::Degraded, None),
                'U' => (Level::Unhealthy, None),
                's' => (Level::Unhealthy, Some(now)),
                _ => (Level::Unknown, None),
            };
            Judged { level, ttl: 7, fell_softly }
        };
        let judged = combine(levels.chars().map(one).collect(), needed);
        assert_eq!(judged, Some(one(expected)), "{needed} of {levels}");
    }

    #[test]
    fn so_many_of_all_count() {
        check("H", 1, 'H');
        check("HU", 1, 'H');
        check("HU", 2, 'U');
        check("HdU", 2, 'd');
        check("H?U", 2, '?');
        check("dH", 2, 'd');
        check("UUU", 1, 'U');
        check("H", 9, 'H');
    }

    #[test]
    fn it_is_down_softly_unless_hard_failures_alone_bring_it_down() {
        check("s", 1, 's');
        check("Hs", 2, 's');
        check("Us", 2, 'U');
        check("Us", 1, 's');
        check("UsH", 2, 's');
        assert_eq!(combine(Vec::new(), 1), None);
    }
}
