//! The runner of scenario files.

pub mod file;
pub mod query;
pub mod reply;
pub mod run;
pub mod tell;
pub mod world;
