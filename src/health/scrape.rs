//! Scraping: a load balancer's metrics, read for what formulas want of them.
//!
//! One scrape is one HTTP request under one deadline; at most [`MOST_BYTES`] of the answer are read. Of these only sums
//! are kept: `samples` makes them of what `exposition` or `stub_status` reads, and `rates` makes signals of two in a row.

mod counters;
mod exposition;
mod rates;
mod samples;
mod stub_status;

pub use exposition::{Exposition, Kind, Sample};
pub use rates::Rates;
pub use samples::Samples;
pub use stub_status::stub_status;

use super::Fault;
use super::http;
use super::line::Line;
use super::meter::Most;
use super::reason::quote;
use crate::model::{MetricsFormat, ScrapeRequest};

/// The most that is read of a page of metrics.
const MOST_BYTES: usize = 4 << 20;

/// Asks once, and sums.
pub(super) async fn ask(line: &mut Line<'_>, ask: &ScrapeRequest) -> Result<Samples, Fault> {
    let answer = http::fetch(line, &ask.http, Most(MOST_BYTES)).await?;
    // Nobody asked for that, and some do it all the same.
    if let Some(coding) = answer.headers.get("content-encoding").filter(|coding| *coding != "identity") {
        let mut samples = Samples::new(&ask.formulas);
        let coding = quote(&String::from_utf8_lossy(coding.as_bytes()), 20);
        samples.note(&format!("the page is compressed ({coding}), although it was asked for as it is"));
        return Ok(samples);
    }
    let cut = answer.body.len() >= MOST_BYTES;
    Ok(sum(&answer.body, ask, cut))
}

/// What formulas want of a page; `cut`: it goes on, and its last line may not be whole.
pub fn sum(page: &[u8], ask: &ScrapeRequest, cut: bool) -> Samples {
    let mut samples = Samples::new(&ask.formulas);
    match ask.format {
        MetricsFormat::Exposition => {
            let whole =
                if cut { page.iter().rposition(|byte| *byte == b'\n').unwrap_or(0) } else { page.len() };
            let mut lines = Exposition::new(&page[..whole]);
            lines.by_ref().for_each(|sample| samples.add(&ask.formulas, &sample));
            samples.note_unreadable(lines.unreadable, lines.first.unwrap_or_default());
        }
        MetricsFormat::StubStatus => match stub_status(page) {
            Some(page) => page.iter().for_each(|sample| samples.add(&ask.formulas, sample)),
            None => samples.note_unreadable(1, page.split(|byte| *byte == b'\n').next().unwrap_or_default()),
        },
    }
    if cut {
        samples.cut = true;
        samples.note(&format!("only the first {} MiB of the page were read", MOST_BYTES >> 20));
    }
    samples
}

#[cfg(test)]
mod tests;
