//! What an operator writes of signals.

use schemars::JsonSchema;

use crate::config::leaf::{
    Decimal, FieldValue, FilePath, FormulaText, Host, Labels, Lasting, OneOf, Preset, UrlPath, Whole,
};
use crate::config::reader::{Entry, Map, Read, Reader, Tree};
use crate::model::{Signal, Then};

use super::unraw;

table! {
    /// Where the load balancer of every endpoint is asked for its signals.
    #[schemars(extend("required" = ["preset"]))]
    Signals {
        /// What it is: which says port, path and metrics, as far as they are not written here.
        preset: OneOf<Preset>,
        /// The port, on the address that is probed; without it the preset's.
        port: Whole<1, 65_535>,
        /// What is asked for, path and query; without it the preset's.
        path: UrlPath,
        /// `Host`, and inside TLS the name for SNI and verification; without it the address itself.
        host: Host,
        /// More fields of the request, by name.
        headers: Map<FieldValue>,
        /// Whether it goes on inside TLS.
        #[schemars(extend("default" = false))]
        tls: bool,
        /// Inside TLS: a file of the only authorities to trust, in PEM, relative to this file; watched.
        ca: FilePath,
        /// Inside TLS: whether the certificate is verified.
        #[schemars(extend("default" = true))]
        verify: bool,
        /// From the start of one scrape to the start of the next.
        #[schemars(extend("default" = "10s"))]
        interval: Lasting<1_000, 3_600_000>,
        /// For one whole scrape, no longer than the interval; without it 2s, or the interval if that is shorter.
        #[schemars(extend("default" = "2s"))]
        timeout: Lasting<10, 3_600_000>,
        /// What the labels of the preset's metrics must be, as `proxy="www"`.
        labels: Labels,
        /// What each signal is made of; these come before the preset's.
        metrics: Metrics,
    }
}

table! {
    /// What each signal is made of: sums over series of metrics, one perhaps divided by another.
    Metrics {
        /// Open connections.
        connections: FormulaText,
        /// Requests per second: a counter becomes a rate.
        requests: FormulaText,
        /// The share of requests answered with 5xx.
        errors: FormulaText,
        /// The share of requests that were not answered in time.
        timeouts: FormulaText,
        /// Seconds from a request to its answer, on average.
        latency: FormulaText,
        /// The part of its capacity that is in use; 1 is full.
        utilization: FormulaText,
        /// How much it takes, in the service's capacity unit.
        capacity: FormulaText,
        /// Whether it wishes to be sent nobody new: anything but 0.
        draining: FormulaText,
    }
}

table! {
    /// When a signal speaks against an endpoint.
    #[schemars(extend("required" = ["signal", "over", "for", "then"]))]
    Passive {
        /// Which.
        signal: OneOf<Signal>,
        /// Above that it is bad: a share from 0 to 1, seconds of latency, or utilization.
        over: Decimal<0, 3600>,
        /// Below that it is good again; without it 80 % of `over`.
        under: Decimal<0, 3600>,
        /// For so long it has to be bad, or good again.
        r#for: Lasting<0, 3_600_000>,
        /// What the endpoint then is.
        then: OneOf<Then>,
    }
}
