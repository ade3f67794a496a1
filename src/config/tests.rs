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

/// A certificate in PEM, always the same.
fn authority() -> String {
    use std::sync::LazyLock;
    static PEM: LazyLock<String> =
        LazyLock::new(|| rcgen::generate_simple_self_signed(["ca.example".into()]).unwrap().cert.pem());
    PEM.clone()
}
