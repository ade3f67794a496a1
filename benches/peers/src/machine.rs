//! Where and when something was measured, and how.

use serde::{Deserialize, Serialize};

/// All that has to stand beside the figures.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Machine {
    /// When the run began.
    pub date: String,
    /// The processor's name.
    pub processor: String,
    /// How many of them.
    pub processors: usize,
    /// GiB.
    pub memory: f64,
    /// The kernel's version.
    pub kernel: String,
    /// `net.core.rmem_max`, in octets.
    pub receive_limit: u64,
    /// Processes that waited for a processor, on average, before the run began.
    pub load: f64,
    /// What was asked for.
    pub rounds: usize,
    /// Seconds of each run.
    pub seconds: f64,
    /// Queries outstanding at saturation.
    pub outstanding: usize,
    /// Queries a second of the steady runs.
    pub rate: u32,
}

impl Machine {
    /// This one, now; the rest is what was asked for.
    pub fn here(rounds: usize, seconds: f64, outstanding: usize, rate: u32) -> Machine {
        let cpuinfo = read("/proc/cpuinfo");
        let name = cpuinfo.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
        let memory = read("/proc/meminfo");
        let memory = memory.split_whitespace().nth(1).and_then(|kib| kib.parse::<f64>().ok());
        Machine {
            date: jiff::Zoned::now().strftime("%Y-%m-%d %H:%M %Z").to_string(),
            processor: name.map_or("unknown", |(_, name)| name).to_owned(),
            processors: std::thread::available_parallelism().map_or(0, usize::from),
            memory: memory.unwrap_or(0.0) / f64::from(1 << 20),
            kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
            receive_limit: read("/proc/sys/net/core/rmem_max").trim().parse().unwrap_or(0),
            load: read("/proc/loadavg").split(' ').next().and_then(|load| load.parse().ok()).unwrap_or(0.0),
            rounds,
            seconds,
            outstanding,
            rate,
        }
    }
}

fn read(path: &str) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}
