//! The names that endpoints send clients on to, as they are written into answers.

use crate::model::{EndpointId, Service};

/// By endpoint: a name in wire format, in lower case, or none. Without any, nothing is kept.
#[derive(Debug, Default)]
pub struct Aliases {
    /// By endpoint, where it begins; one more for the end of the last.
    starts: Box<[u32]>,
    octets: Box<[u8]>,
}

impl Aliases {
    /// Of the endpoints of these services, in the order of their ids.
    pub fn new(services: &[Service]) -> Aliases {
        let endpoints = || services.iter().flat_map(|service| &service.endpoints);
        if endpoints().all(|endpoint| endpoint.alias().is_none()) {
            return Aliases::default();
        }
        let (mut starts, mut octets) = (vec![0], Vec::new());
        for endpoint in endpoints() {
            octets.extend_from_slice(endpoint.alias().map_or(&[][..], |name| name.as_wire()));
            starts.push(octets.len() as u32);
        }
        Aliases { starts: starts.into(), octets: octets.into() }
    }

    /// The name that an endpoint sends clients on to.
    #[inline]
    pub fn of(&self, endpoint: EndpointId) -> Option<&[u8]> {
        let [start, end] = *self.starts.get(endpoint.index()..)?.first_chunk()?;
        self.octets.get(start as usize..end as usize).filter(|name| !name.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_s_name_is_kept_where_nobody_has_one() {
        let aliases = Aliases::new(&[]);
        assert!(aliases.of(EndpointId(0)).is_none() && aliases.starts.is_empty());
    }
}
