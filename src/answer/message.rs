//! A reply being written into a buffer of fixed size. What does not fit is not written; nothing here panics on
//! length, and nothing allocates.

use super::query::HEADER;

/// Offsets of labels to point back to. Messages that hold more names than this are merely a little longer.
const REMEMBERED: usize = 64;

/// Pointers reach no further than 14 bits (RFC 1035 §4.1.4).
const REACH: usize = 0x4000;

/// A section of a reply, by the offset of its count in the header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// ANCOUNT.
    Answer = 6,
    /// NSCOUNT.
    Authority = 8,
    /// ARCOUNT.
    Additional = 10,
}

/// The reply and what of it can be pointed to.
#[derive(Debug)]
pub struct Message<'a> {
    buffer: &'a mut [u8],
    at: usize,
    limit: usize,
    /// Set once something did not fit: whatever is written then is taken back.
    full: bool,
    names: [u16; REMEMBERED],
    name_count: usize,
}

/// A place to come back to when an RRset turns out not to fit.
#[derive(Clone, Copy, Debug)]
pub struct Mark {
    at: usize,
    name_count: usize,
}

impl<'a> Message<'a> {
    /// A reply of at most `limit` octets, written over its query: id and RD stay, and so does the question, if it
    /// has so many octets and they could be read; else it is 0. The counts begin anew.
    pub fn over(buffer: &'a mut [u8], question: usize, limit: usize) -> Message<'a> {
        let limit = limit.min(buffer.len());
        let mut counts = [0; 8];
        counts[1] = u8::from(question > 0);
        buffer[4..HEADER].copy_from_slice(&counts);
        Message { buffer, at: HEADER + question, limit, full: false, names: [0; REMEMBERED], name_count: 0 }
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

    /// Overwrites octets that were written before.
    pub fn patch(&mut self, at: usize, octets: &[u8]) {
        if let Some(place) = self.buffer[..self.at].get_mut(at..at + octets.len()) {
            place.copy_from_slice(octets);
        }
    }

    /// Header octets 2 and 3: flags, opcode and code.
    pub fn flags(&mut self) -> &mut [u8] {
        &mut self.buffer[2..4]
    }

    /// Adds to a section's count.
    pub fn count(&mut self, section: Section, more: u16) {
        let at = section as usize;
        let count = u16::from_be_bytes([self.buffer[at], self.buffer[at + 1]]) + more;
        self.buffer[at..at + 2].copy_from_slice(&count.to_be_bytes());
    }

    /// Remembers the uncompressed name that stands at `at`, so that later names may point into it.
    pub fn remember(&mut self, mut at: usize) {
        while let Some(length) =
            self.buffer[..self.at].get(at).copied().filter(|length| (1..64).contains(length))
        {
            if at >= REACH || self.name_count == REMEMBERED {
                return;
            }
            self.names[self.name_count] = at as u16;
            self.name_count += 1;
            at += 1 + usize::from(length);
        }
    }

    /// Appends a name, compressed against every name remembered; `name` is uncompressed wire format in any
    /// letter case.
    pub fn put_name(&mut self, name: &[u8]) {
        let start = self.at;
        let mut rest = name;
        while rest.len() > 1 {
            if let Some(offset) = self.remembered(rest) {
                self.put(&(0xc000 | offset).to_be_bytes());
                return self.remember_written(start);
            }
            let length = 1 + usize::from(rest[0]);
            self.put(&rest[..length]);
            rest = &rest[length..];
        }
        self.put(&[0]);
        self.remember_written(start);
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
        let mut message = Message::over(&mut buffer, 0, 128);
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
    fn what_does_not_fit_is_taken_back_whole() {
        let mut buffer = [0; 20];
        let mut message = Message::over(&mut buffer, 0, 20);
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
