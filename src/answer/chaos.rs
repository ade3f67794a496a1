//! What the class CHAOS is used for: the server's version and its identity, where the operator wants them told.

use super::message::{Message, Section};
use super::query::Question;
use super::records::Owner;
use crate::snapshot::Chaos;
use crate::zone::rtype;

const CLASS: u16 = 3;

/// BIND's names and those of RFC 4892 §2.
const VERSION: [&[u8]; 2] = [b"\x07version\x04bind\x00", b"\x07version\x06server\x00"];
const ID: [&[u8]; 2] = [b"\x08hostname\x04bind\x00", b"\x02id\x06server\x00"];

/// The text at the name that is asked for, if there is one.
pub fn find<'a>(question: &Question, chaos: &'a Chaos) -> Option<&'a str> {
    let name = question.asked.name();
    let text = match question.qclass {
        CLASS if VERSION.contains(&name) => &chaos.version,
        CLASS if ID.contains(&name) => &chaos.id,
        _ => &None,
    };
    text.as_deref()
}

/// Writes it as TXT, not to be cached; says whether it fitted. It has at most 64 octets.
pub fn put(message: &mut Message<'_>, owner: Owner<'_>, text: &str) -> bool {
    let mark = message.mark();
    owner.put(message);
    message.put(&rtype::TXT.to_be_bytes());
    message.put(&CLASS.to_be_bytes());
    message.put(&[0; 4]);
    message.put(&(1 + text.len() as u16).to_be_bytes());
    message.put(&[text.len() as u8]);
    message.put(text.as_bytes());
    let fits = message.keep_since(mark);
    if fits {
        message.count(Section::Answer, 1);
    }
    fits
}
