//! Capacity: what it counts, and from when on endpoints shed.

use super::Builder;
use crate::config::file;
use crate::config::leaf::Decimal;
use crate::config::reader::Entry;
use crate::config::text::Span;
use crate::model::{Capacity, CapacityUnit, Service};

impl Builder<'_> {
    /// How a service deals with load.
    pub(super) fn capacity(&mut self, service: &file::Service) -> Capacity {
        let default = Capacity::default();
        let of = |entry: &Entry<Decimal<0, 10>>, default| entry.value().map_or(default, |one| one.0);
        let (soft, hard) = (of(&service.soft, default.soft), of(&service.hard, default.hard));
        if let Some(span) = service.soft.span().or(service.hard.span()).filter(|_| soft > hard) {
            self.error(span, format!("soft ({soft}) is greater than hard ({hard})"));
        }
        Capacity { unit: service.capacity_unit.value().map_or(default.unit, |word| word.0), soft, hard }
    }

    /// Nothing is shed without the filter that does it, and demand alone does not say how full anybody is.
    pub(super) fn shedding(&mut self, service: &Service, written: &file::Service) {
        let of_load: [(&str, Option<&Span>); 3] = [
            ("capacity_unit", written.capacity_unit.span()),
            ("soft", written.soft.span()),
            ("hard", written.hard.span()),
        ];
        if !service.policy.spills() {
            for (key, span) in of_load.iter().filter_map(|(key, span)| Some((key, (*span)?))) {
                let text = format!("{key} has no effect: the policy has no filter 'spill'");
                self.warn(span, text);
            }
            return;
        }
        let Some((unit, span)) = written.capacity_unit.marked() else { return };
        if unit.0 == CapacityUnit::Demand && service.endpoints.iter().all(|one| one.capacity.is_none()) {
            let text = "capacity_unit 'demand' sheds nothing: no endpoint has a capacity; it is how many client networks \
                        one takes, as in endpoints.eu-west.capacity = 20000";
            self.warn(span, text);
        }
    }
}
