//! A place in a `.proto` file: of an element, of a word in it, or of any bytes.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

use prost_types::FileDescriptorProto;

use crate::include::Source;

/// A place in a `.proto` file.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Location {
    path: PathBuf,
    line: usize,
    column: usize,
    source_line: String,
    width: usize,
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
        Self::from_span(&source.path, &source.text, span(file, path, source))
    }

    /// The place of `word` in the text of that element, or of the element if it is not there.
    pub(crate) fn of_word(
        file: &FileDescriptorProto,
        path: &[i32],
        source: &Source,
        word: &str,
    ) -> Self {
        let span = narrow(&source.text, span(file, path, source), word);
        Self::from_span(&source.path, &source.text, span)
    }

    /// The place of that element of a file of which there is no text.
    pub(crate) fn without_text(file: &FileDescriptorProto, path: &[i32]) -> Self {
        let (line, column) = match nearest(file, path) {
            Some(&[line, column, ..]) => (line, column),
            _ => (0, 0),
        };
        Self {
            path: PathBuf::from(file.name()),
            line: line as usize + 1,
            column: column as usize + 1,
            source_line: String::new(),
            width: 1,
        }
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

    /// File, line and column, which order places as people read them.
    pub(crate) fn start(&self) -> (&Path, usize, usize) {
        (&self.path, self.line, self.column)
    }

    /// The text that is marked.
    pub(crate) fn text(&self) -> String {
        let marked = self.source_line.chars().skip(self.column - 1);
        marked.take(self.width).collect()
    }

    /// The text of the line, or nothing if the text is unknown.
    pub fn source_line(&self) -> &str {
        &self.source_line
    }

    /// The carets under the mistake, after as much white space as the source line has before it: a
    /// tab stays a tab, so that both lines have the same width in every editor.
    pub fn carets(&self) -> String {
        let before = self.source_line.chars().take(self.column - 1);
        let indent: String = before.map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
        indent + &"^".repeat(self.width)
    }
}

/// The bytes of `source` that are the element of `file` that `path` leads to, or the innermost around it.
fn span(file: &FileDescriptorProto, path: &[i32], source: &Source) -> Range<usize> {
    let offset = |line: i32, column: i32| {
        let lines = source.text.split_inclusive('\n').take(line as usize);
        lines.map(str::len).sum::<usize>() + column as usize
    };
    match nearest(file, path) {
        Some(&[line, start, end]) => offset(line, start)..offset(line, end),
        Some(&[line, start, last_line, end]) => offset(line, start)..offset(last_line, end),
        _ => 0..0,
    }
}

/// The span of the element of `file` that `path` leads to, or of the innermost around it.
fn nearest<'a>(file: &'a FileDescriptorProto, path: &[i32]) -> Option<&'a [i32]> {
    let places = file.source_code_info.iter().flat_map(|info| &info.location);
    let nearest = places
        .filter(|place| path.starts_with(&place.path))
        .max_by_key(|place| place.path.len());
    nearest.map(|place| &place.span[..])
}

/// The first `word` in the bytes `span` of `text` that is not part of a longer one, or else all of `span`.
pub(crate) fn narrow(text: &str, span: Range<usize>, word: &str) -> Range<usize> {
    let Some(around) = text.get(span.clone()).filter(|_| !word.is_empty()) else {
        return span;
    };
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let is_whole = |at: &usize| {
        let (before, after) = (&around[..*at], &around[at + word.len()..]);
        let goes_on_before = word.starts_with(is_part) && before.ends_with(is_part);
        let goes_on_after = word.ends_with(is_part) && after.starts_with(is_part);
        !goes_on_before && !goes_on_after
    };
    let mut found = around.match_indices(word).map(|(at, _)| at);
    match found.find(is_whole) {
        Some(at) => span.start + at..span.start + at + word.len(),
        None => span,
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.path.display(), self.line, self.column)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_found_where_it_is_no_part_of_another() {
        let text = "option ab_c = (b).c = 'c';";
        assert_eq!(narrow(text, 0..text.len(), "c"), 18..19);
        assert_eq!(narrow(text, 0..text.len(), "d"), 0..text.len());
        assert_eq!(narrow(text, 0..999, "c"), 0..999);
    }
}
