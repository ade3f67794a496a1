//! The loop: ask all three, judge, count, show.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::ask::Asker;
use crate::cli::Cli;
use crate::compare::{Case, Verdict, Way};
use crate::question::{Curiosity, Question};
use crate::reply::Reply;
use crate::servers::{Server, Stand, start, write_zones};
use crate::spoil::spoil;
use crate::tally::Tally;
use crate::world::World;
use crate::{compare, follow, report};

/// How often progress is told.
const TELL: Duration = Duration::from_secs(2);

/// On how many replies the comparison itself is tried.
const TRIALS: usize = 500;

/// How often a peer may fall silent before that is no accident any more.
const MOST_SILENCES: usize = 20;

/// Does all of it; whether every difference was explained.
pub fn run(cli: &Cli) -> Result<bool> {
    let seed = cli.seed.unwrap_or_else(|| fastrand::u64(..1_000_000));
    println!("{}", title(cli, seed));
    let world = World::new(seed, usize::from(cli.zones), &cli.without);
    let mut directory = tempfile::Builder::new().prefix("meridian-differential-").tempdir()?;
    directory.disable_cleanup(cli.keep);
    write_zones(directory.path(), &world)?;
    if cli.keep {
        println!("zones, configurations and logs are in {}", directory.path().display());
    }
    let tally =
        Trial::new(cli, &world, directory.path())?.run(Curiosity::new(seed ^ 1, &world, &cli.without))?;
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

fn title(cli: &Cli, seed: u64) -> String {
    let without: Vec<String> =
        cli.without.iter().map(|kind| format!(", without {kind:?}").to_lowercase()).collect();
    format!("{} questions about {} zones, seed {seed}{}", cli.questions, cli.zones, without.concat())
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

/// A server, and what it is asked through.
struct Player {
    server: Server,
    asker: Asker,
    _stand: Stand,
}

/// What the loop works with.
struct Trial<'a> {
    cli: &'a Cli,
    world: &'a World,
    directory: &'a Path,
    program: PathBuf,
    players: Vec<Player>,
    tally: Tally,
}

impl<'a> Trial<'a> {
    /// Starts all servers.
    fn new(cli: &'a Cli, world: &'a World, directory: &'a Path) -> Result<Trial<'a>> {
        let (program, tally) = (program(cli)?, Tally::default());
        let mut trial = Trial { cli, world, directory, program, players: Vec::new(), tally };
        for server in Server::ALL {
            let player = trial.start(server)?;
            trial.players.push(player);
        }
        Ok(trial)
    }

    fn start(&self, server: Server) -> Result<Player> {
        let stand = start(server, &self.program, self.directory, self.world)?;
        Ok(Player { server, asker: Asker::new(stand.address)?, _stand: stand })
    }

    fn run(mut self, mut curiosity: Curiosity) -> Result<Tally> {
        let mut told = Instant::now();
        for number in 1..=self.cli.questions {
            self.examine(&curiosity.ask())?;
            if told.elapsed() > TELL {
                told = Instant::now();
                let (all, wrong) = (self.cli.questions, self.tally.unexplained());
                eprintln!("{number} of {all} questions, {wrong} differences unexplained");
            }
        }
        Ok(self.tally)
    }

    /// One question to all three, by datagram, and by stream where a reply was truncated or has to be followed.
    fn examine(&mut self, question: &Question) -> Result<()> {
        let Some(replies) = self.datagrams(question)? else { return Ok(()) };
        let leads_on = replies.iter().any(|reply| follow::next(self.world, question, reply).is_some());
        let (first, then) = if leads_on { (Way::Ahead, Way::Followed) } else { (Way::Datagram, Way::Stream) };
        let again = leads_on || replies.iter().any(|reply| reply.truncated);
        let streamed = if again { self.streams(question)?.unwrap_or_default() } else { Vec::new() };
        let whole = streamed.first().map_or(0, |reply| reply.octets);
        for (way, replies) in [(first, &replies), (then, &streamed)] {
            if let [meridian, nsd, knot] = &replies[..] {
                let case = Case { world: self.world, question, way, whole, meridian, nsd, knot };
                judge(&case, &mut self.tally, self.cli.show)?;
            }
        }
        Ok(())
    }

    /// What each says by datagram; nothing if one of the others fell silent.
    fn datagrams(&mut self, question: &Question) -> Result<Option<Vec<Reply>>> {
        self.players.iter_mut().try_for_each(|player| player.asker.send(question))?;
        self.each(question, |player| player.asker.receive(question))
    }

    /// The same by stream, aliases into other zones followed for those who do not.
    fn streams(&mut self, question: &Question) -> Result<Option<Vec<Reply>>> {
        let world = self.world;
        let whole = self.each(question, |player| player.asker.stream(question))?;
        let Some(replies) = whole else { return Ok(None) };
        let mut followed = Vec::new();
        for (at, reply) in replies.into_iter().enumerate() {
            let player = &self.players[at];
            let peer = player.server != Server::Meridian;
            let more = if peer { follow::follow(world, question, &player.asker, &reply) } else { Ok(None) };
            let Ok(more) = more else {
                self.revive(at, question)?;
                return Ok(None);
            };
            followed.push(more.unwrap_or(reply));
        }
        Ok(Some(followed))
    }

    /// Gets a reply from each; a peer that is silent is started anew, and the question left out.
    fn each(
        &mut self,
        question: &Question,
        get: impl Fn(&mut Player) -> std::io::Result<Vec<u8>>,
    ) -> Result<Option<Vec<Reply>>> {
        let mut replies = Vec::new();
        for at in 0..self.players.len() {
            let server = self.players[at].server;
            match get(&mut self.players[at]) {
                Ok(octets) => replies.push(read(&octets, server, question)?),
                Err(error) if server == Server::Meridian => {
                    return Err(error).with_context(|| format!("Meridian does not answer {question}"));
                }
                Err(_) => {
                    self.revive(at, question)?;
                    return Ok(None);
                }
            }
        }
        Ok(Some(replies))
    }

    fn revive(&mut self, at: usize, question: &Question) -> Result<()> {
        let server = self.players[at].server;
        println!("{} does not answer {question}; started anew", server.title());
        self.tally.silent += 1;
        ensure!(self.tally.silent <= MOST_SILENCES, "{} falls silent again and again", server.title());
        // The old one ends when it is replaced, and has a port of its own.
        self.players[at] = self.start(server)?;
        Ok(())
    }
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
