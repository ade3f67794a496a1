//! What people read: aligned columns, no colours, nothing cut off.

use std::fmt::Write;
use std::time::Duration;

use crate::api::wire::*;
use crate::model::print_duration;

/// Rows under a head, every column as wide as its widest cell.
fn table<const N: usize>(head: [&str; N], rows: &[[String; N]]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells.chain([head[column].len()]).max().unwrap_or(0)
    };
    let widths: [usize; N] = std::array::from_fn(width);
    let line = |cells: [&str; N]| {
        let padded = cells.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}"));
        format!("{}\n", padded.collect::<Vec<_>>().join("  ").trim_end())
    };
    let rows = rows.iter().map(|row| line(row.each_ref().map(String::as_str)));
    std::iter::once(line(head)).chain(rows).collect()
}

/// Writing to a string does not fail.
fn put(text: &mut String, line: std::fmt::Arguments<'_>) {
    let _ = writeln!(text, "{line}");
}

/// Whole seconds, as they are said.
fn span(seconds: u64) -> String {
    print_duration(Duration::from_secs(seconds))
}

/// How the node is.
pub fn status(status: &StatusBody) -> String {
    let mut text = String::new();
    let ready =
        if status.ready { "ready".to_owned() } else { format!("not ready: {}", status.missing.join("; ")) };
    put(&mut text, format_args!("{} (meridian {}), {ready}", status.identity, status.version));
    put(
        &mut text,
        format_args!(
            "up {}, generation {} of {}",
            span(status.uptime_seconds),
            status.generation,
            status.loaded
        ),
    );
    let StatusBody { regions, services, endpoints, names, .. } = status;
    put(
        &mut text,
        format_args!("{regions} regions, {services} services, {endpoints} endpoints, {names} names"),
    );
    put(&mut text, format_args!("zones: {}", status.zones.join(" ")));
    put(
        &mut text,
        format_args!(
            "geography: {} cells, {} orders, {} KiB",
            status.geo.cells,
            status.geo.orders,
            status.geo.bytes >> 10
        ),
    );
    for database in &status.geo.databases {
        let DatabaseBody { path, kind, age_seconds, .. } = database;
        put(&mut text, format_args!("  {path} ({kind}), {} days old", age_seconds / 86_400));
    }
    for dangling in &status.dangling {
        let of = dangling
            .service
            .as_ref()
            .map(|service| format!("endpoint {service} "))
            .unwrap_or("region ".into());
        put(
            &mut text,
            format_args!("dangling override of {of}{}: {}", dangling.region, said(&dangling.word)),
        );
    }
    text + &status
        .last_reload
        .as_ref()
        .map(|last| format!("last reload: {}", reload(last)))
        .unwrap_or_default()
}

/// All regions.
pub fn regions(regions: &[RegionBody]) -> String {
    let row = |region: &RegionBody| {
        let location = region.location.map(|at| format!("{:.2} {:.2}", at.lat, at.lon)).unwrap_or("-".into());
        let capacity = region.capacity.map_or("-".to_owned(), |capacity| capacity.to_string());
        let word = region.word.as_ref().map(said).unwrap_or("-".into());
        [region.name.clone(), location, capacity, tiers(&region.services), word]
    };
    table(
        ["REGION", "LOCATION", "CAPACITY", "ENDPOINTS", "OVERRIDE"],
        &regions.iter().map(row).collect::<Vec<_>>(),
    )
}

/// How many of each tier, the families of an endpoint apart.
fn tiers(endpoints: &[EndpointBody]) -> String {
    let mut counts: Vec<(&str, usize)> = Vec::new();
    for family in endpoints.iter().flat_map(|endpoint| &endpoint.families) {
        match counts.iter_mut().find(|(tier, _)| *tier == family.tier) {
            Some((_, count)) => *count += 1,
            None => counts.push((&family.tier, 1)),
        }
    }
    let words: Vec<_> = counts.iter().map(|(tier, count)| format!("{count} {tier}")).collect();
    if words.is_empty() { "-".into() } else { words.join(", ") }
}

/// One region.
pub fn region(region: &RegionBody) -> String {
    format!("{}\n{}", regions(std::slice::from_ref(region)), endpoints(&region.services))
}

/// All services.
pub fn services(services: &[ServiceBody]) -> String {
    let row = |service: &ServiceBody| {
        [service.name.clone(), service.policy.clone(), tiers(&service.endpoints), service.names.join(" ")]
    };
    table(["SERVICE", "POLICY", "ENDPOINTS", "NAMES"], &services.iter().map(row).collect::<Vec<_>>())
}

/// One service.
pub fn service(service: &ServiceBody) -> String {
    format!("{}\n{}", services(std::slice::from_ref(service)), endpoints(&service.endpoints))
}

/// What stands in an endpoint's place that is no address, and what is believed of it.
fn elsewhere(endpoint: &EndpointBody, family: &FamilyBody) -> Vec<(String, String)> {
    let service = endpoint.inner.iter().map(|inner| (format!("service {inner}"), format!("as {inner} is")));
    let name = endpoint.cname.iter().filter(|_| endpoint.resolved.is_none()).map(|name| {
        let verdict = if family.addresses.is_empty() { "not probed" } else { "as these are:" };
        (name.clone(), verdict.to_owned())
    });
    service.chain(name).collect()
}

/// What is wrong with the name of an endpoint whose addresses are looked up.
fn unresolved(endpoint: &EndpointBody) -> Option<[String; 2]> {
    let (name, resolved) = (endpoint.cname.as_ref()?, endpoint.resolved.as_ref()?);
    let text = match (&resolved.error, &resolved.at) {
        (Some(why), Some(at)) => format!("as looked up at {at}; since then: {why}"),
        (Some(why), None) => format!("cannot be looked up: {why}"),
        (None, None) if endpoint.families.is_empty() => "not looked up yet".to_owned(),
        (None, _) => return None,
    };
    Some([name.clone(), text])
}

/// A line for each address.
fn endpoints(endpoints: &[EndpointBody]) -> String {
    let mut rows = Vec::new();
    for endpoint in endpoints {
        let name = format!("{}/{}", endpoint.service, endpoint.region);
        let word = endpoint.word.as_ref().or(endpoint.region_word.as_ref()).map(said);
        let parked = endpoint.parked.as_ref();
        let parked = parked.map_or_else(String::new, |parked| {
            format!("; parked since {} ({}) until resumed", parked.since, parked.reason)
        });
        let load = load(endpoint);
        if let Some([what, text]) = unresolved(endpoint) {
            // Of no family: its addresses, as far as any are known, have lines of their own.
            let none = || "-".to_owned();
            let word = word.clone().unwrap_or_else(none);
            rows.push([name.clone(), what, none(), none(), none(), none(), text, word]);
        }
        for family in &endpoint.families {
            let keep = format!("{} %", (family.keep * 1e4).round() / 1e2);
            let share = format!("{:.0} %", family.share * 100.0);
            for (what, verdict) in elsewhere(endpoint, family) {
                rows.push([
                    name.clone(),
                    what,
                    family.tier.clone(),
                    keep.clone(),
                    format!("{} s", family.ttl_seconds),
                    share.clone(),
                    format!("{verdict}{load}"),
                    word.clone().unwrap_or("-".into()),
                ]);
            }
            for address in &family.addresses {
                let age =
                    address.age_seconds.map(|age| format!(" for {}", span(age as u64))).unwrap_or_default();
                rows.push([
                    name.clone(),
                    address.address.clone(),
                    family.tier.clone(),
                    keep.clone(),
                    format!("{} s", family.ttl_seconds),
                    share.clone(),
                    format!("{}{age}: {}{load}{parked}", address.verdict, address.reason),
                    word.clone().unwrap_or("-".into()),
                ]);
            }
        }
    }
    let table = table(["ENDPOINT", "ADDRESS", "TIER", "KEEP", "TTL", "SHARE", "VERDICT", "OVERRIDE"], &rows);
    table + &reported(endpoints)
}

/// How full an endpoint is, where that is known.
fn load(endpoint: &EndpointBody) -> String {
    let Some(used) = endpoint.utilization else { return String::new() };
    let full = if endpoint.full { ", full" } else { "" };
    let sheds = match endpoint.load_factor {
        1.0.. => String::new(),
        factor => format!(", keeps {:.0} % for it", factor * 100.0),
    };
    format!("; {:.0} % used{full}{sheds}", used * 100.0)
}

/// What load balancers report, and what comes of it; nothing where nobody does.
fn reported(endpoints: &[EndpointBody]) -> String {
    let mut rows = Vec::new();
    for endpoint in endpoints {
        let name = format!("{}/{}", endpoint.service, endpoint.region);
        for signal in &endpoint.signals {
            let rule = endpoint.passive.iter().find(|rule| rule.signal == signal.signal);
            let rule = rule
                .map_or("-".to_owned(), |rule| format!("{}, {} over {}", rule.state, rule.then, rule.over));
            let (smoothed, age) = (figure(signal.smoothed), format!("{:.1} s", signal.age_seconds));
            let sources = signal.sources.join(", ");
            rows.push([
                name.clone(),
                signal.signal.clone(),
                figure(signal.value),
                smoothed,
                age,
                rule,
                sources,
            ]);
        }
    }
    let head = ["ENDPOINT", "SIGNAL", "VALUE", "SMOOTHED", "AGE", "RULE", "SOURCES"];
    if rows.is_empty() { String::new() } else { format!("\n{}", self::table(head, &rows)) }
}

/// Three digits behind the point, and none where they are zero.
fn figure(value: f64) -> String {
    ((value * 1e3).round() / 1e3).to_string()
}

fn said(word: &OverrideBody) -> String {
    let weight = word.weight.map(|weight| format!(" {weight}")).unwrap_or_default();
    let until = word.expires_at.as_ref().map(|at| format!(" until {at}")).unwrap_or_default();
    let weight = word.ramp.as_ref().map_or(weight, way);
    format!("{}{weight} by {}{until} ('{}')", word.state, word.who, word.reason)
}

/// Where a ramp stands.
fn way(ramp: &RampBody) -> String {
    let RampBody { share, from, to, arrives_at, rolled_back, .. } = ramp;
    let share = (share * 1e4).round() / 1e2;
    match rolled_back {
        Some(RolledBackBody { at, reason }) => format!(" rolled back to {from} at {at} ({reason}),"),
        None if ramp.stage == "moving" => format!(" {from}..{to}, {share} % now, there at {arrives_at},"),
        None => format!(" {from}..{to}, {share} % now,"),
    }
}

/// An override that is in force now.
pub fn word(word: &OverrideBody) -> String {
    format!("in force at revision {}: {}\n", word.revision, said(word))
}

/// What was measured, as far as one page goes.
pub fn latency(page: &LatencyBody) -> String {
    let row = |one: &LatencyRowBody| {
        let asn = one.asn.map(|asn| format!("AS{asn}"));
        let place = one.place.map_or("-".to_owned(), |place| place.to_string());
        let figure = |number: f64| ((number * 10.0).round() / 10.0).to_string();
        let from = match (&one.reported_at, one.listed) {
            (Some(at), true) => format!("file, {at}"),
            (Some(at), false) => at.clone(),
            (None, _) => "file".to_owned(),
        };
        let from_where = one.network.clone().or(asn).unwrap_or_default();
        [from_where, one.region.clone(), figure(one.rtt_ms), figure(one.samples), place, from]
    };
    let head = ["FROM", "REGION", "MS", "SAMPLES", "PLACE", "REPORTED"];
    let mut text = table(head, &page.rows.iter().map(row).collect::<Vec<_>>());
    if page.next.is_some() {
        let more = page.total.saturating_sub(page.rows.len());
        put(&mut text, format_args!("and {more} more; ask for a network, an asn or a region"));
    }
    text
}

/// All challenges.
pub fn challenges(challenges: &[ChallengeBody]) -> String {
    let row = |one: &ChallengeBody| {
        [one.record.clone(), one.expires_at.clone(), one.who.clone(), one.values.join(" ")]
    };
    table(["RECORD", "ENDS", "WHO", "VALUES"], &challenges.iter().map(row).collect::<Vec<_>>())
}

/// A challenge that is answered now.
pub fn challenge(challenge: &ChallengeBody) -> String {
    let ChallengeBody { record, values, expires_at, .. } = challenge;
    format!("answered until {expires_at}: {record} TXT {}\n", values.join(" "))
}

/// What a reload came to.
pub fn reload(reload: &ReloadBody) -> String {
    let mut text = String::new();
    let what = if reload.swapped { "in force" } else { "nothing changed" };
    put(&mut text, format_args!("{what}: generation {} at {}", reload.generation, reload.at));
    for RemarkBody { place, text: remark, warning } in &reload.problems {
        let warning = if *warning { "warning: " } else { "" };
        put(&mut text, format_args!("{place}: {warning}{remark}"));
    }
    text
}

/// Whether the node is fit.
pub fn ready(ready: &ReadyBody) -> String {
    let degraded = ready.degraded.iter().map(|words| format!("degraded: {words}"));
    let first = if ready.ready { vec!["ready".to_owned()] } else { ready.missing.clone() };
    first.into_iter().chain(degraded).map(|line| line + "\n").collect()
}
