//! What a node remembers over a restart: verdicts, and who starts slowly. Without it a node that comes back amid an
//! outage would begin by believing nobody, and send clients to whoever is nearest.

use std::collections::HashMap;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::course::{Course, Seat};
use super::words::seconds;
use crate::health::{Level, Table};
use crate::model::Family;

/// Older than that it is worth nothing: unknown is better than wrong.
const LASTS: Duration = Duration::from_secs(600);

/// What is kept, as JSON.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Memory {
    /// When it was written, in Unix seconds.
    at: u64,
    verdicts: Vec<Remembered>,
    ramps: Vec<Ramp>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Remembered {
    target: String,
    level: String,
    why: String,
    /// In Unix seconds.
    since: u64,
}

#[derive(Debug, Serialize, Deserialize)]
struct Ramp {
    service: String,
    region: String,
    six: bool,
    since: u64,
}

impl Memory {
    /// What is worth being remembered at `now`. Targets that are written alike cannot be told apart later, and are left out.
    pub fn of(table: &Table, course: &Course, now: SystemTime, monotonic: Instant) -> Memory {
        let mut count: HashMap<String, usize> = HashMap::new();
        table.iter().for_each(|(target, ..)| *count.entry(target.to_string()).or_default() += 1);
        let known = table.iter().filter(|(_, verdict, _)| verdict.level != Level::Unknown);
        let verdicts = known.map(|(target, verdict, _)| Remembered {
            target: target.to_string(),
            level: verdict.level.name().to_owned(),
            why: verdict.why.in_short().to_string(),
            since: seconds(now - monotonic.saturating_duration_since(verdict.since)),
        });
        let verdicts = verdicts.filter(|remembered| count.get(&remembered.target) == Some(&1)).collect();
        let ramps = course.ramps.iter().map(|(seat, since)| Ramp {
            service: seat.service.clone(),
            region: seat.region.clone(),
            six: seat.family == Family::V6,
            since: seconds(*since),
        });
        Memory { at: seconds(now), verdicts, ramps: ramps.collect() }
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
        let by_name: HashMap<&str, &Remembered> =
            self.verdicts.iter().map(|remembered| (remembered.target.as_str(), remembered)).collect();
        let targets: Vec<_> = table.iter().map(|(target, ..)| (target.to_string(), target.clone())).collect();
        let mut restored = 0;
        for (name, target) in targets {
            let Some(remembered) = by_name.get(name.as_str()) else { continue };
            let Some(level) = Level::of_name(&remembered.level) else { continue };
            let age = now.duration_since(time(remembered.since)).unwrap_or_default();
            let since = monotonic.checked_sub(age).unwrap_or(monotonic);
            table.believe(&target, level, &remembered.why, since);
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
