//! What the protobuf compiler found wrong, in this crate's words and with the places in the files.

use std::ops::Range;

use protox::prost_reflect::{DescriptorError, DescriptorPool, Kind};

use super::advice::advice;
use super::{repair, suggest};
use crate::diagnostic::Diagnostic;
use crate::include::Source;
use crate::location::{self, Location};

/// The mistakes that the parser found in one file.
pub(super) fn compiler_error(error: &protox::Error, source: &Source) -> Vec<Diagnostic> {
    let explain = |mistake: &dyn miette::Diagnostic| {
        let location = Location::from_span(&source.path, &source.text, span(mistake, source));
        let message = mistake.to_string();
        let help = mistake.help().map(|help| help.to_string());
        let help = help
            .or_else(|| unfinished_line(&message, &location, source))
            .or_else(|| advice(&message, ""));
        Diagnostic::new(message, location).with_help(help)
    };
    all(error).map(explain).collect()
}

/// Help for a statement without its end: the parser sees it at the first word of another line.
fn unfinished_line(message: &str, location: &Location, source: &Source) -> Option<String> {
    let line = location.source_line();
    let is_first = line
        .chars()
        .take(location.column() - 1)
        .all(char::is_whitespace);
    let lines = source.text.lines().zip(1..).take(location.line() - 1);
    let is_code =
        |(line, _): &(&str, usize)| !line.trim().is_empty() && !line.trim_start().starts_with("//");
    let (_, number) = lines.filter(is_code).last()?;
    let is_end = message.starts_with("expected ';'") && is_first;
    is_end.then(|| format!("end line {number} with ';'"))
}

/// The mistakes that were found when one file was linked to those that it imports, which are in `pool`.
pub(super) fn descriptor_error(
    error: DescriptorError,
    source: Option<&Source>,
    pool: &DescriptorPool,
) -> Vec<Diagnostic> {
    let Some(source) = source else {
        return vec![Diagnostic::without_location(error.to_string())];
    };
    let error = error.with_source_code(&source.text);
    let explain = |mistake: &dyn miette::Diagnostic| {
        let Complaint {
            message,
            word,
            kind,
        } = Complaint::new(mistake, pool);
        let span = location::narrow(&source.text, span(mistake, source), &word);
        let location = Location::from_span(&source.path, &source.text, span);
        let nearest = kind.and_then(|kind| suggest::among(&word, &suggest::members(&kind)));
        let help = nearest.or_else(|| advice(&message, &word));
        Diagnostic::new(message, location).with_help(help)
    };
    let is_first = |mistake: &&dyn miette::Diagnostic| !repair::is_behind(&mistake.to_string());
    all(&error).filter(is_first).map(explain).collect()
}

/// An error and all that came with it.
fn all(first: &dyn miette::Diagnostic) -> impl Iterator<Item = &dyn miette::Diagnostic> {
    std::iter::once(first).chain(first.related().into_iter().flatten())
}

/// What the linker says. All that it tells of a mistake, beside the place, is in the text.
struct Complaint {
    message: String,
    /// The word of the file that is wrong.
    word: String,
    /// The message that has no such field, or the enum that has no such value.
    kind: Option<Kind>,
}

impl Complaint {
    fn new(mistake: &dyn miette::Diagnostic, pool: &DescriptorPool) -> Self {
        // Names were replaced by full ones, which start with a dot.
        let message = mistake.to_string().replace("(.", "(");
        let (word, kind) = if let Some(inner) = mistake.source() {
            let inner = inner.to_string();
            // Which type it has is said again.
            let option = message
                .split_once(" for ")
                .map_or(&*message, |(_, option)| option);
            let message = format!("{option}: {inner}");
            let (word, kind) = word_and_kind(&inner, pool);
            return Self {
                message,
                word,
                kind,
            };
        } else if let Some(option) = quoted_between(&message, "option field '", "' is not defined")
        {
            let (around, word) = option.rsplit_once('.').unwrap_or(("", option));
            (word.to_owned(), option_kind(around, pool))
        } else if let Some((before, value)) = message.split_once("', but found '") {
            let type_name = before.split('\'').nth(1).unwrap_or_default();
            let value = value.trim_end_matches('\'');
            (value.to_owned(), named_kind(type_name, pool))
        } else {
            word_and_kind(&message, pool)
        };
        Self {
            message,
            word,
            kind,
        }
    }
}

fn quoted_between<'a>(message: &'a str, before: &str, after: &str) -> Option<&'a str> {
    message.strip_prefix(before)?.strip_suffix(after)
}

/// The first word in quotes, and the type that the second one names.
fn word_and_kind(message: &str, pool: &DescriptorPool) -> (String, Option<Kind>) {
    let mut quoted = message.split('\'').skip(1).step_by(2);
    let word = quoted.next().unwrap_or_default().to_owned();
    (word, quoted.next().and_then(|name| named_kind(name, pool)))
}

/// The message or enum of this full name.
fn named_kind(name: &str, pool: &DescriptorPool) -> Option<Kind> {
    let find = |pool: &DescriptorPool| {
        let found = pool.get_enum_by_name(name).map(Kind::Enum);
        found.or_else(|| pool.get_message_by_name(name).map(Kind::Message))
    };
    find(pool).or_else(|| find(&DescriptorPool::global()))
}

/// The type of what the first parts of an option name, such as `(rpc.retry)`.
fn option_kind(name: &str, pool: &DescriptorPool) -> Option<Kind> {
    let (extension, fields) = name.strip_prefix('(')?.split_once(')')?;
    let mut kind = pool.get_extension_by_name(extension)?.kind();
    for name in fields.split('.').skip(1) {
        kind = kind.as_message()?.get_field_by_name(name)?.kind();
    }
    Some(kind)
}

/// Where in `source` the compiler found `mistake`.
fn span(mistake: &dyn miette::Diagnostic, source: &Source) -> Range<usize> {
    // Of two places, such as both definitions of one name, the user wants the one that is wrong.
    let is_background = |label: &miette::LabeledSpan| {
        label
            .label()
            .is_some_and(|text| text.contains("first") || text.contains("range"))
    };
    let labels: Vec<miette::LabeledSpan> = mistake.labels().into_iter().flatten().collect();
    let label = labels
        .iter()
        .find(|label| !is_background(label))
        .or(labels.first());
    match label {
        Some(label) => label.offset()..label.offset() + label.len(),
        // The only mistake without a place is that the file ends too early.
        None => source.text.trim_end().len()..source.text.len(),
    }
}
