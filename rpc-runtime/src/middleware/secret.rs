//! Texts that must not get out.

use std::fmt;

use subtle::ConstantTimeEq;

/// A text that is not shown, and compared in a time that does not depend on where it differs.
#[derive(Clone)]
pub(super) struct Secret(String);

impl Secret {
    pub(super) fn new(text: impl Into<String>) -> Self {
        Secret(text.into())
    }

    pub(super) fn expose(&self) -> &str {
        &self.0
    }

    /// Whether this is the text. Its length is no secret.
    pub(super) fn is(&self, text: &str) -> bool {
        self.0.as_bytes().ct_eq(text.as_bytes()).into()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}
