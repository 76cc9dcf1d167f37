//! One mistake, shown as compilers show it: where, what, and the line itself with a caret.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

use prost_types::FileDescriptorProto;

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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    message: String,
    location: Option<Location>,
    help: Option<String>,
}

/// A place in a `.proto` file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    path: PathBuf,
    line: usize,
    column: usize,
    source_line: String,
    width: usize,
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

    /// Shows the mistake at another place.
    pub(crate) fn move_to(&mut self, location: Location) {
        self.location = Some(location);
    }

    /// What is wrong, without the place.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Where it is wrong, if the mistake is in a file.
    pub fn location(&self) -> Option<&Location> {
        self.location.as_ref()
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

impl Location {
    /// The place of the bytes `span` of `text`, which is the content of the file at `path`. A span
    /// that goes on over several lines is cut at the end of its first one.
    pub(crate) fn from_span(path: &Path, text: &str, span: Range<usize>) -> Self {
        let start = text.floor_char_boundary(span.start);
        let line_start = text[..start].rfind('\n').map_or(0, |newline| newline + 1);
        let source_line = text[line_start..].lines().next().unwrap_or_default();
        let line_end = line_start + source_line.len();
        let end = text.floor_char_boundary(span.end.min(line_end)).max(start);
        Self {
            path: path.to_owned(),
            line: text[..line_start].matches('\n').count() + 1,
            column: text[line_start..start].chars().count() + 1,
            source_line: source_line.to_owned(),
            width: text[start..end].chars().count().max(1),
        }
    }

    /// The place of the element of `file` that `path` leads to, or of the innermost element around it
    /// that has one. `source` is what `file` was read from.
    pub(crate) fn of_element(file: &FileDescriptorProto, path: &[i32], source: &Source) -> Self {
        let places = file.source_code_info.iter().flat_map(|info| &info.location);
        let nearest = places
            .filter(|place| path.starts_with(&place.path))
            .max_by_key(|place| place.path.len());
        let offset = |line: i32, column: i32| {
            let lines = source.text.split_inclusive('\n').take(line as usize);
            lines.map(str::len).sum::<usize>() + column as usize
        };
        let span = match nearest.map(|place| &place.span[..]) {
            Some(&[line, start, end]) => offset(line, start)..offset(line, end),
            Some(&[line, start, last_line, end]) => offset(line, start)..offset(last_line, end),
            _ => 0..0,
        };
        Self::from_span(&source.path, &source.text, span)
    }

    /// The file, as the build script would open it.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The line, counted from 1.
    pub fn line(&self) -> usize {
        self.line
    }

    /// The column, counted in characters from 1.
    pub fn column(&self) -> usize {
        self.column
    }

    /// The carets under the mistake, after as much white space as the source line has before it: a
    /// tab stays a tab, so that both lines have the same width in every editor.
    fn carets(&self) -> String {
        let before = self.source_line.chars().take(self.column - 1);
        let indent: String = before.map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
        indent + &"^".repeat(self.width)
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.path.display(), self.line, self.column)
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.headline())?;
        let mut margin = " ".to_owned();
        if let Some(at) = &self.location {
            margin = " ".repeat(at.line.to_string().len() + 2);
            write!(
                f,
                "\n  {} | {}\n{margin} | {}",
                at.line,
                at.source_line,
                at.carets()
            )?;
        }
        if let Some(help) = &self.help {
            write!(f, "\n{margin} = help: {help}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
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
    fn the_end_of_the_file_has_a_place() {
        assert_eq!(
            display("ab", 2..2),
            "a.proto:1:3: wrong\n  1 | ab\n    |   ^"
        );
        assert_eq!(display("", 0..0), "a.proto:1:1: wrong\n  1 | \n    | ^");
    }
}
