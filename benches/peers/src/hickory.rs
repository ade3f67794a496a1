//! hickory-server's own UDP loop with the least handler there can be: one static A record for everything.

use std::net::SocketAddr;

use anyhow::{Context, Result};
use hickory_server::Server;
use hickory_server::net::runtime::Time;
use hickory_server::proto::op::{Header, HeaderCounts, Metadata, ResponseCode};
use hickory_server::proto::rr::{Name, RData, Record};
use hickory_server::server::{Request, RequestHandler, ResponseHandler, ResponseInfo};
use hickory_server::zone_handler::MessageResponseBuilder;

use crate::{socket, verify, wire};

/// Answers everything with one address.
struct Trivial {
    address: RData,
    owner: Name,
}

#[async_trait::async_trait]
impl RequestHandler for Trivial {
    async fn handle_request<R: ResponseHandler, T: Time>(
        &self,
        request: &Request,
        mut respond: R,
    ) -> ResponseInfo {
        let owner = request.queries.queries().first().map_or(&self.owner, |query| query.original().name());
        let record = Record::from_rdata(owner.clone(), 60, self.address.clone());
        let builder = MessageResponseBuilder::new(&request.queries, request.edns.as_ref());
        let metadata = Metadata::response_from_request(&request.metadata);
        let response = builder.build(metadata, [&record], [], [], []);
        respond.send_response(response).await.unwrap_or_else(|_| {
            let mut metadata = metadata;
            metadata.response_code = ResponseCode::ServFail;
            ResponseInfo::from(Header { metadata, counts: HeaderCounts::default() })
        })
    }
}

/// Answers until it is ended from outside: one thread, one socket.
pub fn run(listen: SocketAddr) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let socket = socket::serving(listen).with_context(|| format!("cannot bind {listen}"))?;
        socket.set_nonblocking(true)?;
        let owner = Name::from_ascii(wire::zone())?;
        let address = RData::A(verify::address(0).into());
        let mut server = Server::new(Trivial { address, owner });
        server.register_socket(tokio::net::UdpSocket::from_std(socket)?);
        Ok(server.block_until_done().await?)
    })
}
