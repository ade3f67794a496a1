//! `meridian ctl`: the API from a terminal.
//!
//! [`args`] is what can be typed, `client` the one place that speaks HTTP, `tables` what people read, `follow` a
//! stream of events. The shapes
//! are those of [`crate::api::wire`], so that the two ends cannot drift apart. Nothing asks "are you sure": a
//! reason is required, and everything can be lifted again.

pub mod args;
mod client;
mod follow;
mod tables;
#[cfg(test)]
mod tests;

use std::io::{self, Write};

use crate::api::wire::ReasonBody;
pub use args::CtlArgs;
use args::{Acme, Call, Subject};
use client::{Client, Reply};
use follow::Asked;

/// Why a call came to nothing; its text is one line for the operator.
#[derive(Debug, thiserror::Error)]
pub enum CtlError {
    /// The address of the API is none.
    #[error("--api: '{0}' is not an address like 'http://127.0.0.1:8053'")]
    Address(String),
    /// The token cannot be had.
    #[error("cannot read the token from '{0}'")]
    TokenFile(String, #[source] io::Error),
    /// What was read cannot be a token.
    #[error("the token has characters that no token has; it is the line that 'meridian token' printed")]
    Token,
    /// Nobody answers.
    #[error("cannot reach the API at {address}; is meridian serving there? ({why})")]
    Unreachable {
        /// Of the API.
        address: String,
        /// What the system said.
        why: String,
    },
    /// It refused.
    #[error("{detail} ({status})")]
    Refused {
        /// The problem's own words.
        detail: String,
        /// The HTTP status.
        status: u16,
    },
    /// Something else answers at that address.
    #[error("what answers at {0} is not a meridian of this version")]
    Foreign(String),
    /// The reload changed nothing; what is wrong has been printed.
    #[error("the reload changed nothing; the old world goes on")]
    NotReloaded,
    /// The node is not fit; why has been printed.
    #[error("the node is not ready")]
    NotReady,
    /// The terminal is gone.
    #[error("cannot write the answer")]
    Output(#[source] io::Error),
}

/// Makes the call and prints what came of it to standard output.
pub async fn run(args: CtlArgs) -> Result<(), CtlError> {
    if let Call::Events { kind, service, all } = &args.call {
        let (kind, service) = (kind.as_deref(), service.as_deref());
        return follow::follow(&Client::new(&args)?, Asked { kind, service, all: *all, json: args.json })
            .await;
    }
    let (text, result) = answer(args).await?;
    io::stdout().write_all(text.as_bytes()).map_err(CtlError::Output)?;
    result
}

/// What to print, and whether all is well nevertheless.
type Answer = (String, Result<(), CtlError>);

async fn answer(args: CtlArgs) -> Result<Answer, CtlError> {
    let client = Client::new(&args)?;
    let reply = ask(&client, &args.call).await?;
    let result = judge(&args.call, &reply);
    if args.json {
        return Ok((reply.text, result));
    }
    let text = match &args.call {
        Call::Status => tables::status(&reply.read()?),
        Call::Regions { name: None } => tables::regions(&reply.read::<Vec<_>>()?),
        Call::Regions { name: Some(_) } => tables::region(&reply.read()?),
        Call::Services { name: None } => tables::services(&reply.read::<Vec<_>>()?),
        Call::Services { name: Some(_) } => tables::service(&reply.read()?),
        Call::Override(_) => tables::word(&reply.read()?),
        Call::Lift(_) => "lifted\n".to_owned(),
        Call::Resume { .. } => "resumed\n".to_owned(),
        Call::Acme { call: None } => tables::challenges(&reply.read::<Vec<_>>()?),
        Call::Acme { call: Some(Acme::Set { .. }) } => tables::challenge(&reply.read()?),
        Call::Acme { call: Some(Acme::Clear { .. }) } => "cleared\n".to_owned(),
        Call::Explain { .. } => crate::api::explain::render(&reply.read()?),
        Call::Latency { .. } => tables::latency(&reply.read()?),
        // A stream has no end that could be waited for: `run` follows it.
        Call::Events { .. } => String::new(),
        Call::Reload => tables::reload(&reply.read()?),
        Call::Ready => tables::ready(&reply.read()?),
    };
    Ok((text, result))
}

async fn ask(client: &Client, call: &Call) -> Result<Reply, CtlError> {
    match call {
        Call::Status => client.get(&["v1", "status"], &[]).await,
        Call::Regions { name } => client.get(&path("regions", name.as_deref()), &[]).await,
        Call::Services { name } => client.get(&path("services", name.as_deref()), &[]).await,
        Call::Override(said) => {
            let (subject, word) = said.clone().apart();
            client.put(&place(&subject), &word).await
        }
        Call::Lift(subject) => client.delete(&place(subject)).await,
        Call::Resume { service, region, reason } => {
            let body = ReasonBody { reason: Some(reason.clone()) };
            client.post_body(&["v1", "services", service, "endpoints", region, "resume"], &body).await
        }
        Call::Acme { call: None } => client.get(&["v1", "acme"], &[]).await,
        Call::Acme { call: Some(call) } => match call.clone().apart() {
            (name, Some(values)) => client.put(&["v1", "acme", &name], &values).await,
            (name, None) => client.delete(&["v1", "acme", &name]).await,
        },
        Call::Explain { name, client: asker, kind } => {
            let mut query = vec![("name", name.as_str()), ("client", asker.as_str())];
            query.extend(kind.as_deref().map(|kind| ("type", kind)));
            client.get(&["v1", "explain"], &query).await
        }
        Call::Latency { network, asn, region } => {
            let asn = asn.map(|asn| asn.to_string());
            let asked =
                [("network", network.as_deref()), ("asn", asn.as_deref()), ("region", region.as_deref())];
            let asked = asked.into_iter().filter_map(|(key, value)| Some((key, value?)));
            client
                .get(&["v1", "latency"], &[("limit", "1000")].into_iter().chain(asked).collect::<Vec<_>>())
                .await
        }
        Call::Events { .. } => client.get(&["healthz"], &[]).await,
        Call::Reload => client.post(&["v1", "reload"]).await,
        Call::Ready => client.get(&["readyz"], &[]).await,
    }
}

/// A reload that failed and a node that is not fit are answers, too.
fn judge(call: &Call, reply: &Reply) -> Result<(), CtlError> {
    match call {
        Call::Reload if !reply.is_success() => Err(CtlError::NotReloaded),
        Call::Ready if !reply.is_success() => Err(CtlError::NotReady),
        _ => Ok(()),
    }
}

fn path<'a>(list: &'a str, name: Option<&'a str>) -> Vec<&'a str> {
    ["v1", list].into_iter().chain(name).collect()
}

fn place(subject: &Subject) -> Vec<&str> {
    match subject {
        Subject::Region { region } => vec!["v1", "regions", region, "override"],
        Subject::Endpoint { service, region } => {
            vec!["v1", "services", service, "endpoints", region, "override"]
        }
    }
}
