//! What an operator writes of a check.

use schemars::JsonSchema;

use crate::config::leaf::{
    Address, Argument, Domain, Expression, FieldValue, FilePath, GrpcService, Host, Kind, Lasting, OneOf,
    RecordWord, Said, Statuses, UrlPath, Whole,
};
use crate::config::reader::{Entry, List, Map, Read, Reader, Tree};
use crate::model::{Method, Rcode};

use super::unraw;

table! {
    /// The standing order to probe every address of a service.
    #[schemars(extend("required" = ["kind"]))]
    Check {
        /// What is asked.
        kind: OneOf<Kind>,
        /// The port on the endpoint's own address; without it 80 for `http`, 443 for `https`, 53 for `dns`.
        port: Whole<1, 65_535>,
        /// For `http` and `https`: what is asked for, path and query.
        #[schemars(extend("default" = "/"))]
        path: UrlPath,
        /// `Host` or `:authority`, and inside TLS the name for SNI and verification; without it the address itself.
        host: Host,
        /// For `http` and `https`: what is done to the path.
        #[schemars(extend("default" = "GET"))]
        method: OneOf<Method>,
        /// For `http` and `https`: more fields of the request, by name.
        headers: Map<FieldValue>,
        /// For `http` and `https`: statuses that count as healthy.
        #[schemars(extend("default" = "2xx"))]
        expect: Statuses,
        /// For `http` and `https`: what must stand in the first 5 KiB of the body.
        body: Said,
        /// For `http` and `https`: an expression that must match in the first 5 KiB of the body.
        body_regex: Expression,
        /// For `http` and `https`: HTTP/2, inside TLS by ALPN, else by prior knowledge.
        #[schemars(extend("default" = false))]
        http2: bool,
        /// For `tcp` and `grpc`: whether it goes on inside TLS.
        #[schemars(extend("default" = false))]
        tls: bool,
        /// Inside TLS: a file of the only authorities to trust, in PEM, relative to this file; watched.
        ca: FilePath,
        /// Inside TLS: whether the certificate is verified.
        #[schemars(extend("default" = true))]
        verify: bool,
        /// Inside TLS: how long before its end a certificate is worth a warning.
        certificate_warning: Lasting<1_000, 31_536_000_000>,
        /// For `tcp`: what is sent after connecting.
        send: Said,
        /// For `tcp`: what must come within the first 5 KiB.
        receive: Said,
        /// For `dns`: the name that is asked about.
        name: Domain,
        /// For `dns`: the type of the records that are asked for.
        #[schemars(extend("default" = "A"))]
        r#type: RecordWord,
        /// For `dns`: the code that counts as healthy.
        #[schemars(extend("default" = "NOERROR"))]
        rcode: OneOf<Rcode>,
        /// For `dns`: addresses of which at least one must come; without any, whatever comes is fine.
        #[schemars(extend("default" = []))]
        answers: List<Address>,
        /// For `grpc`: the service that is asked about; empty: the server as a whole.
        #[schemars(extend("default" = ""))]
        grpc_service: GrpcService,
        /// For `command`: the program by its absolute path, then its arguments; `{address}` and `{port}` are filled in.
        command: List<Argument>,
        /// For `service`: the other service, whose endpoint in the same region counts, or whichever is up where it has none.
        service: String,
        /// From the start of one probe to the start of the next.
        #[schemars(extend("default" = "5s"))]
        interval: Lasting<100, 3_600_000>,
        /// For one whole attempt, no longer than the interval; without it 2s, or the interval if that is shorter.
        #[schemars(extend("default" = "2s"))]
        timeout: Lasting<10, 3_600_000>,
        /// A success that takes longer is slow; shorter than the timeout.
        slow: Lasting<1, 3_600_000>,
        /// Consecutive successes that lift an unhealthy target.
        #[schemars(extend("default" = 2))]
        rise: Whole<1, 100>,
        /// Consecutive failures that bring a healthy target down.
        #[schemars(extend("default" = 3))]
        fall: Whole<1, 100>,
        /// From the start of one probe to the start of the next while a failure is being confirmed; without it the
        /// interval.
        fast_interval: Lasting<100, 3_600_000>,
        /// The time in which what earlier falls weigh halves: flapping targets are lifted later each time; 0s: never.
        #[schemars(extend("default" = "60s"))]
        flap_half_life: Lasting<0, 3_600_000>,
    }
}
