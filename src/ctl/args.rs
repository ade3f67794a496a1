//! What can be typed after `meridian ctl`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use crate::api::wire::{GuardBody, ValuesBody, WordBody};

/// Ask and steer a running node through its API.
#[derive(Clone, Debug, Args)]
pub struct CtlArgs {
    /// Where the API listens
    #[arg(
        long,
        global = true,
        env = "MERIDIAN_API",
        default_value = "http://127.0.0.1:8053",
        value_name = "URL"
    )]
    pub api: String,
    /// A file that holds the token; or put the token itself into MERIDIAN_TOKEN
    // Never an argument: every user of the machine can read command lines.
    #[arg(long, global = true, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// Print what the API answers, as it is
    #[arg(long, global = true)]
    pub json: bool,
    /// What to do.
    #[command(subcommand)]
    pub call: Call,
}

/// What to do.
#[derive(Clone, Debug, Subcommand)]
pub enum Call {
    /// How the node is
    Status,
    /// All regions, or one with what stands in it
    Regions {
        /// One region
        name: Option<String>,
    },
    /// All services, or one with its endpoints
    Services {
        /// One service
        name: Option<String>,
    },
    /// Say that a region or an endpoint is up, down, draining, weighs something else, or goes there by and by
    #[command(subcommand)]
    Override(Said),
    /// Take an override back
    #[command(subcommand)]
    Lift(Subject),
    /// Let an endpoint back in that fell, where its service has manual_resume
    Resume {
        /// The service
        service: String,
        /// The region
        region: String,
        /// Why: others read it when they wonder
        #[arg(long)]
        reason: String,
    },
    /// What certificate authorities are to find at steered names (ACME); all of it where nothing else is said
    Acme {
        /// What to do.
        #[command(subcommand)]
        call: Option<Acme>,
    },
    /// Why a client is answered as it is
    Explain {
        /// A domain name
        name: String,
        /// An address or a network
        client: String,
        /// A or AAAA; both where it is left out
        #[arg(long = "type", value_name = "TYPE")]
        kind: Option<String>,
    },
    /// What was measured of the latency from clients' networks
    Latency {
        /// Of this network, and of those in it
        #[arg(long)]
        network: Option<String>,
        /// Of this autonomous system
        #[arg(long, conflicts_with = "network")]
        asn: Option<u32>,
        /// To this region
        #[arg(long)]
        region: Option<String>,
    },
    /// What happens, as it happens: a line for each event, until this is interrupted
    Events {
        /// Kinds, with commas between them: transition, endpoint, override, signal, parked, ramp,
        /// challenge, reload, cut, ready
        #[arg(long)]
        kind: Option<String>,
        /// Of one service alone
        #[arg(long)]
        service: Option<String>,
        /// What happened before first, as far as the node keeps it
        #[arg(long)]
        all: bool,
    },
    /// Load configuration, zones and databases anew
    Reload,
    /// Whether clients may be sent there
    Ready,
}

/// What to do with a challenge.
#[derive(Clone, Debug, Subcommand)]
pub enum Acme {
    /// Answer with these values at once, in place of those before
    Set {
        /// The name that a certificate is for, like www.gslb.example
        name: String,
        /// What the authority is to find; after "--", since such a value may begin with a hyphen
        #[arg(required = true)]
        values: Vec<String>,
        /// For how long, like 30m or 1h30m; 10m where it is left out
        #[arg(long = "for", value_name = "DURATION")]
        lasts: Option<String>,
        /// Keep the values that are there already: a name and its wildcard are validated at once
        #[arg(long)]
        add: bool,
    },
    /// Take all values of a name away
    Clear {
        /// The name
        name: String,
    },
}

impl Acme {
    /// What it is about, and the body of the call; `None` takes the values away.
    pub fn apart(self) -> (String, Option<ValuesBody>) {
        match self {
            Acme::Clear { name } => (name, None),
            Acme::Set { name, values, lasts, add } => {
                (name, Some(ValuesBody { values, add, expires_in: lasts, expires_at: None }))
            }
        }
    }
}

/// What is said, and of what.
#[derive(Clone, Debug, Subcommand)]
pub enum Said {
    /// Of a whole region, in every service
    Region {
        /// The region
        region: String,
        /// What is to be believed
        #[arg(required_unless_present = "ramp", conflicts_with_all = WAY)]
        state: Option<State>,
        /// Its way, where it goes by and by.
        #[command(flatten)]
        way: Way,
        /// Why, and until when.
        #[command(flatten)]
        word: Word,
    },
    /// Of one service in one region
    Endpoint {
        /// The service
        service: String,
        /// The region
        region: String,
        /// What is to be believed
        #[arg(
            required_unless_present_any = ["weight", "ramp"],
            conflicts_with = "weight",
            conflicts_with_all = WAY
        )]
        state: Option<State>,
        /// 0 to 10000, in place of the configured one and of a state
        #[arg(long, conflicts_with_all = WAY, value_parser = clap::value_parser!(u16).range(0..=10_000))]
        weight: Option<u16>,
        /// Its way, where it goes by and by.
        #[command(flatten)]
        way: Way,
        /// Why, and until when.
        #[command(flatten)]
        word: Word,
    },
}

impl Said {
    /// What it is about, and the body of the call.
    pub fn apart(self) -> (Subject, WordBody) {
        let (subject, state, weight, way, word) = match self {
            Said::Region { region, state, way, word } => (Subject::Region { region }, state, None, way, word),
            Said::Endpoint { service, region, state, weight, way, word } => {
                (Subject::Endpoint { service, region }, state, weight, way, word)
            }
        };
        let guard = GuardBody { watch: way.watch, max_errors: way.max_errors };
        let is_guarded = guard.watch.is_some() || guard.max_errors.is_some();
        let (from, to) = way.ramp.unzip();
        let state = state.map(State::name).or(from.is_some().then_some("ramp"));
        let body = WordBody {
            state: state.map(str::to_owned),
            weight: weight.map(u64::from),
            from,
            to,
            over: way.over,
            guard: is_guarded.then_some(guard),
            reason: Some(word.reason),
            expires_in: word.lasts,
            expires_at: None,
        };
        (subject, body)
    }
}

/// A share of the configured weight that moves.
#[derive(Clone, Debug, Args)]
pub struct Way {
    /// From one share of the configured weight to another, like 1%..100%; or down, as 100%..0%
    #[arg(long, value_name = "FROM..TO", value_parser = shares, requires = "over")]
    pub ramp: Option<(String, String)>,
    /// How long the ramp takes, like 30m
    #[arg(long, value_name = "DURATION", requires = "ramp")]
    pub over: Option<String>,
    /// For how long after its end a ramp that climbs may still go back by itself; 10m where it is left out
    #[arg(long, value_name = "DURATION", requires = "ramp")]
    pub watch: Option<String>,
    /// The share of errors that brings it back, like 2%; over 5% and twice the others' where it is left out
    #[arg(long, value_name = "SHARE", requires = "ramp")]
    pub max_errors: Option<String>,
}

/// The arguments of [`Way`]: none goes beside a state or a weight.
const WAY: [&str; 4] = ["ramp", "over", "watch", "max_errors"];

/// Two shares; whether they are any, the node says.
fn shares(word: &str) -> Result<(String, String), String> {
    let (from, to) = word.split_once("..").ok_or("write it like 1%..100%")?;
    Ok((from.to_owned(), to.to_owned()))
}

/// Why, and until when.
#[derive(Clone, Debug, Args)]
pub struct Word {
    /// Why: others read it when they wonder
    #[arg(long)]
    pub reason: String,
    /// For how long, like 30m or 1h30m; until it is lifted where it is left out
    #[arg(long = "for", value_name = "DURATION")]
    pub lasts: Option<String>,
}

/// What an override is about.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum Subject {
    /// A whole region
    Region {
        /// The region
        region: String,
    },
    /// One service in one region
    Endpoint {
        /// The service
        service: String,
        /// The region
        region: String,
    },
}

/// What is to be believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum State {
    /// Fit, whatever its probes say
    Up,
    /// Never answered
    Down,
    /// Answered only when nothing else is left
    Drain,
}

impl State {
    /// As the API names it.
    pub fn name(self) -> &'static str {
        match self {
            State::Up => "up",
            State::Down => "down",
            State::Drain => "drain",
        }
    }
}
