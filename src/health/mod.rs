//! stub
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    Unknown,
    Healthy,
    Unhealthy,
}
