//! One mistake, shown as compilers show it: where, what, and the line itself with a caret.

use std::collections::HashSet;
use std::fmt;
use std::path::Path;

use prost_types::FileDescriptorProto;

use crate::Location;
use crate::include::Source;

/// One mistake in a `.proto` file or in what the build script asked for.
///
/// `Display` gives the headline `file:line:column: message`, then the source line with carets under
/// the mistake, then the help if there is any:
///
/// ```text
/// proto/hello.proto:6:14: name 'HelloRequst' is not defined
///   6 |   rpc Hello (HelloRequst) returns (HelloReply);
///     |              ^^^^^^^^^^^
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Diagnostic {
    message: String,
    location: Option<Location>,
    help: Option<String>,
}

impl Diagnostic {
    /// A mistake at `location`.
    pub(crate) fn new(message: impl Into<String>, location: Location) -> Self {
        Self {
            message: message.into(),
            location: Some(location),
            help: None,
        }
    }

    /// A mistake at the element of `file` that `path` leads to; `source` is what `file` was read from.
    pub(crate) fn at_element(
        message: impl Into<String>,
        file: &FileDescriptorProto,
        path: &[i32],
        source: &Source,
    ) -> Self {
        Self::new(message, Location::of_element(file, path, source))
    }

    /// A mistake that is in no file, such as a folder that does not exist.
    pub(crate) fn without_location(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            location: None,
            help: None,
        }
    }

    /// Adds what the user can do about it.
    pub(crate) fn with_help(mut self, help: Option<String>) -> Self {
        self.help = help;
        self
    }

    /// Shows the mistake at `location`.
    pub(crate) fn moved_to(mut self, location: Location) -> Self {
        self.location = Some(location);
        self
    }

    /// What is wrong, without the place.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Where it is wrong, if the mistake is in a file.
    pub fn location(&self) -> Option<&Location> {
        self.location.as_ref()
    }

    /// Where it begins: file, line and column.
    pub(crate) fn start(&self) -> Option<(&Path, usize, usize)> {
        Some(self.location.as_ref()?.start())
    }

    /// What the user can do about it, if there is something to say.
    pub fn help(&self) -> Option<&str> {
        self.help.as_deref()
    }

    /// The first line of the display: `file:line:column: message`.
    pub(crate) fn headline(&self) -> String {
        match &self.location {
            Some(at) => format!("{at}: {}", self.message),
            None => self.message.clone(),
        }
    }
}

/// Adds to `known` what a later check found. Where something is known to be wrong already, the later
/// check saw the same mistake from another side.
pub(crate) fn merge(known: &mut Vec<Diagnostic>, later: Vec<Diagnostic>) {
    let places: HashSet<_> = known.iter().filter_map(Diagnostic::start).collect();
    let mut new = later;
    new.retain(|each| each.start().is_none_or(|at| !places.contains(&at)));
    known.extend(new);
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.headline())?;
        let mut margin = " ".to_owned();
        if let Some(at) = &self.location {
            margin = " ".repeat(at.line().to_string().len() + 2);
            let (line, text, carets) = (at.line(), at.source_line(), at.carets());
            write!(f, "\n  {line} | {text}\n{margin} | {carets}")?;
        }
        if let Some(help) = &self.help {
            write!(f, "\n{margin} = help: {help}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::ops::Range;

    use super::*;

    fn display(text: &str, span: Range<usize>) -> String {
        Diagnostic::new(
            "wrong",
            Location::from_span(Path::new("a.proto"), text, span),
        )
        .to_string()
    }

    #[test]
    fn the_place_counts_lines_and_characters_from_one() {
        assert_eq!(
            display("é x\n", 3..4),
            "a.proto:1:3: wrong\n  1 | é x\n    |   ^"
        );
        assert_eq!(
            display("a\r\nbc\r\n", 4..5),
            "a.proto:2:2: wrong\n  2 | bc\n    |  ^"
        );
    }

    #[test]
    fn carets_keep_the_tabs_before_them() {
        assert_eq!(
            display("\tab", 1..3),
            "a.proto:1:2: wrong\n  1 | \tab\n    | \t^^"
        );
    }

    #[test]
    fn a_span_over_several_lines_is_cut_after_the_first() {
        assert_eq!(
            display("ab\ncd", 1..5),
            "a.proto:1:2: wrong\n  1 | ab\n    |  ^"
        );
    }

    #[test]
    fn a_later_check_adds_nothing_where_a_mistake_is_known() {
        let at = |span| Diagnostic::new("x", Location::from_span(Path::new("a"), "abc", span));
        let mut known = vec![at(0..1)];
        merge(&mut known, vec![at(0..1), at(1..2), at(1..2)]);
        assert_eq!(known, [at(0..1), at(1..2), at(1..2)]);
    }

    #[test]
    fn the_end_of_the_file_has_a_place() {
        assert_eq!(
            display("ab", 2..2),
            "a.proto:1:3: wrong\n  1 | ab\n    |   ^"
        );
        assert_eq!(display("", 0..0), "a.proto:1:1: wrong\n  1 | \n    | ^");
    }
}
