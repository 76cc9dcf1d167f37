//! Rules about comments.

use super::Linter;
use crate::schema::{Element, enums, fields, messages};

/// What a comment begins with that allows to break a rule.
const IGNORE: &str = "buf:lint:ignore";

/// The rule that this line of a comment allows to break.
pub(super) fn ignored_rule(line: &str) -> Option<&str> {
    line.trim().strip_prefix(IGNORE)?.split_whitespace().next()
}

pub(super) fn enums_have_comments(linter: &mut Linter<'_>) {
    for each in linter.files.iter().flat_map(enums) {
        documented(linter, &each);
    }
}

pub(super) fn enum_values_have_comments(linter: &mut Linter<'_>) {
    for each in linter.files.iter().flat_map(enums) {
        for value in each.values() {
            documented(linter, &value);
        }
    }
}

pub(super) fn fields_have_comments(linter: &mut Linter<'_>) {
    for field in linter.files.iter().flat_map(fields) {
        documented(linter, &field);
    }
}

pub(super) fn messages_have_comments(linter: &mut Linter<'_>) {
    for message in linter.files.iter().flat_map(messages) {
        documented(linter, &message);
    }
}

pub(super) fn oneofs_have_comments(linter: &mut Linter<'_>) {
    for message in linter.files.iter().flat_map(messages) {
        for oneof in message.oneofs().filter(|oneof| !oneof.is_synthetic()) {
            documented(linter, &oneof);
        }
    }
}

pub(super) fn rpcs_have_comments(linter: &mut Linter<'_>) {
    for service in linter.files.iter().flat_map(|file| file.services()) {
        for method in service.methods() {
            documented(linter, &method);
        }
    }
}

pub(super) fn services_have_comments(linter: &mut Linter<'_>) {
    for service in linter.files.iter().flat_map(|file| file.services()) {
        documented(linter, &service);
    }
}

/// Says that `element` has no comment before it, unless it has one for people.
fn documented<E: Element>(linter: &mut Linter<'_>, element: &E) {
    let file = element.file();
    let comment = linter.schema.comments(file.name()).leading(element.path());
    let mut lines = comment.lines();
    if !lines.any(|line| !line.trim().is_empty() && ignored_rule(line).is_none()) {
        let message = format!("{} {} has no comment before it", E::KIND, element.name());
        linter.element(element, message);
    }
}
