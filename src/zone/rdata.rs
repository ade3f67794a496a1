//! The data of an RRset's records, in the one form in which it is kept: each behind its length, as in a message.

/// Record data in written order, one after the other: a 16-bit length and that many octets, uncompressed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rdata {
    wire: Vec<u8>,
    count: usize,
}

impl Rdata {
    /// How many records.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The data of each record.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> + Clone {
        split(&self.wire)
    }

    /// Data and lengths, as they are kept.
    pub fn as_wire(&self) -> &[u8] {
        &self.wire
    }

    /// Appends one record's data, at most 65,535 octets; more are cut off.
    pub fn push(&mut self, data: &[u8]) {
        let data = &data[..data.len().min(usize::from(u16::MAX))];
        // One record is what most RRsets have: room for it, and no more.
        self.wire.reserve_exact(if self.count == 0 { 2 + data.len() } else { 0 });
        self.wire.extend_from_slice(&(data.len() as u16).to_be_bytes());
        self.wire.extend_from_slice(data);
        self.count += 1;
    }

    /// Appends other records' data.
    pub fn extend(&mut self, other: &Rdata) {
        self.wire.extend_from_slice(&other.wire);
        self.count += other.count;
    }

    /// Gives back what was reserved and not used.
    pub fn shrink_to_fit(&mut self) {
        self.wire.shrink_to_fit();
    }
}

impl<'a> FromIterator<&'a [u8]> for Rdata {
    fn from_iter<I: IntoIterator<Item = &'a [u8]>>(all: I) -> Rdata {
        let mut rdata = Rdata::default();
        all.into_iter().for_each(|data| rdata.push(data));
        rdata
    }
}

/// Data one after the other, each behind its length.
pub(super) fn split(mut rest: &[u8]) -> impl Iterator<Item = &[u8]> + Clone {
    std::iter::from_fn(move || {
        let (length, tail) = rest.split_first_chunk::<2>()?;
        let (data, tail) = tail.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        rest = tail;
        Some(data)
    })
}
