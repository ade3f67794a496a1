//! The two hours, and what came of them.

use std::fmt;
use std::time::Duration;

use meridian::control::handle::SignalWish;
use meridian::health::{Outcome, Reason, Report, Signals, Whose};
use meridian::model::Signal;

use super::crowd::{Crowd, geography};
use super::picture;
use crate::scenario::file::File;
use crate::scenario::world::World;

/// `ttl.max`, in seconds.
pub const TTL: u64 = 60;
const SLOW_START: u64 = 300;
/// What three probes in a row take, five seconds apart.
const PROBES: u64 = 15;
const HOURS: u64 = 2;
const END: u64 = HOURS * 3_600;
/// When the region is lost, and when it is back.
const LOST: u64 = 2_400;
const BACK: u64 = 4_800;
/// Virginia, Dublin, Frankfurt, Singapore, São Paulo; and how full each is at home, before all are made to take 70 %.
pub const REGIONS: [(&str, f64, f64, f64); 5] = [
    ("us-east", 39.0, -77.5, 0.70),
    ("eu-west", 53.3, -6.3, 0.60),
    ("eu-central", 50.1, 8.7, 0.85),
    ("ap-south", 1.3, 103.8, 0.65),
    ("sa-east", -23.5, -46.6, 0.75),
];
/// The one that is lost.
const LOSER: usize = 1;

/// What tells of the load.
#[derive(Clone, Copy, PartialEq)]
pub enum Source {
    Demand,
    Reports,
}

/// One second.
pub struct Moment {
    /// Connections ÷ capacity, by region.
    pub used: Vec<f64>,
    /// The fraction of its own clients that a region keeps.
    pub keeps: Vec<f64>,
}

pub struct Story {
    pub moments: Vec<Moment>,
    /// By cache: its region just before the loss, two TTLs after it, and two TTLs and one slow start after the return.
    /// Falling and rising take a few probes, too.
    before: Vec<Option<usize>>,
    during: Vec<Option<usize>>,
    after: Vec<Option<usize>>,
    worth: Vec<f64>,
}

/// Where clients went.
#[derive(Debug)]
pub struct Spread {
    /// Of those who lost their region: who went to one of the two regions that took most of their city.
    pub homeless_to_first_two: f64,
    /// Of all others.
    pub others_that_moved: f64,
}

fn config(capacities: &[u64], source: Source) -> String {
    let unit = if source == Source::Demand { "demand" } else { "connections" };
    let mut text = format!(
        "[geo]\ndatabases = [\"geo.mmdb\"]\n[zones.\"gslb.example.\"]\nfile = \"gslb.zone\"\n\
         [services.www]\nnames = [\"www.gslb.example.\"]\nttl = {{ min = \"5s\", max = \"{TTL}s\" }}\n\
         capacity_unit = \"{unit}\"\nslow_start = \"{SLOW_START}s\"\n\
         check = {{ kind = \"http\", port = 8080 }}\n"
    );
    for (((name, lat, lon, _), capacity), octet) in REGIONS.iter().zip(capacities).zip(1..) {
        text += &format!(
            "[regions.{name}]\nlocation = {{ lat = {lat}, lon = {lon} }}\n\
             [services.www.endpoints.{name}]\naddresses = [\"198.51.100.{octet}\"]\ncapacity = {capacity}\n"
        );
    }
    text
}

fn file(capacities: &[u64], source: Source) -> File {
    let zone = "$ORIGIN gslb.example.\n@ 60 SOA ns1 host 1 1 1 1 7\n@ 60 NS ns1\nns1 60 A 192.0.2.53\n";
    let texts = vec![
        ("meridian.toml".to_owned(), config(capacities, source)),
        ("gslb.zone".to_owned(), zone.to_owned()),
    ];
    let databases = vec![("geo.mmdb".to_owned(), geography())];
    File { name: "closed loop".to_owned(), texts, databases, scenarios: Vec::new() }
}

impl Story {
    pub async fn told(source: Source) -> Story {
        let capacities = capacities().await;
        // Demand counts answers that are held: one a network behind resolvers that send subnets, one for twenty else.
        let crowd = Crowd::new(END, TTL);
        let answers_a_connection = crowd.caches.len() as f64 / crowd.worth();
        let unit = if source == Source::Demand { answers_a_connection } else { 1.0 };
        let written: Vec<u64> = capacities.iter().map(|capacity| (capacity * unit) as u64).collect();
        let mut world = World::new(&file(&written, source));
        world.start().unwrap_or_else(|problems| panic!("{problems}"));
        Story::lived(world, crowd, &capacities, source).await
    }

    async fn lived(mut world: World, mut crowd: Crowd, capacities: &[f64], source: Source) -> Story {
        let probe = |up: bool| if up { Outcome::Up } else { Outcome::Down(Reason::Refused) };
        let (mut moments, mut before, mut during, mut after) =
            (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let regions = |crowd: &Crowd| crowd.caches.iter().map(|cache| cache.region).collect::<Vec<_>>();
        for second in 0..END {
            if second % 5 == 0 {
                for octet in 1..=REGIONS.len() {
                    let up = octet != LOSER + 1 || !(LOST..BACK).contains(&second);
                    let running = world.running.as_ref().expect("a server");
                    running.observe(&format!("198.51.100.{octet}"), &[probe(up)]).await;
                }
            }
            crowd.ask(second, &mut world);
            let used: Vec<f64> =
                crowd.load(REGIONS.len()).iter().zip(capacities).map(|(load, most)| load / most).collect();
            if source == Source::Reports && second % 10 == 0 {
                report(&world, &crowd).await;
            }
            moments.push(Moment { used, keeps: keeps(&world).await });
            match second {
                second if second + 1 == LOST => before = regions(&crowd),
                second if second == LOST + 2 * TTL + PROBES => during = regions(&crowd),
                second if second == BACK + 2 * TTL + SLOW_START + PROBES => after = regions(&crowd),
                _ => {}
            }
            world.advance(Duration::from_secs(1)).await;
        }
        let worth = crowd.caches.iter().map(|cache| cache.worth).collect();
        Story { moments, before, during, after, worth }
    }

    /// Seconds for which any region that answers was above 1 in one go.
    pub fn longest_above_hard(&self) -> u64 {
        let mut longest = 0;
        for region in 0..REGIONS.len() {
            let mut run = 0;
            for moment in &self.moments[TTL as usize..] {
                run = if moment.used[region] > 1.0 { run + 1 } else { 0 };
                longest = longest.max(run);
            }
        }
        longest
    }

    /// How often each region's fraction changed direction.
    pub fn turns(&self) -> Vec<usize> {
        let turns = |region: usize| {
            let (mut turns, mut last, mut way) = (0, self.moments[0].keeps[region], 0.0);
            for moment in &self.moments {
                let step = moment.keeps[region] - last;
                last = moment.keeps[region];
                if step != 0.0 {
                    turns += usize::from(way * step < 0.0);
                    way = step.signum();
                }
            }
            turns
        };
        (0..REGIONS.len()).map(turns).collect()
    }

    pub fn spread(&self) -> Spread {
        let share = |all: &dyn Fn(usize) -> bool, of: &dyn Fn(usize) -> bool| {
            let sum = |wanted: &dyn Fn(usize) -> bool| {
                (0..self.worth.len()).filter(|at| wanted(*at)).map(|at| self.worth[at]).sum::<f64>()
            };
            sum(&|at| all(at) && of(at)) / sum(all)
        };
        let homeless = |at: usize| self.before[at] == Some(LOSER);
        // Dublin's neighbours: Frankfurt and Virginia.
        let near = |at: usize| matches!(self.during[at], Some(0 | 2));
        Spread {
            homeless_to_first_two: share(&homeless, &near),
            others_that_moved: share(&|at| !homeless(at), &|at| self.before[at] != self.during[at]),
        }
    }

    /// The share of all that is where it was before the loss.
    pub fn at_home(&self) -> f64 {
        let all: f64 = self.worth.iter().sum();
        let home = (0..self.worth.len()).filter(|at| self.before[*at] == self.after[*at]);
        home.map(|at| self.worth[at]).sum::<f64>() / all
    }

    /// Of those who lost their region: who is back.
    pub fn returned(&self) -> f64 {
        let homeless = (0..self.worth.len()).filter(|at| self.before[*at] == Some(LOSER));
        let (mut all, mut back) = (0.0, 0.0);
        for at in homeless {
            all += self.worth[at];
            back += if self.after[at] == Some(LOSER) { self.worth[at] } else { 0.0 };
        }
        back / all
    }

    pub fn draw(&self, name: &str) {
        if let Some(directory) = std::env::var_os("MERIDIAN_PICTURES") {
            picture::draw(&std::path::Path::new(&directory).join(name).with_extension("svg"), self);
        }
    }
}

impl fmt::Display for Story {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for second in [LOST - 1, LOST + 60, LOST + 150, BACK - 1, BACK + 120, BACK + 420, END - 1] {
            let Moment { used, keeps } = &self.moments[second as usize];
            writeln!(f, "{second:5} s  used {used:.3?}  keeps {keeps:.3?}")?;
        }
        writeln!(
            f,
            "above hard for {} s, turns {:?}, {:?}",
            self.longest_above_hard(),
            self.turns(),
            self.spread()
        )?;
        write!(f, "returned {:.4}, at home {:.4}", self.returned(), self.at_home())
    }
}

/// So much that each region is as full at home as `REGIONS` says, scaled to 70 % in all.
async fn capacities() -> Vec<f64> {
    let mut crowd = Crowd::new(TTL, TTL);
    let mut world = World::new(&file(&[u64::MAX >> 2; REGIONS.len()], Source::Reports));
    world.start().unwrap_or_else(|problems| panic!("{problems}"));
    let running = world.running.as_ref().expect("a server");
    running.observe("all", &[Outcome::Up]).await;
    (0..TTL).for_each(|second| crowd.ask(second, &mut world));
    world.stop().await;
    let load = crowd.load(REGIONS.len());
    let raw: Vec<f64> = load.iter().zip(REGIONS).map(|(load, (.., full))| load / full).collect();
    let scale = crowd.worth() / 0.7 / raw.iter().sum::<f64>();
    raw.iter().map(|capacity| capacity * scale).collect()
}

/// The fraction of its own clients that each region keeps now; 0 for the lost one.
async fn keeps(world: &World) -> Vec<f64> {
    let running = world.running.as_ref().expect("a server");
    let snapshot = running.handle.shared.load();
    let keep = |at: usize| {
        let word = snapshot.live[at * 2].load();
        if word.tier == meridian::steer::Tier::Fit { word.keep.fraction() } else { 0.0 }
    };
    (0..REGIONS.len()).map(keep).collect()
}

/// Every region tells how many connections it has.
async fn report(world: &World, crowd: &Crowd) {
    let handle = &world.running.as_ref().expect("a server").handle;
    let wish = |(region, load): (&(&str, f64, f64, f64), f64)| {
        let mut signals = Signals::default();
        signals.set(Signal::Connections, load).expect("a number");
        SignalWish {
            whose: Whose { service: "www".to_owned(), region: region.0.to_owned() },
            source: "lb".to_owned(),
            report: Report { signals, sequence: None, lifetime: Duration::from_secs(30), note: None },
        }
    };
    let wishes = REGIONS.iter().zip(crowd.load(REGIONS.len())).map(wish).collect();
    handle.signals(wishes).await.expect("control takes signals");
}
