//! What workers count, summed.

use std::sync::Arc;

use super::{Labels, Sheet};
use crate::model::Family;
use crate::telemetry::counters::{BATCHES, Count, QTYPES, RCODES};
use crate::telemetry::{Counters, DropWhy, Transport};

/// Every count of every worker.
pub fn put(sheet: &mut Sheet, workers: &[Arc<Counters>]) {
    let sum =
        |read: &dyn Fn(&Counters) -> &Count| -> u64 { workers.iter().map(|one| read(one).read()).sum() };
    let mut queries: Vec<(Labels, u64)> = Vec::new();
    for transport in Transport::ALL {
        for family in Family::ALL {
            let count = sum(&|one| &one.queries[transport as usize][family.index()]);
            let (transport, family) = (transport.name().to_owned(), family.name().to_owned());
            queries.push((vec![("transport", transport), ("family", family)], count));
        }
    }
    sheet.counter("queries", "Queries, by transport and family of the resolver's address", queries);

    let named =
        |label, names: &[(u16, &str)], read: &dyn Fn(&Counters, usize) -> u64| -> Vec<(Labels, u64)> {
            let names = names.iter().map(|(_, name)| *name).chain(["other"]);
            let count = |at| workers.iter().map(|one| read(one, at)).sum();
            names.enumerate().map(|(at, name)| (vec![(label, name.to_owned())], count(at))).collect()
        };
    let types = named("type", &QTYPES, &|one, at| one.qtypes[at].read());
    sheet.counter("queries_by_type", "Queries, by the type asked for", types);
    let codes = named("rcode", &RCODES, &|one, at| one.rcodes[at].read());
    sheet.counter("replies", "Replies, by response code", codes);

    let dropped = DropWhy::ALL.iter().enumerate();
    let dropped =
        dropped.map(|(at, why)| (vec![("why", why.name().to_owned())], sum(&|one| &one.dropped[at])));
    sheet.counter("dropped", "Datagrams and messages that got no reply", dropped.collect::<Vec<_>>());
    sheet.counter("ecs_queries", "Queries with an EDNS Client Subnet", [(vec![], sum(&|one| &one.ecs))]);
    sheet.counter("cookie_queries", "Queries with a cookie", [(vec![], sum(&|one| &one.cookies))]);
    sheet.counter(
        "truncated_replies",
        "Replies that sent the asker to TCP",
        [(vec![], sum(&|one| &one.truncated))],
    );
    let unsent = [(vec![], sum(&|one| &one.unsent))];
    sheet.counter(
        "unsent_replies",
        "Replies over UDP that the system would not send, and that are lost",
        unsent,
    );
    let shortened = [(vec![], sum(&|one| &one.shortened))];
    let help = "Replies over UDP that were too long for the network, and were sent anew with TC";
    sheet.counter("shortened_replies", help, shortened);
    let batches = (0..BATCHES).map(|power| {
        (vec![("queries_up_to", (1_u64 << power).to_string())], sum(&|one| &one.batches[power]))
    });
    sheet.counter("batches", "UDP queries answered at once, by power of two", batches.collect::<Vec<_>>());
}
