//! Rules about the style of schemas, named as buf names them. [`RULES`] is the table of all.

mod case;
mod comments;
mod enums;
mod files;
mod imports;
mod names;
mod packages;
mod services;
mod table;

use prost_reflect::FileDescriptor;

use crate::rules::{Report, Selection};
use crate::schema::{Element, Schema, field_number};

pub(crate) use table::RULES;

/// The rules that are checked if nothing is said.
pub(crate) const DEFAULT: &str = "STANDARD";

/// How a rule is checked.
pub(crate) type Check = fn(&mut Linter<'_>);

/// Checks the rules of `selection` on the files of `schema` that were asked for.
pub(crate) fn lint(schema: &Schema, selection: &Selection) -> Report {
    let mut report = Report::default();
    let files = schema.files();
    for rule in RULES.iter().filter(|rule| selection.has(rule.id)) {
        (rule.check)(&mut Linter {
            schema,
            files: &files,
            rule: (rule.id, rule.reason),
            report: &mut report,
        });
    }
    report
}

/// What a rule sees, and where it says what it found.
pub(crate) struct Linter<'a> {
    schema: &'a Schema,
    files: &'a [FileDescriptor],
    rule: (&'static str, &'static str),
    report: &'a mut Report,
}

impl Linter<'_> {
    /// Says that the name of `element` is wrong, or all of it.
    fn element(&mut self, element: &impl Element, message: impl Into<String>) {
        let path = [element.path(), &[field_number::NAME]].concat();
        self.place(&element.file(), &path, message);
    }

    /// Says that something about the package of `file` is wrong.
    fn package(&mut self, file: &FileDescriptor, message: impl Into<String>) {
        self.place(file, &[field_number::FILE_PACKAGE], message);
    }

    /// Says that the part of `file` that `path` leads to is wrong, if no comment allows it.
    fn place(&mut self, file: &FileDescriptor, path: &[i32], message: impl Into<String>) {
        if !self.is_ignored(file, path) {
            let place = self.schema.place(file.name(), path);
            self.report.add(self.rule, place, message);
        }
    }

    /// Whether a comment `buf:lint:ignore RULE` stands before this part of `file`, what is around it,
    /// the package or the syntax.
    fn is_ignored(&self, file: &FileDescriptor, path: &[i32]) -> bool {
        let comments = self.schema.comments(file.name());
        let around = (1..=path.len()).map(|length| &path[..length]);
        let of_file = [
            &[field_number::FILE_SYNTAX][..],
            &[field_number::FILE_EDITION],
            &[field_number::FILE_PACKAGE],
        ];
        around.chain(of_file).any(|path| {
            let lines = comments.leading(path).lines();
            let mut rules = lines.filter_map(comments::ignored_rule);
            rules.any(|rule| rule == self.rule.0)
        })
    }
}
