//! How much each endpoint of a service sheds (DESIGN 4.6). Pure; off the query path.
//!
//! A factor is the share of its clients that an endpoint keeps, of those that its weight leaves it. Nobody sheds below
//! `soft`, nor near the mean of all: where everybody is equally full, moving clients about would help nobody.

/// One endpoint, as its capacity goes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    /// Whether it is fit, so that it is answered before all that are not.
    pub fit: bool,
    /// The share of the clients that come to it that its weight leaves it: 0.0…1.0.
    pub keep: f64,
    /// How much it takes; `None`: nobody knows, and it never sheds.
    pub capacity: Option<f64>,
}

/// Clients that prefer the same endpoints.
#[derive(Clone, Debug, PartialEq)]
pub struct Flow {
    /// How much they amount to, in the unit of the capacities.
    pub demand: f64,
    /// Positions of endpoints, the preferred ones first; who is not listed follows as written.
    pub order: Box<[u8]>,
}

/// So much above the mean, in parts of it, nobody sheds yet.
const ABOVE_MEAN: f64 = 1.05;

/// More room than this is not told apart.
pub const ROOMIEST: f64 = 2.0;

/// No answer is nearer to the best one than this, in parts of a threshold.
const TOLERANCE: f64 = 0.002;

/// Rounds after which what has been found must do. Each is a walk over all flows.
const ROUNDS: usize = 200;

/// What each endpoint carries with these factors: the walk of DESIGN 4.6, with shares in place of hashes.
pub fn carried(flows: &[Flow], places: &[Place], factors: &[f64]) -> Vec<f64> {
    let mut carried = vec![0.0; places.len()];
    for flow in flows {
        let (mut left, mut first) = (flow.demand, None);
        for position in walked(flow, places.len()).filter(|position| places[*position].fit) {
            first.get_or_insert(position);
            let stays = left * places[position].keep * factors[position];
            carried[position] += stays;
            left -= stays;
            if left <= 0.0 {
                break;
            }
        }
        // Whom nobody keeps, the first one does.
        if let Some(first) = first {
            carried[first] += left;
        }
    }
    carried
}

fn walked(flow: &Flow, count: usize) -> impl Iterator<Item = usize> {
    let listed = flow.order.iter().map(|position| usize::from(*position)).filter(move |one| *one < count);
    let rest = (0..count).filter(|one| u8::try_from(*one).is_ok_and(|one| !flow.order.contains(&one)));
    listed.chain(rest)
}

/// Above what utilization an endpoint sheds: `soft`, or a twentieth above the mean of those whose capacity is known. Down to
/// the mean itself nearly everybody would have to move for the last part of it.
pub fn threshold(loads: impl Iterator<Item = (f64, f64)>, soft: f64) -> f64 {
    let (load, capacity) = loads.fold((0.0, 0.0), |(load, capacity), one| (load + one.0, capacity + one.1));
    if capacity > 0.0 { soft.max(load / capacity * ABOVE_MEAN) } else { soft }
}

/// The factor of each endpoint, for a demand that is known by where it comes from: the largest ones with which nobody
/// carries more than the threshold. Above 1 there is room: twice the load could come to whoever has 2.
///
/// Everybody begins with 1 and gives up what is too much for it, which falls on those behind it, until nobody has to: as
/// what an endpoint is offered only grows when others shed, that ends at the largest factors there are.
pub fn factors(flows: &[Flow], places: &[Place], soft: f64) -> Vec<f64> {
    let mut factors = vec![1.0; places.len()];
    let known = |position: usize| places[position].capacity.filter(|_| places[position].fit);
    let all = carried(flows, places, &factors);

    let loads = all.iter().enumerate().filter_map(|(at, load)| Some((*load, known(at)?)));
    // Somebody without a bound takes what is too much for the others, however full they are.
    let unbounded = places.iter().any(|place| place.fit && place.capacity.is_none());
    let threshold = if unbounded { soft } else { threshold(loads, soft) };

    for _ in 0..ROUNDS {
        let carried = carried(flows, places, &factors);
        let mut settled = true;
        for (position, load) in carried.into_iter().enumerate() {
            let Some(capacity) = known(position) else { continue };
            let most = threshold * capacity;
            if load > most * (1.0 + TOLERANCE) {
                factors[position] *= most / load;
                settled = false;
            }
        }
        if settled {
            break;
        }
    }
    let carried = carried(flows, places, &factors);
    let room = |position: usize| match known(position) {
        Some(capacity) if factors[position] == 1.0 => {
            factor(carried[position] / capacity, 1.0, threshold).max(1.0)
        }
        Some(_) => factors[position],
        None => ROOMIEST,
    };
    (0..places.len()).map(room).collect()
}

/// The factor of one endpoint whose utilization is reported; above 1 there is room. `kept`: the factor that its clients met
/// when they last asked, on average: what it would carry without one is its utilization ÷ that.
pub fn factor(used: f64, kept: f64, threshold: f64) -> f64 {
    let offered = used / kept.max(f64::MIN_POSITIVE);
    (threshold / offered.max(f64::MIN_POSITIVE)).min(ROOMIEST)
}

/// From one factor to another, by no more than `most`. What differs by less than `band`, a part of it, stays, and what
/// differs by little more moves to the edge of that: so noise moves nobody forth and back. What differs by much was no noise.
pub fn towards(now: f64, wanted: f64, band: f64, most: f64) -> f64 {
    let band = band * wanted;
    let is_noise = (now - wanted).abs() <= 3.0 * band;
    let next = if is_noise { now.clamp(wanted - band, wanted + band) } else { wanted };
    next.clamp(now - most, now + most).clamp(0.0, ROOMIEST)
}

#[cfg(test)]
mod tests;
