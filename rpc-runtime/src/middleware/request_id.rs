//! The name that a request has in the logs of all who deal with it.

use std::fmt;
use std::sync::Arc;

use rpc_wire::Metadata;

use super::Request;

/// The metadata key of request ids.
const KEY: &str = "x-request-id";

/// Longest id that is taken over from a caller, in bytes: a UUID has 36, and what is longer fills logs.
const MAX_LENGTH: usize = 128;

/// The name that a request has in the logs of all who deal with it.
///
/// With [`Logging`](super::Logging) handlers have it from `cx.extension::<RequestId>()`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RequestId(Arc<str>);

impl RequestId {
    /// An id, for tests of handlers.
    pub fn new(id: impl Into<Arc<str>>) -> Self {
        RequestId(id.into())
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The id that a call brings, has from the call that it is made for, or is given now. It is sent
    /// along from then on.
    pub(super) fn establish(request: &mut Request) -> Self {
        let inherited = || request.context()?.extension::<RequestId>().cloned();
        let id = Self::sent(request.metadata())
            .or_else(inherited)
            .unwrap_or_else(Self::made);
        // An id of a user's own that cannot be sent stays here.
        let _ = request.metadata_mut().insert(KEY, id.as_str());
        request.extensions_mut().insert(id.clone());
        id
    }

    fn sent(metadata: &Metadata) -> Option<Self> {
        let id = metadata.get(KEY)?;
        (1..=MAX_LENGTH)
            .contains(&id.len())
            .then(|| RequestId::new(id))
    }

    fn made() -> Self {
        RequestId::new(format!("{:032x}", fastrand::u128(..)))
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
