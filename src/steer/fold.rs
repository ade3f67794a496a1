//! Verdicts, weight and the operator's word, folded into a live word. Pure; off the query path.

use crate::health::Level;
use crate::model::TtlRange;

use super::word::{Keep, Tier, Word};

/// What we believe of one address, and for how many seconds it may be believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Belief {
    /// Its target's level; an address that is not checked is healthy.
    pub level: Level,
    /// DESIGN 4.7: from the probes still needed to flip; the largest TTL where nothing can flip it.
    pub ttl: u32,
}

/// What one operator's word comes to for one endpoint, from the least restrictive on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stance {
    /// Fit, whatever its probes say.
    Up,
    /// It keeps so many of its own clients: by a weight, or as a ramp stands now.
    Keep(Keep),
    /// Answered only when nothing fit or unknown is left.
    Drain,
    /// Never answered.
    Down,
}

impl Stance {
    /// How restrictive it is; among weights the smaller is more so.
    fn rank(self) -> u32 {
        match self {
            Stance::Up => 0,
            Stance::Keep(keep) => 1 + (Keep::ALL.steps() - keep.steps()),
            Stance::Drain => 1 << 17,
            Stance::Down => 1 << 18,
        }
    }
}

/// The overrides that lie on an endpoint, its region's included, come down to this.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Effect {
    /// The most restrictive: down, then drain, then the smaller weight, then up.
    pub stance: Option<Stance>,
    /// The earliest end of any of them, in Unix seconds: lifting one may change what the others amount to.
    pub until: Option<u64>,
    /// One of them is a ramp that moves.
    pub moves: bool,
}

impl Effect {
    /// Two words on one endpoint; order does not matter.
    pub fn and(self, other: Effect) -> Effect {
        let stance = match (self.stance, other.stance) {
            (Some(one), Some(two)) => Some(if one.rank() >= two.rank() { one } else { two }),
            (one, two) => one.or(two),
        };
        let until = match (self.until, other.until) {
            (Some(one), Some(two)) => Some(one.min(two)),
            (one, two) => one.or(two),
        };
        Effect { stance, until, moves: self.moves || other.moves }
    }
}

/// All that is known of an endpoint's addresses of one family.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// In written order; empty: it has none of this family.
    pub beliefs: &'a [Belief],
    /// So many must be healthy.
    pub min_addresses: usize,
    /// Configured.
    pub weight: u16,
    /// The service's largest configured weight.
    pub largest_weight: u16,
    /// The service's bounds.
    pub ttl: TtlRange,
    /// The operator's word.
    pub effect: Effect,
    /// It stays whatever the probes say: see [`super::ejection`].
    pub kept: bool,
    /// The share of its weight that it has so far, while it starts slowly: 0.0…1.0.
    pub ramp: f64,
    /// Its signals speak against it.
    pub lowered: bool,
    /// It fell, and stays out until an operator resumes it.
    pub parked: bool,
    /// Its addresses that wish to be sent nobody new, as bits in written order.
    pub drained: u16,
}

/// The word for what is known at `now` (Unix seconds).
pub fn fold(known: &Known<'_>, now: u64) -> Word {
    if known.beliefs.is_empty() {
        return Word::ABSENT;
    }
    let keep = match known.effect.stance {
        Some(Stance::Drain | Stance::Down) => Keep::NONE,
        Some(Stance::Keep(keep)) => keep,
        Some(Stance::Up) | None => Keep::of_weights(known.weight, known.largest_weight),
    };
    let keep = keep.of(known.ramp);
    let (tier, mask) = stand(known, keep);
    let deadline = known.effect.until.map_or(0, |until| Word::deadline_for(until, now));
    Word { tier, keep, ttl: believed_for(known) as u16, deadline, mask }
}

/// Tier, and which addresses are handed out.
//
// override  healthy ≥ min  + unknown ≥ min   keep > 0  keep = 0   addresses
// down      any            any               barred    barred     none
// up        any            any               fit       idle       healthy, else all
// else      yes            any               fit       idle       healthy
// else      no             yes               unknown   idle       healthy or unknown
// else      no             no                failing   failing    all
// The last with `kept` is fit, or idle, as if all its addresses were healthy. Whom its signals speak against is as the
// last, but keeps to what is healthy. Addresses that wish to drain are left out while the others are enough; where they
// are not, it is idle, kept or not, unless somebody says `up`. Who is parked is idle at most, too, and not kept.
fn stand(known: &Known<'_>, keep: Keep) -> (Tier, u16) {
    let having = |wanted: &[Level]| mask(known.beliefs, |belief| wanted.contains(&belief.level));
    let enough = |mask: u16| mask.count_ones() as usize >= known.min_addresses.min(known.beliefs.len());
    let idle_or = |tier: Tier| if keep == Keep::NONE { Tier::Idle } else { tier };
    let (all, healthy) = (mask(known.beliefs, |_| true), having(&[Level::Healthy, Level::Degraded]));
    let hopeful = having(&[Level::Healthy, Level::Degraded, Level::Unknown]);
    let (willing, in_favour) = (healthy & !known.drained, !known.lowered);
    let best = if healthy == 0 { all } else { healthy };
    let (staying, kept) = (best & !known.drained, known.kept && !known.parked);
    match known.effect.stance {
        Some(Stance::Down) => (Tier::Barred, 0),
        Some(Stance::Up) => (idle_or(Tier::Fit), best),
        _ if known.parked && enough(hopeful) && in_favour => {
            (Tier::Idle, if enough(healthy) { healthy } else { hopeful })
        }
        _ if enough(willing) && in_favour => (idle_or(Tier::Fit), willing),
        _ if enough(healthy) && in_favour => (Tier::Idle, healthy),
        _ if enough(hopeful) && in_favour => (idle_or(Tier::Unknown), hopeful),
        _ if kept && (enough(staying) || staying == best) => (idle_or(Tier::Fit), staying),
        _ if kept => (Tier::Idle, best),
        _ if known.lowered && enough(healthy) => (Tier::Failing, healthy),
        _ => (Tier::Failing, all),
    }
}

fn mask(beliefs: &[Belief], wanted: impl Fn(&Belief) -> bool) -> u16 {
    beliefs.iter().enumerate().filter(|(_, belief)| wanted(belief)).fold(0, |mask, (i, _)| mask | 1 << i)
}

/// The least TTL of its addresses; the largest where an operator's word holds it whatever the probes say, the smallest
/// while its share of clients moves, or its signals speak against it.
fn believed_for(known: &Known<'_>) -> u32 {
    match known.effect.stance {
        _ if known.ramp < 1.0 || known.effect.moves || known.lowered => known.ttl.min,
        Some(Stance::Up | Stance::Down) => known.ttl.max,
        _ => known.beliefs.iter().map(|belief| belief.ttl).min().unwrap_or(known.ttl.max),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(beliefs: &[Belief]) -> Known<'_> {
        let ttl = TtlRange { min: 5, max: 60 };
        let effect = Effect::default();
        Known {
            beliefs,
            min_addresses: 1,
            weight: 1,
            largest_weight: 1,
            ttl,
            effect,
            kept: false,
            ramp: 1.0,
            lowered: false,
            parked: false,
            drained: 0,
        }
    }

    #[test]
    fn who_is_kept_is_fit_and_a_ramp_takes_a_share_of_the_weight() {
        let beliefs = "UU".chars().map(|_| Belief { level: Level::Unhealthy, ttl: 5 }).collect::<Vec<_>>();
        let word = fold(&Known { kept: true, ..plain(&beliefs) }, 0);
        assert_eq!((word.tier, word.mask, word.ttl), (Tier::Fit, 0b11, 5));
        let word = fold(&Known { kept: true, weight: 0, ..plain(&beliefs) }, 0);
        assert_eq!(word.tier, Tier::Idle);
        let effect = Effect { stance: Some(Stance::Down), ..Effect::default() };
        assert_eq!(fold(&Known { kept: true, effect, ..plain(&beliefs) }, 0).tier, Tier::Barred);
        let healthy = [Belief { level: Level::Healthy, ttl: 60 }];
        let share = |ramp| fold(&Known { ramp, ..plain(&healthy) }, 0).keep.fraction();
        assert!((share(0.25) - 0.25).abs() < 0.0001 && share(0.0) > 0.0 && share(1.0) == 1.0);
        let word = fold(&Known { ramp: 0.5, ..plain(&healthy) }, 0);
        assert_eq!((word.tier, word.ttl), (Tier::Fit, 5), "shares move, so answers are short-lived");
    }

    /// The operator's word keeps `keep`, a slow start `ramp` of that; what is kept in percent, and the TTL.
    fn check_shares(keep: Option<Keep>, moves: bool, ramp: f64, expected: (Tier, u32, u16)) {
        let healthy = [Belief { level: Level::Healthy, ttl: 60 }];
        let effect = Effect { stance: keep.map(Stance::Keep), until: None, moves };
        let word = fold(&Known { effect, ramp, ..plain(&healthy) }, 0);
        let percent = (word.keep.fraction() * 100.0).round() as u32;
        assert_eq!((word.tier, percent, word.ttl), expected, "{keep:?} {moves} {ramp}");
    }

    #[test]
    fn an_operator_s_ramp_is_a_weight_that_a_slow_start_takes_its_part_of() {
        let part = |share| Some(Keep::ALL.part(share));
        check_shares(None, false, 1.0, (Tier::Fit, 100, 60));
        check_shares(part(0.4), true, 1.0, (Tier::Fit, 40, 5));
        check_shares(part(0.4), false, 1.0, (Tier::Fit, 40, 60));
        check_shares(part(0.4), true, 0.5, (Tier::Fit, 20, 5));
        check_shares(part(1.0), false, 1.0, (Tier::Fit, 100, 60));
        check_shares(part(0.0), true, 1.0, (Tier::Idle, 0, 5));
        check_shares(part(0.0), false, 0.5, (Tier::Idle, 0, 5));
    }

    #[test]
    fn signals_take_out_and_wishes_drain_and_the_operator_beats_both() {
        let belief = |level| Belief { level, ttl: 60 };
        let (fit, half) = ([belief(Level::Healthy); 2], [belief(Level::Healthy), belief(Level::Unhealthy)]);
        let stood = |known: Known<'_>| {
            let word = fold(&known, 0);
            (word.tier, word.mask)
        };
        let lowered = |beliefs| Known { lowered: true, ..plain(beliefs) };
        assert_eq!(stood(lowered(&fit)), (Tier::Failing, 0b11));
        assert_eq!(stood(lowered(&half)), (Tier::Failing, 0b01));
        assert_eq!(stood(Known { kept: true, ..lowered(&half) }), (Tier::Fit, 0b01));
        assert_eq!(fold(&lowered(&fit), 0).ttl, 5);
        let up = Effect { stance: Some(Stance::Up), ..Effect::default() };
        assert_eq!(stood(Known { effect: up, ..lowered(&half) }), (Tier::Fit, 0b01));
        // Whoever stays although signals speak against it may still wish to drain.
        let both = |drained| Known { kept: true, drained, ..lowered(&fit) };
        assert_eq!(stood(both(0b01)), (Tier::Fit, 0b10));
        assert_eq!(stood(both(0b11)), (Tier::Idle, 0b11));
        assert_eq!(stood(Known { min_addresses: 2, ..both(0b01) }), (Tier::Idle, 0b11));
        let down = [belief(Level::Unhealthy); 2];
        let soft = |drained| Known { kept: true, drained, ..plain(&down) };
        assert_eq!([stood(soft(0b10)), stood(soft(0b11))], [(Tier::Fit, 0b01), (Tier::Idle, 0b11)]);
        let drained = |drained| Known { drained, ..plain(&fit) };
        assert_eq!(stood(drained(0b10)), (Tier::Fit, 0b01));
        assert_eq!(stood(drained(0b11)), (Tier::Idle, 0b11));
        assert_eq!(stood(Known { min_addresses: 2, ..drained(0b10) }), (Tier::Idle, 0b11));
        assert_eq!(stood(Known { effect: up, ..drained(0b11) }), (Tier::Fit, 0b11));
        assert_eq!(stood(Known { drained: 0b01, ..plain(&half) }), (Tier::Idle, 0b01));
    }

    /// `levels`: one letter an address, `H`ealthy, `U`nhealthy or `?`.
    fn check(levels: &str, min: usize, weight: u16, stance: Option<Stance>, tier: Tier, mask: u16) {
        let level = |letter| match letter {
            'H' => Level::Healthy,
            'd' => Level::Degraded,
            'U' => Level::Unhealthy,
            _ => Level::Unknown,
        };
        let beliefs: Vec<_> = levels.chars().map(|letter| Belief { level: level(letter), ttl: 20 }).collect();
        let effect = Effect { stance, ..Effect::default() };
        let ttl = TtlRange { min: 5, max: 60 };
        let known = Known { min_addresses: min, weight, largest_weight: 100, ttl, effect, ..plain(&beliefs) };
        let word = fold(&known, 0);
        assert_eq!((word.tier, word.mask), (tier, mask), "{levels} weight {weight} {stance:?}");
    }

    #[test]
    fn tiers_follow_the_chart() {
        use Stance::{Down, Drain, Keep as Keeps, Up};
        check("", 1, 100, None, Tier::Absent, 0);
        check("H", 1, 100, None, Tier::Fit, 0b1);
        check("U", 1, 100, None, Tier::Failing, 0b1);
        check("?", 1, 100, None, Tier::Unknown, 0b1);
        check("HU", 1, 100, None, Tier::Fit, 0b01);
        check("Ud", 1, 100, None, Tier::Fit, 0b10);
        check("dH", 2, 100, None, Tier::Fit, 0b11);
        check("HU", 2, 100, None, Tier::Failing, 0b11);
        check("HU?", 2, 100, None, Tier::Unknown, 0b101);
        check("H", 1, 0, None, Tier::Idle, 0b1);
        check("?", 1, 0, None, Tier::Idle, 0b1);
        check("U", 1, 0, None, Tier::Failing, 0b1);
        check("H", 1, 100, Some(Down), Tier::Barred, 0);
        check("U", 1, 100, Some(Up), Tier::Fit, 0b1);
        check("UH", 1, 100, Some(Up), Tier::Fit, 0b10);
        check("U", 1, 0, Some(Up), Tier::Idle, 0b1);
        check("H", 1, 100, Some(Drain), Tier::Idle, 0b1);
        check("U", 1, 100, Some(Drain), Tier::Failing, 0b1);
        check("H", 1, 100, Some(Keeps(Keep::NONE)), Tier::Idle, 0b1);
        check("H", 1, 0, Some(Keeps(Keep::of_weights(5, 100))), Tier::Fit, 0b1);
    }

    #[test]
    fn the_most_restrictive_word_wins_either_way_round() {
        use Stance::{Down, Drain, Up};
        let weight = |weight| Stance::Keep(Keep::of_weights(weight, 100));
        let rows = [
            (Down, Up, Down),
            (Drain, weight(0), Drain),
            (weight(5), Up, weight(5)),
            (weight(5), weight(3), weight(3)),
            (weight(100), Up, weight(100)),
            (Stance::Keep(Keep::ALL.part(0.04)), weight(5), Stance::Keep(Keep::ALL.part(0.04))),
            (Stance::Keep(Keep::ALL.part(0.06)), weight(5), weight(5)),
        ];
        for (one, two, winner) in rows {
            let effect = |stance| Effect { stance: Some(stance), ..Effect::default() };
            assert_eq!(effect(one).and(effect(two)).stance, Some(winner));
            assert_eq!(effect(two).and(effect(one)).stance, Some(winner));
        }
        let moves = Effect { moves: true, ..Effect::default() };
        assert!(moves.and(Effect::default()).moves && Effect::default().and(moves).moves);
        let until = |until| Effect { until: Some(until), ..Effect::default() };
        assert_eq!(until(7).and(until(5)).until, Some(5));
    }

    #[test]
    fn an_operator_s_word_holds_for_the_largest_ttl_and_its_end_clamps_it() {
        let beliefs = [Belief { level: Level::Healthy, ttl: 5 }];
        let ttl = TtlRange { min: 5, max: 60 };
        let effect = Effect { stance: Some(Stance::Up), until: Some(1_000_030), moves: false };
        let known = Known { ttl, effect, ..plain(&beliefs) };
        let word = fold(&known, 1_000_000);
        assert_eq!((word.ttl, word.ttl_at(1_000_000)), (60, 30));
    }
}
