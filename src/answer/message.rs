//! A reply being written into a buffer of fixed size. What does not fit is not written; nothing here panics on
//! length, and nothing allocates.

use super::query::HEADER;
use crate::zone::dname::MAX_NAME;

/// Offsets of labels to point back to. Messages that hold more names than this are merely a little longer.
const REMEMBERED: usize = 256;

/// Pointers reach no further than 14 bits (RFC 1035 §4.1.4).
pub const REACH: usize = 0x4000;

/// A section of a reply, in the order of their counts in the header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// ANCOUNT.
    Answer,
    /// NSCOUNT.
    Authority,
    /// ARCOUNT.
    Additional,
}

/// Where a message keeps the offsets of labels: a worker has one for all of its replies.
pub type Labels = [u16; REMEMBERED];

/// Room for them.
pub const NO_LABELS: Labels = [0; REMEMBERED];

/// The reply and what of it can be pointed to.
#[derive(Debug)]
pub struct Message<'a> {
    buffer: &'a mut [u8],
    at: usize,
    limit: usize,
    /// Set once something did not fit: whatever is written then is taken back.
    full: bool,
    counts: [u16; 3],
    names: &'a mut Labels,
    name_count: usize,
}

/// A place to come back to when an RRset turns out not to fit.
#[derive(Clone, Copy, Debug)]
pub struct Mark {
    at: usize,
    name_count: usize,
}

impl<'a> Message<'a> {
    /// A reply of at most `limit` octets, written over its query. The question stays as it is, if it has so many
    /// octets and they could be read; else it is 0.
    #[inline]
    pub fn over(buffer: &'a mut [u8], names: &'a mut Labels, question: usize, limit: usize) -> Message<'a> {
        let limit = limit.min(buffer.len());
        Message { buffer, at: HEADER + question, limit, full: false, counts: [0; 3], names, name_count: 0 }
    }

    /// Writes the header and gives the length of the whole. Id, opcode and RD stay what the query had (RFC 1035
    /// §4.1.1); `flags` are AA and TC, at their places in the third octet.
    #[inline]
    pub fn finish(self, question: bool, flags: u8, rcode: u8) -> usize {
        let Message { buffer, at, counts: [answer, authority, additional], .. } = self;
        if let Some(header) = buffer.first_chunk_mut::<HEADER>() {
            let [id_high, id_low, asked, ..] = *header;
            let flags = 0x80 | asked & 0x79 | flags;
            let first = [id_high, id_low, flags, rcode, 0, u8::from(question)];
            let ([b6, b7], [b8, b9], [b10, b11]) =
                (answer.to_be_bytes(), authority.to_be_bytes(), additional.to_be_bytes());
            let [b0, b1, b2, b3, b4, b5] = first;
            *header = [b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, b10, b11];
        }
        at
    }

    /// Octets so far.
    pub fn len(&self) -> usize {
        self.at
    }

    /// Whether so many octets still fit.
    pub fn has_room(&self, octets: usize) -> bool {
        self.limit.saturating_sub(self.at) >= octets
    }

    /// Lets the message grow to this limit: what was held back for the OPT record.
    pub fn raise_limit(&mut self, limit: usize) {
        self.limit = limit.min(self.buffer.len());
        self.full = false;
    }

    /// Where the message stands.
    pub fn mark(&self) -> Mark {
        Mark { at: self.at, name_count: self.name_count }
    }

    /// Takes back all that was written since the mark.
    pub fn back_to(&mut self, mark: Mark) {
        (self.at, self.name_count) = (mark.at, mark.name_count);
    }

    /// Takes back all that was written since the mark if any of it did not fit; says whether it did.
    pub fn keep_since(&mut self, mark: Mark) -> bool {
        let fits = !self.full;
        if !fits {
            (self.at, self.name_count, self.full) = (mark.at, mark.name_count, false);
        }
        fits
    }

    /// Appends octets.
    pub fn put(&mut self, octets: &[u8]) {
        if self.full || !self.has_room(octets.len()) {
            self.full = true;
            return;
        }
        self.buffer[self.at..self.at + octets.len()].copy_from_slice(octets);
        self.at += octets.len();
    }

    /// Appends an array: to copy a known number of octets takes a few instructions, to copy some number a call.
    #[inline(always)]
    pub fn put_array<const N: usize>(&mut self, octets: &[u8; N]) {
        self.put_first(octets, N);
    }

    /// Appends room for so many arrays, for the caller to fill; empty, and the message full, where they do not fit.
    #[inline]
    pub fn put_arrays<const N: usize>(&mut self, count: usize) -> &mut [[u8; N]] {
        let start = self.at;
        let fits = !self.full && self.has_room(N * count);
        self.full = !fits;
        self.at += if fits { N * count } else { 0 };
        self.buffer.get_mut(start..self.at).unwrap_or_default().as_chunks_mut().0
    }

    /// Appends the first `length` octets of an array, and copies all of it where there is room.
    #[inline(always)]
    pub fn put_first<const N: usize>(&mut self, octets: &[u8; N], length: usize) {
        let room = self.buffer.get_mut(self.at..self.limit).and_then(|room| room.first_chunk_mut());
        match room {
            Some(place) if !self.full => {
                *place = *octets;
                self.at += length.min(N);
            }
            _ => self.put(&octets[..length.min(N)]),
        }
    }

    /// Overwrites octets that were written before.
    pub fn patch(&mut self, at: usize, octets: &[u8]) {
        if let Some(place) = self.buffer[..self.at].get_mut(at..at + octets.len()) {
            place.copy_from_slice(octets);
        }
    }

    /// Adds to a section's count.
    #[inline]
    pub fn count(&mut self, section: Section, more: u16) {
        self.counts[section as usize] += more;
    }

    /// Remembers the name that stands at `at`, up to a pointer in it, so that later names may point into it.
    pub fn remember(&mut self, mut at: usize) {
        while let Some(length) = self.label(at).filter(|_| at < REACH && self.name_count < REMEMBERED) {
            self.names[self.name_count] = at as u16;
            self.name_count += 1;
            at += 1 + length;
        }
    }

    /// Octets of the label that stands at `at`; `None` for the root and for a pointer.
    fn label(&self, at: usize) -> Option<usize> {
        let length = usize::from(*self.buffer[..self.at].get(at)?);
        (1..64).contains(&length).then_some(length)
    }

    /// Appends a name, compressed against every name remembered; `name` is uncompressed wire format in any
    /// letter case. Says where it stands: it may have stood somewhere already.
    pub fn put_name(&mut self, name: &[u8]) -> usize {
        let start = self.at;
        let mut rest = name;
        while rest.len() > 1 {
            if let Some(offset) = self.remembered(rest) {
                self.put(&(0xc000 | offset).to_be_bytes());
                self.remember_written(start);
                return if rest.len() == name.len() { usize::from(offset) } else { start };
            }
            let length = 1 + usize::from(rest[0]);
            self.put(&rest[..length]);
            rest = &rest[length..];
        }
        self.put(&[0]);
        self.remember_written(start);
        start
    }

    /// The name that stands at `at`, uncompressed, in the letter case of the message.
    pub fn name_at<'r>(&self, at: u16, room: &'r mut [u8; MAX_NAME]) -> &'r [u8] {
        let (mut at, mut length) = (usize::from(at), 0);
        loop {
            match self.buffer[at] {
                high @ 0xc0.. => at = usize::from(u16::from_be_bytes([high & 0x3f, self.buffer[at + 1]])),
                label => {
                    let end = 1 + usize::from(label);
                    // Names were checked when they came in; one that is too long ends here.
                    let Some(place) = room.get_mut(length..length + end) else { return &room[..length] };
                    place.copy_from_slice(&self.buffer[at..at + end]);
                    (at, length) = (at + end, length + end);
                    if label == 0 {
                        return &room[..length];
                    }
                }
            }
        }
    }

    /// Whether the name at `at` stands at one of these places, too.
    pub fn is_among(&self, at: u16, places: &[u16]) -> bool {
        let mut room = [0; MAX_NAME];
        let name = self.name_at(at, &mut room);
        places.iter().any(|place| self.same(usize::from(*place), name))
    }

    fn remember_written(&mut self, start: usize) {
        if !self.full {
            self.remember(start);
        }
    }

    fn remembered(&self, name: &[u8]) -> Option<u16> {
        self.names[..self.name_count].iter().copied().find(|offset| self.same(usize::from(*offset), name))
    }

    /// Whether the name at `at`, pointers followed, is `name`. Pointers here are our own and point backwards.
    fn same(&self, mut at: usize, mut name: &[u8]) -> bool {
        loop {
            match self.buffer[at] {
                high @ 0xc0.. => at = usize::from(u16::from_be_bytes([high & 0x3f, self.buffer[at + 1]])),
                length => {
                    let end = 1 + usize::from(length);
                    let Some(label) = name.get(..end) else { return false };
                    if !self.buffer[at..at + end].eq_ignore_ascii_case(label) {
                        return false;
                    }
                    if length == 0 {
                        return true;
                    }
                    (at, name) = (at + end, &name[end..]);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_point_to_what_stands_before_them() {
        let mut buffer = [0; 128];
        let mut labels = NO_LABELS;
        let mut message = Message::over(&mut buffer, &mut labels, 0, 128);
        message.put_name(b"\x03www\x07example\x00");
        message.put_name(b"\x04mail\x07EXAMPLE\x00");
        message.put_name(b"\x01a\x04mail\x07example\x00");
        message.put_name(b"\x03www\x07example\x00");
        message.put_name(b"\x00");
        let end = message.len();
        let expected =
            [&b"\x03www\x07example\x00"[..], b"\x04mail\xc0\x10", b"\x01a\xc0\x19", b"\xc0\x0c", b"\x00"];
        assert_eq!(&buffer[HEADER..end], expected.concat());
    }

    #[test]
    fn two_names_of_the_most_labels_can_be_pointed_into() {
        let long = |letter| [&[1, letter].repeat(119)[..], b"\x0efifteen-octets\x00"].concat();
        let mut buffer = [0; 1024];
        let mut labels = NO_LABELS;
        let mut message = Message::over(&mut buffer, &mut labels, 0, 1024);
        let first = message.put_name(&long(b'a'));
        let second = message.put_name(&long(b'b'));
        let before = message.len();
        assert_eq!([message.put_name(&long(b'b')), message.put_name(&long(b'a'))], [second, first]);
        assert_eq!(message.len(), before + 4);
    }

    #[test]
    fn what_does_not_fit_is_taken_back_whole() {
        let mut buffer = [0; 20];
        let mut labels = NO_LABELS;
        let mut message = Message::over(&mut buffer, &mut labels, 0, 20);
        message.put(&[1; 4]);
        let mark = message.mark();
        message.put(&[2; 3]);
        message.put(&[3; 3]);
        assert!(!message.keep_since(mark));
        assert_eq!(message.len(), 16);
        message.put(&[4; 4]);
        assert!(message.keep_since(mark));
    }
}
