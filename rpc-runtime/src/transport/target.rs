//! What a user writes to say where a server is.

use rpc_wire::Status;

/// Schemes that targets may have one day, so that a program which uses one early is told so.
const LATER: [&str; 8] = [
    "rpcs", "unix", "mem", "grpc", "grpcs", "dns", "etcd", "file",
];

/// A server's address: `host:port` or `rpc://host:port`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    host: String,
    port: u16,
}

impl Target {
    /// Parses what a user wrote.
    pub(crate) fn parse(text: &str) -> Result<Target, Status> {
        let rest = text.strip_prefix("rpc://").unwrap_or(text);
        let invalid = |reason: &str| {
            Status::invalid_argument(format!(
                "target {text:?} {reason}; write host:port or rpc://host:port, such as 127.0.0.1:8000"
            ))
            .with_may_have_run(false)
        };
        for scheme in LATER {
            let is_scheme = rest.strip_prefix(scheme).is_some_and(|rest| {
                rest.starts_with("://")
                    || (rest.starts_with(':') && matches!(scheme, "unix" | "mem" | "file"))
            });
            if is_scheme {
                return Err(invalid(&format!(
                    "has the scheme {scheme}, which this version does not support"
                )));
            }
        }
        if let Some((scheme, _)) = rest.split_once("://") {
            return Err(invalid(&format!("has the unknown scheme {scheme}")));
        }
        let (host, port) = rest
            .rsplit_once(':')
            .ok_or_else(|| invalid("has no port"))?;
        let port = port.parse().map_err(|_| {
            invalid(&format!(
                "has the port {port:?}, which is no number from 0 to 65535"
            ))
        })?;
        let host = host
            .strip_prefix('[')
            .and_then(|host| host.strip_suffix(']'))
            .unwrap_or(host);
        if host.is_empty() {
            return Err(invalid("has no host"));
        }
        Ok(Target {
            host: host.to_owned(),
            port,
        })
    }

    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_address_and_the_rpc_scheme_mean_the_same() {
        for text in ["localhost:8000", "rpc://localhost:8000"] {
            assert_eq!(Target::parse(text).unwrap().to_string(), "localhost:8000");
        }
        assert_eq!(Target::parse("[::1]:80").unwrap().host(), "::1");
        assert_eq!(Target::parse("[::1]:80").unwrap().to_string(), "[::1]:80");
    }

    #[test]
    fn a_target_that_cannot_be_used_says_why_and_what_to_write() {
        for (text, reason) in [
            ("localhost", "has no port"),
            (":80", "has no host"),
            ("localhost:http", "has the port \"http\""),
            (
                "grpc://localhost:80",
                "the scheme grpc, which this version does not support",
            ),
            (
                "unix:/tmp/socket",
                "the scheme unix, which this version does not support",
            ),
            ("ftp://localhost:80", "the unknown scheme ftp"),
        ] {
            let status = Target::parse(text).unwrap_err();
            assert!(status.message().contains(reason), "{status}");
            assert!(status.message().contains("write host:port"), "{status}");
        }
    }
}
