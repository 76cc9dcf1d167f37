//! What a user writes to say where a server is.

use std::fmt;
use std::io;
use std::path::PathBuf;

use rpc_wire::Status;

/// Schemes that targets may have one day, so that a program which uses one early is told so.
const LATER: [&str; 3] = ["dns", "etcd", "file"];

/// Schemes that are followed by something else than an authority, so that `unix:path` is one too.
const OPAQUE: [&str; 3] = ["unix", "mem", "file"];

/// Where a server is, and how to speak to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// `host:port` or `rpc://host:port`.
    Tcp(Authority),
    /// `rpcs://host:port`.
    Tls(Authority),
    /// `grpc://host:port`: a gRPC server.
    Grpc(Authority),
    /// `grpcs://host:port`: a gRPC server, by TLS.
    GrpcTls(Authority),
    /// `jsonrpc://host:port`: a server that speaks JSON-RPC over TCP.
    JsonRpc(Authority),
    /// `jsonrpc+http://host:port/path`: one that speaks it over HTTP. The path begins with its slash.
    JsonRpcHttp(Authority, String),
    /// `unix:path` or `unix:///path`.
    Unix(PathBuf),
    /// `mem:name`.
    Memory(String),
}

/// A host and a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Authority {
    pub(super) host: String,
    pub(super) port: u16,
}

/// A text that is no target, and what is wrong with it.
#[derive(Debug)]
pub(crate) struct InvalidTarget(String);

impl Target {
    /// Parses what a user wrote.
    pub(crate) fn parse(text: &str) -> Result<Target, InvalidTarget> {
        Self::parse_parts(text).map_err(|reason| {
            InvalidTarget(format!(
                "target {text:?} {reason}; write host:port or rpc://host:port, such as \
                 127.0.0.1:8000, or rpcs://host:port, grpc://host:port, grpcs://host:port, \
                 jsonrpc://host:port, jsonrpc+http://host:port, unix:/path or mem:name"
            ))
        })
    }

    fn parse_parts(text: &str) -> Result<Target, String> {
        match split_scheme(text) {
            (None | Some("rpc"), rest) => Authority::parse(rest).map(Target::Tcp),
            (Some("rpcs"), rest) => Authority::parse(rest).map(Target::Tls),
            (Some("grpc"), rest) => Authority::parse(rest).map(Target::Grpc),
            (Some("grpcs"), rest) => Authority::parse(rest).map(Target::GrpcTls),
            (Some("jsonrpc"), rest) => Authority::parse(rest).map(Target::JsonRpc),
            (Some("jsonrpc+http"), rest) => {
                let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
                let path = if path.is_empty() { "/" } else { path };
                let authority = Authority::parse(authority)?;
                Ok(Target::JsonRpcHttp(authority, path.to_owned()))
            }
            (Some("unix"), rest) => parse_path(rest).map(Target::Unix),
            (Some("mem"), rest) => match rest.strip_prefix("//").unwrap_or(rest) {
                "" => Err("has no name".to_owned()),
                name => Ok(Target::Memory(name.to_owned())),
            },
            (Some(scheme), _) if LATER.contains(&scheme) => Err(format!(
                "has the scheme {scheme}, which this version does not support"
            )),
            (Some(scheme), _) => Err(format!("has the unknown scheme {scheme}")),
        }
    }
}

/// Known schemes come first: `localhost:8000` has none. What follows an opaque scheme keeps its
/// slashes.
fn split_scheme(text: &str) -> (Option<&str>, &str) {
    if let Some((scheme, rest)) = text.split_once(':')
        && OPAQUE.contains(&scheme)
    {
        return (Some(scheme), rest);
    }
    match text.split_once("://") {
        Some((scheme, rest)) => (Some(scheme), rest),
        None => (None, text),
    }
}

fn parse_path(rest: &str) -> Result<PathBuf, String> {
    let path = match rest.strip_prefix("//") {
        Some(path) if path.starts_with('/') || path.is_empty() => path,
        Some(_) => return Err("has a host, which no Unix socket has".to_owned()),
        None => rest,
    };
    match path {
        "" => Err("has no path".to_owned()),
        path => Ok(PathBuf::from(path)),
    }
}

impl Authority {
    fn parse(text: &str) -> Result<Authority, String> {
        let (host, port) = text.rsplit_once(':').ok_or("has no port")?;
        let port = port
            .parse()
            .map_err(|_| format!("has the port {port:?}, which is no number from 0 to 65535"))?;
        let host = host
            .strip_prefix('[')
            .and_then(|host| host.strip_suffix(']'))
            .unwrap_or(host);
        if host.is_empty() {
            return Err("has no host".to_owned());
        }
        Ok(Authority {
            host: host.to_owned(),
            port,
        })
    }
}

impl fmt::Display for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Target::Tcp(authority) => authority.fmt(f),
            Target::Tls(authority) => write!(f, "rpcs://{authority}"),
            Target::Grpc(authority) => write!(f, "grpc://{authority}"),
            Target::GrpcTls(authority) => write!(f, "grpcs://{authority}"),
            Target::JsonRpc(authority) => write!(f, "jsonrpc://{authority}"),
            Target::JsonRpcHttp(authority, path) => {
                write!(f, "jsonrpc+http://{authority}{path}")
            }
            Target::Unix(path) => write!(f, "unix:{}", path.display()),
            Target::Memory(name) => write!(f, "mem:{name}"),
        }
    }
}

impl From<InvalidTarget> for Status {
    fn from(InvalidTarget(message): InvalidTarget) -> Self {
        Status::invalid_argument(message).with_may_have_run(false)
    }
}

impl From<InvalidTarget> for io::Error {
    fn from(InvalidTarget(message): InvalidTarget) -> Self {
        io::Error::new(io::ErrorKind::InvalidInput, message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_shown_as_they_are_shortest_written() {
        for (text, shown) in [
            ("localhost:8000", "localhost:8000"),
            ("rpc://localhost:8000", "localhost:8000"),
            ("[::1]:80", "[::1]:80"),
            ("rpcs://[::1]:80", "rpcs://[::1]:80"),
            ("grpc://localhost:50051", "grpc://localhost:50051"),
            ("grpcs://[::1]:443", "grpcs://[::1]:443"),
            ("unix:/run/hello", "unix:/run/hello"),
            ("unix:///run/hello", "unix:/run/hello"),
            ("unix:hello.sock", "unix:hello.sock"),
            ("mem:hello", "mem:hello"),
            ("mem://hello", "mem:hello"),
        ] {
            assert_eq!(Target::parse(text).unwrap().to_string(), shown);
        }
    }

    #[test]
    fn a_target_that_cannot_be_used_says_why_and_what_to_write() {
        for (text, reason) in [
            ("localhost", "has no port"),
            (":80", "has no host"),
            ("rpcs://:80", "has no host"),
            ("localhost:http", "has the port \"http\""),
            ("unix:", "has no path"),
            ("unix://", "has no path"),
            ("unix://host/path", "has a host"),
            ("mem:", "has no name"),
            ("grpc://localhost", "has no port"),
            (
                "file:/etc/servers",
                "the scheme file, which this version does not support",
            ),
            ("ftp://localhost:80", "the unknown scheme ftp"),
        ] {
            let status = Status::from(Target::parse(text).unwrap_err());
            assert!(status.message().contains(reason), "{status}");
            assert!(status.message().contains("write host:port"), "{status}");
        }
    }
}
