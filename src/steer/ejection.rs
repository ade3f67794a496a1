//! The ejection budget (DESIGN 4.5): soft failures never take more than a share of a service's capacity, because the
//! load of whoever goes falls on whoever stays. Pure; off the query path.

use std::time::Instant;

/// How one endpoint of a service stands, in one family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stand {
    /// It is answered with, and so carries what others shed.
    Fit,
    /// It failed softly, then: it may only be slow.
    Soft(Instant),
    /// It passes its checks, and its signals speak against it since then.
    Passive(Instant),
    /// It is gone for certain, or somebody's word keeps it out.
    Out,
}

/// Which of a service's endpoints stay although they failed softly. `endpoints` are its endpoints in written order, each
/// with its capacity (weights where nobody knows better); `share`, 0…1, is what may go of the sum of all.
///
/// Who fell first goes first, written order decides ties: so nobody who went comes back for somebody else's fall, and
/// the least bad, who fell last, stay. One may always go while another is fit. Signals alone empty no service, whatever
/// the share: where nobody else is left, the last of those whom only they speak against stays.
pub fn kept(endpoints: &[(u64, Stand)], share: f64) -> Vec<bool> {
    let all: u64 = endpoints.iter().map(|(capacity, _)| capacity).sum();
    let budget = all as f64 * share;
    let mut soft: Vec<(Instant, usize)> = endpoints
        .iter()
        .enumerate()
        .filter_map(|(at, (_, stand))| match stand {
            Stand::Soft(since) | Stand::Passive(since) => Some((*since, at)),
            Stand::Fit | Stand::Out => None,
        })
        .collect();
    soft.sort();
    let somebody_is_fit = endpoints.iter().any(|(_, stand)| *stand == Stand::Fit);
    let mut kept = vec![false; endpoints.len()];
    let (mut gone, mut spent) = (0, false);
    for (place, (_, at)) in soft.iter().enumerate() {
        let with_it = gone + endpoints[*at].0;
        spent |= with_it as f64 > budget && !(place == 0 && somebody_is_fit);
        (gone, kept[*at]) = (with_it, spent);
    }
    let mut passive = soft.iter().rev().filter(|(_, at)| matches!(endpoints[*at].1, Stand::Passive(_)));
    if let Some((_, at)) = passive.next().filter(|_| !spent && !somebody_is_fit) {
        kept[*at] = true;
    }
    kept
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// `stands`: `F`it, `O`ut, or the second of a soft fall, behind a `p` where only signals say so; the capacity of all is 1 unless it is given behind a colon.
    fn check(stands: &str, percent: u32, stay: &[usize]) {
        let start = Instant::now();
        let endpoint = |word: &str| {
            let (stand, capacity) = word.split_once(':').unwrap_or((word, "1"));
            let stand = match stand {
                "F" => Stand::Fit,
                "O" => Stand::Out,
                word => {
                    let second = |word: &str| start + Duration::from_secs(word.parse().unwrap());
                    word.strip_prefix('p')
                        .map_or_else(|| Stand::Soft(second(word)), |word| Stand::Passive(second(word)))
                }
            };
            (capacity.parse().unwrap(), stand)
        };
        let endpoints: Vec<_> = stands.split(' ').map(endpoint).collect();
        let kept = kept(&endpoints, f64::from(percent) / 100.0);
        let kept: Vec<_> = (0..kept.len()).filter(|at| kept[*at]).collect();
        assert_eq!(kept, stay, "{stands}, {percent} %");
    }

    #[test]
    fn soft_failures_take_out_no_more_than_the_budget() {
        check("F F F F", 50, &[]);
        check("1 2 F F", 50, &[]);
        check("1 2 3 F", 50, &[2]);
        check("3 2 1 F", 50, &[0]);
        check("1 1 1 F", 50, &[2]);
        check("1 2 3 4", 50, &[2, 3]);
        check("1 2 3 4", 100, &[]);
        check("1 2 3 4", 0, &[0, 1, 2, 3]);
    }

    #[test]
    fn capacity_counts_and_not_heads() {
        check("1:60 2:10 F:30", 50, &[1]);
        check("1:10 2:60 F:30", 50, &[1]);
        check("1:0 2:0 F:1", 0, &[]);
        check("1:10 2:41 3:40 F:9", 50, &[1, 2]);
    }

    #[test]
    fn one_may_always_go_while_another_is_fit() {
        check("1 F", 0, &[]);
        check("1:99 F:1", 10, &[]);
        check("1 2 F", 10, &[1]);
        check("1 O", 10, &[0]);
    }

    #[test]
    fn signals_alone_empty_no_service() {
        check("p1 F F F", 50, &[]);
        check("p1 p2 p3 F", 50, &[2]);
        check("p1 p2 p3", 100, &[2]);
        check("p2 O", 100, &[0]);
        check("p2 3 4", 100, &[0]);
        check("p2 F", 0, &[]);
        check("p1 2 O", 50, &[1]);
    }

    #[test]
    fn hard_failures_always_go() {
        // Two, three, ten regions of which one lives.
        check("O F", 0, &[]);
        check("O O F", 0, &[]);
        check("O O O O F O O O O O", 0, &[]);
        // They use up no budget of the soft ones: the share is of what soft failures take.
        check("O O 1 F", 50, &[]);
        check("O O 1 2", 25, &[3]);
    }
}
