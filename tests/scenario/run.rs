//! The steps, one after the other, until one of them does not come to what is expected.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use meridian::control::handle::{
    ChallengeWish, LatencyWish, ResumeWish, SignalWish, Wish, WishedValues, WishedWord,
};
use meridian::health::{Outcome, OwnFault, Reason, Stage};
use meridian::health::{Report, Signals, Whose};
use meridian::model::{
    Challenge, Family, Lookup, Measured, OverrideState, Problem, Ramp, Share, Signal, Subject,
};

use super::file::{Failure, File, Scenario, Step};
use super::world::{Running, World, write};
use super::{query, reply, tell};

/// One scenario on its way.
struct Run {
    world: World,
    cookie: Option<Vec<u8>>,
    counted: BTreeMap<String, u64>,
}

/// Runs a scenario to its end or its first failure.
pub async fn run(file: &File, scenario: &Scenario) -> Result<(), Failure> {
    let mut run = Run { world: World::new(file), cookie: None, counted: BTreeMap::new() };
    for step in &scenario.steps {
        let outcome = run.step(step).await;
        let (expected, got) = match outcome {
            Ok((expected, got)) if expected == got => continue,
            Ok(differ) => differ,
            Err(why) => (String::new(), why),
        };
        let (file, line, words) = (file.name.clone(), step.line, step.words.clone());
        return Err(Failure { file, line, scenario: scenario.name.clone(), words, expected, got });
    }
    run.world.stop().await;
    Ok(())
}

/// What was expected and what came, or why the step cannot be taken.
type Outcomes = Result<(String, String), String>;

/// A step that only has to work.
fn done() -> Outcomes {
    Ok((String::new(), String::new()))
}

impl Run {
    async fn step(&mut self, step: &Step) -> Outcomes {
        let words: Vec<&str> = step.words.split_whitespace().collect();
        let (verb, rest) = words.split_first().ok_or("a step needs a word")?;
        let before_start = matches!(*verb, "edit" | "rewrite" | "append" | "start");
        if self.world.running.is_none() && !before_start {
            self.world.start().map_err(|problems| self.unplaced(problems.to_string()))?;
        }
        match *verb {
            "start" => self.start(step),
            "edit" => self.edit(&step.words),
            "rewrite" => self.put(rest, "", step),
            "append" => {
                let path = self.world.directory.path().join(rest.first().ok_or("append what?")?);
                let text = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
                self.put(rest, &text, step)
            }
            "query" => self.query(rest, step),
            "share" => self.share(rest, step),
            "probe" => self.probe(rest).await,
            "advance" => {
                self.world.advance(duration(rest.first().ok_or("advance by what?")?)?).await;
                done()
            }
            "signal" => self.signal(rest).await,
            "lookup" => self.lookup(rest, step).await,
            "latency" => self.latency(rest).await,
            "resume" => self.resume(rest, step).await,
            "override" | "lift" => self.wish(verb, rest, step).await,
            "challenge" => self.challenge(rest, step).await,
            "reload" => self.reload(step).await,
            "restart" => {
                self.world.stop().await;
                self.world.start().map_err(|problems| self.unplaced(problems.to_string()))?;
                done()
            }
            "ready" => {
                let ready = *self.running()?.first_verdicts.borrow();
                Ok((rest.join(" "), if ready { "yes".into() } else { "no".into() }))
            }
            "counters" => {
                let now = tell::counters(&self.world.counters);
                let before = std::mem::replace(&mut self.counted, now.clone());
                let grown = now.into_iter().filter_map(|(name, count)| {
                    let more = count - before.get(&name).copied().unwrap_or(0);
                    (more > 0).then(|| format!("{name} {more}"))
                });
                compare(step, &grown.collect::<Vec<_>>().join("\n"))
            }
            "tally" | "state" | "ramp" | "verdict" | "dangling" | "status" => {
                let told = tell::tell(verb, rest, &self.running()?.handle, self.world.unix()).await?;
                compare(step, &told)
            }
            _ => Err(format!("no step is called '{verb}'")),
        }
    }

    fn running(&self) -> Result<&Running, String> {
        self.world.running.as_ref().ok_or_else(|| "the server does not run".into())
    }

    //--- files

    fn start(&mut self, step: &Step) -> Outcomes {
        let problems = match self.world.start() {
            Ok(problems) => format!("started\n{problems}"),
            Err(problems) => format!("not started\n{problems}"),
        };
        compare(step, self.unplaced(problems).trim_end())
    }

    fn edit(&self, words: &str) -> Outcomes {
        let wrong = "write: edit FILE: OLD ==> NEW";
        let (path, change) = words["edit ".len()..].split_once(": ").ok_or(wrong)?;
        let (old, new) = change.split_once(" ==> ").ok_or(wrong)?;
        let (old, new) = (old.trim().replace("\\n", "\n"), new.trim().replace("\\n", "\n"));
        let path = self.world.directory.path().join(path);
        let text = std::fs::read_to_string(&path).map_err(|error| error.to_string())?;
        if text.matches(&old).count() != 1 {
            return Err(format!("'{old}' stands there {} times, not once", text.matches(&old).count()));
        }
        write(&path, text.replace(&old, &new).as_bytes());
        done()
    }

    fn put(&self, rest: &[&str], before: &str, step: &Step) -> Outcomes {
        let path = rest.first().ok_or("which file?")?;
        let text = format!("{before}{}\n", step.block.join("\n"));
        write(&self.world.directory.path().join(path), text.as_bytes());
        done()
    }

    /// Without the directory, which is another one each time.
    fn unplaced(&self, text: String) -> String {
        text.replace(&format!("{}/", self.world.directory.path().display()), "")
    }

    //--- queries

    fn query(&mut self, rest: &[&str], step: &Step) -> Outcomes {
        let asked = query::build(rest, self.cookie.as_deref())?;
        let answered = match self.world.ask(&asked) {
            Err(why) => return compare(step, &format!("dropped {}", why.name())),
            Ok(bytes) => reply::read(&asked, &bytes, self.world.unix())?,
        };
        if let Some((_, server)) = &answered.cookie {
            self.cookie = Some(server.clone());
        }
        let shown = if step.brief.is_some() { answered.in_brief() } else { answered.in_full() };
        compare(step, &shown)
    }

    /// `share NAME TYPE COUNT NETWORK LENGTH`: so many neighbouring networks of this length ask, from the
    /// first of NETWORK on; expected is `ADDRESS LOW..HIGH` in percent for each address.
    fn share(&mut self, rest: &[&str], step: &Step) -> Outcomes {
        let [name, qtype, count, network, length] = rest else { return Err("five words, please".into()) };
        let network: ipnet::IpNet = network.parse().map_err(|error| format!("'{network}': {error}"))?;
        let length: u8 = length.parse().map_err(|_| "a prefix length, please")?;
        let count: usize = count.parse().map_err(|_| "a count, please")?;
        let networks = network.subnets(length).map_err(|error| error.to_string())?;
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        for subnet in networks.take(count) {
            let asked = query::build(&[name, qtype, "ecs", &subnet.to_string()], None)?;
            let bytes = self.world.ask(&asked).map_err(|why| format!("dropped {}", why.name()))?;
            let answered = reply::read(&asked, &bytes, self.world.unix())?;
            for address in answered.addresses() {
                *seen.entry(address.to_string()).or_default() += 1;
            }
        }
        let within = |bounds: &str, percent: f64| {
            let (low, high) = bounds.split_once("..")?;
            Some((low.parse::<f64>().ok()?..=high.parse().ok()?).contains(&percent))
        };
        let mut got = Vec::new();
        let expected = step.brief.clone().ok_or("what is expected?")?;
        let wanted: BTreeMap<&str, &str> =
            expected.split(", ").filter_map(|one| one.split_once(' ')).collect();
        for (address, times) in &seen {
            let percent = *times as f64 * 100.0 / count as f64;
            let bounds = wanted.get(address.as_str()).copied().unwrap_or("none");
            let fits = within(bounds, percent).unwrap_or(false);
            got.push(format!("{address} {}", if fits { bounds.into() } else { format!("{percent:.1} %") }));
        }
        Ok((expected, got.join(", ")))
    }

    //--- control

    async fn probe(&self, rest: &[&str]) -> Outcomes {
        let (address, outcomes) = rest.split_first().ok_or("probe whom?")?;
        let outcomes: Result<Vec<_>, String> = outcomes.iter().map(|sign| outcome(sign)).collect();
        match self.running()?.observe(address, &outcomes?).await {
            0 => Err(format!("nobody probes '{address}'")),
            _ => done(),
        }
    }

    async fn wish(&self, verb: &str, rest: &[&str], step: &Step) -> Outcomes {
        let [kind, name, rest @ ..] = rest else { return Err("of what?".into()) };
        let subject = match (*kind, name.split_once('/')) {
            ("region", None) => Subject::Region((*name).into()),
            ("endpoint", Some((service, region))) => {
                Subject::Endpoint { service: service.into(), region: region.into() }
            }
            _ => return Err("write: region NAME, or endpoint SERVICE/REGION".into()),
        };
        let (rest, if_match) = match rest {
            [rest @ .., "if-match", revision] => (rest, revision.parse().ok()),
            _ => (rest, None),
        };
        let word = if verb == "lift" { None } else { Some(self.word(rest)?) };
        let wish = Wish { subject, word, who: "oncall".into(), if_match };
        let got = match self.running()?.handle.wish(wish).await {
            Ok(None) => "lifted".into(),
            Ok(Some(revised)) => format!("revision {}", revised.revision),
            Err(refusal) => refusal.to_string(),
        };
        match &step.brief {
            Some(expected) => Ok((expected.clone(), got)),
            None if got == "lifted" || got.starts_with("revision ") => done(),
            None => Err(got),
        }
    }

    async fn signal(&self, rest: &[&str]) -> Outcomes {
        let [name, words @ ..] = rest else { return Err("write: SERVICE/REGION SIGNAL=VALUE…".into()) };
        let (service, region) = name.split_once('/').ok_or("write: SERVICE/REGION")?;
        let mut signals = Signals::default();
        for word in words {
            let (signal, value) = word.split_once('=').ok_or("write: SIGNAL=VALUE")?;
            let signal = Signal::ALL.into_iter().find(|one| one.name() == signal).ok_or("which signal?")?;
            signals
                .set(signal, value.parse().map_err(|_| "a value, please")?)
                .map_err(|why| why.to_string())?;
        }
        let whose = Whose { service: service.into(), region: region.into() };
        let report = Report { signals, sequence: None, lifetime: Duration::from_secs(30), note: None };
        let wish = SignalWish { whose, source: "lb".into(), report };
        self.running()?
            .handle
            .signals(vec![wish])
            .await
            .map(|_| ())
            .map_err(|refusal| refusal.to_string())?;
        done()
    }

    /// What a resolver found; waits for the world that comes of it.
    async fn lookup(&mut self, rest: &[&str], step: &Step) -> Outcomes {
        let [name, found @ ..] = rest else {
            return Err("write: NAME ADDRESS…, or NAME ! for a failure".into());
        };
        let name = name.parse().map_err(|_| "a name, please")?;
        let failed = found.contains(&"!");
        let mut families = [vec![], vec![]];
        for address in found.iter().filter(|word| **word != "!") {
            let address: IpAddr = address.parse().map_err(|_| "an address, please")?;
            families[Family::of(address).index()].push(address);
        }
        let families = families.map(|one| (!failed).then_some(one));
        let lookup = Lookup { name, families, why: failed.then(|| "timed out".into()) };
        let handle = self.running()?.handle.clone();
        let before = handle.shared.load().generation;
        handle.looked_up(lookup).await.map_err(|refusal| refusal.to_string())?;
        // Worlds follow each other slowly; they are built by a thread that knows no paused clock.
        self.world.advance(Duration::from_secs(1)).await;
        for _ in 0..if step.brief.as_deref() == Some("same") { 5 } else { 500 } {
            handle.status().await.map_err(|refusal| refusal.to_string())?;
            if handle.shared.load().generation > before {
                return compare(step, "changed");
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        compare(step, "same")
    }

    /// `latency VANTAGE REGION MILLISECONDS [samples N]`
    async fn latency(&self, rest: &[&str]) -> Outcomes {
        let (vantage, region, rtt, samples) = match *rest {
            [vantage, region, rtt] => (vantage, region, rtt, "1"),
            [vantage, region, rtt, "samples", samples] => (vantage, region, rtt, samples),
            _ => return Err("write: NETWORK-or-AS REGION MILLISECONDS [samples N]".into()),
        };
        let measured = Measured {
            rtt_ms: rtt.parse().map_err(|_| "milliseconds, please")?,
            samples: samples.parse().map_err(|_| "a number of samples, please")?,
        };
        let wish = LatencyWish { vantage: vantage.parse()?, region: region.into(), measured };
        let taken = self.running()?.handle.measure_latency(vec![wish]).await;
        taken.map_err(|refusal| refusal.to_string())?;
        done()
    }

    async fn resume(&self, rest: &[&str], step: &Step) -> Outcomes {
        let [name] = rest else { return Err("write: SERVICE/REGION".into()) };
        let (service, region) = name.split_once('/').ok_or("write: SERVICE/REGION")?;
        let whose = Whose { service: service.into(), region: region.into() };
        let wish = ResumeWish { whose, who: "oncall".into(), reason: "drill".into(), if_match: None };
        let got = match self.running()?.handle.resume(wish).await {
            Ok(true) => "resumed".into(),
            Ok(false) => "was not parked".into(),
            Err(refusal) => refusal.to_string(),
        };
        match &step.brief {
            Some(expected) => Ok((expected.clone(), got)),
            None if got == "resumed" => done(),
            None => Err(got),
        }
    }

    async fn challenge(&self, rest: &[&str], step: &Step) -> Outcomes {
        let (name, values) = match rest {
            ["clear", name] => (name, None),
            [how @ ("set" | "add"), name, values @ ..] => {
                let (values, time) = match values {
                    [values @ .., "for", time] => (values, *time),
                    _ => (values, "600s"),
                };
                let (add, until) = (*how == "add", self.world.wall() + duration(time)?);
                (
                    name,
                    Some(WishedValues {
                        values: values.iter().map(|one| (*one).into()).collect(),
                        add,
                        until,
                    }),
                )
            }
            _ => return Err("write: set NAME VALUES, add NAME VALUES, or clear NAME".into()),
        };
        let name = Challenge::subject(&name.parse().map_err(|_| format!("what is '{name}'?"))?);
        let wish = ChallengeWish { name, values, who: "certbot".into() };
        let got = match self.running()?.handle.challenge(wish).await {
            Ok(None) => "cleared".into(),
            Ok(Some(revised)) => format!("revision {}", revised.revision),
            Err(refusal) => refusal.to_string(),
        };
        match &step.brief {
            Some(expected) => Ok((expected.clone(), got)),
            None if got == "cleared" || got.starts_with("revision ") => done(),
            None => Err(got),
        }
    }

    fn word(&self, rest: &[&str]) -> Result<WishedWord, String> {
        let (state, rest) = match rest {
            ["up", rest @ ..] => (OverrideState::Up, rest),
            ["down", rest @ ..] => (OverrideState::Down, rest),
            ["drain", rest @ ..] => (OverrideState::Drain, rest),
            ["weight", weight, rest @ ..] => {
                (OverrideState::Weight(weight.parse().map_err(|_| "a weight, please")?), rest)
            }
            ["ramp", course, "over", time, rest @ ..] => {
                let (ramp, rest) = ramp(course, duration(time)?, rest)?;
                (OverrideState::Ramp(ramp), rest)
            }
            _ => return Err("states: up, down, drain, weight N, ramp FROM..TO over TIME".into()),
        };
        let until = match rest {
            [] => None,
            ["for", time] => Some(self.world.wall() + duration(time)?),
            _ => return Err(format!("what is '{}'?", rest.join(" "))),
        };
        Ok(WishedWord { state, reason: "drill".into(), until })
    }

    async fn reload(&self, step: &Step) -> Outcomes {
        let reloaded = self.running()?.handle.reload().await.map_err(|refusal| refusal.to_string())?;
        let swapped = if reloaded.swapped { "swapped" } else { "changed nothing" };
        let mut lines = vec![format!("{swapped}, generation {}", reloaded.generation)];
        lines.extend(reloaded.problems.iter().map(Problem::to_string));
        let got = self.unplaced(lines.join("\n"));
        match (&step.brief, &step.block[..]) {
            (None, []) if reloaded.swapped && reloaded.problems.is_empty() => done(),
            (None, []) => Err(got),
            _ => compare(step, &got),
        }
    }
}

/// What stands after `=>` or below the step, held against what came.
fn compare(step: &Step, got: &str) -> Outcomes {
    let expected = match (&step.brief, &step.block[..]) {
        (None, []) => return Err(format!("the step expects nothing; it came to:\n{got}")),
        (Some(brief), []) => brief.clone(),
        (None, block) => block.join("\n"),
        _ => return Err("expected either after => or below, not both".into()),
    };
    Ok((expected, got.to_owned()))
}

/// `FROM..TO`, and behind its time `watch TIME` and `errors SHARE`; what is left of the words.
fn ramp<'a, 'b>(course: &str, over: Duration, rest: &'a [&'b str]) -> Result<(Ramp, &'a [&'b str]), String> {
    let share = |word: &str| word.parse::<Share>().map_err(|()| format!("'{word}' is no share"));
    let (from, to) = course.split_once("..").ok_or("write: FROM..TO")?;
    let mut ramp = Ramp { from: share(from)?, to: share(to)?, over, watch: Ramp::WATCH, max_errors: None };
    let mut rest = rest;
    if let ["watch", time, left @ ..] = rest {
        (ramp.watch, rest) = (duration(time)?, left);
    }
    if let ["errors", word, left @ ..] = rest {
        (ramp.max_errors, rest) = (Some(share(word)?), left);
    }
    Ok((ramp, rest))
}

fn outcome(sign: &str) -> Result<Outcome, String> {
    match sign {
        "+" => Ok(Outcome::Up),
        "-" => Ok(Outcome::Down(Reason::Refused)),
        "~" => Ok(Outcome::Down(Reason::TimedOut(Stage::Head, Duration::from_secs(2)))),
        "x" => Ok(Outcome::Down(Reason::ConnectTimeout(Duration::from_secs(2)))),
        "0" => Ok(Outcome::Nothing(OwnFault::System("too many open files".into()))),
        _ => Err(format!(
            "no outcome is '{sign}'; outcomes: + (up), - (refused), x (silent), ~ (slow), 0 (nothing)"
        )),
    }
}

fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(char::is_alphabetic);
    let number: u64 = digits.parse().map_err(|_| format!("'{text}' is not a duration"))?;
    match &text[digits.len()..] {
        "ms" => Ok(Duration::from_millis(number)),
        "s" => Ok(Duration::from_secs(number)),
        "m" => Ok(Duration::from_secs(number * 60)),
        "h" => Ok(Duration::from_secs(number * 3600)),
        _ => Err(format!("'{text}' is not a duration; write 500ms, 30s, 10m or 2h")),
    }
}
