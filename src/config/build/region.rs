//! Regions, and the ids by which everything else names them.

use std::collections::HashMap;

use super::Builder;
use crate::config::Config;
use crate::config::file::Region;
use crate::config::leaf::unfit_name;
use crate::config::reader::{Entry, Map, Named};
use crate::model::{self, RegionId};

impl<'a> Builder<'a> {
    /// The regions in written order. Afterwards their names resolve, also of those that have something wrong, so
    /// that one mistake is not told twice.
    pub fn regions(&mut self, entry: &'a Entry<Map<Region>>) -> Vec<model::Region> {
        let written = entry.value().map_or(&[][..], |map| &map.0);
        if let Some(first_over) = written.get(Config::MAX_REGIONS) {
            let (count, most) = (written.len(), Config::MAX_REGIONS);
            self.error(
                &first_over.span,
                format!("{count} regions are too many; at most {most} are possible"),
            );
        }
        let ids = (0..=u16::MAX).map(RegionId);
        self.region_ids =
            written.iter().zip(ids).map(|(region, id)| (region.name.as_str(), id)).collect::<HashMap<_, _>>();
        let names = written.iter().map(|region| region.name.as_str());
        self.region_names = names.filter(|name| unfit_name("region", name).is_none()).collect();
        written.iter().map(|region| self.one_region(region)).collect()
    }

    fn one_region(&mut self, region: &Named<Region>) -> model::Region {
        if let Some(text) = unfit_name("region", &region.name) {
            self.error(&region.span, text);
        }
        let none = Region::default();
        let table = region.value.as_ref().unwrap_or(&none);
        let country = table.country.value().map(|country| country.0);
        let subdivision = table.subdivision.value().map(|code| code.0.as_str());
        let of_subdivision = subdivision.and_then(|code| code.as_bytes().first_chunk().copied());
        if let (Some(country), Some(of_subdivision), Some(span)) =
            (country, of_subdivision, table.subdivision.span())
            && country != of_subdivision
        {
            let country = String::from_utf8_lossy(&country).into_owned();
            let text = format!("subdivision {} is not in country {country}", subdivision.unwrap_or_default());
            self.error(span, text);
        }
        model::Region {
            name: region.name.clone(),
            location: self.location(&table.location),
            capacity: table
                .capacity
                .value()
                .and_then(|capacity| u64::try_from(capacity.0).ok())
                .filter(|c| *c > 0),
            bias: table.bias.value().and_then(|bias| i8::try_from(bias.0).ok()).unwrap_or(0),
            continent: table.continent.value().map(|continent| continent.0),
            country: country.or(of_subdivision),
            subdivision: subdivision.map(str::to_owned),
            place: self.text.place(&region.span),
        }
    }
}
