//! What came out: addresses, TTL and what made it, tier, and the rule that decided.

use std::net::IpAddr;

use crate::model::Family;
use crate::steer::{Answer, Step, Why};

use super::candidates::Case;
use crate::api::wire::OutcomeBody;

/// The answer. A NODATA lives no longer than the zone's SOA lends to negative answers (RFC 2308 §5).
pub fn outcome(case: &Case<'_>, negative_ttl: u32) -> OutcomeBody {
    let chosen = (0..case.steered.regions.len()).filter(|position| case.is_chosen(*position));
    let regions: Vec<_> = chosen.clone().map(|position| case.region(position).name.clone()).collect();
    let (answer, region, addresses) = match case.pick.answer {
        Answer::Endpoints(_) => {
            let each = chosen.flat_map(|position| {
                let live_index = case.steered.live_index(position, case.family);
                let range = case.question.snapshot.world.addresses.endpoint(live_index);
                addresses(case, range, case.word(position).mask)
            });
            ("endpoints", None, each.collect())
        }
        Answer::Endpoint { position, .. } if case.inner(position).is_some() => {
            ("service", Some(case.region(position).name.clone()), Vec::new())
        }
        Answer::Endpoint { position, .. } if case.alias(position).is_some() => {
            ("name", Some(case.region(position).name.clone()), Vec::new())
        }
        Answer::Endpoint { position, mask } => {
            let live_index = case.steered.live_index(position, case.family);
            let range = case.question.snapshot.world.addresses.endpoint(live_index);
            ("endpoint", Some(case.region(position).name.clone()), addresses(case, range, mask))
        }
        Answer::Fallback => {
            let range = case.question.snapshot.world.addresses.fallback(case.service, case.family);
            ("fallback", None, addresses(case, range, u16::MAX))
        }
        Answer::Nodata => ("nodata", None, Vec::new()),
        Answer::Servfail => ("servfail", None, Vec::new()),
    };
    let inner = chosen_position(case).and_then(|position| case.inner(position)).map(str::to_owned);
    let negative = case.pick.answer == Answer::Nodata && negative_ttl < case.pick.ttl;
    OutcomeBody {
        answer: answer.to_owned(),
        cname: chosen_position(case).and_then(|position| case.alias(position)).map(ToString::to_string),
        inner,
        region,
        regions,
        addresses,
        ttl_seconds: if negative { negative_ttl } else { case.pick.ttl },
        ttl_from: if negative { "the zone's SOA: negative answers".to_owned() } else { ttl_from(case) },
        tier: case.tier().map(|tier| tier.name().to_owned()),
        why: why(case.pick.why),
    }
}

fn chosen_position(case: &Case<'_>) -> Option<usize> {
    if let Answer::Endpoint { position, .. } = case.pick.answer { Some(position) } else { None }
}

fn addresses(case: &Case<'_>, (first, count): (u32, u8), mask: u16) -> Vec<String> {
    let all = &case.question.snapshot.world.addresses;
    let address = |place: u8| -> IpAddr {
        let id = first + u32::from(place);
        match case.family {
            Family::V4 => all.four(id).into(),
            Family::V6 => all.six(id).into(),
        }
    };
    // A fallback may have more addresses than a mask has bits.
    let named = |place: &u8| mask.checked_shr((*place).into()).is_none_or(|bits| bits & 1 == 1);
    (0..count).filter(named).map(|place| address(place).to_string()).collect()
}

fn ttl_from(case: &Case<'_>) -> String {
    let (pick, range) = (&case.pick, case.written.ttl);
    match pick.why {
        Why::NoFamily => return "ttl.max".to_owned(),
        Why::EmptyOrder => return "ttl.min: only some clients get no addresses".to_owned(),
        _ if pick.ttl >= range.max => return "ttl.max: nothing that was consulted may flip soon".to_owned(),
        _ => {}
    }
    let least = case.steps.iter().find(|step| step.word.ttl_at(case.question.now) == pick.ttl);
    match (pick.why, least) {
        (_, Some(step)) if step.word.ttl_at(case.question.now) < u32::from(step.word.ttl) => {
            format!("an override of {} ends then", case.region(step.position).name)
        }
        (Why::AllDown | Why::OnlyBarred, _) => "ttl.min: nothing fit answers".to_owned(),
        (Why::Fenced, _) => "ttl.min: only some clients get no addresses".to_owned(),
        (_, Some(step)) if pick.ttl == range.min && case.is_moving(step.position) => {
            format!("ttl.min: the ramp of {} moves", case.region(step.position).name)
        }
        (_, Some(step)) => believed(case, step),
        (_, None) => "the least of what was consulted".to_owned(),
    }
}

fn believed(case: &Case<'_>, step: &Step) -> String {
    let region = &case.region(step.position).name;
    let nearest = case.addresses(step.position).iter().map(|address| address.remaining);
    match nearest.filter(|(_, threshold)| *threshold > 0).min() {
        Some((remaining, threshold)) => {
            format!("the verdict of {region}: {remaining} of {threshold} results left until it flips")
        }
        None => format!("the verdict of {region}"),
    }
}

fn why(why: Why) -> String {
    match why {
        Why::Kept(tier) => format!("the first of tier '{}' that keeps this client", tier.name()),
        Why::Chosen(tier) => format!("what the chain leaves of tier '{}'", tier.name()),
        Why::NobodyKeeps(tier) => {
            format!("nobody keeps this client, so the first of tier '{}' does", tier.name())
        }
        Why::AllDown => "nothing is fit, unknown or idle, so on_all_down decides".to_owned(),
        Why::OnlyBarred => "everything left is overridden down".to_owned(),
        Why::Fenced => "no endpoint's fence lets this client in".to_owned(),
        Why::EmptyOrder => "a rule gives these clients no region".to_owned(),
        Why::NoFamily => "no endpoint has an address of this family".to_owned(),
        Why::OtherFamily => {
            "families stay together, and the chosen endpoint has nothing fit of this one".to_owned()
        }
    }
}
