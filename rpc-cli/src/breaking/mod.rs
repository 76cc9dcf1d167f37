//! Rules about changes of schemas, named as buf names them. [`RULES`] is the table of all.

mod deleted;
mod enums;
mod field;
mod fields;
mod files;
mod kinds;
mod messages;
mod services;
mod table;

use std::collections::BTreeMap;

use prost_reflect::{EnumDescriptor, FileDescriptor, MessageDescriptor, ServiceDescriptor};

use crate::rules::{Report, Selection};
use crate::schema::{
    Element, Place, Schema, enums as enums_of, field_number, messages as messages_of,
};

use field::Field;

pub(crate) use table::RULES;

/// The rules that are checked if nothing is said.
pub(crate) const DEFAULT: &str = "FILE";

/// How a rule is checked.
pub(crate) type Check = fn(&mut Comparison<'_>);

/// A schema before and after a change.
pub(crate) struct Versions<'a> {
    pub(crate) old: &'a Schema,
    pub(crate) new: &'a Schema,
    /// How places of the old one are shown.
    pub(crate) old_place: &'a dyn Fn(Place) -> Place,
}

/// Checks the rules of `selection` on what changed.
pub(crate) fn compare(versions: &Versions<'_>, selection: &Selection) -> Report {
    let mut report = Report::default();
    let (old, new) = (Side::new(versions.old), Side::new(versions.new));
    for rule in RULES.iter().filter(|rule| selection.has(rule.id)) {
        (rule.check)(&mut Comparison {
            versions,
            old: &old,
            new: &new,
            rule: (rule.id, rule.reason),
            report: &mut report,
        });
    }
    report
}

/// What one version has, by full name.
struct Side {
    files: BTreeMap<String, FileDescriptor>,
    messages: BTreeMap<String, MessageDescriptor>,
    enums: BTreeMap<String, EnumDescriptor>,
    services: BTreeMap<String, ServiceDescriptor>,
    /// By the message that has them, and number; extensions, too.
    fields: BTreeMap<(String, u32), Field>,
}

impl Side {
    fn new(schema: &Schema) -> Self {
        let files = schema.files();
        let messages = files.iter().flat_map(messages_of);
        let enums = files.iter().flat_map(enums_of);
        let services = files.iter().flat_map(|file| file.services());
        let fields = files.iter().flat_map(Field::all);
        Self {
            messages: named(messages),
            enums: named(enums),
            services: named(services),
            fields: fields
                .map(|field| ((field.message.clone(), field.number), field))
                .collect(),
            files: files
                .iter()
                .map(|file| (file.name().to_owned(), file.clone()))
                .collect(),
        }
    }
}

fn named<E: Element>(elements: impl Iterator<Item = E>) -> BTreeMap<String, E> {
    elements
        .map(|element| (element.full_name().to_owned(), element))
        .collect()
}

/// What a rule sees, and where it says what it found.
pub(crate) struct Comparison<'a> {
    versions: &'a Versions<'a>,
    old: &'a Side,
    new: &'a Side,
    rule: (&'static str, &'static str),
    report: &'a mut Report,
}

impl<'a> Comparison<'a> {
    /// The messages that both versions have.
    fn messages(
        &self,
    ) -> impl Iterator<Item = (&'a MessageDescriptor, &'a MessageDescriptor)> + use<'a> {
        both(&self.old.messages, &self.new.messages)
    }

    /// The fields that both versions have, by number.
    fn fields(&self) -> impl Iterator<Item = (&'a Field, &'a Field)> + use<'a> {
        both(&self.old.fields, &self.new.fields)
    }

    /// The enums that both versions have.
    fn enums(&self) -> impl Iterator<Item = (&'a EnumDescriptor, &'a EnumDescriptor)> + use<'a> {
        both(&self.old.enums, &self.new.enums)
    }

    /// The services that both versions have.
    fn services(
        &self,
    ) -> impl Iterator<Item = (&'a ServiceDescriptor, &'a ServiceDescriptor)> + use<'a> {
        both(&self.old.services, &self.new.services)
    }

    /// The files that both versions have.
    fn files(&self) -> impl Iterator<Item = (&'a FileDescriptor, &'a FileDescriptor)> + use<'a> {
        both(&self.old.files, &self.new.files)
    }

    /// Says that the new `element` has changed: at its name, where it has no better place.
    fn element(&mut self, element: &impl Element, message: String) {
        let path = [element.path(), &[field_number::NAME]].concat();
        self.place(&element.file(), &path, message);
    }

    /// Says that a part of a file of the new version has changed.
    fn place(&mut self, file: &FileDescriptor, path: &[i32], message: String) {
        let place = self.versions.new.place(file.name(), path);
        self.report.add(self.rule, place, message);
    }

    /// Says that `old` is gone, which was in `outer`, or else in a file.
    fn deleted<E: Element>(&mut self, old: &E, outer: Option<&MessageDescriptor>) {
        let message = format!(
            "{} {} was deleted{}",
            E::KIND,
            old.full_name(),
            self.was_at(old)
        );
        if let Some(outer) = outer {
            return self.element(outer, message);
        }
        let file = old.file();
        match self.new.files.get(file.name()) {
            Some(file) => self.place(file, &[field_number::FILE_PACKAGE], message),
            None => {
                let place = self.old_place(&file, old.path());
                self.report.add(self.rule, place, message);
            }
        }
    }

    /// Where `old` was, as the end of a sentence.
    fn was_at(&self, old: &impl Element) -> String {
        let path = [old.path(), &[field_number::NAME]].concat();
        let Place { path, line, .. } = self.old_place(&old.file(), &path);
        format!(" (it was at {path}:{line})")
    }

    fn old_place(&self, file: &FileDescriptor, path: &[i32]) -> Place {
        (self.versions.old_place)(self.versions.old.place(file.name(), path))
    }
}

/// What is in both maps under one key.
fn both<'a, K: Ord, V>(
    old: &'a BTreeMap<K, V>,
    new: &'a BTreeMap<K, V>,
) -> impl Iterator<Item = (&'a V, &'a V)> + use<'a, K, V> {
    old.iter()
        .filter_map(|(key, old)| Some((old, new.get(key)?)))
}
