//! Chains against walks, and draws against what chance allows.

use std::net::{IpAddr, Ipv4Addr};

use super::*;
use crate::model::{Families, Policy, RegionId};
use crate::steer::tests::{Table, none, table};
use crate::steer::word::{Live, Word};

fn client<'a>(address: IpAddr, order: &'a [RegionId]) -> Client<'a> {
    Client { address, first: &[], fast: &[], rest: order, admitted: u64::MAX, depth: 16 }
}

/// What is left for one client, by position, and the pick.
fn ask(table: &Table, address: u32, order: &[u16], random: u64) -> (Vec<u8>, Pick) {
    let order: Vec<_> = order.iter().map(|region| RegionId(*region)).collect();
    let (mut left, address) = (Vec::new(), Ipv4Addr::from(address).into());
    let mut see = |seen: Seen<'_>| {
        if let Seen::After(_, slate) = seen {
            left = slate.iter().map(|one| one.position).collect();
        }
    };
    let who = client(address, &order);
    let pick = run(&table.service, &who, Family::V4, &table.scene(0), &mut || random, &mut see);
    (left, pick)
}

fn blank(four: &str) -> Table {
    table(four, &four.split(' ').map(|_| "-").collect::<Vec<_>>().join(" "))
}

/// The first choice of one client after another.
fn firsts(table: &Table, count: u32) -> Vec<usize> {
    let mut generator = fastrand::Rng::with_seed(6);
    let mut counts = vec![0; table.service.regions.len()];
    for at in 0..count {
        let (left, _) = ask(table, at << 8, &[], generator.u64(..));
        counts[usize::from(left[0])] += 1;
    }
    counts
}

/// Pearson's statistic against shares; the limits are those that chance passes once in a thousand.
fn chi_squared(counts: &[usize], shares: &[f64]) -> f64 {
    let (all, sum): (usize, f64) = (counts.iter().sum(), shares.iter().sum());
    let part = |(count, share): (&usize, &f64)| {
        let expected = all as f64 * share / sum;
        if expected == 0.0 { 0.0 } else { (*count as f64 - expected).powi(2) / expected }
    };
    counts.iter().zip(shares).map(part).sum()
}

/// By degrees of freedom, from 1: p = 0.001.
const LIMITS: [f64; 7] = [10.83, 13.82, 16.27, 18.47, 20.52, 22.46, 24.32];

#[test]
fn draws_by_weight_keep_to_the_weights() {
    let rows = [
        ("f100 f1", &[100.0, 1.0][..]),
        ("f100 f30 f50 f20", &[100.0, 30.0, 50.0, 20.0]),
        ("f100 f100 f100 f100 f100", &[1.0; 5]),
        ("f100 i0 f50 x80", &[100.0, 0.0, 50.0, 0.0]),
    ];
    for (words, shares) in rows {
        for policy in
            ["weighted", "consistent-hash", "healthy rotate first", "healthy hash", "healthy weighted"]
        {
            let table = blank(words).policy(policy);
            let counts = firsts(&table, 1_000_000);
            let degrees = shares.iter().filter(|share| **share > 0.0).count() - 1;
            let got = chi_squared(&counts, shares);
            assert!(got < LIMITS[degrees - 1], "{words} {policy}: {counts:?}, {got:.1}");
        }
    }
}

#[test]
fn every_order_of_a_shuffle_is_as_likely() {
    let table = blank("f100 f1 f100").policy("healthy shuffle");
    let (mut generator, mut counts) = (fastrand::Rng::with_seed(6), [0; 6]);
    for _ in 0..600_000 {
        let (left, _) = ask(&table, 0, &[], generator.u64(..));
        let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
        counts[orders.iter().position(|order| left == order).unwrap()] += 1;
    }
    let got = chi_squared(&counts, &[1.0; 6]);
    assert!(got < LIMITS[4], "{counts:?}, {got:.1}");
}

#[test]
fn the_fastest_of_the_nearest_group_goes_first() {
    let mut table = blank("f100 f100 f100 f100").policy("healthy near(continent) fast first(4)");
    table.service.together = [0b0011, 0b0011, 0b1100, 0b1100].into();
    let order = [0, 1, 2, 3].map(RegionId);
    let fast = [3, 1].map(RegionId);
    let who = Client { fast: &fast, ..client(Ipv4Addr::LOCALHOST.into(), &order) };
    let mut left = Vec::new();
    let mut see = |seen: Seen<'_>| {
        if let Seen::After(3, slate) = seen {
            left = slate.iter().map(|one| one.position).collect();
        }
    };
    run(&table.service, &who, Family::V4, &table.scene(0), &mut || 0, &mut see);
    assert_eq!(left, [1, 0, 3, 2]);
}

#[test]
fn a_loss_moves_those_clients_alone_who_were_there() {
    let words = "f100 f50 f100 f100 f30 f100 f100 f70";
    let (before, mut after) =
        (blank(words).policy("consistent-hash"), blank(words).policy("consistent-hash"));
    after.live[4] = Live::new(Word { tier: Tier::Failing, ..after.live[4].load() });
    let (mut moved, mut heirs) = (0, vec![0; 8]);
    for network in 0..200_000_u32 {
        let (was, is) = (ask(&before, network << 8, &[], 0).0[0], ask(&after, network << 8, &[], 0).0[0]);
        if was != is {
            assert_eq!(was, 2, "only the clients of the one that is gone move");
            (moved, heirs[usize::from(is)]) = (moved + 1, heirs[usize::from(is)] + 1);
        }
    }
    let share = f64::from(moved) / 200_000.0;
    assert!((share - 100.0 / 650.0).abs() < 0.005, "{share}");
    // They spread over all others by weight.
    let got = chi_squared(&heirs, &[100.0, 50.0, 0.0, 100.0, 30.0, 100.0, 100.0, 70.0]);
    assert!(got < LIMITS[5], "{heirs:?}, {got:.1}");
}

#[test]
fn a_smaller_weight_gives_up_clients_and_takes_none() {
    let before = blank("f100 f100 f100").policy("consistent-hash");
    let after = blank("f100 f60 f100").policy("consistent-hash");
    let (mut moved, count) = (0, 100_000_u32);
    for network in 0..count {
        let (was, is) = (ask(&before, network << 8, &[], 0).0[0], ask(&after, network << 8, &[], 0).0[0]);
        assert!(was == is || was == 1, "{network}: {was} to {is}");
        moved += u32::from(was != is);
    }
    // From 1 of 3 to 0.6 of 2.6.
    let share = f64::from(moved) / f64::from(count);
    assert!((share - (1.0 / 3.0 - 0.6 / 2.6)).abs() < 0.005, "{share}");
}

#[test]
fn names_decide_a_hash_and_not_places() {
    let written = blank("f100 f100 f100 f100").policy("consistent-hash");
    let mut turned = blank("f100 f100 f100 f100").policy("consistent-hash");
    turned.service.keys.reverse();
    for network in 0..10_000_u32 {
        let (one, other) =
            (ask(&written, network << 8, &[], 0).0[0], ask(&turned, network << 8, &[], 0).0[0]);
        assert_eq!(one, 3 - other);
    }
}

/// Each choice adds one to what its endpoint bears; how much more than the mean the worst bears in the end.
fn excess(policy: &str) -> f64 {
    let table = blank("f100 f100 f100 f100 f100 f100 f100 f100").policy(policy);
    let (mut generator, mut worst) = (fastrand::Rng::with_seed(6), 0);
    for _ in 0..80_000 {
        let chosen = usize::from(ask(&table, 0, &[], generator.u64(..)).0[0]);
        let load = table.loads[chosen].load() + 1;
        table.loads[chosen].store(load);
        worst = worst.max(load);
    }
    f64::from(worst) - 10_000.0
}

#[test]
fn the_better_of_two_evens_out_what_chance_does_not() {
    let (two, one, least) = (excess("two-choices"), excess("weighted"), excess("least-connections"));
    assert!(two < 10.0 && two < one / 5.0, "{two} of two, {one} by chance");
    assert!(least <= 1.0, "{least}");
}

#[test]
fn the_least_for_its_weight_goes_first_and_ties_keep_their_order() {
    let loads = |policy: &str, words: &str, loads: &[u32]| {
        let table = blank(words).policy(policy);
        table.loads.iter().zip(loads).for_each(|(place, load)| place.store(*load));
        ask(&table, 0, &[2, 1, 0], 0).0
    };
    assert_eq!(loads("healthy least(requests)", "f100 f100 f100", &[5, 3, 4]), [1, 2, 0]);
    assert_eq!(loads("healthy least(requests)", "f100 f50 f100", &[5, 3, 4]), [2, 0, 1]);
    assert_eq!(loads("healthy least(requests)", "f100 x100 f100", &[5, 3, 4]), [2, 0]);
    assert_eq!(loads("healthy near least(errors)", "f100 f100 f100", &[0, 0, 0]), [2, 1, 0]);
    assert_eq!(loads("healthy near least(errors) first(2)", "f100 f100 f100", &[1, 0, 0]), [2, 1]);
}

#[test]
fn priorities_are_tiers() {
    let rows = [
        ("f100 f100 f100 f100", vec![0, 2]),
        ("x100 f100 x100 f100", vec![1]),
        ("x100 x100 x100 f100", vec![3]),
    ];
    for (words, left) in rows {
        let mut table = blank(words).policy("healthy priority");
        table.service.priorities = [1, 2, 1, 3].into();
        assert_eq!(ask(&table, 0, &[], 0).0, left, "{words}");
    }
}

#[test]
fn what_is_left_is_answered() {
    let set =
        |words: &str, policy: &str, order: &[u16]| ask(&blank(words).policy(policy), 7 << 8, order, 3).1;
    let pick = set("f100 x100 f100 ?100", "round-robin", &[]);
    assert_eq!((pick.answer, pick.scope, pick.why), (Answer::Endpoints(0b101), 0, Why::Chosen(Tier::Fit)));
    let pick = set("f100 f100 f100", "healthy near first(2)", &[2, 1, 0]);
    assert_eq!((pick.answer, pick.scope), (Answer::Endpoints(0b110), 16));
    let pick = set("f100 x100 x100", "all", &[2, 1, 0]);
    assert_eq!(pick.answer, Answer::Endpoint { position: 0, mask: 1 }, "one is one");
    let pick = set("i0 i0 x100", "round-robin", &[]);
    assert_eq!((pick.answer, pick.why), (Answer::Endpoints(0b11), Why::Chosen(Tier::Idle)));
    let pick = set("x100 x0 x100", "round-robin", &[]);
    assert_eq!((pick.answer, pick.why, pick.ttl), (Answer::Endpoints(0b101), Why::AllDown, 5));
    let pick = set("b100 -", "round-robin", &[]);
    assert_eq!((pick.answer, pick.why), (Answer::Nodata, Why::OnlyBarred));
    assert_eq!(set("f100 f100", "consistent-hash", &[]).scope, 24);
    assert_eq!(set("f100 x100", "consistent-hash", &[]).scope, 0, "there was nothing to choose");
    assert_eq!(set("f100 f100", "weighted", &[]).scope, 0);
}

#[test]
fn families_together_answer_nothing_of_the_other() {
    let mut table = table("x100 x100", "f100 f100").policy("round-robin");
    table.service.families = Families::Together;
    assert_eq!(ask(&table, 0, &[], 0).1.why, Why::OtherFamily);
    table.live[0] = Live::new(Word { tier: Tier::Fit, ..table.live[0].load() });
    assert_eq!(ask(&table, 0, &[], 0).1.answer, Answer::Endpoint { position: 0, mask: 1 });
}

/// A walk is a chain that stops early: whatever it answers, the chain answers, too.
#[test]
fn walks_are_their_chains() {
    let words = ["f100", "f40", "f0", "?100", "i0", "x100", "x0", "b100", "-"];
    let chains = ["nearest", "failover", "healthy near first", "healthy listed spill first", "healthy first"];
    let mut generator = fastrand::Rng::with_seed(6);
    for round in 0..20_000 {
        let row: Vec<_> = (0..4).map(|_| *generator.choice(&words).unwrap()).collect();
        let policy = *generator.choice(&chains).unwrap();
        let table = blank(&row.join(" ")).policy(policy);
        let (address, mut order) = (generator.u32(..) & !0xff, [0, 1, 2, 3].map(RegionId));
        generator.shuffle(&mut order);
        let who = client(Ipv4Addr::from(address).into(), &order);
        let scene = table.scene(0);
        let walked = crate::steer::pick::<true>(&table.service, &who, Family::V4, &scene, none, |_| {});
        let whole = run(&table.service, &who, Family::V4, &scene, &mut none, &mut |_| {});
        assert_eq!(walked.answer, whole.answer, "{round}: {row:?} {policy}");
        assert!(walked.scope <= whole.scope && walked.ttl >= whole.ttl, "{round}: {row:?} {policy}");
    }
}

/// What is drawn at once is what the chain leaves, for the same random number.
#[test]
fn lots_are_their_chains() {
    let words = ["f100", "f40", "f1", "f0", "?100", "i0", "x100", "b100", "-"];
    let chains = [
        "weighted",
        "consistent-hash",
        "round-robin",
        "healthy rotate first",
        "least-connections",
        "two-choices",
        "all",
        "healthy near first(2)",
    ];
    let (mut generator, mut drawn) = (fastrand::Rng::with_seed(6), 0);
    for round in 0..40_000 {
        let good = generator.usize(1..=words.len());
        let row: Vec<_> = (0..5).map(|_| *generator.choice(&words[..good]).unwrap()).collect();
        let policy = *generator.choice(&chains).unwrap();
        let table = blank(&row.join(" ")).policy(policy);
        let loads = *generator.choice(&[1 << 24, 3]).unwrap();
        table.loads.iter().for_each(|load| load.store(generator.u32(..loads)));
        let (address, mut order, random) =
            (generator.u32(..), [0, 1, 2, 3, 4].map(RegionId), generator.u64(..));
        generator.shuffle(&mut order);
        let (who, scene) = (client(Ipv4Addr::from(address).into(), &order), table.scene(0));
        let lot = table.service.program.lot.unwrap();
        let soon = lot::draw(lot, &table.service, &who, Family::V4, &scene, &mut || random);
        let Some(soon) = soon else { continue };
        let whole = run(&table.service, &who, Family::V4, &scene, &mut || random, &mut |_| {});
        assert_eq!(soon, whole, "{round}: {row:?} {policy}");
        drawn += 1;
    }
    assert!(drawn > 30_000, "{drawn}");
}

#[test]
fn presets_that_look_at_nobody_s_place_say_so() {
    let placed = |policy: &Policy, refused| Program::new("www", &policy.filters, refused).placed;
    let names: Vec<_> =
        Policy::presets().filter(|policy| placed(policy, false)).map(|policy| policy.name).collect();
    assert_eq!(names, ["nearest", "latency", "all"]);
    assert!(Policy::presets().all(|policy| placed(&policy, true)));
}

#[test]
fn groups_stand_together_and_are_ordered_by_themselves() {
    // 0 and 2 stand together, and so do 1 and 3; the client is nearest to 1.
    let order = [1, 0, 2, 3, 4];
    let left = |words: &str, chain: &str, random| {
        let mut table = blank(words).policy(chain);
        table.service.together = Box::new([0b101, 0b1010, 0b101, 0b1010, 0b10000]);
        ask(&table, 7 << 8, &order, random).0
    };
    let five = "f100 f100 f100 f100 f100";
    assert_eq!(left(five, "healthy near(9km)", 0), [1, 3, 0, 2, 4]);
    assert_eq!(left(five, "healthy near(9km) first-group", 0), [1, 3]);
    assert_eq!(left(five, "healthy near(9km) near", 0), [1, 0, 2, 3, 4], "no groups any more");
    assert_eq!(left("f100 x100 f100 f100 f100", "healthy near(9km) first-group", 0), [0, 2]);
    assert_eq!(left("f100 x100 f100 x100 f100", "healthy near(9km)", 0), [0, 2, 4]);
    for random in (0..64).map(|bits| 0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(bits)) {
        for filter in ["weighted", "shuffle", "rotate", "two-choices(latency)", "hash", "least(errors)"] {
            let mut left = left(five, &format!("healthy near(9km) {filter}"), random);
            left[..2].sort_unstable();
            left[2..4].sort_unstable();
            assert_eq!(left, [1, 3, 0, 2, 4], "{filter}");
        }
    }
}
