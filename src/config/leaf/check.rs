//! What checks of every kind say and expect.

use std::net::IpAddr;

use toml::de::DeValue;

use super::{Leaf, Word, Wrong, leaf_schema, string};
use crate::model::{Method, Pattern, Rcode, RecordType};

impl Word for Method {
    const WORDS: &'static [(&'static str, Self)] =
        &[("GET", Method::Get), ("HEAD", Method::Head), ("POST", Method::Post), ("OPTIONS", Method::Options)];
}

impl Word for Rcode {
    const WORDS: &'static [(&'static str, Self)] = Rcode::WORDS;
}

//------------ FieldValue ----------------------------------------------------

/// The value of a field of a request (RFC 9110 §5.5). It may be secret: no message repeats it.
#[derive(Clone, Debug)]
pub struct FieldValue(pub String);

impl Leaf for FieldValue {
    fn leaf(value: &DeValue) -> Result<Self, Wrong> {
        let fine = |word: &&str| {
            let visible = |byte: u8| byte.is_ascii_graphic() || byte == b' ';
            word.len() <= 1024 && word.bytes().all(visible) && word.trim() == *word
        };
        value.as_str().filter(fine).map(|word| FieldValue(word.to_owned())).ok_or_else(|| {
            let rule = "up to 1024 visible ASCII characters, with blanks between them";
            Wrong::Says(format!("the value of a header is a string of {rule}, which this is not"))
        })
    }
}

leaf_schema!(FieldValue, "FieldValue", { "type": "string", "pattern": "^[ -~]*$", "maxLength": 1024 });

/// Whether a word can name a field (RFC 9110 §5.1).
pub fn is_field_name(word: &str) -> bool {
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    (1..=64).contains(&word.len()) && word.bytes().all(token)
}

//------------ Said ----------------------------------------------------------

/// A text that is sent or expected, with TOML's escapes for what cannot be typed.
#[derive(Clone, Debug)]
pub struct Said(pub String);

impl Leaf for Said {
    fn leaf(value: &DeValue) -> Result<Self, Wrong> {
        const WANTS: &str = "a text of 1 to 1024 octets";
        let word = string(value, WANTS)?;
        let fine = (1..=1024).contains(&word.len());
        fine.then(|| Said(word.to_owned())).ok_or(Wrong::not(WANTS))
    }
}

leaf_schema!(Said, "Said", { "type": "string", "minLength": 1, "maxLength": 1024 });

//------------ Expression ----------------------------------------------------

/// A regular expression, as the crate `regex` reads them.
#[derive(Clone, Debug)]
pub struct Expression(pub Pattern);

impl Leaf for Expression {
    fn leaf(value: &DeValue) -> Result<Self, Wrong> {
        const WANTS: &str = "a regular expression of 1 to 1024 octets";
        let word = string(value, WANTS)?;
        if !(1..=1024).contains(&word.len()) {
            return Err(Wrong::not(WANTS));
        }
        let read = Pattern::regex(word).map(Expression);
        read.map_err(|why| Wrong::not(format!("a regular expression that can be used: {why}")))
    }
}

leaf_schema!(Expression, "Expression", { "type": "string", "minLength": 1, "maxLength": 1024 });

//------------ RecordWord ----------------------------------------------------

/// The type of a record that a question can ask for.
#[derive(Clone, Copy, Debug)]
pub struct RecordWord(pub RecordType);

impl Leaf for RecordWord {
    fn leaf(value: &DeValue) -> Result<Self, Wrong> {
        const WANTS: &str = "a type of records; write it like 'A', 'AAAA', 'SOA' or 'TYPE65280'";
        RecordType::parse(string(value, WANTS)?).map(RecordWord).ok_or(Wrong::not(WANTS))
    }
}

leaf_schema!(RecordWord, "RecordType", { "type": "string", "pattern": "^[A-Za-z]+[0-9]*$" });

//------------ Address -------------------------------------------------------

/// Any address, also one to which no client can be sent.
#[derive(Clone, Copy, Debug)]
pub struct Address(pub IpAddr);

impl Leaf for Address {
    fn leaf(value: &DeValue) -> Result<Self, Wrong> {
        const WANTS: &str = "an IP address";
        string(value, WANTS)?.parse().map(Address).map_err(|_| Wrong::not(WANTS))
    }
}

leaf_schema!(Address, "AnyAddress", { "type": "string", "anyOf": [{ "format": "ipv4" }, { "format": "ipv6" }] });

//------------ GrpcService ---------------------------------------------------

/// The name of a service of gRPC, or nothing for the server as a whole.
#[derive(Clone, Debug)]
pub struct GrpcService(pub String);

impl Leaf for GrpcService {
    fn leaf(value: &DeValue) -> Result<Self, Wrong> {
        const WANTS: &str = "the name of a gRPC service: up to 255 visible ASCII characters";
        let word = string(value, WANTS)?;
        let fine = word.len() <= 255 && word.bytes().all(|byte| byte.is_ascii_graphic());
        fine.then(|| GrpcService(word.to_owned())).ok_or(Wrong::not(WANTS))
    }
}

leaf_schema!(GrpcService, "GrpcService", { "type": "string", "maxLength": 255 });

//------------ Argument ------------------------------------------------------

/// A word of a command; what the system can hand over to a program.
#[derive(Clone, Debug)]
pub struct Argument(pub String);

impl Leaf for Argument {
    fn leaf(value: &DeValue) -> Result<Self, Wrong> {
        const WANTS: &str = "an argument: a string of at most 4096 octets, none of them 0";
        let word = string(value, WANTS)?;
        let fine = word.len() <= 4096 && !word.contains('\0');
        fine.then(|| Argument(word.to_owned())).ok_or(Wrong::not(WANTS))
    }
}

leaf_schema!(Argument, "Argument", { "type": "string", "maxLength": 4096 });
