//! A zone as it was written: RRsets in wire form, each with the place of its first record.

use super::Rdata;
use crate::model::{Name, Place};

/// A zone that passed every check of its master file: exactly one SOA, at the origin, beside at least one NS;
/// nothing out of zone; no CNAME beside other data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone {
    /// The name of the zone's apex.
    pub origin: Name,
    /// One for each owner and type, in the order in which they first appear in the text. Includes glue, and
    /// data that a delegation hides.
    pub rrsets: Vec<Rrset>,
    /// The master file as a whole.
    pub place: Place,
}

/// All records of one owner and type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rrset {
    /// Within the zone's origin.
    pub owner: Name,
    /// The type's number (IANA); never a query type or a meta type.
    pub rtype: u16,
    /// Seconds, 0…2^31−1; the lowest that was written (RFC 2181 §5.2).
    pub ttl: u32,
    /// Uncompressed wire form, in written order without duplicates (RFC 2181 §5). Names in it keep their letter
    /// case. Never empty.
    pub rdata: Rdata,
    /// Where its first record is written.
    pub place: Place,
}

impl Zone {
    /// The RRset of that owner and type: a walk over all of them, for tests and rare questions.
    pub fn rrset(&self, owner: &Name, rtype: u16) -> Option<&Rrset> {
        self.rrsets.iter().find(|rrset| rrset.rtype == rtype && rrset.owner == *owner)
    }
}
