//! What is asked: names from the zones, taken as they are or changed a little, and mostly types that matter.

use domain::base::iana::Rtype;
use fastrand::Rng;

use crate::name::{MOST_LABEL, Name};
use crate::world::{Kind, World};

/// The UDP payloads that queries announce.
const PAYLOADS: &[Option<u16>] = &[Some(1232), Some(1232), Some(1232), Some(512), None];

/// One question, and how it is put.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Its name, in lower case.
    pub name: Name,
    /// Its name as it is asked, in whatever letter case.
    pub wire: Vec<u8>,
    /// Its type.
    pub rtype: Rtype,
    /// The payload that an OPT record announces, if there is one.
    pub payload: Option<u16>,
    /// Whether recursion is desired.
    pub recursion: bool,
}

impl Question {
    /// The query, octet by octet (RFC 1035 §4.1, RFC 6891 §6.1.2).
    pub fn query(&self, id: u16) -> Vec<u8> {
        let mut query = id.to_be_bytes().to_vec();
        query.extend([u8::from(self.recursion), 0, 0, 1, 0, 0, 0, 0, 0, u8::from(self.payload.is_some())]);
        query.extend(self.echo());
        if let Some(payload) = self.payload {
            query.extend([0, 0, 41]);
            query.extend(payload.to_be_bytes());
            query.extend([0; 6]);
        }
        query
    }

    /// The question section.
    pub fn echo(&self) -> Vec<u8> {
        let mut echo = self.wire.clone();
        echo.extend(self.rtype.to_int().to_be_bytes());
        echo.extend([0, 1]);
        echo
    }
}

impl std::fmt::Display for Question {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let edns = self.payload.map_or("no EDNS".to_owned(), |payload| format!("EDNS {payload}"));
        let recursion = if self.recursion { ", RD" } else { "" };
        write!(f, "{} {} ({edns}{recursion})", crate::report::short(&self.name), self.rtype)
    }
}

/// Makes questions about a world.
pub struct Curiosity<'a> {
    random: Rng,
    world: &'a World,
    names: Vec<Name>,
    any: bool,
}

impl<'a> Curiosity<'a> {
    /// Questions from a seed.
    pub fn new(seed: u64, world: &'a World, without: &[Kind]) -> Curiosity<'a> {
        let any = !without.contains(&Kind::Any);
        Curiosity { random: Rng::with_seed(seed), world, names: world.names(), any }
    }

    /// The next question.
    pub fn ask(&mut self) -> Question {
        let base = self.random.choice(&self.names).cloned().unwrap_or_default();
        let name = self.vary(&base);
        let rtype = self.rtype(&name, &base);
        let payload = self.random.choice(PAYLOADS).copied().flatten();
        let wire = self.spell(&name);
        Question { wire, name, rtype, payload, recursion: self.random.bool() }
    }

    /// The name, or one above, below or beside it; some only where they are not too long.
    fn vary(&mut self, base: &Name) -> Name {
        let label = self.label();
        let varied = match self.random.u8(..20) {
            0..3 => base.child(&label),
            3 => base.child(&label).and_then(|name| name.child(b"www")),
            4..6 => base.parent(),
            6 | 7 => base.parent().and_then(|name| name.child(&label)),
            8 => base.wildcard(),
            9 => base.parent().and_then(|name| name.wildcard()),
            10 => base.wildcard().and_then(|name| name.child(&label)),
            11 => Some(self.longest(base)),
            12 if self.random.u8(..5) == 0 => Name::of(&["test"]).child(&label),
            _ => None,
        };
        varied.unwrap_or_else(|| base.clone())
    }

    fn label(&mut self) -> Vec<u8> {
        let other = self.random.choice(&self.names).and_then(|name| name.wire().split_first().map(head));
        match self.random.u8(..8) {
            0 => vec![b'q'; MOST_LABEL],
            1 => vec![self.random.u8(..)],
            2..5 => other.filter(|label| !label.is_empty()).unwrap_or_else(|| b"a".to_vec()),
            _ => vec![self.random.u8(b'a'..=b'd')],
        }
    }

    /// As long as a name may be, or nearly: what a DNAME makes of it may be too long.
    fn longest(&mut self, base: &Name) -> Name {
        let mut name = base.clone();
        let length = self.random.usize(1..=MOST_LABEL);
        while let Some(longer) = name.child(&vec![b'y'; length]) {
            name = longer;
            if self.random.u8(..6) == 0 {
                break;
            }
        }
        name
    }

    /// A type that stands at the name or the one it was made of, or any.
    fn rtype(&mut self, name: &Name, base: &Name) -> Rtype {
        let there: Vec<Rtype> = [name, base].iter().flat_map(|name| self.world.types(name)).collect();
        match self.random.choice(there).filter(|_| self.random.u8(..5) < 2) {
            Some(rtype) => rtype,
            None => self.any_type(),
        }
    }

    fn any_type(&mut self) -> Rtype {
        match self.random.u8(..50) {
            0..12 => Rtype::A,
            12..17 => Rtype::AAAA,
            17..21 => Rtype::NS,
            21..23 => Rtype::SOA,
            23..26 => Rtype::CNAME,
            26..29 => Rtype::DNAME,
            29..32 => Rtype::MX,
            32..36 => Rtype::TXT,
            36 | 37 => Rtype::SRV,
            38 => Rtype::PTR,
            39 => Rtype::SVCB,
            40 | 41 => Rtype::HTTPS,
            42..46 => Rtype::DS,
            46 => Rtype::from_int(65280),
            47 => Rtype::CAA,
            48 if self.any => Rtype::ANY,
            _ => Rtype::NAPTR,
        }
    }

    /// The name on the wire, one time in three in random letter case.
    fn spell(&mut self, name: &Name) -> Vec<u8> {
        let mut wire = name.wire();
        if self.random.u8(..3) == 0 {
            let mut at = 0;
            while let Some(length @ 1..) = wire.get(at).copied() {
                let label = &mut wire[at + 1..at + 1 + usize::from(length)];
                label
                    .iter_mut()
                    .filter(|_| self.random.bool())
                    .for_each(|octet| octet.make_ascii_uppercase());
                at += 1 + usize::from(length);
            }
        }
        wire
    }
}

/// The first label of a name on the wire.
fn head((length, rest): (&u8, &[u8])) -> Vec<u8> {
    rest[..usize::from(*length)].to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_as_the_rfcs_say() {
        let mut question = Question {
            name: Name::of(&["a"]),
            wire: b"\x01A\0".to_vec(),
            rtype: Rtype::MX,
            payload: None,
            recursion: true,
        };
        assert_eq!(question.query(0x1234), *b"\x12\x34\x01\0\0\x01\0\0\0\0\0\0\x01A\0\0\x0f\0\x01");
        (question.payload, question.recursion) = (Some(512), false);
        assert_eq!(
            question.query(1),
            *b"\0\x01\0\0\0\x01\0\0\0\0\0\x01\x01A\0\0\x0f\0\x01\0\0\x29\x02\0\0\0\0\0\0\0"
        );
    }

    #[test]
    fn the_same_seed_asks_the_same() {
        let world = World::new(3, 4, &[]);
        let ask = |seed| {
            let mut curiosity = Curiosity::new(seed, &world, &[]);
            (0..500).map(|_| curiosity.ask()).collect::<Vec<_>>()
        };
        assert_eq!(ask(1), ask(1));
        assert_ne!(ask(1), ask(2));
        assert!(ask(1).iter().all(|question| Name::from_wire(&question.wire) == Some(question.name.clone())));
    }
}
