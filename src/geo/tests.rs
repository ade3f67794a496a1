//! The room as a whole: the compiled table against a naive look-up, and databases that are not what they seem.

mod corruption;
mod databases;
mod fast;
mod oracle;
mod orders;
