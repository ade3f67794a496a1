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
        model::Region {
            name: region.name.clone(),
            location: self.location(&table.location),
            capacity: table
                .capacity
                .value()
                .and_then(|capacity| u64::try_from(capacity.0).ok())
                .filter(|c| *c > 0),
            bias: table.bias.value().and_then(|bias| i8::try_from(bias.0).ok()).unwrap_or(0),
            place: self.text.place(&region.span),
        }
    }
}
