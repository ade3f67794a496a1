//! What a configuration wants of signals: whom to scrape, and which rules hold where.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use crate::config::Config;
use crate::control::plan::Plan;
use crate::health::{Standing, Whose};
use crate::model::{Endpoint, EndpointId, Family, PassiveRule, Request, Scrape, Service, Target};

/// All of it, by name.
#[derive(Debug)]
pub struct Wants {
    /// Whom to scrape, each once.
    pub standing: Arc<[Standing]>,
    about: HashMap<Arc<Target>, Scraped>,
    endpoints: HashMap<Whose, Wanted>,
    /// How long the answers to checks may be believed.
    checks: HashMap<Arc<Target>, Duration>,
}

/// What a scrape is for.
#[derive(Debug)]
pub struct Scraped {
    /// The endpoints that it is about.
    pub whose: Vec<Whose>,
    /// For so long it may be believed.
    pub lifetime: Duration,
}

#[derive(Debug)]
struct Wanted {
    id: EndpointId,
    rules: Arc<[PassiveRule]>,
}

impl Default for Wants {
    fn default() -> Wants {
        let standing = Arc::new([]);
        Wants { standing, about: HashMap::new(), endpoints: HashMap::new(), checks: HashMap::new() }
    }
}

impl Wants {
    /// Of a configuration, whose endpoints are in the order of their ids.
    pub fn new(config: &Config, plan: &Plan) -> Wants {
        let mut wants = Wants::default();
        let check = |one: &Standing| (Arc::clone(&one.target), lifetime(one.interval, one.timeout));
        wants.checks = plan.standing.iter().map(check).collect();
        let mut standing = BTreeMap::new();
        for service in &config.services {
            let rules: Arc<[PassiveRule]> = service.passive.clone().into();
            for endpoint in &service.endpoints {
                let id = EndpointId(wants.endpoints.len() as u32);
                let whose = whose(config, service, endpoint);
                if let Some(scrape) = &service.scrape {
                    wants.scrape(scrape, endpoint, &whose, &mut standing);
                }
                wants.endpoints.insert(whose, Wanted { id, rules: Arc::clone(&rules) });
            }
        }
        wants.standing = standing.into_values().collect();
        wants
    }

    /// Orders scrapes of every address of an endpoint; what several want alike is scraped once, as often as the most
    /// impatient of them wants.
    fn scrape(
        &mut self,
        scrape: &Scrape,
        endpoint: &Endpoint,
        whose: &Whose,
        standing: &mut BTreeMap<Arc<Target>, Standing>,
    ) {
        let Scrape { port, request, interval, timeout } = scrape;
        for address in Family::ALL.into_iter().flat_map(|family| endpoint.probed_of(family)) {
            let target = Target { address, port: *port, request: Request::Scrape(request.clone()) };
            let target = Arc::new(target);
            let order = standing.entry(Arc::clone(&target)).or_insert_with(|| Standing {
                target: Arc::clone(&target),
                interval: *interval,
                timeout: *timeout,
                confirm: None,
            });
            order.interval = order.interval.min(*interval);
            order.timeout = order.timeout.max(*timeout).min(order.interval);
            let lifetime = lifetime(*interval, *timeout);
            let scraped = self.about.entry(target).or_insert(Scraped { whose: Vec::new(), lifetime });
            scraped.lifetime = scraped.lifetime.max(lifetime);
            if !scraped.whose.contains(whose) {
                scraped.whose.push(whose.clone());
            }
        }
    }

    /// What a scrape is for; `None`: for nothing any more.
    pub fn scraped(&self, target: &Target) -> Option<&Scraped> {
        self.about.get(target)
    }

    /// For how long the answer to a probe may be believed; `None`: nobody checks that target any more.
    pub fn checked(&self, target: &Target) -> Option<Duration> {
        self.checks.get(target).copied()
    }

    /// Where an endpoint stands in the world in force.
    pub fn id(&self, whose: &Whose) -> Option<EndpointId> {
        self.endpoints.get(whose).map(|wanted| wanted.id)
    }

    /// The rules that hold for an endpoint.
    pub fn rules(&self, whose: &Whose) -> &[PassiveRule] {
        self.endpoints.get(whose).map_or(&[], |wanted| &wanted.rules)
    }
}

/// Until two more should have come.
fn lifetime(interval: Duration, timeout: Duration) -> Duration {
    interval * 3 + timeout
}

fn whose(config: &Config, service: &Service, endpoint: &Endpoint) -> Whose {
    let region = config.regions[endpoint.region.index()].name.clone();
    Whose { service: service.name.clone(), region }
}
