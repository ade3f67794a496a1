//! An explanation for people at a terminal.

use std::fmt::Write;

use crate::api::wire::{ClientBody, DecisionBody, DistanceBody, Explanation, FilterBody, OutcomeBody};

/// Lines of text, columns aligned, no colours.
pub fn render(explanation: &Explanation) -> String {
    let mut text = String::new();
    for line in &explanation.zone {
        put(&mut text, format_args!("{line}"));
    }
    client(&mut text, &explanation.client);
    for decision in &explanation.decisions {
        let is_inside = explanation.service.as_ref().is_some_and(|service| *service != decision.service);
        self::decision(&mut text, decision, is_inside);
    }
    text
}

/// Writing to a string does not fail.
fn put(text: &mut String, line: std::fmt::Arguments<'_>) {
    let _ = writeln!(text, "{line}");
}

fn client(text: &mut String, client: &ClientBody) {
    let mut known = vec![client.address.clone()];
    known.extend(client.unfolded_from.as_ref().map(|outer| format!("inside {outer}")));
    known.extend(client.country.as_ref().map(|code| format!("country {code}")));
    known.extend(client.subdivision.clone());
    known.extend(client.continent.as_ref().map(|code| format!("continent {code}")));
    known.extend(client.asn.map(|asn| format!("AS{asn}")));
    let from = client.location_from.as_deref().unwrap_or_default();
    known.extend(client.location.map(|at| format!("at {:.2} {:.2} ({from})", at.lat, at.lon)));
    put(text, format_args!("client {}: {}", client.asked, known.join(", ")));
    for note in &client.notes {
        put(text, format_args!("note: {note}"));
    }
}

fn decision(text: &mut String, decision: &DecisionBody, is_inside: bool) {
    let scope = decision.scope.map_or("no ECS".to_owned(), |scope| format!("ECS scope {scope}"));
    let DecisionBody { kind, cell, depth, .. } = decision;
    let inside = if is_inside { format!(", inside service {}", decision.service) } else { String::new() };
    put(text, format_args!("\n{kind}{inside}: cell {cell}, depth {depth}, {scope}"));
    put(
        text,
        format_args!("  order   {}", decision.order.iter().map(distance).collect::<Vec<_>>().join(" > ")),
    );
    put(text, format_args!("          by {}", decision.order_by));
    let width = decision.order.iter().map(|one| one.region.chars().count()).max().unwrap_or(0);
    for one in &decision.filters {
        filter(text, one, width);
    }
    outcome(text, &decision.outcome);
}

fn distance(one: &DistanceBody) -> String {
    one.km.map_or(one.region.clone(), |km| format!("{} ({km:.0} km)", one.region))
}

fn filter(text: &mut String, filter: &FilterBody, width: usize) {
    put(text, format_args!("  {:<7} {}", filter.filter, filter.words));
    for one in &filter.endpoints {
        put(text, format_args!("    {:<5} {:<width$}  {}", one.action, one.region, one.words));
    }
}

fn outcome(text: &mut String, outcome: &OutcomeBody) {
    let what = match (&outcome.region, &outcome.addresses[..]) {
        (Some(region), []) if let Some(name) = &outcome.cname => format!("{name} for {region}"),
        (Some(region), []) => {
            format!("service {}, for {region}", outcome.inner.as_deref().unwrap_or_default())
        }
        (Some(region), addresses) => format!("{} of {region}", addresses.join(", ")),
        (None, []) => outcome.answer.to_uppercase(),
        (None, addresses) if !outcome.regions.is_empty() => {
            format!("{} of {}", addresses.join(", "), outcome.regions.join(", "))
        }
        (None, addresses) => format!("{} ({})", addresses.join(", "), outcome.answer),
    };
    put(text, format_args!("  answer  {what}"));
    put(text, format_args!("  ttl     {} s: {}", outcome.ttl_seconds, outcome.ttl_from));
    put(text, format_args!("  why     {}", outcome.why));
}
