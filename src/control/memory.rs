//! What a node remembers over a restart: verdicts, and who starts slowly. Without it a node that comes back amid an
//! outage would begin by believing nobody, and send clients to whoever is nearest.

use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::course::{Course, Seat};
use super::words::seconds;
use crate::health::{Before, Level, Severity, Table};
use crate::model::{Family, Resolutions, Target};

/// Older than that it is worth nothing: unknown is better than wrong.
const LASTS: Duration = Duration::from_secs(600);

/// What is kept, as JSON.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Memory {
    /// When it was written, in Unix seconds.
    at: u64,
    verdicts: Vec<Remembered>,
    ramps: Vec<Ramp>,
    /// What names stood for.
    #[serde(default)]
    names: BTreeMap<String, Vec<IpAddr>>,
}

/// What names last stood for, however long ago: an address that may be gone is better than none.
pub fn names_of(bytes: &[u8]) -> Resolutions {
    let memory: Memory = serde_json::from_slice(bytes).unwrap_or_default();
    memory.names.into_iter().filter_map(|(name, all)| Some((name.parse().ok()?, all))).collect()
}

#[derive(Debug, Serialize, Deserialize)]
struct Remembered {
    target: String,
    /// Of all that makes up the target: what is printed leaves out headers, bodies and authorities.
    print: u64,
    level: String,
    why: String,
    /// Of a failure: it is not certain.
    soft: bool,
    /// In Unix seconds.
    since: u64,
    /// What earlier falls weigh, as of the time of writing.
    penalty: f64,
    /// Recoveries are held back because of them.
    held: bool,
}

#[derive(Debug, Serialize, Deserialize)]
struct Ramp {
    service: String,
    region: String,
    six: bool,
    since: u64,
}

impl Memory {
    /// What is worth being remembered at `now`.
    pub fn of(table: &Table, course: &Course, now: SystemTime, monotonic: Instant) -> Memory {
        let known = table.iter().filter(|(_, verdict, _)| verdict.level != Level::Unknown);
        let verdicts = known.map(|(target, verdict, _)| {
            let flaps = table.flaps(target);
            Remembered {
                target: target.to_string(),
                print: print(target),
                level: verdict.level.name().to_owned(),
                why: verdict.why.in_short().to_string(),
                soft: verdict.severity() == Some(Severity::Soft),
                since: seconds(now - monotonic.saturating_duration_since(verdict.since)),
                penalty: flaps.map_or(0.0, |flaps| flaps.penalty(monotonic)),
                held: flaps.is_some_and(|flaps| flaps.held_for(monotonic).is_some()),
            }
        });
        let verdicts = verdicts.collect();
        let ramps = course.ramps.iter().map(|(seat, since)| Ramp {
            service: seat.service.clone(),
            region: seat.region.clone(),
            six: seat.family == Family::V6,
            since: seconds(*since),
        });
        Memory { at: seconds(now), verdicts, ramps: ramps.collect(), names: BTreeMap::new() }
    }

    /// And what names stand for.
    pub fn with_names(self, resolutions: &Resolutions) -> Memory {
        let names = resolutions.iter().map(|(name, all)| (name.to_string(), all.clone()));
        Memory { names: names.collect(), ..self }
    }

    /// As it is written to disk.
    pub fn encode(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// What was written, if it makes sense and is not too old.
    pub fn decode(bytes: &[u8], now: SystemTime) -> Option<Memory> {
        let memory: Memory = serde_json::from_slice(bytes).ok()?;
        // What was written in the future was written by a clock that went wrong.
        let age = now.duration_since(time(memory.at)).ok()?;
        (age <= LASTS).then_some(memory)
    }

    /// Brings it back; gives the number of verdicts that are known again.
    pub fn restore(
        &self,
        table: &mut Table,
        course: &mut Course,
        now: SystemTime,
        monotonic: Instant,
    ) -> usize {
        let key = |remembered: &'_ Remembered| (remembered.target.clone(), remembered.print);
        let known: HashMap<_, &Remembered> =
            self.verdicts.iter().map(|remembered| (key(remembered), remembered)).collect();
        let targets: Vec<_> = table.iter().map(|(target, ..)| Arc::clone(target)).collect();
        let moment = |time: SystemTime| {
            let age = now.duration_since(time).unwrap_or_default();
            monotonic.checked_sub(age).unwrap_or(monotonic)
        };
        let mut restored = 0;
        for target in targets {
            let Some(remembered) = known.get(&(target.to_string(), print(&target))) else { continue };
            let Some(level) = Level::of_name(&remembered.level) else { continue };
            let severity = if remembered.soft { Severity::Soft } else { Severity::Hard };
            let before = Before {
                level,
                why: &remembered.why,
                severity: (level == Level::Unhealthy).then_some(severity),
                since: moment(time(remembered.since)),
                flaps: (remembered.penalty, moment(time(self.at)), remembered.held),
            };
            table.believe(&target, before);
            restored += 1;
        }
        course.ramps.extend(self.ramps.iter().map(|ramp| {
            let family = if ramp.six { Family::V6 } else { Family::V4 };
            let seat = Seat { service: ramp.service.clone(), region: ramp.region.clone(), family };
            (seat, time(ramp.since))
        }));
        restored
    }
}

/// The same for the same target in every process of one version: what another one wrote is forgotten, at worst.
fn print(target: &Target) -> u64 {
    let mut hasher = DefaultHasher::new();
    target.hash(&mut hasher);
    hasher.finish()
}

fn time(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_old_or_from_the_future_or_no_memory_is_forgotten() {
        let bytes = Memory { at: 1_000, ..Memory::default() }.encode();
        let known = |now| Memory::decode(&bytes, time(now)).is_some();
        assert_eq!([999, 1_000, 1_600, 1_601].map(known), [false, true, true, false]);
        for broken in [&b""[..], b"{}", b"[]", b"{\"at\":1}", b"\xff"] {
            assert!(Memory::decode(broken, time(1)).is_none());
        }
    }
}
