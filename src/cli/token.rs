//! Tokens for the API: the secret is shown once, only its digest is ever written down.

use std::process::ExitCode;

use crate::telemetry::say;
use sha2::{Digest, Sha256};

/// What to call the token, and what it may do.
#[derive(Debug, clap::Args)]
pub struct TokenArgs {
    /// What the log calls its bearer.
    #[arg(default_value = "oncall", value_parser = as_a_name)]
    name: String,
    /// acme for challenges alone; or read, operate or admin, each of which may do what the ones before may.
    #[arg(long, default_value = "operate", value_parser = ["acme", "read", "operate", "admin"])]
    role: String,
}

/// What the configuration would take.
fn as_a_name(word: &str) -> Result<String, String> {
    crate::config::unfit_name("token", word).map_or_else(|| Ok(word.to_owned()), Err)
}

/// Makes a token of 256 random bits; prints it with the lines that let it in.
pub fn main(arguments: &TokenArgs) -> ExitCode {
    let mut secret = [0; 32];
    if let Err(error) = getrandom::fill(&mut secret) {
        return super::failed(&error);
    }
    let token = hex::encode(secret);
    let digest = hex::encode(Sha256::digest(token.as_bytes()));
    let (name, role) = (&arguments.name, &arguments.role);
    say::err("The token, for its bearer; it is not shown again:\n");
    let told = say::out(&token);
    say::err(format_args!(
        "\nFor meridian.toml:\n\n[[api.tokens]]\nname = \"{name}\"\nsha256 = \"{digest}\"\nrole = \"{role}\""
    ));
    told
}
