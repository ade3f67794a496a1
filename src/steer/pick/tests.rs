//! Rows: endpoints in the client's order, one word each, and what must be picked.

use super::*;
use crate::steer::tests::{Table, none, table, word};

fn ask(table: &Table, order: &[u16], family: Family) -> Pick {
    let order: Vec<_> = order.iter().map(|region| RegionId(*region)).collect();
    let client = Client {
        address: "198.51.100.7".parse().unwrap(),
        first: &[],
        fast: &[],
        rest: &order,
        admitted: u64::MAX,
        depth: 16,
    };
    pick::<true>(&table.service, &client, family, &table.scene(1_000_000), none, |_| {})
}

fn check(four: &str, order: &[u16], position: usize, why: Why) {
    let six = four.split(' ').map(|_| "-").collect::<Vec<_>>().join(" ");
    let pick = ask(&table(four, &six), order, Family::V4);
    assert_eq!((pick.answer, pick.why), (Answer::Endpoint { position, mask: 1 }, why), "{four} by {order:?}");
}

#[test]
fn the_first_tier_with_anything_answers_in_the_client_s_order() {
    check("f100 f100 f100", &[2, 1, 0], 2, Why::Kept(Tier::Fit));
    check("f100 f100 x100", &[2, 1, 0], 1, Why::Kept(Tier::Fit));
    check("f100 ?100 x100", &[2, 1, 0], 0, Why::Kept(Tier::Fit));
    check("x100 ?100 i0", &[2, 1, 0], 1, Why::Kept(Tier::Unknown));
    check("x100 i0 i100", &[0, 2, 1], 2, Why::Kept(Tier::Idle));
    check("x100 b100 -", &[2, 1, 0], 0, Why::AllDown);
}

#[test]
fn regions_outside_the_order_follow_as_written() {
    check("x100 x100 f100 f100", &[1], 2, Why::Kept(Tier::Fit));
}

#[test]
fn what_a_service_puts_first_stands_before_the_cell_s_order() {
    let table = table("x100 f100 f100", "- - -");
    let (first, rest) = ([RegionId(0), RegionId(2)], [RegionId(1), RegionId(2)]);
    let client = Client {
        address: "198.51.100.7".parse().unwrap(),
        first: &first,
        fast: &[],
        rest: &rest,
        admitted: u64::MAX,
        depth: 0,
    };
    let mut seen = Vec::new();
    let mut see = |step: Seen<'_>| {
        if let Seen::Step(step) = step {
            seen.push(step.position)
        }
    };
    let pick = pick::<true>(&table.service, &client, Family::V4, &table.scene(0), none, &mut see);
    assert_eq!(pick.answer, Answer::Endpoint { position: 2, mask: 1 });
    assert_eq!(seen, [0, 2]);
    let all: Vec<_> = table.service.in_order(&first[..1], &rest[..1]).collect();
    assert_eq!(all, [0, 1, 2], "each once");
}

/// One client's answer by position, or 9 for none, with these regions measured.
fn ask_fast(table: &Table, fast: &[u16], first: &[u16], rest: &[u16]) -> usize {
    let regions = |order: &[u16]| -> Vec<_> { order.iter().map(|id| RegionId(*id)).collect() };
    let (fast, first, rest) = (regions(fast), regions(first), regions(rest));
    let address = "198.51.100.7".parse().unwrap();
    let client = Client { address, first: &first, fast: &fast, rest: &rest, admitted: u64::MAX, depth: 16 };
    let pick = pick::<true>(&table.service, &client, Family::V4, &table.scene(0), none, |_| {});
    assert_eq!(pick.scope, 16);
    if let Answer::Endpoint { position, .. } = pick.answer { position } else { 9 }
}

#[test]
fn the_fastest_goes_first_then_the_nearest_of_those_that_nobody_measured() {
    let rows = [
        // words, fast, first, rest, chosen
        ("f100 f100 f100 f100", &[2, 1][..], &[][..], &[0, 3, 1, 2][..], 2),
        ("f100 f100 x100 f100", &[2, 1], &[], &[0, 3, 1, 2], 1),
        ("f100 x100 x100 f100", &[2, 1], &[], &[3, 0, 1, 2], 3),
        ("f100 f100 f100 f100", &[], &[], &[3, 0, 1, 2], 3),
        ("f100 f100 f100 f100", &[], &[1], &[3, 0, 1, 2], 1),
        ("- f100 f100 f100", &[0, 3], &[], &[1, 2], 3),
        ("x100 x100 x100 x100", &[3, 1], &[], &[0, 1, 2, 3], 3),
    ];
    for (words, fast, first, rest, chosen) in rows {
        let six = words.split(' ').map(|_| "-").collect::<Vec<_>>().join(" ");
        // The walks, and the same as chains that need a slate.
        for policy in [
            "latency",
            "healthy fast first",
            "healthy fast listed fast first",
            "healthy near fast spill first",
        ] {
            let table = table(words, &six).policy(policy);
            assert_eq!(ask_fast(&table, fast, first, rest), chosen, "{words} {fast:?} {policy}");
        }
        let near = table(words, &six).policy("nearest");
        assert_eq!(
            ask_fast(&near, fast, &[], rest),
            ask_fast(&near, &[], &[], rest),
            "nobody else looks at it"
        );
    }
}

#[test]
fn all_down_answers_as_if_all_were_healthy() {
    // Weight 0 and draining would not have answered then, so they do not now.
    check("x0 x100", &[0, 1], 1, Why::AllDown);
    check("x0 x0", &[0, 1], 0, Why::AllDown);
}

#[test]
fn when_nobody_keeps_a_client_its_first_does() {
    // At 1 of 100 almost every client is turned away.
    let mut table = table("f1 f1", "- -");
    let away = |table: &Table| ask(table, &[1, 0], Family::V4);
    assert_eq!(away(&table).why, Why::NobodyKeeps(Tier::Fit));
    assert_eq!(away(&table).answer, Answer::Endpoint { position: 1, mask: 1 });
    assert_eq!(away(&table).scope, 24, "the hash read a /24");
    table.live[0] = Live::new(word("f100"));
    assert_eq!(away(&table).answer, Answer::Endpoint { position: 0, mask: 1 });
    assert_eq!(ask(&table, &[0, 1], Family::V4).scope, 16, "no fraction was consulted");
}

#[test]
fn a_weight_keeps_its_share_of_the_endpoint_s_own_clients() {
    let table = table("f30 f100", "- -");
    let order = [RegionId(0), RegionId(1)];
    let kept = (0..100_000u32)
        .filter(|i| {
            let client = Client {
                address: std::net::Ipv4Addr::from(i << 8).into(),
                first: &[],
                fast: &[],
                rest: &order,
                admitted: u64::MAX,
                depth: 0,
            };
            let pick = pick::<true>(&table.service, &client, Family::V4, &table.scene(0), none, |_| {});
            pick.answer == Answer::Endpoint { position: 0, mask: 1 }
        })
        .count();
    // Six standard deviations of a binomial with p = 0.3 over 100,000 networks are 870.
    assert!((29_130..=30_870).contains(&kept), "{kept}");
}

#[test]
fn on_all_down_has_four_answers() {
    let rows = [
        (OnAllDown::All, true, Answer::Endpoint { position: 0, mask: 1 }),
        (OnAllDown::Fallback, true, Answer::Fallback),
        (OnAllDown::Fallback, false, Answer::Nodata),
        (OnAllDown::Nodata, true, Answer::Nodata),
        (OnAllDown::Servfail, true, Answer::Servfail),
    ];
    for (on_all_down, has_fallback, answer) in rows {
        let mut table = table("x100 b100", "- -");
        table.service.on_all_down = on_all_down;
        table.service.has_fallback = [has_fallback; 2];
        let pick = ask(&table, &[1, 0], Family::V4);
        assert_eq!((pick.answer, pick.ttl), (answer, 5), "{on_all_down:?}");
    }
}

#[test]
fn an_endpoint_overridden_down_is_never_answered() {
    let mut table = table("b100 b100", "- -");
    assert_eq!(ask(&table, &[0, 1], Family::V4).answer, Answer::Nodata);
    table.service.has_fallback = [true, false];
    assert_eq!(ask(&table, &[0, 1], Family::V4).answer, Answer::Fallback);
}

#[test]
fn families_together_prefer_nodata_to_another_region() {
    let mut table = table("f100 f100", "x100 f100");
    let six = |table: &Table| ask(table, &[0, 1], Family::V6).answer;
    assert_eq!(six(&table), Answer::Endpoint { position: 1, mask: 1 }, "independent");
    table.service.families = Families::Together;
    assert_eq!(six(&table), Answer::Nodata);
    assert_eq!(ask(&table, &[0, 1], Family::V4).answer, Answer::Endpoint { position: 0, mask: 1 });
}

#[test]
fn the_ttl_is_the_least_of_everything_consulted() {
    let mut table = table("x100 f100 f100", "- - -");
    table.live[0] = Live::new(Word { ttl: 20, ..word("x100") });
    table.live[4] = Live::new(Word { ttl: 7, ..word("f100") });
    assert_eq!(ask(&table, &[0, 1, 2], Family::V4).ttl, 20, "a skipped one counts, an unread one does not");
}

#[test]
fn an_empty_order_is_nodata_for_these_clients_only() {
    let pick = ask(&table("f100", "-"), &[], Family::V4);
    assert_eq!((pick.answer, pick.scope, pick.ttl), (Answer::Nodata, 16, 5));
}

/// Every pair of words in both families, every way to know the client, and a deadline: the short way says nothing
/// that the long one does not.
#[test]
fn what_is_picked_at_once_is_what_the_whole_walk_picks() {
    let words = &["f100", "f50", "f0", "?100", "i0", "x100", "b100", "-"];
    let orders: [&[u16]; 4] = [&[], &[0], &[1, 0], &[7]];
    let mut short = 0;
    for (one, two, six) in words
        .iter()
        .flat_map(|one| words.iter().flat_map(move |two| words.iter().map(move |six| (one, two, six))))
    {
        let mut table = table(&format!("{one} {two}"), &format!("{six} f100"));
        let mut first = table.live[0].load();
        for (families, mask, deadline) in [
            (Families::Independent, first.mask, 0),
            (Families::Independent, 0, 0),
            (Families::Independent, first.mask, 7),
            (Families::Together, first.mask, 0),
        ] {
            (first.mask, first.deadline, table.service.families) = (mask, deadline, families);
            table.live[0].store(first);
            for (first, rest) in orders.iter().flat_map(|first| orders.iter().map(move |rest| (first, rest)))
            {
                let regions = |order: &[u16]| -> Vec<_> { order.iter().map(|id| RegionId(*id)).collect() };
                let (first, rest) = (regions(first), regions(rest));
                let address = "198.51.100.7".parse().unwrap();
                let client =
                    Client { address, first: &first, fast: &[], rest: &rest, admitted: u64::MAX, depth: 16 };
                let (mut soon, mut late) = (Vec::new(), Vec::new());
                let (service, scene) = (&table.service, table.scene(4));
                let see = |seen: &mut Vec<Step>, step: Seen<'_>| {
                    if let Seen::Step(step) = step {
                        seen.push(step)
                    }
                };
                let pick = at_once(service, &client, Family::V4, &scene, &mut |step| see(&mut soon, step));
                let Some(pick) = pick else { continue };
                let whole = at_length(service, &client, Family::V4, &scene, &mut |step| see(&mut late, step));
                assert_eq!((pick, soon), (whole, late), "{one} {two} {six} {families:?}");
                short += 1;
            }
        }
    }
    assert!(short > 1000, "{short}");
}
