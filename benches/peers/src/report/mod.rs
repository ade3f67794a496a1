//! stub
use crate::results::{Kind, Run, Sorted};
use crate::servers::Server;
use crate::statistics::Estimate;
use crate::workload::Workload;
pub fn tables(s: &Sorted) -> String {
    let mut t = String::new();
    for ((srv, w, k), _) in &s.runs {
        let c = Estimate::of(s.figures((*srv, *w, *k), Run::cost)).unwrap();
        let q = Estimate::of(s.figures((*srv, *w, *k), |r| r.tally.per_second)).unwrap();
        let b = Estimate::of(s.figures((*srv, *w, *k), Run::busy)).unwrap();
        let r = Estimate::of(s.ratios(*srv, Server::Floor, *w, *k, Run::cost));
        let p = Estimate::of(s.figures((*srv, *w, *k), |r| r.tally.p99.unwrap_or(0) as f64)).unwrap();
        t += &format!(
            "{srv} {w} {k:?} {:.2} x{:.2} {:.0} busy {:.2} p99 {:.0}\n",
            c.median,
            r.map_or(0., |r| r.median),
            q.median,
            b.median,
            p.median / 1e3
        );
    }
    let _ = (Kind::Steady, Workload::Plain);
    t
}
pub fn write_page(_: &Sorted, _: &std::path::Path) -> anyhow::Result<()> {
    Ok(())
}
