//! Servers that want to know who calls.

use std::sync::Arc;

use rpc_wire::{Metadata, Status};

use super::credentials::{API_KEY, AUTHORIZATION};
use super::secret::Secret;
use super::{Interceptor, Next, Request, Response};

/// Lets calls pass at a server that bring a bearer token or an API key which it knows, and refuses all
/// others with UNAUTHENTICATED before anything of their requests is decoded.
///
/// Handlers learn who calls from `cx.extension::<Caller>()`. Secrets are compared in constant time; they
/// travel in the clear unless the connection is encrypted. They are taken out of the metadata, so that
/// nothing behind it can log them. Clients send them with [`Credentials`](super::Credentials).
///
/// ```
/// use rpc_runtime::Server;
/// use rpc_runtime::middleware::Authenticate;
///
/// // The name of a caller, and its token.
/// let tokens = [("billing", "t0ken"), ("reports", "an0ther")];
/// let authenticate = Authenticate::bearer(tokens).except("grpc.health.v1.Health");
/// let server = Server::new().intercept(authenticate);
/// ```
#[derive(Clone, Debug)]
pub struct Authenticate {
    scheme: Scheme,
    callers: Vec<(Caller, Secret)>,
    exempt: Vec<String>,
}

/// How a call brings its secret.
#[derive(Clone, Debug)]
enum Scheme {
    Bearer,
    /// As it is, under this metadata key.
    Key(String),
}

/// Who calls, as [`Authenticate`] found out.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Caller {
    name: Arc<str>,
}

impl Caller {
    /// A caller, for tests of handlers.
    pub fn new(name: impl Into<Arc<str>>) -> Self {
        Caller { name: name.into() }
    }

    /// The name that its secret was given with.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl Authenticate {
    /// Expects `authorization: Bearer <token>` in the metadata, with one of these tokens. Each comes with
    /// the name of its caller; a caller may have several, so that one can be replaced.
    pub fn bearer<N, S>(tokens: impl IntoIterator<Item = (N, S)>) -> Self
    where
        N: Into<Arc<str>>,
        S: Into<String>,
    {
        Self::new(Scheme::Bearer, tokens)
    }

    /// Expects `x-api-key: <key>` in the metadata, with one of these keys. Each comes with the name of its
    /// caller.
    pub fn api_key<N, S>(keys: impl IntoIterator<Item = (N, S)>) -> Self
    where
        N: Into<Arc<str>>,
        S: Into<String>,
    {
        Self::api_key_in(API_KEY, keys)
    }

    /// As [`api_key`](Self::api_key), under another metadata key, in lower case.
    pub fn api_key_in<N, S>(key: impl Into<String>, keys: impl IntoIterator<Item = (N, S)>) -> Self
    where
        N: Into<Arc<str>>,
        S: Into<String>,
    {
        Self::new(Scheme::Key(key.into()), keys)
    }

    fn new<N, S>(scheme: Scheme, secrets: impl IntoIterator<Item = (N, S)>) -> Self
    where
        N: Into<Arc<str>>,
        S: Into<String>,
    {
        let secrets = secrets.into_iter();
        Authenticate {
            scheme,
            callers: secrets
                .map(|(name, secret)| (Caller::new(name), Secret::new(secret)))
                .collect(),
            exempt: Vec::new(),
        }
    }

    /// Lets every call of a service pass, such as `grpc.health.v1.Health`.
    #[must_use]
    pub fn except(mut self, service: impl Into<String>) -> Self {
        self.exempt.push(service.into());
        self
    }

    fn authenticate(&self, metadata: &Metadata) -> Result<Caller, Status> {
        let key = self.scheme.key();
        let sent = metadata.get(key);
        let secret = sent.and_then(|value| self.scheme.secret(value));
        // An empty one is nobody's, though a variable that is not set may have made it somebody's here.
        let Some(secret) = secret.filter(|secret| !secret.is_empty()) else {
            let expected = self.scheme.expected();
            return Err(Status::unauthenticated(format!(
                "the call brings no credentials: send the metadata {expected}"
            )));
        };
        // All are compared, so that the time does not tell which is the one.
        let known =
            self.callers.iter().fold(
                None,
                |known, (caller, one)| {
                    if one.is(secret) { Some(caller) } else { known }
                },
            );
        known.cloned().ok_or_else(|| {
            Status::unauthenticated(format!(
                "the server does not know the credentials in the metadata {key:?}"
            ))
        })
    }
}

impl Scheme {
    fn key(&self) -> &str {
        match self {
            Scheme::Bearer => AUTHORIZATION,
            Scheme::Key(key) => key,
        }
    }

    /// The secret in the value of the metadata key.
    fn secret<'a>(&self, value: &'a str) -> Option<&'a str> {
        match self {
            Scheme::Bearer => {
                let (scheme, token) = value.split_once(' ')?;
                scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
            }
            Scheme::Key(_) => Some(value),
        }
    }

    fn expected(&self) -> String {
        match self {
            Scheme::Bearer => format!("{AUTHORIZATION:?}, `Bearer <token>`"),
            Scheme::Key(key) => format!("{key:?}"),
        }
    }
}

impl Interceptor for Authenticate {
    async fn intercept(&self, mut request: Request, next: Next) -> Result<Response, Status> {
        let service = request.method().service();
        if !self.exempt.iter().any(|exempt| exempt == service) {
            let caller = self.authenticate(request.metadata())?;
            request.extensions_mut().insert(caller);
        }
        request.metadata_mut().remove(self.scheme.key());
        next.run(request).await
    }
}

#[cfg(test)]
mod tests {
    use rpc_wire::Code;

    use super::*;

    fn metadata(key: &str, value: &str) -> Metadata {
        let mut metadata = Metadata::new();
        metadata.insert(key, value).unwrap();
        metadata
    }

    #[test]
    fn a_known_secret_names_its_caller() {
        let bearer = Authenticate::bearer([("ann", "one"), ("bob", "two"), ("ann", "three")]);
        let api_key = Authenticate::api_key([("ann", "one"), ("bob", "two")]);
        for (authenticate, key, value, name) in [
            (&bearer, "authorization", "Bearer one", "ann"),
            (&bearer, "authorization", "bearer  two", "bob"),
            (&bearer, "authorization", "Bearer three", "ann"),
            (&api_key, "x-api-key", "two", "bob"),
        ] {
            let caller = authenticate.authenticate(&metadata(key, value));
            assert_eq!(caller.unwrap().name(), name, "{key}: {value}");
        }
    }

    #[test]
    fn whatever_is_no_known_secret_is_refused_and_not_repeated() {
        let bearer = Authenticate::bearer([("ann", "s3cret")]);
        let nobody = Authenticate::bearer([("", ""); 0]);
        for (authenticate, key, value) in [
            (&bearer, "x-api-key", "s3cret"),
            (&bearer, "authorization", "s3cret"),
            (&bearer, "authorization", "Basic s3cret"),
            (&bearer, "authorization", "Bearer s3cre"),
            (&bearer, "authorization", "Bearer s3crets"),
            (&bearer, "authorization", "Bearer "),
            (&nobody, "authorization", "Bearer s3cret"),
        ] {
            let refused = authenticate.authenticate(&metadata(key, value));
            let refused = refused.unwrap_err();
            assert_eq!(refused.code(), Code::Unauthenticated);
            assert!(refused.message().contains("authorization"), "{refused}");
            assert!(!refused.message().contains("s3cre"), "{refused}");
        }
    }

    #[test]
    fn an_empty_secret_lets_nobody_in() {
        let bearer = Authenticate::bearer([("ann", "")]);
        let api_key = Authenticate::api_key([("ann", "")]);
        for (authenticate, key, value) in [
            (&bearer, "authorization", "Bearer "),
            (&api_key, "x-api-key", ""),
        ] {
            let refused = authenticate.authenticate(&metadata(key, value));
            assert_eq!(refused.unwrap_err().code(), Code::Unauthenticated);
        }
    }

    #[test]
    fn secrets_are_not_shown() {
        let shown = format!("{:?}", Authenticate::api_key([("ann", "s3cret")]));
        assert!(
            shown.contains("ann") && !shown.contains("s3cret"),
            "{shown}"
        );
    }
}
