//! Where a server listens.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};

use super::target::Authority;
use super::{Listener, Target, tcp};

/// Where a server listens. Everything that names an address becomes one: texts, socket addresses,
/// and pairs of host and port.
///
/// | text | listens on |
/// |---|---|
/// | `127.0.0.1:8000`, `rpc://127.0.0.1:8000` | this address; port 0 is any free one |
/// | `localhost:8000` | every address of the name, IPv4 and IPv6 |
/// | `[::]:8000` | all addresses of the machine, IPv4 too |
/// | `rpcs://127.0.0.1:8000` | the same as without scheme, and fails without `Server::tls` |
/// | `unix:/run/hello.sock` | a Unix socket: connecting takes the permission to write to the file, whose mode is 0777 less the process's umask. It is removed at the end; one that a killed server left is replaced |
/// | `mem:hello` | connections from within the process |
///
/// ```
/// use rpc_runtime::ListenAddress;
///
/// let address = ListenAddress::from(("127.0.0.1", 8000));
/// assert_eq!(address.to_string(), "127.0.0.1:8000");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListenAddress(Form);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Form {
    Text(String),
    HostAndPort(Authority),
    Sockets(Vec<SocketAddr>),
}

impl ListenAddress {
    /// Listens there.
    pub(crate) async fn listen(&self, has_tls: bool) -> io::Result<Listener> {
        let target = match &self.0 {
            Form::Sockets(addresses) => return tcp::listen(addresses).map(Listener::tcp),
            Form::HostAndPort(authority) => Target::Tcp(authority.clone()),
            Form::Text(text) => Target::parse(text)?,
        };
        match target {
            Target::Tls(_) if !has_tls => Err(invalid(
                "the scheme rpcs takes a certificate; configure the server with Server::tls",
            )),
            Target::Grpc(_) | Target::GrpcTls(_) => Err(invalid(
                "the schemes grpc and grpcs are for clients; a server that listens at host:port with the feature grpc \
                 answers gRPC there",
            )),
            Target::JsonRpc(_) | Target::JsonRpcHttp(..) => Err(invalid(
                "the schemes jsonrpc and jsonrpc+http are for clients; a server that listens at host:port with the feature jsonrpc answers \
                 JSON-RPC there",
            )),
            Target::Unix(_) | Target::Memory(_) if has_tls => Err(invalid(
                "Server::tls is for TCP, and nothing leaves the machine here; leave it out",
            )),
            Target::Tcp(authority) | Target::Tls(authority) => {
                let addresses = tcp::resolve(&authority).await.map_err(|error| {
                    let host = &authority.host;
                    let text = format!("cannot resolve the host {host:?}: {error}; check the name");
                    io::Error::new(error.kind(), text)
                })?;
                tcp::listen(&addresses).map(Listener::tcp)
            }
            Target::Unix(path) => Listener::unix(path).await,
            Target::Memory(name) => Listener::memory(name),
        }
    }
}

fn invalid(text: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, text)
}

impl fmt::Display for ListenAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Form::Text(text) => f.write_str(text),
            Form::HostAndPort(authority) => authority.fmt(f),
            Form::Sockets(addresses) => {
                for (index, address) in addresses.iter().enumerate() {
                    let comma = if index > 0 { ", " } else { "" };
                    write!(f, "{comma}{address}")?;
                }
                Ok(())
            }
        }
    }
}

impl From<String> for ListenAddress {
    fn from(text: String) -> Self {
        ListenAddress(Form::Text(text))
    }
}

impl From<&String> for ListenAddress {
    fn from(text: &String) -> Self {
        text.clone().into()
    }
}

impl From<&str> for ListenAddress {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl From<(String, u16)> for ListenAddress {
    fn from((host, port): (String, u16)) -> Self {
        ListenAddress(Form::HostAndPort(Authority { host, port }))
    }
}

impl From<(&str, u16)> for ListenAddress {
    fn from((host, port): (&str, u16)) -> Self {
        (host.to_owned(), port).into()
    }
}

/// Listens on all of them.
impl From<Vec<SocketAddr>> for ListenAddress {
    fn from(addresses: Vec<SocketAddr>) -> Self {
        ListenAddress(Form::Sockets(addresses))
    }
}

/// Listens on all of them.
impl From<&[SocketAddr]> for ListenAddress {
    fn from(addresses: &[SocketAddr]) -> Self {
        addresses.to_vec().into()
    }
}

impl From<SocketAddr> for ListenAddress {
    fn from(address: SocketAddr) -> Self {
        vec![address].into()
    }
}

impl From<SocketAddrV4> for ListenAddress {
    fn from(address: SocketAddrV4) -> Self {
        SocketAddr::from(address).into()
    }
}

impl From<SocketAddrV6> for ListenAddress {
    fn from(address: SocketAddrV6) -> Self {
        SocketAddr::from(address).into()
    }
}

impl From<(IpAddr, u16)> for ListenAddress {
    fn from(address: (IpAddr, u16)) -> Self {
        SocketAddr::from(address).into()
    }
}

impl From<(Ipv4Addr, u16)> for ListenAddress {
    fn from(address: (Ipv4Addr, u16)) -> Self {
        SocketAddr::from(address).into()
    }
}

impl From<(Ipv6Addr, u16)> for ListenAddress {
    fn from(address: (Ipv6Addr, u16)) -> Self {
        SocketAddr::from(address).into()
    }
}
