//! The tables `server` and `api`.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::Builder;
use crate::config::file::{self, Cookies, RateLimit};
use crate::config::leaf::{Domain, Identity, OneOf, Socket, Whole, unfit_name};
use crate::config::reader::{Entry, List};
use crate::config::text::Span;
use crate::config::{Api, Config, CookieSecret, Role, Server, Token};
use crate::model::{Challenge, Name, Place};

impl Builder<'_> {
    /// What this node serves.
    pub fn server(&mut self, entry: &Entry<file::Server>) -> Server {
        let default = Server::default();
        let Some(server) = entry.value() else { return default };
        self.rate_limit(&server.rate_limit);
        let chaos = |text: fn(&file::Chaos) -> &Entry<Identity>| {
            server.chaos.value().and_then(|chaos| text(chaos).value()).map(|text| text.0.clone())
        };
        Server {
            listen: self.listen(&server.listen).unwrap_or(default.listen),
            workers: number(&server.workers).unwrap_or(default.workers),
            identity: server.identity.value().map(|identity| identity.0.clone()),
            region: server.region.marked().and_then(|(word, span)| self.region(word, span)),
            cookies: self.cookies(&server.cookies),
            cookie_required: server
                .cookies
                .value()
                .and_then(|cookies| cookies.require.value())
                .is_some_and(|on| *on),
            version: chaos(|chaos| &chaos.version),
            chaos_id: chaos(|chaos| &chaos.id),
            error_reports: self.error_reports(server),
            whoami: self.whoami(server),
            payload: number(&server.payload).unwrap_or(default.payload),
            start_timeout: server.start_timeout.value().map_or(default.start_timeout, |lasting| lasting.0),
            drain: server.drain.value().map_or(default.drain, |lasting| lasting.0),
            unready_when_cut: server.unready_when_cut.value().copied().unwrap_or(default.unready_when_cut),
        }
    }

    fn listen(&mut self, entry: &Entry<List<Socket>>) -> Option<Vec<SocketAddr>> {
        let (list, span) = entry.marked()?;
        if list.0.is_empty() {
            self.error(span, "listen is empty; name at least one address, like '127.0.0.1:5300'");
        }
        let mut seen = HashMap::new();
        for (socket, span) in list.marked() {
            self.once(&mut seen, socket.0, span, "address");
            self.can_be_listened_on(socket.0, list, span);
        }
        Some(list.marked().map(|(socket, _)| socket.0).collect())
    }

    /// What the system would let nobody bind, or let bind and never hear from.
    fn can_be_listened_on(&mut self, address: SocketAddr, list: &List<Socket>, span: &Span) {
        let ip = address.ip();
        if ip.is_multicast() || ip == IpAddr::V4(Ipv4Addr::BROADCAST) {
            return self
                .error(span, format!("listen '{address}' is no address of one host; clients ask one"));
        }
        let covers = |other: SocketAddr| {
            other.ip().is_unspecified() && other.is_ipv4() == ip.is_ipv4() && other.port() == address.port()
        };
        if !ip.is_unspecified() && address.port() != 0 && list.marked().any(|(other, _)| covers(other.0)) {
            let all = if ip.is_ipv4() { "0.0.0.0" } else { "[::]" };
            self.error(
                span,
                format!("listen '{address}' is covered by {all}, which has the same port; keep one"),
            );
        }
    }

    fn error_reports(&mut self, server: &file::Server) -> Option<(Name, Place)> {
        let (name, span) = server.error_reports.marked()?;
        if name.0.is_wildcard() || name.0 == Name::root() {
            // RFC 9567 §5: the root would be no domain of ours.
            self.error(span, format!("error_reports '{}' cannot be a wildcard or the root", name.0));
        }
        Some((name.0.clone(), self.text.place(span)))
    }

    fn whoami(&mut self, server: &file::Server) -> Option<(Name, Place)> {
        let (name, span) = server.whoami.marked()?;
        if name.0.is_wildcard() {
            self.error(span, format!("whoami '{}' cannot be a wildcard", name.0));
        }
        Some((name.0.clone(), self.text.place(span)))
    }

    /// The cookie secrets; messages tell them apart by number alone.
    fn cookies(&mut self, entry: &Entry<Cookies>) -> Vec<CookieSecret> {
        let written = entry.value().and_then(|cookies| cookies.secrets.marked());
        let Some((list, span)) = written else { return Vec::new() };
        if list.0.len() > Config::MAX_SECRETS {
            let (count, most) = (list.0.len(), Config::MAX_SECRETS);
            self.error(span, format!("{count} cookie secrets are too many; at most {most} are possible"));
        }
        let mut secrets: Vec<CookieSecret> = Vec::new();
        for (secret, span) in list.marked() {
            if secrets.contains(secret) {
                self.error(span, "this cookie secret is written twice");
            }
            secrets.push(*secret);
        }
        secrets
    }

    fn rate_limit(&mut self, entry: &Entry<RateLimit>) {
        if let Some(limit) = entry.value() {
            self.later(&limit.responses_per_second, "responses_per_second", Whole(0));
        }
    }

    /// The HTTP API, which shares no address with DNS.
    pub fn api(&mut self, entry: &Entry<file::Api>, server: &Entry<file::Server>) -> Api {
        let default = Api::default();
        let Some(api) = entry.value() else { return default };
        let listen = api.listen.value().map_or(default.listen, |socket| socket.0);
        if let Some(span) = api.listen.span() {
            self.api_listen(listen, span, &api.tokens, server);
        }
        Api { listen, tokens: self.tokens(&api.tokens) }
    }

    fn api_listen(
        &mut self,
        listen: SocketAddr,
        span: &Span,
        tokens: &Entry<List<file::Token>>,
        server: &Entry<file::Server>,
    ) {
        let unguarded = match tokens {
            Entry::Absent => true,
            Entry::Written(_, list) => list.as_ref().is_some_and(|list| list.0.is_empty()),
        };
        if unguarded && !listen.ip().is_loopback() {
            let cure = "add [[api.tokens]], or listen on a loopback address like '127.0.0.1:8053'";
            self.error(span, format!("listen '{listen}' is not loopback, and there are no tokens; {cure}"));
        }
        let dns = server.value().and_then(|server| server.listen.value());
        let same = |socket: &Socket| socket.0 == listen && listen.port() != 0;
        if dns.is_some_and(|dns| dns.marked().any(|(socket, _)| same(socket))) {
            self.error(span, format!("listen '{listen}' is already an address of [server]"));
        }
    }

    fn tokens(&mut self, entry: &Entry<List<file::Token>>) -> Vec<Token> {
        let mut tokens = Vec::new();
        let (mut names, mut digests) = (HashMap::new(), HashMap::new());
        for (token, span) in entry.value().iter().flat_map(|list| list.marked()) {
            let name = self.token_name(token, span, &mut names);
            let sha256 =
                self.required(&token.sha256, span, "the token has no 'sha256'").map(|digest| digest.0);
            let role = self.required(
                &token.role,
                span,
                "the token has no 'role'; roles: acme, signals, read, operate, admin",
            );
            if let (Some(digest), Some(at)) = (sha256, token.sha256.span())
                && let Some(line) = digests.insert(digest, self.text.place(at).line)
            {
                self.error(
                    at,
                    format!("this token is also that of line {line}; give each caller one of its own"),
                );
            }
            if let (Some(name), Some(sha256), Some(&OneOf(role))) = (name, sha256, role) {
                let names = self.challenge_names(&token.names, role);
                tokens.push(Token { name, sha256, role, names });
            }
        }
        tokens
    }

    /// The names to which a token of the role `acme` is limited.
    fn challenge_names(&mut self, entry: &Entry<List<Domain>>, role: Role) -> Vec<Name> {
        let Some((list, span)) = entry.marked() else { return Vec::new() };
        if role != Role::Acme {
            self.error(
                span,
                "names limit a token of the role 'acme' alone; take them away, or give it that role",
            );
        }
        list.marked().map(|(name, _)| Challenge::subject(&name.0)).collect()
    }

    fn token_name(
        &mut self,
        token: &file::Token,
        span: &Span,
        names: &mut HashMap<String, Span>,
    ) -> Option<String> {
        let name = self.required(&token.name, span, "the token has no 'name'")?;
        let span = token.name.span()?;
        if let Some(text) = unfit_name("token", name) {
            self.error(span, text);
        } else {
            self.once(names, name.clone(), span, "token");
        }
        Some(name.clone())
    }
}

/// A whole number as the type that holds its range.
pub fn number<T: TryFrom<i64>, const LOW: i64, const HIGH: i64>(
    entry: &Entry<Whole<LOW, HIGH>>,
) -> Option<T> {
    entry.value().and_then(|number| T::try_from(number.0).ok())
}
