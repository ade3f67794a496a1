//! From latencies to an order that noise does not move.

use std::sync::Arc;

use super::Known;

/// So many places are held against noise; who stands further behind is hardly ever asked.
const HELD: usize = 64;

/// The regions, the fastest first, but a region that stood before another one stays there unless the other is faster by
/// more than `hysteresis`, a part of its latency.
pub fn order(mut known: Vec<Known>, before: &[Arc<str>], hysteresis: f64) -> Vec<Arc<str>> {
    let stood = |one: &Known| before.iter().position(|other| **other == *one.region).unwrap_or(before.len());
    let faster = |one: &Known, other: &Known| one.rtt_ms.total_cmp(&other.rtt_ms);
    // Who is new stands behind those who were there, and moves before them if it is better.
    known.sort_by(|one, other| stood(one).cmp(&stood(other)).then_with(|| faster(one, other)));
    let held = known.len().min(HELD);
    for place in 0..held {
        let Some((holder, rest)) = known.get_mut(place..).and_then(<[Known]>::split_first_mut) else { break };
        let best = rest.iter().enumerate().min_by(|one, other| faster(one.1, other.1));
        let Some((ahead, best)) = best else { break };
        if best.rtt_ms < holder.rtt_ms * (1.0 - hysteresis) {
            // The others keep their order among each other.
            known[place..=place + 1 + ahead].rotate_right(1);
        }
    }
    known[held..].sort_by(faster);
    known.into_iter().map(|one| one.region).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(known: &[(&str, f64)], before: &str, hysteresis: f64, after: &str) {
        let known = known
            .iter()
            .map(|(region, rtt_ms)| Known { region: Arc::from(*region), rtt_ms: *rtt_ms })
            .collect();
        let before: Vec<Arc<str>> = before.split_whitespace().map(Arc::from).collect();
        let order = order(known, &before, hysteresis);
        assert_eq!(order.iter().map(|one| &**one).collect::<Vec<_>>().join(" "), after);
    }

    #[test]
    fn the_fastest_goes_first_and_equals_by_what_was() {
        check(&[("a", 30.0), ("b", 20.0), ("c", 25.0)], "", 0.1, "b c a");
        check(&[("a", 20.0), ("b", 20.0)], "b a", 0.0, "b a");
        check(&[], "a", 0.1, "");
    }

    #[test]
    fn who_is_faster_by_no_more_than_the_hysteresis_waits() {
        check(&[("a", 20.0), ("b", 18.0)], "a b", 0.1, "a b");
        check(&[("a", 20.0), ("b", 17.9)], "a b", 0.1, "b a");
        check(&[("a", 20.0), ("b", 18.1), ("c", 17.0)], "a b c", 0.1, "c a b");
        check(&[("a", 20.0), ("new", 19.0)], "a", 0.1, "a new");
        check(&[("a", 20.0), ("new", 1.0)], "a", 0.1, "new a");
        check(&[("a", 20.0), ("b", 1.0)], "a b", 1.0, "a b");
    }

    #[test]
    fn who_is_no_longer_known_leaves_its_place() {
        check(&[("b", 30.0), ("c", 29.0)], "a b c", 0.1, "b c");
    }
}
