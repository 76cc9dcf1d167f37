//! What the protobuf compiler found wrong, in this crate's words and with the places in the files.

use crate::diagnostic::{Diagnostic, Location};
use crate::include::Source;

/// The mistakes that the parser found in one file.
pub(super) fn compiler_error(error: &protox::Error, source: Option<&Source>) -> Vec<Diagnostic> {
    let first: &dyn miette::Diagnostic = error;
    explain(first, source)
}

/// The mistakes that were found when one file was linked to those that it imports.
pub(super) fn descriptor_error(
    error: &protox::prost_reflect::DescriptorError,
    source: Option<&Source>,
) -> Vec<Diagnostic> {
    explain(error, source)
}

fn explain(first: &dyn miette::Diagnostic, source: Option<&Source>) -> Vec<Diagnostic> {
    std::iter::once(first)
        .chain(first.related().into_iter().flatten())
        .map(|mistake| {
            let help = mistake.help().map(|help| help.to_string());
            let message = mistake.to_string();
            match source {
                Some(source) => Diagnostic::new(message, locate(mistake, source)),
                None => Diagnostic::without_location(message),
            }
            .with_help(help)
        })
        .collect()
}

/// Where in `source` the compiler found `mistake`.
fn locate(mistake: &dyn miette::Diagnostic, source: &Source) -> Location {
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
    let span = match label {
        Some(label) => label.offset()..label.offset() + label.len(),
        // The only mistake without a place is that the file ends too early.
        None => source.text.trim_end().len()..source.text.len(),
    };
    Location::from_span(&source.path, &source.text, span)
}
