//! One decision as it was made: every step that the pick took, and the endpoints it never came to.

use std::time::{Duration, SystemTime};

use crate::control::Revised;
use crate::control::report::{AddressReport, EndpointReport};
use crate::geo::Resolved;
use crate::model::{Family, Name, Region, Service, ServiceId, Stage};
use crate::snapshot::Asked;
use crate::steer::chain::By;
use crate::steer::chain::slate::Candidate;
use crate::steer::{Answer, Keep, Pick, Seen, Steered, Step, Tier, Why, Word};

use super::Question;
use super::order::Standpoint;
use crate::api::show;

/// A service, a client, a family, and what came of them.
pub struct Case<'a> {
    /// What was asked.
    pub question: &'a Question<'a>,
    /// The service as written.
    pub written: &'a Service,
    /// The same, as a pick walks it.
    pub steered: &'a Steered,
    /// Its number.
    pub service: ServiceId,
    /// Of the addresses asked for.
    pub family: Family,
    /// Whether other names are answered, for all types alike.
    pub is_alias: bool,
    /// The client's cell.
    pub resolved: Resolved,
    /// What was picked.
    pub pick: Pick,
    /// The endpoints that were consulted, in that order.
    pub steps: Vec<Step>,
    /// What a chain began with, in order; empty for a walk.
    pub gathered: Vec<Candidate>,
    /// What each link of a chain left, in order; empty for a walk.
    pub stages: Vec<Vec<Candidate>>,
    /// Whether that order begins with what was measured.
    pub by_latency: bool,
    /// Every endpoint with an address of the family, by position, in the client's order.
    pub order: Vec<usize>,
    /// Where the client stands.
    pub standpoint: Standpoint<'a>,
}

impl<'a> Case<'a> {
    /// Decides as a query would, and remembers every step.
    pub fn new(
        question: &'a Question<'a>,
        service: ServiceId,
        (family, is_alias): (Family, bool),
    ) -> Case<'a> {
        let (snapshot, address) = (question.snapshot, question.client.address());
        let world = &*snapshot.world;
        let resolved = snapshot.locate(service, address);
        let (mut steps, mut gathered, mut stages) = (Vec::new(), Vec::new(), Vec::new());
        let asked = Asked { service, family, address, resolved: &resolved };
        let pick = snapshot.decide::<true>(
            &asked,
            question.now,
            || fastrand::u64(..),
            |seen| match seen {
                Seen::Step(step) => steps.push(step),
                Seen::Gathered(all) => gathered = all.to_vec(),
                Seen::After(_, left) => stages.push(left.to_vec()),
            },
        );
        let (written, steered) = (&world.written[service.index()], &world.services[service.index()].steered);
        let by_latency = steered.program.walk.is_some_and(|walk| walk.by == By::Latency);
        let (first, rest) =
            if by_latency { snapshot.order(&resolved) } else { world.geo.parts(resolved.order) };
        let standpoint = Standpoint::of(question, &written.order_rules);
        let mut case = Case {
            question,
            written,
            steered,
            service,
            family,
            is_alias,
            resolved,
            pick,
            steps,
            gathered,
            stages,
            by_latency,
            order: if steered.program.near {
                steered.in_order(first, rest).collect()
            } else {
                (0..steered.regions.len()).collect()
            },
            standpoint,
        };
        let absent = |case: &Case<'_>, position| case.word(position).tier == Tier::Absent;
        case.order = case.order.iter().copied().filter(|position| !absent(&case, *position)).collect();
        case
    }

    /// The region of an endpoint.
    pub fn region(&self, position: usize) -> &'a Region {
        &self.question.snapshot.world.regions[self.steered.regions[position].index()]
    }

    /// What was known of an endpoint when it was consulted, else what is known now.
    pub fn word(&self, position: usize) -> Word {
        let live = || self.question.snapshot.live[self.steered.live_index(position, self.family)].load();
        self.step(position).map_or_else(live, |step| step.word)
    }

    /// Whether it was consulted, and what came of it.
    pub fn step(&self, position: usize) -> Option<&Step> {
        self.steps.iter().find(|step| step.position == position)
    }

    /// The tier that answers: a pick goes on until it has found something fit, so it has met the best.
    pub fn tier(&self) -> Option<Tier> {
        let tiers = self.steps.iter().map(|step| step.word.tier);
        tiers.filter(|tier| !matches!(tier, Tier::Absent | Tier::Barred)).min()
    }

    /// Whether the first filter leaves an endpoint in.
    pub fn is_kept(&self, position: usize) -> bool {
        let word = self.word(position);
        let answers = matches!(self.pick.answer, Answer::Endpoint { .. } | Answer::Endpoints(_))
            || self.pick.why == Why::OtherFamily;
        // As if all were healthy: those that would be idle then come after those that would be fit.
        let idle = word.tier == Tier::Failing && word.keep == Keep::NONE;
        answers && Some(word.tier) == self.tier() && !(idle && self.has_failing_with_weight())
    }

    fn has_failing_with_weight(&self) -> bool {
        self.steps.iter().any(|step| step.word.tier == Tier::Failing && step.word.keep > Keep::NONE)
    }

    /// Whether the endpoint's answer is given.
    pub fn is_chosen(&self, position: usize) -> bool {
        match self.pick.answer {
            Answer::Endpoint { position: chosen, .. } => chosen == position,
            Answer::Endpoints(set) => set & 1 << position != 0,
            _ => false,
        }
    }

    /// What control reports of an endpoint.
    pub fn report(&self, position: usize) -> Option<&EndpointReport> {
        let region = &self.region(position).name;
        let report = self.question.report.as_ref().filter(|report| report.name == self.written.name)?;
        report.endpoints.iter().find(|endpoint| endpoint.region == *region)
    }

    /// What control reports of its addresses.
    pub fn addresses(&self, position: usize) -> &[AddressReport] {
        let family = |report: &'_ EndpointReport| {
            report.families.iter().position(|family| family.family == self.family)
        };
        let Some(report) = self.report(position) else { return &[] };
        family(report).map_or(&[], |at| &report.families[at].addresses)
    }

    /// Whether a ramp of an endpoint or of its region moves, so that its share of clients does.
    pub fn is_moving(&self, position: usize) -> bool {
        let Some(report) = self.report(position) else { return false };
        let mut words = report.word.iter().chain(&report.region_word);
        words.any(|said| said.word.stage(self.now()) == Some(Stage::Moving))
    }

    fn now(&self) -> SystemTime {
        let now = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(self.question.now));
        now.unwrap_or(SystemTime::UNIX_EPOCH)
    }

    /// Tier, verdicts and operators' words of an endpoint.
    pub fn state_of(&self, position: usize) -> String {
        let mut words = vec![self.word(position).tier.name().to_owned()];
        if let Some(report) = self.report(position) {
            let (weight, now) = (report.weight, self.now());
            words.extend(report.region_word.as_ref().map(|said| said_of("region", said, weight, now)));
            words.extend(report.word.as_ref().map(|said| said_of("endpoint", said, weight, now)));
        }
        words.extend(verdicts(self.addresses(position)));
        words.extend(self.inner(position).map(|inner| format!("by service {inner}")));
        words.join(", ")
    }

    /// What is handed out of an endpoint that was picked.
    pub fn handed_out(&self, position: usize, mask: u16) -> String {
        if let Some(inner) = self.inner(position) {
            return format!("goes on inside service {inner}");
        }
        let all = self.written.endpoints[position].addresses_of(self.family).count();
        format!("hands out {} of {all} addresses", mask.count_ones())
    }

    /// The name that an endpoint sends clients on to.
    pub fn alias(&self, position: usize) -> Option<&'a Name> {
        self.written.endpoints[position].alias()
    }

    /// The name of the service that answers in an endpoint's place.
    pub fn inner(&self, position: usize) -> Option<&'a str> {
        let inner = self.written.endpoints[position].inner?;
        Some(&self.question.snapshot.world.written[inner.index()].name)
    }
}

fn said_of(subject: &str, Revised { word, .. }: &Revised, weight: u16, now: SystemTime) -> String {
    let state = show::state(word, weight, now);
    let until = word.until.map(|until| format!(" until {}", show::time(until))).unwrap_or_default();
    format!("{subject} overridden {state} by {}{until} ('{}')", word.who, word.reason)
}

/// One address: why it is believed what it is. Several: how many are healthy, and why the first other is not.
fn verdicts(addresses: &[AddressReport]) -> Option<String> {
    match addresses {
        [] => None,
        [only] => Some(only.reason.clone()),
        several => {
            let healthy = several.iter().filter(|address| address.level.is_up()).count();
            let other = several.iter().find(|address| !address.level.is_up());
            let other = other.map(|address| format!("; {}: {}", address.address, address.reason));
            Some(format!("{healthy} of {} addresses healthy{}", several.len(), other.unwrap_or_default()))
        }
    }
}
