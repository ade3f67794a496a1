//! `check` and `explain`: what `serve` would do, without serving.

use std::path::Path;
use std::process::ExitCode;
use std::time::SystemTime;

use super::ConfigFile;
use crate::api::explain::{ClientAsked, Question, explain as explain_question, render};
use crate::api::wire::Explanation;
use crate::control::words::seconds;
use crate::control::{Built, load, with_causes};
use crate::daemon::this_node;
use crate::geo::{self, Threads};
use crate::model::{Name, Problems};
use crate::telemetry::say;

/// Loads what `serve` loads. Problems go to standard error, one a line; 2 if there is an error among them.
pub fn check(config: &Path) -> ExitCode {
    match load_here(config) {
        Ok((Some(built), problems)) => {
            tell(&problems);
            say::out(summary(&built))
        }
        Ok((None, problems)) => {
            tell(&problems);
            say::err(format_args!("{} to mend", count(problems.errors().count(), "problem")));
            ExitCode::from(2)
        }
        Err(error) => super::failed(&error),
    }
}

fn load_here(config: &Path) -> Result<(Option<Built>, Problems), getrandom::Error> {
    Ok(load(config, &this_node()?, Threads::Many))
}

fn tell(problems: &Problems) {
    if !problems.is_empty() {
        say::err(problems);
    }
}

fn summary(built: &Built) -> String {
    let world = &built.world;
    let size = world.geo.size();
    format!(
        "ok: {} with {}, {}, {} with {}, {} to probe, {} in {:.1} MB of geography",
        count(world.zones.len(), "zone"),
        count(world.names.len(), "name"),
        count(world.regions.len(), "region"),
        count(world.written.len(), "service"),
        count(built.plan.endpoints.len(), "endpoint"),
        count(built.plan.standing.len(), "target"),
        count(size.cells, "cell"),
        size.bytes as f64 / 1e6,
    )
}

/// `1 zone`, `2 zones`.
fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

/// What to explain.
#[derive(Debug, clap::Args)]
pub struct Explain {
    #[command(flatten)]
    file: ConfigFile,
    /// The name that is asked for.
    name: String,
    /// The client: an address, or a network as a resolver would send it.
    client: String,
    /// Print JSON, as the API does.
    #[arg(long)]
    json: bool,
}

/// Explains from the configuration alone: every checked endpoint is taken as not probed yet, and nobody has said
/// anything. `meridian ctl explain` asks a running node, with its verdicts and overrides.
pub fn explain(arguments: &Explain) -> ExitCode {
    let dotted = format!("{}.", arguments.name.trim_end_matches('.'));
    let asked = dotted.parse::<Name>().map_err(|error| error.to_string());
    let (name, client) = match asked.and_then(|name| Ok((name, arguments.client.parse::<ClientAsked>()?))) {
        Ok(asked) => asked,
        Err(text) => {
            say::err(text);
            return ExitCode::from(2);
        }
    };
    let built = match load_here(&arguments.file.config) {
        Ok((Some(built), _)) => built,
        Ok((None, problems)) => {
            tell(&problems);
            return ExitCode::from(2);
        }
        Err(error) => return super::failed(&error),
    };
    let explanation = explained(built, &name, client);
    let shown =
        if arguments.json { serde_json::to_string_pretty(&explanation) } else { Ok(render(&explanation)) };
    say::out(shown.unwrap_or_else(|error| error.to_string()).trim_end())
}

fn explained(built: Built, name: &Name, client: ClientAsked) -> Explanation {
    let now = SystemTime::now();
    let rules = built.config.geo.rules.clone();
    let opened = built.config.geo.databases.iter().map(|(path, _)| geo::Database::open(path));
    let databases: Result<Vec<_>, _> = opened.collect();
    let latencies = built.latencies(now);
    let snapshot = built.at_rest(now, 0);
    let mut question = Question::new(&snapshot, name, client, seconds(now));
    match databases {
        Ok(databases) => question.facts = Some(geo::facts(&databases, question.client.address())),
        Err(error) => question.notes.push(with_causes(&error)),
    }
    question.rules = &rules;
    question.latency = latencies.at(question.client.address(), question.asn(), now);
    explain_question(&question)
}
