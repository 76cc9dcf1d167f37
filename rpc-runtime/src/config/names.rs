//! Names that are unique.

use std::collections::HashMap;

use super::error::ConfigError;
use super::node::Node;

/// The names that entries have taken, with their lines.
#[derive(Default)]
pub(super) struct Names<'a>(HashMap<&'a str, usize>);

impl<'a> Names<'a> {
    /// The name of an entry.
    pub(super) fn of(&mut self, entry: &'a Node) -> Result<&'a str, ConfigError> {
        self.take(entry.require("name")?)
    }

    /// The name that this value is.
    pub(super) fn take(&mut self, node: &'a Node) -> Result<&'a str, ConfigError> {
        let name = node.text("a name")?;
        match self.0.insert(name, node.place.line) {
            Some(line) => Err(node.error(format!(
                "the name {name:?} is taken in line {line} already; choose another"
            ))),
            None => Ok(name),
        }
    }
}
