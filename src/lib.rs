//! Meridian: an authoritative DNS server that decides which region a client should go to.
pub mod answer;
pub mod anycast;
pub mod api;
pub mod config;
pub mod control;
pub mod ctl;
pub mod geo;
pub mod health;
pub mod model;
pub mod server;
pub mod snapshot;
pub mod steer;
pub mod telemetry;
pub mod zone;
