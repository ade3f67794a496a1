//! What each kind of check asks.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::Builder;
use crate::config::build::geo::items;
use crate::config::file::Check;
use crate::config::leaf::{FieldValue, Kind, is_field_name};
use crate::config::reader::{Entry, Map, Named, quoted};
use crate::config::text::Span;
use crate::model::{
    CommandRequest, DnsRequest, GrpcRequest, Header, HttpRequest, Method, Pattern, Rcode, RecordType,
    Request, TcpRequest,
};

/// The most fields that a request may have beside our own.
const MOST_HEADERS: usize = 32;

/// Fields that say how the request itself is sent, which is not the operator's to say.
const OURS: &[&str] = &[
    "connection",
    "content-length",
    "expect",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

impl Builder<'_> {
    /// The request of a check of that kind; `None` where nothing is asked.
    pub(super) fn request(&mut self, check: &Check, kind: Kind, table: &Span) -> Option<Request> {
        let host = check.host.value().map(|host| host.0.clone());
        Some(match kind {
            Kind::None | Kind::Service => return None,
            Kind::Http | Kind::Https => Request::Http(self.http(check, kind == Kind::Https)),
            Kind::Tcp => Request::Tcp(TcpRequest {
                tls: self.trust(check, is_on(&check.tls)),
                host: host.filter(|_| is_on(&check.tls)),
                send: check.send.value().map_or_else(Vec::new, |said| said.0.clone().into()),
                receive: check.receive.value().map(|said| Pattern::Text(said.0.clone())),
            }),
            Kind::Dns => Request::Dns(self.dns(check, table)),
            Kind::Grpc => Request::Grpc(GrpcRequest {
                tls: self.trust(check, is_on(&check.tls)),
                host,
                service: check.grpc_service.value().map(|service| service.0.clone()).unwrap_or_default(),
            }),
            Kind::Icmp => Request::Icmp,
            Kind::Command => Request::Command(self.command(check, table)),
        })
    }

    pub(in crate::config::build) fn http(&mut self, check: &Check, tls: bool) -> HttpRequest {
        let method = check.method.value().map(|method| method.0).unwrap_or_default();
        if let (Some(_), Some(span)) = (check.body.span(), check.body_regex.span()) {
            self.error(span, "body and body_regex are both written; keep one");
        }
        let expected = check.body.span().or(check.body_regex.span());
        if let Some(span) = expected.filter(|_| method == Method::Head) {
            self.error(span, "an answer to HEAD has no body; take this away, or write another method");
        }
        let text = check.body.value().map(|said| Pattern::Text(said.0.clone()));
        HttpRequest {
            tls: self.trust(check, tls),
            http2: is_on(&check.http2),
            method,
            path: check.path.value().map_or("/".into(), |path| path.0.clone()),
            host: check.host.value().map(|host| host.0.clone()),
            headers: self.headers(&check.headers),
            expect: check.expect.value().map(|statuses| statuses.0.clone()).unwrap_or_default(),
            body: text.or_else(|| check.body_regex.value().map(|expression| expression.0.clone())),
        }
    }

    fn headers(&mut self, entry: &Entry<Map<FieldValue>>) -> Vec<Header> {
        let written = entry.value().map_or(&[][..], |map| &map.0);
        if let Some(first_over) = written.get(MOST_HEADERS) {
            let count = written.len();
            self.error(
                &first_over.span,
                format!("{count} headers are too many; at most {MOST_HEADERS} are possible"),
            );
        }
        let mut headers: Vec<Header> = Vec::new();
        for field in written {
            let name = field.name.to_ascii_lowercase();
            if headers.iter().any(|header| header.name == name) {
                self.error(&field.span, format!("header {} is written twice", quoted(&field.name)));
            }
            self.header_name(field, &name);
            let value = field.value.as_ref().map_or_else(String::new, |value| value.0.clone());
            headers.push(Header { name, value });
        }
        headers
    }

    fn header_name(&mut self, field: &Named<FieldValue>, name: &str) {
        let shown = quoted(&field.name);
        if !is_field_name(name) {
            let rule = "names are 1 to 64 letters, digits or '-'";
            self.error(&field.span, format!("{shown} cannot name a header; {rule}"));
        } else if name == "host" {
            self.error(&field.span, format!("header {shown} is written as the key 'host' of the check"));
        } else if OURS.contains(&name) {
            self.error(&field.span, format!("header {shown} says how a request is sent; take it away"));
        }
    }

    fn dns(&mut self, check: &Check, table: &Span) -> DnsRequest {
        let text = "the check has no 'name'; write the name to ask about, like 'www.example.com.'";
        let name = self.required(&check.name, table, text).map(|name| name.0.clone());
        let record_type = check.r#type.value().map(|word| word.0).unwrap_or_default();
        let rcode = check.rcode.value().map(|word| word.0).unwrap_or_default();
        let answers: Vec<_> = items(&check.answers).map(|(address, _)| address.0).collect();
        if let Some(span) = check.answers.span().filter(|_| !answers.is_empty()) {
            if ![RecordType::A, RecordType::AAAA].contains(&record_type) {
                let text = format!("answers are addresses, which type '{record_type}' does not ask for");
                self.error(span, format!("{text}; write type = \"A\" or \"AAAA\""));
            } else if rcode != Rcode::NOERROR {
                self.error(span, format!("an answer with {rcode} has no addresses; keep one of the two"));
            } else if !answers.iter().any(|address| address.is_ipv4() == (record_type == RecordType::A)) {
                self.error(span, format!("none of these answers is one of type '{record_type}'"));
            }
        }
        DnsRequest { name: name.unwrap_or_else(crate::model::Name::root), record_type, rcode, answers }
    }

    fn command(&mut self, check: &Check, table: &Span) -> CommandRequest {
        let text = "the check has no 'command'; write command = [\"/path/program\", \"{address}\"]";
        let list = self.required(&check.command, table, text);
        let words: Vec<_> = items(&check.command).collect();
        match (list, words.first()) {
            (Some(list), None) if list.0.is_empty() => {
                self.error(check.command.span().unwrap_or(table), "command is empty; name a program");
            }
            (_, Some((program, span))) => {
                if let Some(why) = cannot_run(&program.0) {
                    self.error(span, format!("command {} {why}", quoted(&program.0)));
                }
            }
            _ => {}
        }
        for (_, span) in words.iter().skip(1).filter(|(word, _)| word.0.contains("{port}")) {
            if check.port.is_absent() {
                self.error(span, "'{port}' is not known; write port in this check");
            }
        }
        CommandRequest { arguments: words.into_iter().map(|(word, _)| word.0.clone()).collect() }
    }
}

fn is_on(entry: &Entry<bool>) -> bool {
    entry.value().is_some_and(|on| *on)
}

/// Why a program could not be started.
fn cannot_run(program: &str) -> Option<String> {
    let path = Path::new(program);
    if !path.is_absolute() {
        return Some("is not an absolute path; no shell looks for it".into());
    }
    match std::fs::metadata(path) {
        Err(error) => Some(format!("cannot be run: {error}")),
        Ok(found) if !found.is_file() => Some("is not a file".into()),
        Ok(found) if found.permissions().mode() & 0o111 == 0 => {
            Some(format!("is not executable; chmod +x {program}"))
        }
        Ok(_) => None,
    }
}
