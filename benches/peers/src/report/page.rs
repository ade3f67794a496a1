//! `docs/performance.md`: everything but one section is written anew each time.

use std::path::Path;

use anyhow::{Context, Result, ensure};

use super::tables;
use crate::machine::Machine;
use crate::results::Sorted;

/// What stands between these is kept.
const BEGIN: &str = "<!-- by hand: begin -->";
const END: &str = "<!-- by hand: end -->";

/// What stands there until somebody has written something.
const NOTHING_YET: &str = "Nothing has been written here yet.";

/// Writes the page, with the hand-written section that it had.
pub fn write(sorted: &Sorted, path: &Path) -> Result<()> {
    let old = match std::fs::read_to_string(path) {
        Ok(old) => old,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(error).with_context(|| format!("cannot read {path:?}")),
    };
    let text = page(sorted, &old).with_context(|| format!("{path:?} was left as it is"))?;
    std::fs::write(path, text).with_context(|| format!("cannot write {path:?}"))
}

/// The page, with what was written by hand into the old one.
pub fn page(sorted: &Sorted, old: &str) -> Result<String> {
    let hand = hand(old)?;
    let how = sorted.machine.as_ref().map_or_else(String::new, how);
    let tables = tables(sorted);
    Ok(format!(
        "# Performance\n\nWritten by `make bench`; only the section between the two marks is written by hand, and \
         kept.\n\n## What is missed, and where the time goes\n\n{BEGIN}\n{hand}\n{END}\n\n{METHOD}\n{how}\n\
         ## Figures\n\n{}\n",
        tables.trim_end()
    ))
}

/// What stands between the marks. A page with one mark, or marks the wrong way round, would lose somebody's work.
fn hand(old: &str) -> Result<String> {
    let (begins, ends) = (old.matches(BEGIN).count(), old.matches(END).count());
    if begins == 0 && ends == 0 {
        return Ok(NOTHING_YET.to_owned());
    }
    let between = old.split_once(BEGIN).and_then(|(_, rest)| rest.split_once(END));
    ensure!(
        begins == 1 && ends == 1,
        "it has '{BEGIN}' {begins} times and '{END}' {ends} times, not once each"
    );
    let (hand, _) = between.with_context(|| format!("'{END}' stands before '{BEGIN}'"))?;
    Ok(hand.trim_matches('\n').to_owned())
}

/// Where, when, how long.
fn how(machine: &Machine) -> String {
    format!(
        "{}, {} processors, {:.0} GB, Linux {}, {}. {} rounds, {} s a run, {} outstanding; \
         `net.core.rmem_max` {}; load average before the run {:.2}.\n",
        machine.processor,
        machine.processors,
        machine.memory,
        machine.kernel,
        machine.date,
        machine.rounds,
        machine.seconds,
        machine.outstanding,
        machine.receive_limit,
        machine.load,
    )
}

/// What is done, for whoever wants to doubt it.
const METHOD: &str = "\
## How it is measured

`benches/peers/` starts every server with one worker on processor 0 and asks from processor 1, over loopback. All of them
run all the time, and only one is asked: in each round one workload after the other, each with every server once, in an
order that is shuffled for every round. Ratios are made inside a round and only then is their median taken, because a
machine has moods: figures that are compared were taken within seconds of each other. Behind a ratio stands its interval
of 95 % (order statistics of the paired ratios, which ask nothing of how they are spread). A target is met when the lower
end of the interval meets it; a rate's, too, where that is the stricter end.

- **CPU a query** is what the kernel's scheduler gave to all threads of the server (`/proc/PID/task/*/schedstat`, which
  counts the network's interrupts, too), read while the server is idle before and after a run, divided by the answers.
  Under saturation alone: a server that sleeps between queries pays 8 to 13 µs for being woken. *Busy* is the share of its
  processor that the server had; far below 1, the generator or a neighbour was the limit, and the run says little.
- **Every answer is verified**: id, question, response code, addresses (one of those configured, at least one), the
  client subnet and the cookie where the server speaks them. A wrong answer fails the run.
- **The floor** is `recvmmsg`, one bit, `sendmmsg`, in batches of 64 as Meridian's; its receive buffer is what
  `net.core.rmem_max` allows, and its answers are as long as Meridian's.
- **Meridian** is the release build as `serve` runs it: counters, cookies and all checks of a query on, no probes.
- **The peers** are Debian's packages: gdnsd with its geoip plugin and four regions by coordinates, client subnets on;
  Knot with mod-geoip and PowerDNS with its geoip backend, every country sent to the nearest of the same four regions;
  Knot, NSD and BIND with static zones; hickory-server's own UDP loop with a handler that always gives the same record.
  Those that steer read the networks of `geoip/country.mmdb`, which is written anew in MaxMind's layout for them, with a
  point in each country's middle: Meridian and they steer by the same data.
- **Latency** is from `sendmmsg`'s call to the return of the `recvmmsg` that brought the answer, open loop, by a generator
  that never sleeps.
- **Meridian alone** stands on processor 0, too, with all that it does beside answering: a reload competes with the
  worker. It runs as root there, which gives it a receive buffer of 8 MiB and lets its loading thread idle; a unit with
  `LimitNICE=+0` may idle, too, and has `net.core.rmem_max`.
- **Probes** are answered by one listener on processor 1, which has every address of 127.0.0.0/8, so that each endpoint has
  one of its own. A sample is one interval, in which each was probed once; it counts if as many probes were answered as were
  due, to 2 %, and none failed. Before the first, first verdicts and two intervals pass. Nobody asks the server anything
  meanwhile. `https` is TLS 1.3 with a certificate on P-256, whose authority the check's `ca` names, and every handshake is
  whole. Memory is the resident set (`VmRSS`) after each sample, less that of the same configuration with the check's kind
  `none`, per endpoint; 1 KB is 1,000 octets.
- **A backend's death** is a signal to a process of its own: SIGKILL, SIGSTOP, or SIGSTOP and then as many connections as
  fill its queue. It falls at a random moment of the interval; from just before it to the first changed answer is what
  counts. Five services' backends die side by side, ten times each in each way, and each service is asked every 0.5 ms.
- **Start** is from the process' birth to the first right answer, the median of three on processor 0 (the
  floor's is what `taskset` and `setpriv` take before they become the server); with a city database, where nobody asks
  meanwhile, of seven on both processors; **memory** is the proportional
  set size after all runs, the peak the sum of the processes' largest resident sizes.

Once more, or only the tables again:

```sh
make bench
cargo run --release --locked --manifest-path benches/peers/Cargo.toml --target-dir target -- --report-only
```
";
