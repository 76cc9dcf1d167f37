//! Which web pages may call a server.

use std::time::Duration;

/// How long a browser need not ask again, unless configured otherwise: as long as Chrome lets it be.
const DEFAULT_MAX_AGE: Duration = Duration::from_secs(2 * 60 * 60);

/// Which web pages may call a server from a browser (cross-origin resource sharing): by gRPC-Web, Connect, JSON over
/// HTTP and JSON-RPC.
///
/// A server has none unless [told](crate::Server::cors), so only pages from its own address can call it: a
/// browser keeps all others from it. Other clients than browsers do not ask, so this takes the place of no
/// authentication.
///
/// ```
/// use rpc_runtime::{Cors, Server};
///
/// let server = Server::new().cors(Cors::origins(["https://app.example.com"]));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cors {
    /// `None` if any may.
    origins: Option<Vec<String>>,
    allow_credentials: bool,
    max_age: Duration,
}

impl Cors {
    /// Lets pages of these origins call, such as `https://app.example.com` or `http://localhost:5173`.
    ///
    /// An origin is written as browsers send it: scheme, host, and port if it is not the scheme's own, without a
    /// slash at the end. Others are an error when the server starts.
    pub fn origins<O: Into<String>>(origins: impl IntoIterator<Item = O>) -> Self {
        Self::of(Some(origins.into_iter().map(Into::into).collect()))
    }

    /// Lets every page call. It cannot be combined with [credentials](Self::allow_credentials).
    pub fn any_origin() -> Self {
        Self::of(None)
    }

    fn of(origins: Option<Vec<String>>) -> Self {
        Cors {
            origins,
            allow_credentials: false,
            max_age: DEFAULT_MAX_AGE,
        }
    }

    /// Whether pages may have the browser send the user's cookies and client certificates; not unless set. A token that
    /// a page sends itself, in `authorization`, needs no leave.
    #[must_use]
    pub fn allow_credentials(mut self, allow: bool) -> Self {
        self.allow_credentials = allow;
        self
    }

    /// How long a browser need not ask again whether it may call; 2 hours unless set. Browsers have limits of their
    /// own.
    #[must_use]
    pub fn max_age(mut self, age: Duration) -> Self {
        self.max_age = age;
        self
    }

    /// Whether it makes sense.
    ///
    /// # Errors
    ///
    /// What is wrong, and what to do.
    pub(crate) fn check(&self) -> Result<(), String> {
        match &self.origins {
            None if self.allow_credentials => Err(
                "any origin may call with the user's credentials, so every web page could act for whoever is logged \
                 in; list the origins, or allow no credentials"
                    .to_owned(),
            ),
            None => Ok(()),
            Some(origins) => origins.iter().try_for_each(|origin| check_origin(origin)),
        }
    }

    /// Whether pages of this origin may call.
    pub(crate) fn allows(&self, origin: &str) -> bool {
        match &self.origins {
            None => true,
            Some(origins) => origins.iter().any(|allowed| allowed == origin),
        }
    }

    /// Whether it makes no difference of which origin a page is.
    pub(crate) fn is_any(&self) -> bool {
        self.origins.is_none()
    }

    pub(crate) fn allows_credentials(&self) -> bool {
        self.allow_credentials
    }

    pub(crate) fn max_age_seconds(&self) -> u64 {
        self.max_age.as_secs()
    }
}

/// Whether a browser could send this origin.
fn check_origin(origin: &str) -> Result<(), String> {
    let is_origin = origin.split_once("://").is_some_and(|(scheme, rest)| {
        let of_scheme = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "+-.".contains(c);
        let of_host = |c: char| of_scheme(c) || "_:[]".contains(c);
        let own_port = match scheme {
            "http" => ":80",
            "https" => ":443",
            _ => "\0",
        };
        let is_scheme = scheme.starts_with(|c: char| c.is_ascii_lowercase());
        is_scheme
            && scheme.chars().all(of_scheme)
            && !rest.is_empty()
            && rest.chars().all(of_host)
            && !rest.ends_with(own_port)
    });
    match is_origin {
        true => Ok(()),
        false => Err(format!(
            "{origin:?} is not an origin as browsers send it; write scheme://host, or scheme://host:port if the port \
             is not the scheme's own, in lower case and without a slash at the end, such as \
             https://app.example.com"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_taken_as_browsers_send_them() {
        for origin in [
            "https://app.example.com",
            "http://localhost:5173",
            "http://127.0.0.1:8080",
            "http://[::1]:8080",
            "https://xn--bcher-kva.example",
            "chrome-extension://abcdef",
        ] {
            let cors = Cors::origins([origin]);
            assert_eq!(cors.check(), Ok(()), "{origin}");
            assert!(cors.allows(origin));
        }
        for origin in [
            "",
            "*",
            "null",
            "app.example.com",
            "https://",
            "://a",
            "https://app.example.com/",
            "https://app.example.com:443",
            "http://localhost:80",
            "https://App.example.com",
            "https://*.example.com",
            "https://a b",
            "https://user@host",
        ] {
            let error = Cors::origins(["http://a", origin]).check().unwrap_err();
            assert!(error.contains(&format!("{origin:?}")), "{error}");
            assert!(error.contains("such as https://app.example.com"));
        }
    }

    #[test]
    fn only_listed_origins_are_allowed_unless_any_is() {
        let cors = Cors::origins(["https://a", "https://b:1"]);
        for other in [
            "https://c",
            "http://a",
            "https://a:1",
            "https://a.b",
            "null",
            "",
        ] {
            assert!(!cors.allows(other), "{other}");
        }
        assert!(Cors::any_origin().allows("null"));
        assert!(!Cors::origins::<String>([]).allows("https://a"));
    }

    #[test]
    fn any_origin_gets_no_credentials() {
        let error = Cors::any_origin().allow_credentials(true).check();
        assert!(error.unwrap_err().contains("list the origins"));
    }
}
