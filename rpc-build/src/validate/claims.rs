//! Who has taken a name in a Rust namespace.

use std::collections::HashMap;

use super::File;
use crate::diagnostic::Diagnostic;
use crate::location::Location;

/// What is left of a name that consists of underscores. Protobuf takes it, and in Rust it is a pattern.
const NO_NAME: &str = "_";

/// One name of Rust is to be used for one thing of a `.proto` file.
#[derive(Clone)]
pub(super) struct Claim<'a> {
    /// What the name is for, such as `message 'Hello'`.
    pub(super) what: String,
    pub(super) file: File<'a>,
    /// Leads to the element in the file.
    pub(super) path: Vec<i32>,
}

impl Claim<'_> {
    /// Whether one element of a file makes both claims.
    fn is_at_the_place_of(&self, other: &Self) -> bool {
        self.path == other.path && self.file.descriptor.name() == other.file.descriptor.name()
    }
}

/// The names of one Rust namespace.
#[derive(Default)]
pub(super) struct Claims<'a> {
    by_name: HashMap<String, Claim<'a>>,
}

impl<'a> Claims<'a> {
    /// Takes `name`, and returns whether it was free. If it is taken already, that is a mistake at the
    /// later of the two places. A name of underscores alone is free for nothing.
    pub(super) fn claim(
        &mut self,
        name: String,
        claim: Claim<'a>,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> bool {
        if name == NO_NAME {
            let message = format!("{} has no name in Rust", claim.what);
            let help =
                "rename it: a name needs a letter or a digit, and this one has underscores only";
            let diagnostic = claim.file.complain(&claim.path, message);
            diagnostics.push(diagnostic.with_help(Some(help.to_owned())));
            return false;
        }
        let Some(first) = self.by_name.get(&name) else {
            self.by_name.insert(name, claim);
            return true;
        };
        let message = format!(
            "{} and {} are both called '{name}' in Rust",
            claim.what, first.what
        );
        let help = match first.file.source {
            Some(_) if first.is_at_the_place_of(&claim) => "rename it".to_owned(),
            Some(source) => {
                let location = Location::of_element(first.file.descriptor, &first.path, source);
                format!("rename one of them; the other is at {location}")
            }
            None => "rename one of them".to_owned(),
        };
        let diagnostic = claim.file.complain(&claim.path, message);
        diagnostics.push(diagnostic.with_help(Some(help)));
        false
    }
}
