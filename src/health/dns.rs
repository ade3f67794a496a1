//! One question of the DNS over UDP, and again over TCP where the answer is cut. domain enters here, to read answers.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use domain::base::Message;
use domain::base::iana::{Class, Rtype};
use domain::base::wire::ParseError;
use domain::rdata::{A, Aaaa};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout_at;

use super::line::{Line, connect};
use super::reason::{of_io, quote};
use super::{DnsFault, Fault, Reason, Stage};
use crate::model::{DnsRequest, Rcode};

/// The longest datagram that is read: without EDNS, nobody may send more than 512.
const LONGEST: usize = 4096;

/// Asks once.
pub(super) async fn ask(line: &mut Line<'_>, ask: &DnsRequest) -> Result<(), Fault> {
    let query = query(fastrand::u16(..), ask);
    let mut reply = over_udp(line, &query).await?;
    if is_cut(&reply) {
        let stream = connect(line.address, line.deadline).await?;
        reply = line.deadline.within(Stage::Answer, over_tcp(stream, &query)).await??;
        if !answers(&reply, &query) {
            return Err(Reason::Dns(DnsFault::OtherQuestion).into());
        }
    }
    judge(&reply, ask).map_err(|fault| Reason::Dns(fault).into())
}

/// RD is set: a resolver is asked to resolve, and an authoritative server does not mind.
fn query(id: u16, ask: &DnsRequest) -> Vec<u8> {
    let [high, low] = id.to_be_bytes();
    let mut query = vec![high, low, 0x01, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    query.extend_from_slice(ask.name.as_wire());
    query.extend_from_slice(&ask.record_type.0.to_be_bytes());
    query.extend_from_slice(&Class::IN.to_int().to_be_bytes());
    query
}

//------------ Transports ----------------------------------------------------

/// The first datagram from the target that answers the question; what does not is passed over, as resolvers do.
async fn over_udp(line: &Line<'_>, query: &[u8]) -> Result<Vec<u8>, Fault> {
    let socket = socket(line.address).await.map_err(|error| of_io(&error, None))?;
    let mut strays = false;
    let talk = async {
        socket.send(query).await?;
        let mut buffer = vec![0; LONGEST];
        loop {
            let length = socket.recv(&mut buffer).await?;
            if answers(&buffer[..length], query) {
                buffer.truncate(length);
                return Ok::<_, io::Error>(buffer);
            }
            strays = true;
        }
    };
    match timeout_at(line.deadline.at, talk).await {
        Ok(talked) => talked.map_err(|error| of_io(&error, Some(Stage::Answer))),
        Err(_) if strays => Err(Reason::Dns(DnsFault::Stray(line.deadline.timeout)).into()),
        Err(_) => Err(Reason::NoAnswer(line.deadline.timeout).into()),
    }
}

/// A socket that hears the target alone, on a port that the system picks at random.
async fn socket(address: SocketAddr) -> io::Result<UdpSocket> {
    let any: IpAddr = match address {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let socket = UdpSocket::bind((any, 0)).await?;
    socket.connect(address).await?;
    Ok(socket)
}

/// One message each way, behind its length (RFC 1035 §4.2.2): 64 KiB at most.
async fn over_tcp(mut stream: TcpStream, query: &[u8]) -> Result<Vec<u8>, Fault> {
    let talk = async {
        let mut framed = Vec::with_capacity(2 + query.len());
        framed.extend_from_slice(&(query.len() as u16).to_be_bytes());
        framed.extend_from_slice(query);
        stream.write_all(&framed).await?;
        let mut reply = vec![0; usize::from(stream.read_u16().await?)];
        stream.read_exact(&mut reply).await?;
        Ok(reply)
    };
    talk.await.map_err(|error: io::Error| of_io(&error, Some(Stage::Answer)))
}

//------------ Answers -------------------------------------------------------

/// Whether a message is a response with the query's id and question.
fn answers(reply: &[u8], query: &[u8]) -> bool {
    let (Ok(reply), Ok(query)) = (Message::from_octets(reply), Message::from_octets(query)) else {
        return false;
    };
    let same = match (reply.sole_question(), query.sole_question()) {
        (Ok(theirs), Ok(ours)) => theirs == ours,
        _ => false,
    };
    same && reply.header().qr() && reply.header().id() == query.header().id()
}

fn is_cut(reply: &[u8]) -> bool {
    Message::from_octets(reply).is_ok_and(|reply| reply.header().tc())
}

fn judge(reply: &[u8], ask: &DnsRequest) -> Result<(), DnsFault> {
    let reply = Message::from_octets(reply).map_err(|_| DnsFault::Malformed)?;
    let got = Rcode(reply.header().rcode().to_int());
    if got != ask.rcode {
        return Err(DnsFault::Rcode { got, expected: ask.rcode });
    }
    let came = addresses(&reply).map_err(|_| DnsFault::Malformed)?;
    if ask.answers.is_empty() || came.iter().any(|address| ask.answers.contains(address)) {
        return Ok(());
    }
    let words: Vec<_> = came.iter().take(4).map(ToString::to_string).collect();
    Err(DnsFault::Addresses(quote(&words.join(", "), 160)))
}

/// The addresses of the answer section, whoever owns them: an alias may lead there.
fn addresses(reply: &Message<&[u8]>) -> Result<Vec<IpAddr>, ParseError> {
    let mut addresses = Vec::new();
    for record in reply.answer()? {
        let record = record?;
        match record.rtype() {
            Rtype::A => addresses.extend(record.to_record::<A>()?.map(|a| IpAddr::V4(a.data().addr()))),
            Rtype::AAAA => addresses.extend(record.to_record::<Aaaa>()?.map(|a| IpAddr::V6(a.data().addr()))),
            _ => {}
        }
    }
    Ok(addresses)
}

#[cfg(test)]
mod tests;
