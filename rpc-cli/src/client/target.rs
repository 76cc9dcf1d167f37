//! What a user writes to say where a server is.

use std::fmt;
use std::path::PathBuf;

use crate::error::{Error, Result};
use crate::exit::Exit;

/// What may be written, in help and errors.
pub(crate) const FORMS: &str = "host:port, rpcs://, grpc://, grpcs://, http://, https://, \
    jsonrpc://, jsonrpc+http:// or unix:/path";

/// How a server is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// The native one.
    Rpc,
    Grpc,
    /// JSON over HTTP, by the Connect protocol.
    Http,
    JsonRpc,
    JsonRpcHttp,
}

impl Protocol {
    /// What people call it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Rpc => "rpc, version 2",
            Self::Grpc => "gRPC over HTTP/2",
            Self::Http => "Connect over HTTP",
            Self::JsonRpc => "JSON-RPC 2.0 over TCP",
            Self::JsonRpcHttp => "JSON-RPC 2.0 over HTTP/1.1",
        }
    }

    /// The names in ALPN, by preference.
    pub(super) fn alpn(self) -> &'static [&'static str] {
        match self {
            Self::Rpc => &["rpc"],
            Self::Grpc => &["h2"],
            Self::Http => &["h2", "http/1.1"],
            Self::JsonRpc | Self::JsonRpcHttp => &[],
        }
    }
}

/// The way to a server's socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    Tcp { host: String, port: u16 },
    Unix(PathBuf),
}

/// Where a server is, and how to speak to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) protocol: Protocol,
    pub(crate) by_tls: bool,
    pub(crate) route: Route,
    /// What methods' paths are put behind, over HTTP; without a slash at its end.
    pub(crate) path: String,
    /// It was written with its scheme.
    pub(crate) has_scheme: bool,
}

impl Target {
    /// Parses what a user wrote.
    ///
    /// # Errors
    ///
    /// What is wrong with it, and what may be written.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        Self::parse_parts(text).map_err(|reason| {
            Error::new(Exit::Usage, format!("the target {text:?} {reason}"))
                .with_help(format!("write {FORMS}"))
        })
    }

    fn parse_parts(text: &str) -> Result<Self, String> {
        if let Some(path) = text.strip_prefix("unix:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            if path.is_empty() {
                return Err("has no path".to_owned());
            }
            return Ok(Target {
                protocol: Protocol::Rpc,
                by_tls: false,
                route: Route::Unix(path.into()),
                path: String::new(),
                has_scheme: true,
            });
        }
        let (scheme, rest) = match text.split_once("://") {
            Some((scheme, rest)) => (Some(scheme), rest),
            None => (None, text),
        };
        let (protocol, by_tls, default_port) = match scheme {
            None | Some("rpc") => (Protocol::Rpc, false, None),
            Some("rpcs") => (Protocol::Rpc, true, None),
            Some("grpc") => (Protocol::Grpc, false, None),
            Some("grpcs") => (Protocol::Grpc, true, None),
            Some("http") => (Protocol::Http, false, Some(80)),
            Some("https") => (Protocol::Http, true, Some(443)),
            Some("jsonrpc") => (Protocol::JsonRpc, false, None),
            Some("jsonrpc+http") => (Protocol::JsonRpcHttp, false, Some(80)),
            Some(scheme) => return Err(format!("has the unknown scheme {scheme}")),
        };
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let takes_path = matches!(protocol, Protocol::Http | Protocol::JsonRpcHttp);
        if !takes_path && !path.trim_end_matches('/').is_empty() {
            return Err(format!(
                "has the path {path}, which this scheme has no use for"
            ));
        }
        Ok(Target {
            protocol,
            by_tls,
            route: parse_authority(authority, default_port)?,
            path: path.trim_end_matches('/').to_owned(),
            has_scheme: scheme.is_some(),
        })
    }

    /// The same server by another protocol.
    pub(crate) fn by(&self, protocol: Protocol, by_tls: bool) -> Self {
        Target {
            protocol,
            by_tls,
            has_scheme: true,
            ..self.clone()
        }
    }

    /// Host and port, or the path of the socket.
    pub(crate) fn authority(&self) -> String {
        match &self.route {
            Route::Tcp { host, port } if host.contains(':') => format!("[{host}]:{port}"),
            Route::Tcp { host, port } => format!("{host}:{port}"),
            Route::Unix(path) => path.display().to_string(),
        }
    }
}

fn parse_authority(text: &str, default_port: Option<u16>) -> Result<Route, String> {
    // A colon within brackets is a part of an IPv6 address.
    let colon = text
        .rfind(':')
        .filter(|colon| !text[*colon..].contains(']'));
    let (host, port) = match (colon, default_port) {
        (Some(colon), _) => {
            let port = &text[colon + 1..];
            let number = port.parse();
            let number =
                number.map_err(|_| format!("has the port {port:?}, no number from 0 to 65535"))?;
            (&text[..colon], number)
        }
        (None, Some(port)) => (text, port),
        (None, None) => return Err("has no port".to_owned()),
    };
    let inner = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    match inner.unwrap_or(host) {
        "" => Err("has no host".to_owned()),
        host => Ok(Route::Tcp {
            host: host.to_owned(),
            port,
        }),
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match (self.protocol, self.by_tls) {
            _ if matches!(self.route, Route::Unix(_)) => "unix:",
            (Protocol::Rpc, false) => "rpc://",
            (Protocol::Rpc, true) => "rpcs://",
            (Protocol::Grpc, false) => "grpc://",
            (Protocol::Grpc, true) => "grpcs://",
            (Protocol::Http, false) => "http://",
            (Protocol::Http, true) => "https://",
            (Protocol::JsonRpc, _) => "jsonrpc://",
            (Protocol::JsonRpcHttp, _) => "jsonrpc+http://",
        };
        write!(f, "{scheme}{}{}", self.authority(), self.path)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test panics where it fails")]

    use super::*;

    #[test]
    fn a_target_is_shown_as_it_can_be_written() {
        for (text, shown) in [
            ("localhost:8000", "rpc://localhost:8000"),
            ("[::1]:8000", "rpc://[::1]:8000"),
            ("grpcs://example.com:443", "grpcs://example.com:443"),
            ("https://example.com/api/", "https://example.com:443/api"),
            ("http://[::1]", "http://[::1]:80"),
            ("unix:/run/rpc.sock", "unix:/run/rpc.sock"),
            ("unix:///run/rpc.sock", "unix:/run/rpc.sock"),
            (
                "jsonrpc+http://localhost:1/rpc",
                "jsonrpc+http://localhost:1/rpc",
            ),
        ] {
            assert_eq!(Target::parse(text).unwrap().to_string(), shown);
        }
    }

    #[test]
    fn what_is_no_target_says_why() {
        for (text, why) in [
            ("localhost", "has no port"),
            ("grpc://localhost", "has no port"),
            (":8000", "has no host"),
            ("localhost:x", "has the port \"x\""),
            ("ftp://localhost:21", "unknown scheme ftp"),
            ("grpc://localhost:1/path", "has the path /path"),
            ("unix:", "has no path"),
        ] {
            let error = Target::parse(text).unwrap_err();
            assert!(error.message().contains(why), "{}", error.message());
        }
    }
}
