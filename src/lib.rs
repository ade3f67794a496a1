//! Meridian: an authoritative DNS server that decides which region a client should go to, and keeps deciding
//! while regions fail, fill up and come back.
//!
//! ```text
//!  text and world         truth                frozen               wire
//!  config, zones ─┐
//!  geo databases ─┼─▶ control ──compile──▶ Snapshot ──▶ answer ──▶ server (udp, tcp)
//!  probes         ┤      ▲                    ├──▶ api, explain   (read)
//!  api commands  ─┘      └── store            └──▶ anycast        (is this node fit?)
//! ```
//!
//! One task writes; everyone else reads one pointer. A reload builds a new [`World`](snapshot::World) aside and
//! swaps it. A verdict that flips, or an operator's word, stores one 8-byte [`Word`](steer::Word) per endpoint
//! and family; the next query reads it. Nothing on the right of the picture is imported by anything on the left,
//! and `tests/tidy.rs` holds that.
//!
//! To learn the code, read [`snapshot`]: it is what everything else makes or uses. Then [`answer`], which turns a
//! query's octets into a reply's, in four phases; then [`steer`], whose [`pick`](steer::pick()) decides; then
//! [`control`], the only writer. The other rooms feed one of these or show what it holds:
//!
//! | room | holds |
//! | --- | --- |
//! | [`model`] | the nouns: region, service, endpoint, check, policy, override |
//! | [`config`] | text to [`Config`](config::Config), with every problem and its place |
//! | [`zone`] | master files, and the one table in which every name is found |
//! | [`geo`] | an address to an order of regions, and how much of the address that took |
//! | [`health`] | probes, the ladder of rise and fall, the verdict table |
//! | [`steer`] | live words, and the pick: policy, client and words in; addresses, TTL and scope out |
//! | [`snapshot`] | everything a query may see, and the one pointer to it |
//! | [`control`] | the only writer: commands, verdicts and reloads in; snapshots and words out |
//! | [`answer`] | octets in, reply out: no clock, lock, allocation or failure inside |
//! | [`server`] | sockets, framing, limits |
//! | [`anycast`] | is this node fit to be announced? |
//! | [`api`] | what operators, dashboards and Prometheus ask over HTTP |
//! | [`ctl`] | the client of that API |
//! | [`webhook`] | others are told by HTTP of what happens |
//! | [`telemetry`] | counters that workers own |
//! | [`system`] | what only the system or the processor can do: the one file with unsafe code |
//! | [`daemon`] | builds, spawns, waits, drains |
//! | [`demo`] | the main job on one machine |
//! | [`cli`] | the command line |

pub mod answer;
pub mod anycast;
pub mod api;
pub mod cli;
pub mod config;
pub mod control;
pub mod ctl;
pub mod daemon;
pub mod demo;
pub mod geo;
pub mod health;
pub mod model;
pub mod resolver;
pub mod server;
pub mod snapshot;
pub mod steer;
pub mod system;
pub mod telemetry;
pub mod webhook;
pub mod zone;
