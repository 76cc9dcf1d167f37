//! What is wrong with a configuration file.

use std::error::Error;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use rpc_wire::Status;

use crate::server::ServeError;

/// What is wrong with a configuration file: the file, the place in it, the key, and what was
/// expected.
///
/// ```text
/// rpc.yaml:7:11: services[1].port: expected a whole number from 0 to 65535, found "http"
/// ```
///
/// It becomes a [`ServeError`] or a [`Status`] by `?`.
#[derive(Debug)]
pub struct ConfigError {
    file: Arc<Path>,
    place: Option<Place>,
    key: String,
    message: String,
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// A place in a file. Both numbers count from 1; columns are characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) line: usize,
    pub(super) column: usize,
}

impl ConfigError {
    /// Something is wrong with a file as a whole.
    pub(super) fn of_file(file: Arc<Path>, message: impl Into<String>) -> Self {
        ConfigError {
            file,
            place: None,
            key: String::new(),
            message: message.into(),
            source: None,
        }
    }

    pub(super) fn at(mut self, place: Place, key: impl Into<String>) -> Self {
        self.place = Some(place);
        self.key = key.into();
        self
    }

    pub(super) fn because(mut self, source: impl Error + Send + Sync + 'static) -> Self {
        self.source = Some(Box::new(source));
        self
    }

    /// The file, as it was given to [`Config::load`](super::Config::load).
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// The key, such as `services[1].port`; empty if it is the file as a whole.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The line, from 1.
    pub fn line(&self) -> Option<usize> {
        self.place.map(|place| place.line)
    }

    /// The column, from 1.
    pub fn column(&self) -> Option<usize> {
        self.place.map(|place| place.column)
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if let Some(Place { line, column }) = self.place {
            write!(f, ":{line}:{column}")?;
        }
        if !self.key.is_empty() {
            write!(f, ": {}", self.key)?;
        }
        write!(f, ": {}", self.message)
    }
}

impl Error for ConfigError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

impl From<ConfigError> for ServeError {
    fn from(error: ConfigError) -> Self {
        ServeError::Config(Box::new(error))
    }
}

impl From<ConfigError> for Status {
    fn from(error: ConfigError) -> Self {
        Status::invalid_argument(error.to_string())
            .with_source(error)
            .with_may_have_run(false)
    }
}
