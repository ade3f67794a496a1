//! Operators' ramps.

use std::time::SystemTime;

use super::{Labels, Sheet};
use crate::control::Revised;
use crate::control::report::{EndpointReport, RegionReport, ServiceReport};
use crate::model::Stage;

/// Every ramp in force, by what it is on: one on a whole region has no service. And of every endpoint whether its ramp, or
/// its region's, went back.
pub fn put(sheet: &mut Sheet, services: &[ServiceReport], regions: &[RegionReport], now: SystemTime) {
    let endpoints = services.iter().flat_map(|service| &service.endpoints);
    let of_endpoint =
        |one: &EndpointReport| vec![("service", one.service.clone()), ("region", one.region.clone())];
    let endpoints = endpoints.filter_map(|one| Some((of_endpoint(one), one.word.as_ref()?)));
    let of_region = |one: &RegionReport| vec![("service", String::new()), ("region", one.name.clone())];
    let regions = regions.iter().filter_map(|one| Some((of_region(one), one.word.as_ref()?)));
    let all = endpoints.chain(regions);
    let shares = all.filter_map(|(labels, said): (Labels, &Revised)| Some((labels, said.word.share(now)?)));
    sheet.gauge("ramp_share", "The share of its configured weight that a ramp gives now", shares);
    let back = services.iter().flat_map(|service| &service.endpoints).map(|one| {
        let mut words = one.word.iter().chain(&one.region_word);
        let back = words.any(|said| said.word.stage(now) == Some(Stage::RolledBack));
        (of_endpoint(one), f64::from(u8::from(back)))
    });
    sheet.gauge("ramp_rolled_back", "Whether a ramp went back by itself, and waits for an operator", back);
}
