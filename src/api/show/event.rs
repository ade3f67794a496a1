//! Events, as they leave.

use std::time::SystemTime;

use jiff::{Timestamp, Unit};

use super::time;
use crate::api::wire::EventBody;
use crate::control::Event;
use crate::control::events::What;
use crate::model::{Override, OverrideState, Subject};

/// An event of the node that calls itself `node`.
pub fn event(event: &Event, node: &str) -> EventBody {
    let body = EventBody {
        id: event.id,
        at: moment(event.at),
        node: node.to_owned(),
        kind: event.what.kind().name().to_owned(),
        text: event.what.to_string(),
        services: event.about.services.clone(),
        regions: event.about.regions.clone(),
        more: event.about.more,
        ..EventBody::default()
    };
    particulars(body, &event.what)
}

/// RFC 3339 in UTC, to the millisecond.
fn moment(at: SystemTime) -> String {
    let rounded = Timestamp::try_from(at).and_then(|at| at.round(Unit::Millisecond));
    rounded.map_or_else(|_| time(at), |at| at.to_string())
}

fn particulars(mut body: EventBody, what: &What) -> EventBody {
    let word = |word: &str| Some(word.to_owned());
    match what {
        What::Transition { target, from, to, reason } => {
            (body.target, body.reason) = (word(target), word(reason));
            (body.from, body.to) = (word(from.name()), word(to.name()));
        }
        What::Endpoint { family, from, to, .. } => {
            (body.from, body.to) = (word(from.name()), word(to.name()));
            body.family = word(family.name());
        }
        What::Override { subject, turn, who, word: said } => {
            (body.change, body.who) = (word(turn.name()), who.clone());
            body.subject = word(kind_of(subject));
            if let Some(said) = said {
                put_word(&mut body, said);
            }
        }
        What::Rule { rule, value, speaks, .. } => {
            body.change = word(if *speaks { "speaks" } else { "eased" });
            (body.signal, body.value) = (word(rule.signal.name()), *value);
            body.to = speaks.then(|| rule.then.name().to_owned());
        }
        What::Wish { draining, .. } => body.change = word(if *draining { "draining" } else { "willing" }),
        What::Parked { reason, .. } => (body.change, body.reason) = (word("parked"), word(reason)),
        What::Resumed { who, reason, .. } => {
            (body.change, body.reason, body.who) = (word("resumed"), word(reason), word(who));
        }
        What::RolledBack { subject, word: said } => {
            (body.change, body.subject) = (word("rolled_back"), word(kind_of(subject)));
            put_word(&mut body, said);
            body.reason = said.rolled_back.as_ref().map(|back| back.reason.clone());
        }
        What::Arrived { subject, word: said } => {
            (body.change, body.subject) = (word("arrived"), word(kind_of(subject)));
            put_word(&mut body, said);
        }
        What::Challenge { name, turn, who } => {
            (body.change, body.name, body.who) = (word(turn.name()), Some(name.to_string()), word(who));
        }
        What::Reload { swapped, generation, problems } => {
            body.change = word(if *swapped { "swapped" } else { "failed" });
            (body.generation, body.problems) = (Some(*generation), Some(*problems));
        }
        What::Cut { cut } => body.change = word(if *cut { "cut" } else { "healed" }),
        What::Ready { ready, missing } => {
            body.change = word(if *ready { "ready" } else { "unready" });
            body.missing = missing.clone();
        }
    }
    body
}

fn kind_of(subject: &Subject) -> &'static str {
    if let Subject::Region(_) = subject { "region" } else { "endpoint" }
}

fn put_word(body: &mut EventBody, word: &Override) {
    body.state = Some(word.state.name().to_owned());
    body.weight = if let OverrideState::Weight(weight) = word.state { Some(weight) } else { None };
    if let Some(ramp) = word.ramp() {
        (body.from, body.to) = (Some(ramp.from.to_string()), Some(ramp.to.to_string()));
    }
    body.reason = Some(word.reason.clone());
    body.expires_at = word.until.map(time);
}
