//! A service's checks together: one or several, how many must pass, and whose verdicts count.

use super::Builder;
use super::server::number;
use crate::config::file;
use crate::config::leaf::{Combine, Kind, OneOf};
use crate::config::reader::{Named, quoted};
use crate::config::text::Span;
use crate::model::{Check, Service, ServiceId};

impl Builder<'_> {
    /// The checks of a service in written order, and how many must pass; without any, nothing is probed.
    pub(super) fn checks(&mut self, service: &file::Service) -> (Vec<Check>, usize) {
        let several = service.checks.value().map_or(&[][..], |map| &map.0);
        if let (Some(_), Some(span)) = (service.check.span(), service.checks.span()) {
            self.error(
                span,
                "check and checks are both written; give the one a name, and put it among the others",
            );
        }
        let mut checks: Vec<Check> = self.check(&service.check).into_iter().collect();
        for (place, named) in several.iter().enumerate() {
            if place == Service::MAX_CHECKS {
                let text = format!("{} checks are too many; a service has at most {place}", several.len());
                self.error(&named.span, text);
            }
            checks.extend(self.named(named));
        }
        let unreadable = service.checks.span().is_some() && service.checks.value().is_none();
        let needed = if unreadable { 1 } else { self.needed(service, several.len()) };
        (checks, needed)
    }

    fn named(&mut self, named: &Named<file::Check>) -> Option<Check> {
        let table = named.value.as_ref()?;
        if let Some((OneOf(Kind::None), span)) = table.kind.marked() {
            let text = format!("check {} never probes, and so has no say; take it away", quoted(&named.name));
            self.error(span, text);
        }
        let mut check = self.of_table(table, &named.span)?;
        check.name.clone_from(&named.name);
        Some(check)
    }

    /// Of so many checks, how many must pass.
    fn needed(&mut self, service: &file::Service, count: usize) -> usize {
        let all = count.max(1);
        let other = service.combine.marked().filter(|(OneOf(how), _)| *how != Combine::All);
        let written = other.map(|(_, span)| span).or(service.at_least.span());
        if let Some(span) = written.filter(|_| count < 2) {
            self.warn(span, "this has no effect: there are not several checks to combine");
        }
        if let (Some(_), Some(span)) = (service.combine.span(), service.at_least.span()) {
            self.error(span, "combine and at_least are both written; keep one");
        }
        if let Some(span) = service.at_least.span()
            && let Some(least) = number::<usize, 1, 16>(&service.at_least)
        {
            if count > 1 && least > all {
                self.error(span, format!("at_least {least} of {count} checks can never pass"));
            }
            return least.min(all);
        }
        match service.combine.value() {
            Some(OneOf(Combine::Any)) => 1,
            Some(OneOf(Combine::All)) | None => all,
        }
    }

    /// The service that a check of the kind `service` looks at.
    pub(super) fn of_service(&mut self, check: &file::Check, table: &Span) -> Option<ServiceId> {
        let text = "kind 'service' has no 'service'; name the other service that counts";
        let name = self.required(&check.service, table, text)?;
        let known = self.service_ids.get(name.as_str()).copied();
        if let (None, Some(span)) = (known, check.service.span()) {
            self.no_service(name, span);
        }
        known
    }

    /// Services that depend on each other in a circle would wait for each other for ever.
    pub(super) fn no_circles(&mut self, services: &[Service]) {
        let mut marks = vec![Mark::Unseen; services.len()];
        for at in 0..services.len() {
            let Err(tangle) = depth(services, at, &mut marks, &mut Vec::new()) else { continue };
            let (begin, text) = match tangle {
                Tangle::Circle(circle) => {
                    let names: Vec<_> = circle.iter().map(|at| services[*at].name.as_str()).collect();
                    let names = names.join(" → ");
                    (circle[0], format!("services depend on each other in a circle: {names}"))
                }
                Tangle::Deep => {
                    let text = format!("services depend on each other more than {DEEPEST} deep from here");
                    (at, text)
                }
            };
            self.problems.error(&services[begin].place, text);
        }
    }
}

/// So many services may stand in a row of which each looks at the next, or answers by it.
const DEEPEST: usize = 16;

#[derive(Clone, Copy, PartialEq)]
enum Mark {
    Unseen,
    OnTheWay,
    /// So many services stand in the longest row from here.
    Done(usize),
}

/// Why a service cannot be judged by those that it looks at.
enum Tangle {
    /// Its members, the first repeated at the end.
    Circle(Vec<usize>),
    Deep,
}

/// How many services stand in the longest row from one on.
fn depth(services: &[Service], at: usize, marks: &mut [Mark], way: &mut Vec<usize>) -> Result<usize, Tangle> {
    match marks[at] {
        Mark::Done(depth) => return Ok(depth),
        Mark::OnTheWay => {
            let start = way.iter().position(|known| *known == at).unwrap_or_default();
            return Err(Tangle::Circle(way[start..].iter().copied().chain([at]).collect()));
        }
        Mark::Unseen if way.len() == DEEPEST => return Err(Tangle::Deep),
        Mark::Unseen => {}
    }
    marks[at] = Mark::OnTheWay;
    way.push(at);
    let looked_at = services[at].checks.iter().filter_map(|check| check.of_service);
    let inner = services[at].endpoints.iter().filter_map(|endpoint| endpoint.inner);
    let mut others = looked_at.chain(inner);
    let deepest = others
        .try_fold(0, |deepest, other| depth(services, other.index(), marks, way).map(|it| deepest.max(it)));
    way.pop();
    let found = deepest.map(|deepest| deepest + 1);
    // What is said once is not said again of everybody who looks at it.
    marks[at] = Mark::Done(*found.as_ref().unwrap_or(&0));
    found.and_then(|depth| if depth > DEEPEST { Err(Tangle::Deep) } else { Ok(depth) })
}
