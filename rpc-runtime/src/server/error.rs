//! Why a server does not start.

use std::fmt;
use std::io;

/// Why a server does not start, or stops.
#[derive(Debug)]
#[non_exhaustive]
pub enum ServeError {
    /// The address cannot be listened on.
    Bind {
        /// The address as it was given.
        address: String,
        /// What the operating system or the transport said.
        source: io::Error,
    },
    /// Two services have the same name.
    DuplicateService {
        /// The name.
        name: String,
        /// The type that has it.
        first: &'static str,
        /// The type that was to have it too.
        second: &'static str,
    },
    /// What was given to `Server::cors` cannot be.
    #[cfg(feature = "_http")]
    Cors {
        /// What is wrong with it, and what to do.
        reason: String,
    },
    /// What a configuration file says cannot be served.
    Config(Box<dyn std::error::Error + Send + Sync>),
    /// `serve_blocking` was called where it would block an async runtime.
    InsideRuntime,
    /// The runtime, the listener or what TLS needs cannot be made.
    Io(io::Error),
}

impl fmt::Display for ServeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ServeError::Bind { address, source } => {
                // What the transports say of themselves has its advice.
                let advice = match source.raw_os_error() {
                    Some(_) => "; check the address, or choose port 0 for a free one",
                    None => "",
                };
                write!(f, "cannot listen on {address}: {source}{advice}")
            }
            ServeError::DuplicateService { name, first, second } => write!(
                f,
                "both {first} and {second} are registered as the service {name:?}; register one of \
                 them with service_as under another name"
            ),
            #[cfg(feature = "_http")]
            ServeError::Cors { reason } => write!(f, "Server::cors: {reason}"),
            ServeError::Config(error) => error.fmt(f),
            ServeError::InsideRuntime => f.write_str(
                "serve_blocking was called inside an async runtime, which it would block; use serve(..).await there",
            ),
            ServeError::Io(error) => write!(f, "cannot serve: {error}"),
        }
    }
}

impl std::error::Error for ServeError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            ServeError::Bind { source, .. } | ServeError::Io(source) => Some(source),
            // It is shown as it is, so what it has under it comes next.
            ServeError::Config(error) => error.source(),
            _ => None,
        }
    }
}

impl From<io::Error> for ServeError {
    fn from(error: io::Error) -> Self {
        ServeError::Io(error)
    }
}

#[cfg(feature = "tls")]
impl From<crate::transport::TlsError> for ServeError {
    fn from(error: crate::transport::TlsError) -> Self {
        ServeError::Io(error.into())
    }
}
