use proptest::prelude::*;

use super::*;

fn place(capacity: f64) -> Place {
    Place { fit: true, keep: 1.0, capacity: Some(capacity) }
}

/// `100 ab, 20 ba`: demand, and endpoints by letter in the clients' order.
fn flows(text: &str) -> Vec<Flow> {
    let flow = |word: &str| {
        let (demand, order) = word.trim().split_once(' ').unwrap();
        Flow { demand: demand.parse().unwrap(), order: order.bytes().map(|letter| letter - b'a').collect() }
    };
    text.split(',').map(flow).collect()
}

/// The factors as they are kept to.
fn shed(flows: &[Flow], places: &[Place], soft: f64) -> Vec<f64> {
    factors(flows, places, soft).into_iter().map(|factor| factor.min(1.0)).collect()
}

fn utilization(flows: &[Flow], places: &[Place], factors: &[f64]) -> Vec<f64> {
    let carried = carried(flows, places, factors);
    carried.iter().zip(places).map(|(load, place)| load / place.capacity.unwrap_or(f64::INFINITY)).collect()
}

#[test]
fn what_is_too_much_goes_to_the_next_and_from_there_on() {
    // flows, capacities, soft, what each keeps, what each carries
    type Row = (&'static str, &'static [f64], f64, &'static [f64], &'static [f64]);
    let rows: [Row; 7] = [
        ("70 ab, 10 ba", &[100.0, 100.0], 0.8, &[1.0, 1.0], &[70.0, 10.0]),
        ("100 ab, 10 ba", &[100.0, 100.0], 0.8, &[0.8, 1.0], &[80.0, 30.0]),
        // The next is full as well: it sheds what came, and its own alike.
        ("100 abc, 80 bca, 10 cab", &[100.0; 3], 0.8, &[0.8, 0.8, 1.0], &[80.0, 80.0, 30.0]),
        // Everybody is equally full: nobody gains by moving.
        ("95 ab, 99 ba", &[100.0, 100.0], 0.8, &[1.0, 1.0], &[95.0, 99.0]),
        // Fuller than soft on average: to the mean, and no further.
        ("120 ab, 60 ba", &[100.0, 100.0], 0.8, &[0.7875, 1.0], &[94.5, 85.5]),
        // By capacity, not by heads.
        ("100 ab, 100 ba", &[50.0, 300.0], 0.8, &[0.4, 1.0], &[40.0, 160.0]),
        ("0 ab, 0 ba", &[100.0, 100.0], 0.0, &[1.0, 1.0], &[0.0, 0.0]),
    ];
    for (text, capacities, soft, kept, loads) in rows {
        let (flows, places) = (flows(text), capacities.iter().copied().map(place).collect::<Vec<_>>());
        let factors = shed(&flows, &places, soft);
        let close = |one: &[f64], other: &[f64], by: f64| {
            one.iter().zip(other).all(|(one, other)| (one - other).abs() <= by * other.max(1.0))
        };
        assert!(close(&factors, kept, 0.01), "{text}: keeps {factors:?}");
        let carried = carried(&flows, &places, &factors);
        assert!(close(&carried, loads, 0.01), "{text}: carries {carried:?}");
    }
}

#[test]
fn the_lost_take_nothing_the_unknown_shed_nothing_and_weights_count() {
    let all = flows("60 abc, 60 bca, 60 cab");
    let mut places = [place(100.0); 3];
    places[0].fit = false;
    // 120 for b of 100, 60 for c: the mean is 0.9.
    assert!((shed(&all, &places, 0.8)[1] - 0.7875).abs() < 0.01);
    places[1].capacity = None;
    assert_eq!(shed(&all, &places, 0.8), [1.0; 3]);
    let canary = [Place { keep: 0.01, ..place(1.0) }, place(1_000.0)];
    // Ten times its capacity come, a hundredth of them stays.
    let kept = shed(&flows("100 ab"), &canary, 0.8);
    assert!((kept[0] - 0.8).abs() < 0.01 && kept[1] == 1.0, "{kept:?}");
    assert_eq!(shed(&all, &[Place { fit: false, ..place(1.0) }; 3], 0.8), [1.0; 3]);
}

#[test]
fn what_is_reported_is_what_came_less_what_was_shed() {
    let rows = [
        (0.5, 1.0, 0.8, 1.6),
        (1.0, 1.0, 0.8, 0.8),
        (0.8, 0.8, 0.8, 0.8),
        (0.8, 0.5, 0.8, 0.5),
        (0.3, 0.5, 0.8, 4.0 / 3.0),
        (0.0, 1.0, 0.8, 2.0),
    ];
    for (used, kept, threshold, wanted) in rows {
        assert!((factor(used, kept, threshold) - wanted).abs() < 1e-9, "{used} at {kept}");
    }
    assert_eq!(threshold([(90.0, 100.0), (10.0, 100.0)].into_iter(), 0.8), 0.8);
    assert!((threshold([(95.0, 100.0), (90.0, 100.0)].into_iter(), 0.8) - 0.97125).abs() < 1e-9);
    assert_eq!(threshold(std::iter::empty(), 0.8), 0.8);
    // From, to, and where it comes to: within the band, at its edge, far away, and to where there is room.
    let rows = [
        (1.0, 0.99, 1.0),
        (1.0, 0.96, 0.9792),
        (1.0, 0.93, 0.93),
        (1.0, 0.5, 0.9),
        (0.5, 1.0, 0.6),
        (0.99, 1.4, 1.09),
    ];
    for (now, wanted, then) in rows {
        assert!((towards(now, wanted, 0.02, 0.1) - then).abs() < 1e-9, "{now} towards {wanted}");
    }
}

/// Endpoints and flows over them: weights, capacities, whole orders.
fn worlds() -> impl Strategy<Value = (Vec<Place>, Vec<Flow>, f64)> {
    (2usize..7).prop_flat_map(|count| {
        let capacity = prop::option::weighted(0.9, 10.0..500.0f64);
        let place = (prop::bool::weighted(0.85), prop_oneof![4 => Just(1.0), 1 => 0.05..1.0f64], capacity)
            .prop_map(|(fit, keep, capacity)| Place { fit, keep, capacity });
        let order = Just((0..count as u8).collect::<Vec<_>>()).prop_shuffle();
        let flow = (0.0..200.0f64, order).prop_map(|(demand, order)| Flow { demand, order: order.into() });
        (prop::collection::vec(place, count), prop::collection::vec(flow, 1..12), 0.1..1.2f64)
    })
}

proptest! {
    /// Nothing is lost, and nobody who may shed carries more than the threshold unless what it has left is what nobody
    /// else keeps.
    #[test]
    fn all_is_carried_and_nobody_sheds_without_need((places, flows, soft) in worlds()) {
        let factors = shed(&flows, &places, soft);
        let carried = carried(&flows, &places, &factors);
        let demand: f64 = flows.iter().map(|flow| flow.demand).sum();
        let wanted = if places.iter().any(|place| place.fit) { demand } else { 0.0 };
        prop_assert!((carried.iter().sum::<f64>() - wanted).abs() < 1e-6);
        let used = utilization(&flows, &places, &factors);
        for (position, factor) in factors.iter().enumerate() {
            prop_assert!(*factor == 1.0 || used[position] >= soft * 0.98, "{position} sheds at {}", used[position]);
            prop_assert!(*factor == 1.0 || places[position].fit && places[position].capacity.is_some());
        }
    }

    /// More load where an endpoint is preferred never pulls clients back to it, as long as there is room: where all are
    /// fuller than `soft` on average, the threshold is the mean, which rises for everybody.
    #[test]
    fn raising_load_never_pulls_clients_back((places, flows, soft) in worlds(), which: prop::sample::Index, more in 1.0..300.0f64) {
        let mut raised = flows.clone();
        let at = which.index(raised.len());
        raised[at].demand += more;
        let carried = carried(&raised, &places, &vec![1.0; places.len()]);
        let room = carried.iter().zip(&places).filter_map(|(load, place)| Some((*load, place.capacity.filter(|_| place.fit)?)));
        let unbounded = places.iter().any(|place| place.fit && place.capacity.is_none());
        let soft = if unbounded { soft } else { threshold(room, soft) };
        let (before, after) = (shed(&flows, &places, soft), shed(&raised, &places, soft));
        for (before, after) in before.iter().zip(&after) {
            prop_assert!(*after <= before * 1.02 + 0.005, "{before:?} {after:?}");
        }
    }

    /// The same for what is reported of one endpoint among others.
    #[test]
    fn more_reported_is_never_more_kept(used in prop::collection::vec(0.0..2.0f64, 2..8), kept in 0.05..1.0f64, more in 0.0..1.0f64, soft in 0.1..1.2f64) {
        let keep = |first: f64| {
            let all = used.iter().enumerate().map(|(at, used)| (if at == 0 { first } else { *used }, 1.0));
            factor(first, kept, threshold(all, soft))
        };
        prop_assert!(keep(used[0] + more) <= keep(used[0]) + 1e-12);
    }
}
