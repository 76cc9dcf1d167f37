//! What stands in for TLS where it is not compiled in: nothing of it can be made.

use std::io;
use std::sync::Arc;

use rpc_wire::Status;

use super::target::Authority;
use super::{Accepted, BoxTransport, Connector};

/// Cannot be made.
#[derive(Clone, Copy, Debug)]
pub(crate) enum ServerTls {}

/// Cannot be made.
#[derive(Clone, Copy, Debug)]
pub(crate) enum ClientTls {}

/// Cannot be made.
pub(crate) enum TlsAcceptor {}

impl ServerTls {
    pub(crate) fn acceptor(&self, _: &[&[u8]]) -> TlsAcceptor {
        match *self {}
    }
}

impl TlsAcceptor {
    pub(crate) async fn accept(&self, _: Accepted) -> Result<Accepted, (io::Error, BoxTransport)> {
        match *self {}
    }
}

/// Fails.
pub(super) fn connector(
    _: Authority,
    address: Arc<str>,
    _: &[u8],
    _: Option<ClientTls>,
) -> Result<Arc<dyn Connector>, Status> {
    Err(Status::invalid_argument(format!(
        "the target {address} takes TLS, which is not compiled in; enable the feature tls of \
         rpc-runtime"
    ))
    .with_may_have_run(false))
}

#[cfg(test)]
mod tests {
    use super::super::{Target, connector};

    #[test]
    fn a_target_that_takes_tls_says_which_feature_is_missing() {
        let target = Target::parse("rpcs://localhost:8443").unwrap();
        let Err(status) = connector(target, None) else {
            panic!("there is no TLS");
        };
        assert_eq!(status.code(), rpc_wire::Code::InvalidArgument);
        let text = status.message();
        assert!(text.contains("rpcs://localhost:8443"), "{text}");
        assert!(text.contains("enable the feature tls"), "{text}");
    }
}
