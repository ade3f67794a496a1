//! The loop: ask all three, judge, count, show.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::ask::Asker;
use crate::cli::Cli;
use crate::compare::{Case, Verdict, Way};
use crate::question::{Curiosity, Question};
use crate::reply::Reply;
use crate::servers::{Server, start, write_zones};
use crate::spoil::spoil;
use crate::tally::Tally;
use crate::world::World;
use crate::{compare, follow, report};

/// How often progress is told.
const TELL: Duration = Duration::from_secs(2);

/// On how many replies the comparison itself is tried.
const TRIALS: usize = 500;

/// Does all of it; whether every difference was explained.
pub fn run(cli: &Cli) -> Result<bool> {
    let seed = cli.seed.unwrap_or_else(|| fastrand::u64(..1_000_000));
    let left_out: Vec<String> = cli.without.iter().map(|kind| format!("{kind:?}").to_lowercase()).collect();
    println!(
        "{} questions about {} zones, seed {seed}{}{}",
        cli.questions,
        cli.zones,
        if left_out.is_empty() { "" } else { ", without " },
        left_out.join(", ")
    );
    let world = World::new(seed, usize::from(cli.zones), &cli.without);
    let mut directory = tempfile::Builder::new().prefix("meridian-differential-").tempdir()?;
    directory.disable_cleanup(cli.keep);
    write_zones(directory.path(), &world)?;
    if cli.keep {
        println!("zones, configurations and logs are in {}", directory.path().display());
    }
    let program = program(cli)?;
    let stands = Server::ALL.map(|server| start(server, &program, directory.path(), &world));
    let mut askers = Vec::new();
    for stand in stands.iter() {
        match stand {
            Ok(stand) => askers.push(Asker::new(stand.address)?),
            Err(error) => anyhow::bail!("{error:#}"),
        }
    }
    let mut tally = Tally::default();
    let mut curiosity = Curiosity::new(seed ^ 1, &world, &cli.without);
    let mut told = Instant::now();
    for number in 1..=cli.questions {
        examine(&world, &curiosity.ask(), &mut askers, &mut tally, cli.show)?;
        if told.elapsed() > TELL {
            told = Instant::now();
            eprintln!(
                "{number} of {} questions, {} differences unexplained",
                cli.questions,
                tally.unexplained()
            );
        }
    }
    ensure!(
        tally.spoiled > 0 || cli.questions < TRIALS,
        "the comparison was tried on nothing: no reply agreed"
    );
    print!("{}", report::summary(&tally));
    if tally.unexplained() > 0 {
        println!("\nto repeat: --seed {seed} --zones {} --questions {}", cli.zones, cli.questions);
    }
    Ok(tally.unexplained() == 0)
}

/// Meridian's program.
fn program(cli: &Cli) -> Result<PathBuf> {
    let built = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/debug/meridian");
    let path = cli.meridian.clone().unwrap_or_else(built);
    let path = path.canonicalize().with_context(|| {
        format!("{path:?} is not there: build it by `cargo build`, or name it by --meridian")
    })?;
    Ok(path)
}

/// One question to all three, by datagram, and by stream where a reply was truncated or has to be followed.
fn examine(
    world: &World,
    question: &Question,
    askers: &mut [Asker],
    tally: &mut Tally,
    show: usize,
) -> Result<()> {
    askers.iter_mut().try_for_each(|asker| asker.send(question))?;
    let mut replies = Vec::new();
    for (asker, server) in askers.iter_mut().zip(Server::ALL) {
        let octets = asker.receive(question).with_context(|| format!("{}: {question}", server.title()))?;
        replies.push(read(&octets, server, question)?);
    }
    let leads_on = replies.iter().any(|reply| follow::next(world, question, reply).is_some());
    let (first, then) = if leads_on { (Way::Ahead, Way::Followed) } else { (Way::Datagram, Way::Stream) };
    let again = leads_on || replies.iter().any(|reply| reply.truncated);
    let streamed = if again { stream(world, question, askers)? } else { Vec::new() };
    let whole = streamed.first().map_or(0, |reply| reply.octets);
    for (way, replies) in [(first, &replies), (then, &streamed)] {
        if let [meridian, nsd, knot] = &replies[..] {
            judge(&Case { world, question, way, whole, meridian, nsd, knot }, tally, show)?;
        }
    }
    Ok(())
}

/// The same question by streams, aliases into other zones followed for those who do not.
fn stream(world: &World, question: &Question, askers: &[Asker]) -> Result<Vec<Reply>> {
    let one = |(asker, server): (&Asker, Server)| {
        let context = || format!("{}: {question} over TCP", server.title());
        let reply = read(&asker.stream(question).with_context(context)?, server, question)?;
        let whole = match server {
            Server::Meridian => None,
            Server::Nsd | Server::Knot => {
                follow::follow(world, question, asker, &reply).with_context(context)?
            }
        };
        Ok(whole.unwrap_or(reply))
    };
    askers.iter().zip(Server::ALL).map(one).collect()
}

/// A reply that cannot be read ends everything: nothing is left to compare.
fn read(octets: &[u8], server: Server, question: &Question) -> Result<Reply> {
    Reply::read(octets).with_context(|| format!("{}: {question}: unreadable: {octets:02x?}", server.title()))
}

/// Counts a case, shows it if nothing explains it, and tries the comparison on it while that is wanted.
fn judge(case: &Case, tally: &mut Tally, show: usize) -> Result<()> {
    let verdicts = case.judge();
    // What leads on is compared in full when it has been followed.
    let fair = case.way != Way::Ahead && tally.agreed < TRIALS;
    if fair && verdicts.iter().all(|(_, verdict)| *verdict == Verdict::Agrees) {
        tally.spoiled += spoil(case)?;
    }
    if !compare::unexplained(&verdicts).is_empty() && tally.unexplained() < show {
        println!("\n{}", report::full(case, &verdicts));
    }
    tally.count(case, &verdicts);
    Ok(())
}
