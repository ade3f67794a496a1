//! Meridian: an authoritative DNS server that decides which region a client should go to.
pub mod config;
pub mod geo;
pub mod health;
pub mod model;
pub mod zone;
