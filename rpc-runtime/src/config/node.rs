//! What stands in a file, with its place.

use std::path::Path;
use std::sync::Arc;

use super::error::{ConfigError, Place};

/// A value of a file. It knows where it stands, so that whoever finds it wrong can say so.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) file: Arc<Path>,
    /// The keys that lead to it, such as `services[1].port`; empty for the whole file.
    pub(super) key: String,
    pub(super) place: Place,
    pub(super) content: Content,
}

/// A value as YAML has it. Texts are not told from numbers: that depends on what is expected.
#[derive(Debug)]
pub(super) enum Content {
    Text(String),
    List(Vec<Arc<Node>>),
    Mapping(Vec<Entry>),
}

/// A key and its value.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) place: Place,
    pub(super) value: Arc<Node>,
}

impl Node {
    /// The key of a value in this mapping.
    pub(super) fn key_of(&self, name: &str) -> String {
        join(&self.key, name)
    }

    /// Something is wrong with this value.
    pub(super) fn error(&self, message: impl Into<String>) -> ConfigError {
        self.error_at(self.place, &self.key, message)
    }

    /// Something is wrong at another place of the file.
    pub(super) fn error_at(
        &self,
        place: Place,
        key: impl Into<String>,
        message: impl Into<String>,
    ) -> ConfigError {
        ConfigError::of_file(Arc::clone(&self.file), message).at(place, key)
    }

    /// Something is wrong with a section of this mapping, or with its absence.
    pub(super) fn error_of_section(&self, name: &str, message: impl Into<String>) -> ConfigError {
        match self.get(name) {
            Ok(Some(section)) => section.error(message),
            _ => self.error_at(self.place, self.key_of(name), message),
        }
    }

    /// It is something else than what was expected.
    pub(super) fn expected(&self, what: &str) -> ConfigError {
        let found = match &self.content {
            Content::Text(text) if text.is_empty() => "nothing".to_owned(),
            Content::Text(text) => format!("{text:?}"),
            Content::List(_) => "a list".to_owned(),
            Content::Mapping(_) => "a mapping".to_owned(),
        };
        self.error(format!("expected {what}, found {found}"))
    }

    /// The keys and values of a mapping. One without any is as good as left out.
    pub(super) fn entries(&self) -> Result<&[Entry], ConfigError> {
        match &self.content {
            Content::Mapping(entries) => Ok(entries),
            Content::Text(text) if text.is_empty() => Ok(&[]),
            _ => Err(self.expected("a mapping, key: value")),
        }
    }

    /// The value of a key.
    pub(super) fn get(&self, name: &str) -> Result<Option<&Arc<Node>>, ConfigError> {
        let mut entries = self.entries()?.iter();
        let entry = entries.find(|entry| entry.name == name);
        Ok(entry.map(|entry| &entry.value))
    }

    /// The value of a key that must be there.
    pub(super) fn require(&self, name: &str) -> Result<&Arc<Node>, ConfigError> {
        self.get(name)?
            .ok_or_else(|| self.error(format!("the key {name} is missing")))
    }

    /// The values of a list.
    pub(super) fn list(&self) -> Result<&[Arc<Node>], ConfigError> {
        match &self.content {
            Content::List(values) => Ok(values),
            Content::Text(text) if text.is_empty() => Ok(&[]),
            _ => Err(self.expected("a list, such as [a, b] or lines that begin with -")),
        }
    }

    /// The values of a list under a key; none if the key is not there.
    pub(super) fn list_of(&self, name: &str) -> Result<&[Arc<Node>], ConfigError> {
        self.get(name)?.map_or(Ok(&[]), |node| node.list())
    }
}

/// The key of a value in the mapping that has the key `outer`.
pub(super) fn join(outer: &str, name: &str) -> String {
    match outer {
        "" => name.to_owned(),
        outer => format!("{outer}.{name}"),
    }
}
