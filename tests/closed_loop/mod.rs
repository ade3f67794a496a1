//! The parts of the simulation.

pub mod crowd;
pub mod picture;
pub mod story;
