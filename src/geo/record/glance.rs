//! The quick way to read a record: only what is needed of it.
//!
//! A city database holds hundreds of thousands of distinct records, and most of each is names in eight languages.
//! serde has to go through every map that it begins; here a map behind a pointer is left as soon as its code is
//! found. This file reads what well-made databases hold, and gives up on everything else without a word:
//! maxminddb then reads the record again, and its judgement counts.
//!
//! Source: MaxMind DB File Format Specification 2.0, "Data Section".

use super::{Asn, Code, Degrees, First, Point, Record, Wanted};

/// Values inside values that are passed over: more than records have, and few enough for any stack.
const DEPTH: u8 = 8;

const POINTER: u8 = 1;
const STRING: u8 = 2;
const DOUBLE: u8 = 3;
const UINT16: u8 = 5;
const UINT32: u8 = 6;
const MAP: u8 = 7;
const INT32: u8 = 8;
const UINT128: u8 = 10;
const ARRAY: u8 = 11;
const BOOLEAN: u8 = 14;
const FLOAT: u8 = 15;

/// A place in a data section. Methods take what they read, and are `None` where it is not what they read.
#[derive(Clone, Copy)]
pub(super) struct Cursor<'a> {
    section: &'a [u8],
    at: usize,
}

/// What stands before a value: its type, and its size in bytes or entries.
#[derive(Clone, Copy)]
struct Header {
    kind: u8,
    size: usize,
    /// Whether a pointer led to the value.
    pointed: bool,
}

//------------ Records -------------------------------------------------------

impl<'a> Cursor<'a> {
    /// At the value that begins at this offset.
    pub fn new(section: &'a [u8], offset: usize) -> Self {
        Cursor { section, at: offset }
    }

    /// A record, if it is as records are, without what is not wanted.
    pub fn record(mut self, wanted: Wanted) -> Option<Record<'a>> {
        let mut record = Record::default();
        let mut seen = 0_u16;
        let header = self.header().filter(|header| header.kind == MAP)?;
        for _ in 0..header.size {
            let field = match self.string()? {
                b"continent" if !wanted.continent => self.pass(&[MAP, STRING]).map(|()| 1),
                b"subdivisions" if !wanted.subdivision => self.pass(&[ARRAY]).map(|()| 2),
                b"country" => set(&mut record.country, self.code(), 0),
                b"continent" => set(&mut record.continent, self.code(), 1),
                b"subdivisions" => set(&mut record.subdivisions, self.first(), 2),
                b"location" => set(&mut record.location, self.point().map(Some), 3),
                b"country_code" => set(&mut record.country_code, self.text().map(Some), 4),
                b"continent_code" => set(&mut record.continent_code, self.text().map(Some), 5),
                b"latitude" => set(&mut record.latitude, self.degrees(), 6),
                b"longitude" => set(&mut record.longitude, self.degrees(), 7),
                b"autonomous_system_number" => set(&mut record.autonomous_system_number, self.asn(), 8),
                b"asn" => set(&mut record.asn, self.asn(), 9),
                _ => {
                    self.skip(DEPTH)?;
                    continue;
                }
            };
            // A field that is there twice is for maxminddb to judge.
            let bit = 1 << field?;
            if seen & bit != 0 {
                return None;
            }
            seen |= bit;
        }
        Some(record)
    }

    /// A code as text, or inside a map.
    fn code(&mut self) -> Option<Code<'a>> {
        let (mut value, header) = self.value()?;
        let code = match header.kind {
            STRING => Some(std::str::from_utf8(value.take(header.size)?).ok()?),
            MAP => value.code_in(header.size)?,
            _ => return None,
        };
        if !header.pointed {
            self.skip(DEPTH)?;
        }
        Some(Code(code))
    }

    /// The code in a map with so many entries.
    fn code_in(&mut self, entries: usize) -> Option<Option<&'a str>> {
        for _ in 0..entries {
            match self.string()? {
                b"iso_code" | b"code" => return Some(Some(self.text()?)),
                _ => self.skip(DEPTH)?,
            }
        }
        Some(None)
    }

    /// The code of a list's first element.
    fn first(&mut self) -> Option<First<'a>> {
        let (mut list, header) = self.value()?;
        let first = match header {
            Header { kind: ARRAY, size: 0, .. } => Code::default(),
            Header { kind: ARRAY, .. } => list.code()?,
            _ => return None,
        };
        if !header.pointed {
            self.skip(DEPTH)?;
        }
        Some(First(first))
    }

    fn point(&mut self) -> Option<Point> {
        let (mut map, header) = self.value()?;
        if header.kind != MAP {
            return None;
        }
        let mut point = Point::default();
        for _ in 0..header.size {
            match map.string()? {
                b"latitude" if point.latitude.0.is_none() => point.latitude = map.degrees()?,
                b"longitude" if point.longitude.0.is_none() => point.longitude = map.degrees()?,
                b"latitude" | b"longitude" => return None,
                _ => map.skip(DEPTH)?,
            }
        }
        self.leave(map, header);
        Some(point)
    }

    fn degrees(&mut self) -> Option<Degrees> {
        let (mut value, header) = self.value()?;
        let degrees = match header {
            Header { kind: DOUBLE, size: 8, .. } => f64::from_be_bytes(value.take(8)?.try_into().ok()?),
            Header { kind: FLOAT, size: 4, .. } => f32::from_be_bytes(value.take(4)?.try_into().ok()?).into(),
            _ => return None,
        };
        self.leave(value, header);
        Some(Degrees(Some(degrees)))
    }

    fn asn(&mut self) -> Option<Asn> {
        let (mut value, header) = self.value()?;
        let asn = match header {
            Header { kind: UINT16, size: 0..=2, .. } | Header { kind: UINT32, size: 0..=4, .. } => {
                Asn(Some(number(value.take(header.size)?)))
            }
            Header { kind: STRING, size, .. } => Asn::from_text(std::str::from_utf8(value.take(size)?).ok()?),
            _ => return None,
        };
        self.leave(value, header);
        Some(asn)
    }
}

/// Fills a field and hands on its number.
fn set<T>(field: &mut T, value: Option<T>, number: u8) -> Option<u8> {
    *field = value?;
    Some(number)
}

/// Bytes as a number, the highest first.
fn number(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |number, &byte| number << 8 | u32::from(byte))
}

//------------ Values --------------------------------------------------------

impl<'a> Cursor<'a> {
    #[inline]
    fn take(&mut self, size: usize) -> Option<&'a [u8]> {
        let bytes = self.section.get(self.at..)?.get(..size)?;
        self.at += size;
        Some(bytes)
    }

    #[inline]
    fn byte(&mut self) -> Option<u8> {
        let byte = *self.section.get(self.at)?;
        self.at += 1;
        Some(byte)
    }

    /// The header of the value here, which may be a pointer.
    #[inline]
    fn header(&mut self) -> Option<Header> {
        let control = self.byte()?;
        let kind = match control >> 5 {
            0 => self.byte()?.checked_add(MAP)?,
            kind => kind,
        };
        let size = usize::from(control & 0x1f);
        let size = match (kind, size) {
            (POINTER, _) | (_, 0..29) => size,
            (_, 29) => 29 + number(self.take(1)?) as usize,
            (_, 30) => 285 + number(self.take(2)?) as usize,
            _ => 65_821 + number(self.take(3)?) as usize,
        };
        Some(Header { kind, size, pointed: false })
    }

    /// Where a pointer leads.
    #[inline]
    fn target(&mut self, size: usize) -> Option<usize> {
        let high = (size & 7) as u32;
        let target = match size >> 3 {
            0 => high << 8 | number(self.take(1)?),
            1 => (high << 16 | number(self.take(2)?)) + 2048,
            2 => (high << 24 | number(self.take(3)?)) + 526_336,
            _ => number(self.take(4)?),
        };
        Some(target as usize)
    }

    /// The value here or where a pointer leads, as a cursor behind its header. This cursor moves past a pointer;
    /// past a value that stands here it is moved by [`Cursor::leave`], or by [`Cursor::skip`].
    #[inline]
    fn value(&mut self) -> Option<(Cursor<'a>, Header)> {
        let mut value = *self;
        let header = value.header()?;
        if header.kind != POINTER {
            return Some((value, header));
        }
        let target = value.target(header.size)?;
        self.at = value.at;
        let mut value = Cursor::new(self.section, target);
        let header = Header { pointed: true, ..value.header()? };
        // A pointer to a pointer is against the specification.
        (header.kind != POINTER).then_some((value, header))
    }

    /// Moves past a value that has been read to its end.
    #[inline]
    fn leave(&mut self, value: Cursor<'a>, header: Header) {
        if !header.pointed {
            self.at = value.at;
        }
    }

    /// Moves past a value that nobody asks about, if it is of one of these kinds as far as that can be seen here.
    fn pass(&mut self, kinds: &[u8]) -> Option<()> {
        let Header { kind, .. } = Cursor { ..*self }.header()?;
        (kind == POINTER || kinds.contains(&kind)).then(|| self.skip(DEPTH))?
    }

    /// The bytes of a string, not yet known to be text.
    #[inline]
    fn string(&mut self) -> Option<&'a [u8]> {
        let header = self.header()?;
        match header.kind {
            STRING => self.take(header.size),
            POINTER => {
                let mut there = Cursor::new(self.section, self.target(header.size)?);
                let header = there.header()?;
                (header.kind == STRING).then(|| there.take(header.size))?
            }
            _ => None,
        }
    }

    fn text(&mut self) -> Option<&'a str> {
        std::str::from_utf8(self.string()?).ok()
    }

    /// Moves past the value here, and past no pointer's target.
    fn skip(&mut self, depth: u8) -> Option<()> {
        let Header { kind, size, .. } = self.header()?;
        match kind {
            POINTER => drop(self.target(size)?),
            MAP | ARRAY => {
                let depth = depth.checked_sub(1)?;
                let values = if kind == MAP { 2 * size } else { size };
                (0..values).try_for_each(|_| self.skip(depth))?;
            }
            BOOLEAN => {}
            STRING..=UINT32 | INT32..=UINT128 | FLOAT => drop(self.take(size)?),
            _ => return None,
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::facts::Facts;
    use super::*;
    use crate::model::Location;

    const ALL: Wanted = Wanted { subdivision: true, continent: true };
    const NONE: Wanted = Wanted { subdivision: false, continent: false };

    /// A country, at 0, and behind it a record that points to it and to a name of a field.
    const SECTION: &[u8] = b"\xe2\x48iso_code\x42ie\x45names\xe1\x42en\x43Eir\
        \xe6\x47country\x20\x00\
        \x49continent\xe1\x44code\x42EU\
        \x4csubdivisions\x02\x04\xe2\x20\x01\x41L\x44name\x41X\x20\x00\
        \x48location\xe2\x48latitude\x68\x40\x4a\x80\x00\x00\x00\x00\x00\x49longitude\x04\x08\xc0\xc0\x00\x00\
        \x43asn\x47AS64496\
        \x44city\xe2\x41a\x01\x07\x41b\x02\x04\xa1\x07\x20\x0b";
    const RECORD: usize = 27;

    fn facts(section: &[u8], wanted: Wanted) -> Option<Facts> {
        Some(Cursor::new(section, RECORD).record(wanted)?.facts())
    }

    #[test]
    fn inline_and_behind_pointers() {
        let expected = Facts {
            location: Location::new(53.0, -6.0),
            country: Some(*b"IE"),
            subdivision: Some("IE-L".into()),
            continent: Some(*b"EU"),
            asn: Some(64496),
        };
        assert_eq!(facts(SECTION, ALL), Some(expected.clone()));
        assert_eq!(facts(SECTION, NONE), Some(Facts { subdivision: None, continent: None, ..expected }));
    }

    #[test]
    fn what_is_not_whole_is_left_to_others() {
        for end in 0..SECTION.len() {
            assert_eq!(facts(&SECTION[..end], ALL), None, "{end}");
        }
    }

    #[test]
    fn any_byte_may_be_any_other() {
        for (at, byte) in (0..SECTION.len()).flat_map(|at| (0..=u8::MAX).map(move |byte| (at, byte))) {
            let mut section = SECTION.to_vec();
            section[at] = byte;
            let _ = (facts(&section, ALL), facts(&section, NONE));
        }
    }

    #[test]
    fn what_records_do_not_hold() {
        let rows: [&[u8]; 6] = [
            b"\x43asn",                            // text and no map
            b"\xe2\x43asn\xa1\x01\x43asn\xa1\x02", // a field twice
            b"\xe1\x43asn\x01\x07",                // a truth as a number
            b"\xe1\x4csubdivisions\x42CA",         // text as a list
            b"\xe1\x48latitude\xa1\x07",           // degrees without a fraction
            b"\xe1\x43asn\x20\x1b",                // a pointer to the record
        ];
        let read = |row: &[u8]| facts(&[&SECTION[..RECORD], row].concat(), NONE);
        rows.iter().for_each(|row| assert_eq!(read(row), None, "{row:x?}"));
        assert_eq!(read(b"\xe1\x43asn\xa1\x07"), Some(Facts { asn: Some(7), ..Facts::default() }));
    }
}
