//! The two hours as a picture: how full each region is, and what it keeps.

use std::path::Path;

use plotters::coord::Shift;
use plotters::prelude::*;

use super::story::{Moment, REGIONS, Story, TTL};

/// Told apart by people who see fewer colours, too (Okabe and Ito).
const COLOURS: [RGBColor; 5] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(86, 180, 233),
];

type Drawn = Result<(), Box<dyn std::error::Error>>;

/// Writes the picture.
pub fn draw(path: &Path, story: &Story) {
    let draw = || -> Drawn {
        std::fs::create_dir_all(path.parent().unwrap_or(Path::new(".")))?;
        let area = SVGBackend::new(path, (960, 640)).into_drawing_area();
        area.fill(&WHITE)?;
        let (above, below) = area.split_vertically(400);
        // Before the first answers have run out, nobody has been told anything.
        let moments = &story.moments[TTL as usize..];
        chart(&above, "utilization", 1.2, moments, |moment| &moment.used, Some(1.0))?;
        chart(&below, "keeps of its own clients", 1.05, moments, |moment| &moment.keeps, None)?;
        area.present()?;
        Ok(())
    };
    draw().unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}

fn chart(
    area: &DrawingArea<SVGBackend<'_>, Shift>,
    what: &str,
    most: f64,
    moments: &[Moment],
    of: impl Fn(&Moment) -> &Vec<f64>,
    hard: Option<f64>,
) -> Drawn {
    let minutes = |at: usize| (at as f64 + TTL as f64) / 60.0;
    let mut chart = ChartBuilder::on(area)
        .margin(12)
        .x_label_area_size(32)
        .y_label_area_size(48)
        .build_cartesian_2d(0.0..120.0, 0.0..most)?;
    chart.configure_mesh().light_line_style(WHITE).x_desc("minutes").y_desc(what).draw()?;
    for (region, colour) in COLOURS.iter().enumerate() {
        let points = moments.iter().enumerate().step_by(15);
        let line = points.map(|(at, moment)| (minutes(at), of(moment)[region]));
        chart
            .draw_series(LineSeries::new(line, colour.stroke_width(2)))?
            .label(REGIONS[region].0)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 16, y)], colour.stroke_width(2)));
    }
    if let Some(hard) = hard {
        chart.draw_series([PathElement::new([(0.0, hard), (120.0, hard)], BLACK.mix(0.6))])?;
        let place = SeriesLabelPosition::LowerRight;
        chart.configure_series_labels().position(place).border_style(BLACK.mix(0.3)).draw()?;
    }
    Ok(())
}
