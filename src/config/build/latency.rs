//! How measured latency steers: the rules, and the measurements in a file of their own.

use std::collections::HashMap;

use super::Builder;
use super::server::number;
use crate::config::Latency;
use crate::config::file;
use crate::config::leaf::parse_vantage;
use crate::config::reader::{Entry, quoted};
use crate::model::{LatencyRow, LatencyRules, Measured, Place, RegionId, Service, Vantage};

/// Problems that are told of one file of measurements; how many more there are is told in one line.
const TOLD: usize = 20;

impl Builder<'_> {
    /// The table `latency`.
    pub fn latency(&mut self, entry: &Entry<file::Latency>) -> Latency {
        let Some(latency) = entry.value() else { return Latency::default() };
        let default = LatencyRules::default();
        let rules = LatencyRules {
            min_samples: number(&latency.min_samples).unwrap_or(default.min_samples),
            half_life: latency.half_life.value().map_or(default.half_life, |lasting| lasting.0),
            hysteresis: latency
                .hysteresis
                .value()
                .map_or(default.hysteresis, |share| f64::from(share.0) / 100.0),
            expires: latency.expires.value().map_or(default.expires, |lasting| lasting.0),
            max_entries: number(&latency.max_entries).unwrap_or(default.max_entries),
        };
        Latency { rules, rows: self.latency_file(latency, &rules) }
    }

    /// Rules and measurements are for the filter that looks at them.
    pub(super) fn measuring(&mut self, entry: &Entry<file::Latency>, services: &[Service]) {
        let Some((_, span)) = entry.marked() else { return };
        if !services.iter().any(|service| service.policy.measures()) {
            let text = "latency has no effect: no policy has the filter 'fast'; write policy = \"latency\" in a service";
            self.warn(span, text);
        }
    }

    fn latency_file(&mut self, latency: &file::Latency, rules: &LatencyRules) -> Vec<LatencyRow> {
        let Some((file, span)) = latency.file.marked() else { return Vec::new() };
        let path = self.path(&file.0);
        let read = (self.read_file)(&path);
        self.latency_files.push(path.clone());
        match read {
            Ok(text) => self.measured_rows(&Place::file(path.as_path()), &text, rules),
            Err(error) => {
                self.error(span, format!("'{}' cannot be read: {error}", path.display()));
                Vec::new()
            }
        }
    }

    /// One row a line; what follows a `#` is a comment.
    fn measured_rows(&mut self, file: &Place, text: &str, rules: &LatencyRules) -> Vec<LatencyRow> {
        let (mut rows, mut seen, mut wrong) = (Vec::new(), HashMap::new(), 0usize);
        for (number, line) in (1u32..).zip(text.lines()) {
            let words = words(line);
            if words.is_empty() {
                continue;
            }
            let row = self.measured_row(&words, rules).and_then(|row| {
                let first = *seen.entry((row.vantage, row.region)).or_insert(number);
                let again =
                    || (1, format!("this network and region are written twice; first on line {first}"));
                if first == number { Ok(row) } else { Err(again()) }
            });
            match row {
                Ok(row) => rows.push(row),
                Err((column, text)) => {
                    wrong += 1;
                    if wrong <= TOLD {
                        self.problems.error(&file.at(number, column), text);
                    }
                }
            }
        }
        if wrong > TOLD {
            self.problems.error(file, format!("{} more lines are not measurements either", wrong - TOLD));
        }
        if rows.len() > rules.max_entries {
            let (count, most) = (rows.len(), rules.max_entries);
            let text = format!("{count} rows are too many; latency.max_entries lets {most} be kept");
            self.problems.error(file, text);
        }
        rows
    }

    /// A row, or the column of what is wrong with it and what that is.
    fn measured_row(
        &mut self,
        words: &[(u32, &str)],
        rules: &LatencyRules,
    ) -> Result<LatencyRow, (u32, String)> {
        let (vantage, region, rtt, samples) = match *words {
            [vantage, region, rtt] => (vantage, region, rtt, None),
            [vantage, region, rtt, samples] => (vantage, region, rtt, Some(samples)),
            _ => {
                let text = "a row is NETWORK-or-AS REGION MILLISECONDS [SAMPLES]; write it like \
                            '198.51.100.0/24 eu-west 23.5 40' or 'AS64500 us-east 90'";
                return Err((words.first().map_or(1, |word| word.0), text.to_owned()));
            }
        };
        let samples =
            samples.map_or(Ok(rules.min_samples), |(at, word)| samples_of(word).map_err(|text| (at, text)));
        Ok(LatencyRow {
            vantage: vantage_of(vantage.1).map_err(|text| (vantage.0, text))?,
            region: self.region_of(region.1).map_err(|text| (region.0, text))?,
            measured: Measured { rtt_ms: time_of(rtt.1).map_err(|text| (rtt.0, text))?, samples: samples? },
        })
    }

    fn region_of(&mut self, word: &str) -> Result<RegionId, String> {
        if let Some(region) = self.region_ids.get(word) {
            return Ok(*region);
        }
        let text = self.unknown("region", word, &self.region_names);
        self.hints = self.hints.saturating_sub(1);
        Err(text)
    }
}

/// The words of a line in front of its comment, each with its column.
fn words(line: &str) -> Vec<(u32, &str)> {
    let told = line.split('#').next().unwrap_or_default();
    let column = |word: &str| {
        let before = told.get(..word.as_ptr().addr() - told.as_ptr().addr()).unwrap_or_default();
        u32::try_from(before.chars().count() + 1).unwrap_or(u32::MAX)
    };
    told.split_whitespace().map(|word| (column(word), word)).collect()
}

fn vantage_of(word: &str) -> Result<Vantage, String> {
    let digits = word.strip_prefix("AS").or_else(|| word.strip_prefix("as"));
    let Some(digits) = digits else { return parse_vantage(word) };
    let asn = digits.parse().ok().filter(|asn| *asn > 0);
    asn.map(Vantage::Asn).ok_or_else(|| format!("{} is not an AS; write it like 'AS64500'", quoted(word)))
}

fn time_of(word: &str) -> Result<f64, String> {
    let time = word.parse().ok().filter(|time| Measured::is_time(*time));
    let most = Measured::SLOWEST;
    time.ok_or_else(|| format!("{} is not a time in milliseconds, above 0 and at most {most}", quoted(word)))
}

fn samples_of(word: &str) -> Result<u32, String> {
    let samples = word.parse().ok().filter(|samples| (1..=Measured::MOST).contains(samples));
    let most = Measured::MOST;
    samples.ok_or_else(|| format!("{} is not a number of samples from 1 to {most}", quoted(word)))
}
