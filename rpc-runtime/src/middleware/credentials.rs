//! Clients that say who calls.

use rpc_wire::Status;

use super::secret::Secret;
use super::{Interceptor, Next, Request, Response};

/// The metadata key of bearer tokens.
pub(super) const AUTHORIZATION: &str = "authorization";

/// The metadata key of API keys, unless another is chosen.
pub(super) const API_KEY: &str = "x-api-key";

/// Sends a bearer token or an API key with every call of a channel that does not bring one of its own.
///
/// ```no_run
/// use rpc_runtime::Channel;
/// use rpc_runtime::middleware::Credentials;
///
/// # async fn example() -> Result<(), rpc_runtime::Status> {
/// // Over TLS, because whoever reads the token can use it.
/// let channel = Channel::builder("rpcs://example.com:443")
///     .intercept(Credentials::bearer("t0ken"))
///     .connect()
///     .await?;
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Credentials {
    key: String,
    value: Secret,
}

impl Credentials {
    /// Sends `authorization: Bearer <token>`.
    pub fn bearer(token: impl AsRef<str>) -> Self {
        Credentials {
            key: AUTHORIZATION.to_owned(),
            value: Secret::new(format!("Bearer {}", token.as_ref())),
        }
    }

    /// Sends `x-api-key: <key>`.
    pub fn api_key(key: impl Into<String>) -> Self {
        Self::api_key_in(API_KEY, key)
    }

    /// As [`api_key`](Self::api_key), under another metadata key, in lower case.
    pub fn api_key_in(key: impl Into<String>, value: impl Into<String>) -> Self {
        Credentials {
            key: key.into(),
            value: Secret::new(value),
        }
    }
}

impl Interceptor for Credentials {
    async fn intercept(&self, mut request: Request, next: Next) -> Result<Response, Status> {
        let metadata = request.metadata_mut();
        if metadata.get(&self.key).is_none() {
            let sent = metadata.insert(&*self.key, self.value.expose());
            sent.map_err(|error| {
                Status::invalid_argument(format!("the credentials cannot be sent: {error}"))
            })?;
        }
        next.run(request).await
    }
}
