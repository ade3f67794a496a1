//! What control and the worker say, as text to hold against a scenario's.

use std::collections::BTreeMap;
use std::time::{Duration, UNIX_EPOCH};

use meridian::control::report::{AddressReport, FamilyReport};
use meridian::control::{Handle, Revised};
use meridian::model::{Family, Subject};
use meridian::telemetry::counters::{QTYPES, RCODES};
use meridian::telemetry::{Counters, DropWhy, Transport};

/// Every counter that is not 0, by name.
pub fn counters(counters: &Counters) -> BTreeMap<String, u64> {
    let mut all = BTreeMap::new();
    for transport in Transport::ALL {
        for family in Family::ALL {
            let count = counters.queries[transport as usize][family.index()].read();
            all.insert(format!("queries {} {}", transport.name(), family.name()), count);
        }
    }
    let names = |known: &[(u16, &str)]| {
        known.iter().map(|(_, name)| name.to_string()).chain(["other".to_owned()]).collect::<Vec<_>>()
    };
    for (name, count) in names(&QTYPES).iter().zip(&counters.qtypes) {
        all.insert(format!("qtype {name}"), count.read());
    }
    for (name, count) in names(&RCODES).iter().zip(&counters.rcodes) {
        all.insert(format!("rcode {name}"), count.read());
    }
    for why in DropWhy::ALL {
        all.insert(format!("dropped {}", why.name()), counters.dropped[why as usize].read());
    }
    all.insert("ecs".into(), counters.ecs.read());
    all.insert("cookies".into(), counters.cookies.read());
    all.insert("truncated".into(), counters.truncated.read());
    all.retain(|_, count| *count > 0);
    all
}

/// `tally SERVICE/REGION FAMILY`, `state SERVICE/REGION FAMILY`, `ramp region NAME`, `ramp endpoint SERVICE/REGION`, `verdict ADDRESS`, `dangling`, `status`.
pub async fn tell(verb: &str, words: &[&str], handle: &Handle, unix: u64) -> Result<String, String> {
    match (verb, words) {
        ("tally" | "state", [endpoint, family]) => {
            let report = family_report(handle, endpoint, family).await?;
            Ok(if verb == "tally" { tally(&report, unix) } else { state(&report) })
        }
        ("ramp", ["region", region]) => {
            let regions =
                handle.regions(Some((*region).into())).await.map_err(|refusal| refusal.to_string())?;
            Ok(ramp(regions.into_iter().find_map(|one| one.word), unix))
        }
        ("ramp", ["endpoint", name]) => {
            let (service, region) = name.split_once('/').ok_or("write SERVICE/REGION")?;
            let services =
                handle.services(Some(service.into())).await.map_err(|refusal| refusal.to_string())?;
            let mut endpoints = services.into_iter().flat_map(|service| service.endpoints);
            Ok(ramp(endpoints.find(|one| one.region == region).and_then(|one| one.word), unix))
        }
        ("verdict", [address]) => verdict(handle, address).await,
        ("dangling" | "status", []) => {
            let status = handle.status().await.map_err(|refusal| refusal.to_string())?;
            if verb == "status" {
                let (regions, services, endpoints) = status.counts;
                return Ok(format!(
                    "generation {} revision {} reloads {}+{} transitions {} regions {regions} services \
                     {services} endpoints {endpoints}",
                    status.generation,
                    status.revision,
                    status.reloads.0,
                    status.reloads.1,
                    status.transitions
                ));
            }
            let shown = status.dangling.iter().map(|(subject, revised)| match subject {
                Subject::Region(name) => format!("region {name} {}", revised.word.state.name()),
                Subject::Endpoint { service, region } => {
                    format!("endpoint {service}/{region} {}", revised.word.state.name())
                }
            });
            let shown: Vec<_> = shown.collect();
            Ok(if shown.is_empty() { "none".into() } else { shown.join(", ") })
        }
        _ => Err(format!("what does '{verb} {}' ask?", words.join(" "))),
    }
}

async fn family_report(handle: &Handle, endpoint: &str, family: &str) -> Result<FamilyReport, String> {
    let (service, region) = endpoint.split_once('/').ok_or("write SERVICE/REGION")?;
    let services = handle.services(Some(service.into())).await.map_err(|refusal| refusal.to_string())?;
    let endpoints = services.into_iter().flat_map(|service| service.endpoints);
    let mut families =
        endpoints.filter(|endpoint| endpoint.region == region).flat_map(|endpoint| endpoint.families);
    families.find(|report| report.family.name() == family).ok_or_else(|| "there is none".into())
}

fn ramp(said: Option<Revised>, unix: u64) -> String {
    let now = UNIX_EPOCH + Duration::from_secs(unix);
    let Some(Revised { word, revision }) = said else { return "none".into() };
    let (Some(stage), Some(share)) = (word.stage(now), word.share(now)) else {
        return word.state.name().into();
    };
    let reason = word.rolled_back.map(|back| format!(": {}", back.reason)).unwrap_or_default();
    format!("{} at {:.2} % revision {revision}{reason}", stage.name(), share * 100.0)
}

fn tally(report: &FamilyReport, unix: u64) -> String {
    let now = UNIX_EPOCH + Duration::from_secs(unix);
    let left = report.cached_until.map(|until| until.duration_since(now).map_or(0, |left| left.as_secs()));
    format!("{} answers, cached for {}s, share {:.2}", report.answers, left.unwrap_or(0), report.share)
}

fn state(report: &FamilyReport) -> String {
    let live = &report.live;
    format!("{} keep {:.2} ttl {} mask {:b}", live.tier.name(), live.keep.fraction(), report.ttl, live.mask)
}

async fn verdict(handle: &Handle, address: &str) -> Result<String, String> {
    let services = handle.services(None).await.map_err(|refusal| refusal.to_string())?;
    let endpoints = services.into_iter().flat_map(|service| service.endpoints);
    let mut addresses = endpoints.flat_map(|one| one.families).flat_map(|family| family.addresses);
    let report = addresses.find(|report| report.address.to_string() == address).ok_or("there is none")?;
    let AddressReport { level, reason, remaining: (remaining, threshold), .. } = report;
    Ok(format!("{} {remaining}/{threshold}: {reason}", level.name()))
}
