//! Broken texts and what is said of them, word for word.

use std::path::Path;

use super::*;

mod checks;
mod design;
mod errors;
mod fuzz;
mod schema;
mod signals;
mod webhooks;

/// What `parse` makes of a text that names no other files, as `m.toml`.
fn parsed(text: &str) -> (Option<Config>, Problems) {
    parse(Path::new("m.toml"), text, &|path| match path.to_str() {
        Some("nets.txt") => Ok("# offices\n10.1.0.0/16\n\n  10.2.3.4/16 # bad\nnowhere\n".into()),
        Some("long.txt") => Ok("10.1.2.3/32\n10.1.2.4/32\n10.1.2.0/24\n".into()),
        Some("rtt.txt") => Ok(MEASURED.into()),
        Some("ca.pem") => Ok(authority()),
        Some("key.pem") => Ok("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n".into()),
        Some("junk.pem") => Ok("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".into()),
        Some("cut.pem") => Ok("-----BEGIN CERTIFICATE-----\nAAAA\n".into()),
        Some("secret") => Ok("0123456789abcdef\n".into()),
        Some("short") => Ok("hunter2\n".into()),
        Some("many.txt") => Ok("x\n".repeat(25)),
        _ => Err(io::ErrorKind::NotFound.into()),
    })
}

/// Measurements, three of them right.
const MEASURED: &str = "# measured by probes
198.51.100.0/24 eu-west 23.5 40 # Dublin
 2001:db8::/32\teu-west 30
198.51.100.0/24 eu-west
198.51.100.0/25 eu-west 20
198.51.100.1/24 eu-west 20
AS64501 eu-wset 20
AS64501 eu-west -3
AS64501 eu-west NaN
AS64500 eu-west 2 0
AS0 eu-west 20
198.51.100.0/24 eu-west 24
AS64501 eu-west 20 30 40
AS64502 eu-west 90
";

/// A certificate in PEM, always the same.
fn authority() -> String {
    use std::sync::LazyLock;
    static PEM: LazyLock<String> =
        LazyLock::new(|| rcgen::generate_simple_self_signed(["ca.example".into()]).unwrap().cert.pem());
    PEM.clone()
}
