//! The name that tells resolvers how they are seen: what operators ask first.
//!
//! TXT answers with the resolver's address, the client subnet it sent, the cell, and the order of regions;
//! A and AAAA with the resolver's address. The TTL is 0: the answer is about this one query.

use std::fmt::{self, Write};
use std::net::IpAddr;

use super::client::Asker;
use super::edns::Ecs;
use super::message::{Message, Section};
use super::records::Owner;
use crate::snapshot::World;
use crate::zone::rtype;

/// What was asked, and by whom.
pub struct Asked {
    /// A, AAAA or TXT.
    pub qtype: u16,
    /// Who sent the query.
    pub resolver: IpAddr,
    /// The subnet it sent.
    pub ecs: Option<Ecs>,
    /// Who a service that honours subnets would answer.
    pub asker: Asker,
}

/// What became of it.
pub enum Put {
    /// There is no such address.
    Nothing,
    /// It does not fit.
    Truncated,
    /// It is written.
    Whole,
}

/// Writes the answer.
pub fn put(message: &mut Message<'_>, owner: Owner<'_>, world: &World, asked: &Asked) -> Put {
    let mark = message.mark();
    let records = match (asked.qtype, asked.resolver.to_canonical()) {
        (rtype::A, IpAddr::V4(four)) => put_record(message, owner, rtype::A, |m| m.put(&four.octets())),
        (rtype::AAAA, IpAddr::V6(six)) => put_record(message, owner, rtype::AAAA, |m| m.put(&six.octets())),
        (rtype::TXT, _) => put_texts(message, owner, world, asked),
        _ => return Put::Nothing,
    };
    if !message.keep_since(mark) {
        return Put::Truncated;
    }
    message.count(Section::Answer, records);
    Put::Whole
}

fn put_record(
    message: &mut Message<'_>,
    owner: Owner<'_>,
    rtype: u16,
    data: impl FnOnce(&mut Message<'_>),
) -> u16 {
    owner.put(message);
    message.put(&rtype.to_be_bytes());
    message.put(&[0, 1, 0, 0, 0, 0, 0, 0]);
    let start = message.len();
    data(message);
    let length = message.len().saturating_sub(start) as u16;
    message.patch(start.saturating_sub(2), &length.to_be_bytes());
    1
}

/// One TXT record a fact.
fn put_texts(message: &mut Message<'_>, owner: Owner<'_>, world: &World, asked: &Asked) -> u16 {
    let resolved = world.geo.resolve(None, asked.asker.address);
    let resolver =
        put_text(message, owner, |text| write!(text, "resolver {}", asked.resolver.to_canonical()));
    let subnet =
        put_text(message, owner, |text| match asked.ecs.and_then(|ecs| ecs.address.zip(Some(ecs.source))) {
            Some((address, source)) => write!(text, "ecs {address}/{source}"),
            None => write!(text, "ecs none"),
        });
    let cell = put_text(message, owner, |text| {
        write!(text, "cell {} of {}/{}", resolved.cell.0, asked.asker.address, resolved.depth)
    });
    let order = put_text(message, owner, |text| {
        text.write_str("order")?;
        for region in world.geo.parts(resolved.order).1 {
            write!(text, " {}", world.regions[region.index()].name)?;
        }
        Ok(())
    });
    resolver + subnet + cell + order
}

fn put_text(
    message: &mut Message<'_>,
    owner: Owner<'_>,
    write: impl FnOnce(&mut Text) -> fmt::Result,
) -> u16 {
    let mut text = Text { octets: [0; 255], len: 0 };
    // A text that is too long is cut: writing into it never fails.
    let _ = write(&mut text);
    put_record(message, owner, rtype::TXT, |message| {
        message.put(&[text.len as u8]);
        message.put(&text.octets[..text.len]);
    })
}

/// One character string of TXT data: at most 255 octets, cut where it would be more.
struct Text {
    octets: [u8; 255],
    len: usize,
}

impl Write for Text {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        let room = &mut self.octets[self.len..];
        let taken = part.len().min(room.len());
        room[..taken].copy_from_slice(&part.as_bytes()[..taken]);
        self.len += taken;
        Ok(())
    }
}
