//! The real binary, asked by real clients: dig, kdig and curl; and asking real load balancers.
//!
//! Every test starts a node of its own on ports that the system chooses, in a directory of its own, with
//! backends on loopback addresses that no other test has. Waiting is polling with a deadline far beyond what is
//! needed; nothing is asserted of how long a thing took.

mod live {
    mod answers;
    mod api;
    mod client;
    mod command_line;
    mod ctl;
    mod cut;
    mod demo;
    mod events;
    mod flood;
    mod health;
    mod lifecycle;
    mod network;
    mod node;
    mod prometheus;
    mod reload;
    mod resolve;
    mod scene;
    mod signals;
    mod webhooks;
}
