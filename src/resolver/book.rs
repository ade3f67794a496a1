//! Which name is due when, and what an answer comes to. Takes `now`, does no I/O.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::{Duration, Instant};

use crate::model::{Endpoint, Lookup, Name, unusable};

/// No name is asked for more often than that, whatever its TTL.
const SHORTEST: Duration = Duration::from_secs(5);

/// And none less often.
const LONGEST: Duration = Duration::from_secs(3600);

/// After failures, the pauses double from the shortest up to this.
const PATIENCE: Duration = Duration::from_secs(60);

/// What was found of one family.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// Addresses, and for how long they last.
    Addresses(Vec<IpAddr>, Duration),
    /// The name has none of this family, or is no name.
    Nothing,
    /// Nobody could say.
    Failed(String),
}

/// The names, and when each is due.
#[derive(Debug, Default)]
pub struct Book {
    names: BTreeMap<Name, Entry>,
}

#[derive(Debug)]
struct Entry {
    /// `None`: it is being asked for.
    due: Option<Instant>,
    failures: u32,
}

impl Book {
    /// These names are wanted from now on, and no others; new ones at once.
    pub fn want(&mut self, wanted: BTreeSet<Name>, now: Instant) {
        self.names.retain(|name, _| wanted.contains(name));
        for name in wanted {
            self.names.entry(name).or_insert(Entry { due: Some(now), failures: 0 });
        }
    }

    /// When the next name is due.
    pub fn next(&self) -> Option<Instant> {
        self.names.values().filter_map(|entry| entry.due).min()
    }

    /// A name that is due, which counts as being asked for from now on.
    pub fn due(&mut self, now: Instant) -> Option<Name> {
        let due = self.names.iter_mut().filter(|(_, entry)| entry.due.is_some_and(|due| due <= now));
        let (name, entry) = due.min_by_key(|(_, entry)| entry.due)?;
        entry.due = None;
        Some(name.clone())
    }

    /// Nobody can be asked: whatever is due has to wait.
    pub fn wait(&mut self, now: Instant) {
        let late = self.names.values_mut().filter(|entry| entry.due.is_some_and(|due| due <= now));
        late.for_each(|entry| entry.due = Some(now + PATIENCE));
    }

    /// What was found for a name, by family; what is to be told, unless nobody wants it any more.
    pub fn found(&mut self, name: Name, found: [Found; 2], now: Instant) -> Option<Lookup> {
        let entry = self.names.get_mut(&name)?;
        let found = found.map(usable);
        let lasts =
            found.iter().filter_map(|one| if let Found::Addresses(_, ttl) = one { Some(*ttl) } else { None });
        let lasts = lasts.min();
        let why = why(&found);
        entry.failures = if why.is_some() { entry.failures + 1 } else { 0 };
        let pause = match (entry.failures, lasts) {
            (0, Some(ttl)) => ttl.clamp(SHORTEST, LONGEST),
            (failures, _) => (SHORTEST * 2_u32.pow(failures.clamp(1, 5) - 1)).min(PATIENCE),
        };
        entry.due = Some(now + pause);
        // Nothing of both families is rarely meant, and would take an endpoint away that may well work.
        let empty = lasts.is_none();
        let families = found.map(|one| match one {
            Found::Addresses(all, _) => Some(all),
            Found::Nothing if !empty => Some(Vec::new()),
            Found::Nothing | Found::Failed(_) => None,
        });
        Some(Lookup { name, families, why })
    }
}

/// What went wrong, if anything did.
fn why(found: &[Found; 2]) -> Option<String> {
    let failure =
        found.iter().find_map(|one| if let Found::Failed(why) = one { Some(why.clone()) } else { None });
    let nothing = found.iter().all(|one| *one == Found::Nothing);
    failure.or_else(|| nothing.then(|| "it has no address".to_owned()))
}

/// What clients can be sent to, in an order that is the same every time, no more than an endpoint may have.
fn usable(found: Found) -> Found {
    let Found::Addresses(mut addresses, lasts) = found else { return found };
    addresses.retain(|address| unusable(*address).is_none());
    addresses.sort_unstable();
    addresses.dedup();
    addresses.truncate(Endpoint::MAX_ADDRESSES);
    if addresses.is_empty() { Found::Nothing } else { Found::Addresses(addresses, lasts) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Name {
        text.parse().unwrap()
    }

    fn found(text: &str, ttl: u64) -> Found {
        match text {
            "-" => Found::Nothing,
            "!" => Found::Failed("timed out".into()),
            _ => {
                let all = text.split(' ').map(|one| one.parse().unwrap()).collect();
                Found::Addresses(all, Duration::from_secs(ttl))
            }
        }
    }

    /// One answer: what is told of each family, `=` where it stays as it was, why, and in how many seconds it is asked again.
    #[test]
    fn what_an_answer_comes_to() {
        let rows = [
            ("192.0.2.2 192.0.2.1 192.0.2.2", "-", "192.0.2.1 192.0.2.2", "", None, 60),
            ("192.0.2.1", "2001:db8::1", "192.0.2.1", "2001:db8::1", None, 60),
            ("192.0.2.1", "!", "192.0.2.1", "=", Some("timed out"), 5),
            ("-", "2001:db8::1", "", "2001:db8::1", None, 90),
            ("-", "-", "=", "=", Some("it has no address"), 5),
            ("!", "!", "=", "=", Some("timed out"), 5),
            ("0.0.0.0", "::", "=", "=", Some("it has no address"), 5),
            ("-", "!", "=", "=", Some("timed out"), 5),
            ("0.0.0.0 192.0.2.1 224.0.0.1", "::ffff:192.0.2.1", "192.0.2.1", "", None, 60),
        ];
        for (four, six, told_four, told_six, why, again) in rows {
            let (mut book, now) = (Book::default(), Instant::now());
            book.want([name("lb.example.")].into(), now);
            assert_eq!(book.due(now), Some(name("lb.example.")));
            assert_eq!((book.due(now), book.next()), (None, None), "it is being asked for");
            let lookup = book.found(name("lb.example."), [found(four, 60), found(six, 90)], now).unwrap();
            let told = lookup.families.map(|one| match one {
                None => "=".to_owned(),
                Some(all) => all.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
            });
            assert_eq!(told, [told_four, told_six], "{four} {six}");
            assert_eq!(lookup.why.as_deref(), why);
            assert_eq!(book.next(), Some(now + Duration::from_secs(again)), "{four} {six}");
        }
    }

    #[test]
    fn pauses_keep_to_the_ttl_and_double_after_failures() {
        let (mut book, mut now) = (Book::default(), Instant::now());
        book.want([name("lb.example.")].into(), now);
        let answers = ["!", "!", "!", "!", "!", "!", "192.0.2.1", "!"];
        let pauses = answers.map(|answer| {
            book.due(now).unwrap();
            book.found(name("lb.example."), [found(answer, 30), found(answer, 30)], now);
            let pause = book.next().unwrap() - now;
            now += pause;
            pause.as_secs()
        });
        assert_eq!(pauses, [5, 10, 20, 40, 60, 60, 30, 5]);
        for (ttl, pause) in [(0, 5), (4, 5), (100, 100), (86_400, 3600)] {
            book.due(now).unwrap();
            book.found(name("lb.example."), [found("192.0.2.1", ttl), found("-", 0)], now);
            assert_eq!((book.next().unwrap() - now).as_secs(), pause);
            now = book.next().unwrap();
        }
    }

    #[test]
    fn names_come_and_go() {
        let (mut book, now) = (Book::default(), Instant::now());
        book.want([name("a."), name("b.")].into(), now);
        book.due(now);
        let later = now + Duration::from_secs(1);
        book.want([name("b."), name("c.")].into(), later);
        assert_eq!(book.found(name("a."), [found("192.0.2.1", 9), found("-", 9)], later), None);
        assert_eq!(
            [book.due(later), book.due(later), book.due(later)],
            [Some(name("b.")), Some(name("c.")), None]
        );
        book.want([name("d.")].into(), later);
        book.wait(later);
        assert_eq!(book.next(), Some(later + PATIENCE), "nobody can be asked");
    }

    #[test]
    fn no_endpoint_gets_more_addresses_than_it_may_have() {
        let many = (0..99).map(|at| IpAddr::from([192, 0, 2, 99 - at])).collect();
        let Found::Addresses(kept, _) = usable(Found::Addresses(many, LONGEST)) else {
            panic!("they are gone")
        };
        assert_eq!((kept.len(), kept[0]), (16, IpAddr::from([192, 0, 2, 1])), "always the same ones");
    }
}
