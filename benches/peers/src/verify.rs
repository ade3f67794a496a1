//! Every answer is looked at: is it what was asked, and is it right?

use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};

use crate::wire::{CLIENT_COOKIE, COOKIE, FLAGS_AT, LABEL_AT, MISSING, QUESTION_AT, SUBNET};

/// What a server is expected to say.
#[derive(Clone, Copy, Debug)]
pub struct Expect {
    /// The network that addresses are in: [`NETWORK`], or one that this machine can listen in.
    pub network: [u8; 3],
    /// Addresses are the network's first and so on, as many as there are regions; 0: there is nothing in the
    /// answer (the floor's).
    pub addresses: u8,
    /// Whether the client subnet comes back.
    pub subnet: bool,
    /// Whether the cookie comes back with a server's half.
    pub cookie: bool,
    /// Whether names that do not exist are told from those that do.
    pub missing: bool,
}

/// What is wrong with an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "lowercase")]
pub enum Wrong {
    /// It ends too early, or does not parse.
    #[error("it does not parse")]
    Form,
    /// It is no answer, or was cut.
    #[error("its flags are wrong")]
    Flags,
    /// Another question.
    #[error("it repeats another question")]
    Question,
    /// Another response code.
    #[error("its response code is wrong")]
    Code,
    /// No address, or one that nobody configured.
    #[error("it has no address, or a wrong one")]
    Address,
    /// The client subnet is missing or another one.
    #[error("its client subnet is missing or wrong")]
    Subnet,
    /// The cookie is missing or another one.
    #[error("its cookie is missing or wrong")]
    Cookie,
    /// Nobody had asked.
    #[error("nobody had asked for it")]
    Stray,
}

/// The network of the addresses that are handed out, where nobody has to listen at them.
pub const NETWORK: [u8; 3] = [198, 51, 100];

/// A region's address.
pub fn address(region: usize) -> Ipv4Addr {
    address_in(NETWORK, region)
}

/// A region's address in another network.
pub fn address_in([a, b, c]: [u8; 3], region: usize) -> Ipv4Addr {
    Ipv4Addr::new(a, b, c, region as u8 + 1)
}

impl Expect {
    /// Holds an answer against its query; the id is known to be the query's. Returns the first address.
    pub fn check(&self, query: &[u8], question_end: usize, answer: &[u8]) -> Result<Option<Ipv4Addr>, Wrong> {
        if answer.len() < question_end {
            return Err(Wrong::Form);
        }
        // QR is set, TC is not.
        if answer[FLAGS_AT] & 0x82 != 0x80 {
            return Err(Wrong::Flags);
        }
        if answer[4..6] != [0, 1] || answer[QUESTION_AT..question_end] != query[QUESTION_AT..question_end] {
            return Err(Wrong::Question);
        }
        if self.addresses == 0 {
            return Ok(None);
        }
        let missing = self.missing && query[LABEL_AT] == MISSING;
        if answer[FLAGS_AT + 1] & 0xf != if missing { 3 } else { 0 } {
            return Err(Wrong::Code);
        }
        let count = |at: usize| u16::from_be_bytes([answer[at], answer[at + 1]]);
        let mut records = Records { answer, at: question_end };
        let mut first = None;
        for _ in 0..count(6) {
            let record = records.next().ok_or(Wrong::Form)?;
            let octets: [u8; 4] = record.data.try_into().map_err(|_| Wrong::Address)?;
            let known = octets[..3] == self.network && (1..=self.addresses).contains(&octets[3]);
            if record.kind != 1 || !known {
                return Err(Wrong::Address);
            }
            first = first.or(Some(Ipv4Addr::from(octets)));
        }
        if first.is_some() == missing {
            return Err(Wrong::Address);
        }
        for _ in 0..count(8) {
            records.next().ok_or(Wrong::Form)?;
        }
        let options = &query[question_end + 11..];
        self.check_options(&mut records, count(10), options)?;
        Ok(first)
    }

    fn check_options(&self, records: &mut Records<'_>, count: u16, asked: &[u8]) -> Result<(), Wrong> {
        let (mut subnet, mut cookie) = (None, None);
        for _ in 0..count {
            let record = records.next().ok_or(Wrong::Form)?;
            if record.kind == 41 {
                subnet = option(record.data, SUBNET);
                cookie = option(record.data, COOKIE);
            }
        }
        if let Some(asked) = option(asked, SUBNET).filter(|_| self.subnet) {
            // Family, source and address come back; the scope is the server's.
            let same = |told: &[u8]| told.len() == 7 && told[..3] == asked[..3] && told[4..] == asked[4..];
            if !subnet.is_some_and(same) {
                return Err(Wrong::Subnet);
            }
        }
        if option(asked, COOKIE).is_some_and(|_| self.cookie) {
            let both = |told: &[u8]| told.len() >= 16 && told[..8] == CLIENT_COOKIE;
            if !cookie.is_some_and(both) {
                return Err(Wrong::Cookie);
            }
        }
        Ok(())
    }
}

/// The first option of a code.
fn option(mut options: &[u8], wanted: u16) -> Option<&[u8]> {
    while let [code_high, code_low, high, low, rest @ ..] = options {
        let (data, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes([*high, *low])))?;
        if u16::from_be_bytes([*code_high, *code_low]) == wanted {
            return Some(data);
        }
        options = rest;
    }
    None
}

/// A record as far as it matters here.
struct Record<'a> {
    kind: u16,
    data: &'a [u8],
}

/// Walks over records.
struct Records<'a> {
    answer: &'a [u8],
    at: usize,
}

impl<'a> Records<'a> {
    fn next(&mut self) -> Option<Record<'a>> {
        self.skip_name()?;
        let fixed = self.answer.get(self.at..self.at + 10)?;
        let kind = u16::from_be_bytes([fixed[0], fixed[1]]);
        let length = usize::from(u16::from_be_bytes([fixed[8], fixed[9]]));
        let data = self.answer.get(self.at + 10..self.at + 10 + length)?;
        self.at += 10 + length;
        Some(Record { kind, data })
    }

    fn skip_name(&mut self) -> Option<()> {
        loop {
            match *self.answer.get(self.at)? {
                0 => self.at += 1,
                0xc0.. => self.at += 2,
                length => {
                    self.at += 1 + usize::from(length);
                    continue;
                }
            }
            return Some(());
        }
    }
}

#[cfg(test)]
mod tests;
