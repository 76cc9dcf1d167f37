//! Rules about messages that both versions have.

use std::collections::BTreeSet;
use std::ops::Range;

use prost_reflect::{MessageDescriptor, Syntax};

use super::Comparison;
use super::field::{Field, Shape};
use crate::schema::field_number;

pub(super) fn no_field_deleted(comparison: &mut Comparison<'_>) {
    fields_deleted(comparison, |_, _| false);
}

pub(super) fn no_field_deleted_unless_number_reserved(comparison: &mut Comparison<'_>) {
    fields_deleted(comparison, |message, field| {
        let mut ranges = message.reserved_ranges();
        ranges.any(|range| range.contains(&field.number))
    });
}

pub(super) fn no_field_deleted_unless_name_reserved(comparison: &mut Comparison<'_>) {
    fields_deleted(comparison, |message, field| {
        let mut names = message.reserved_names();
        names.any(|name| name == field.name)
    });
}

fn fields_deleted(
    comparison: &mut Comparison<'_>,
    is_allowed: fn(&MessageDescriptor, &Field) -> bool,
) {
    let (old, new) = (comparison.old, comparison.new);
    for ((message, _), field) in old
        .fields
        .iter()
        .filter(|(key, _)| !new.fields.contains_key(*key))
    {
        // Extensions have rules of their own.
        let is_own = old.messages.get(message).is_some_and(|message| {
            let mut fields = message.fields();
            fields.any(|each| each.path() == field.path)
        });
        if let Some(message) = new.messages.get(message).filter(|_| is_own)
            && !is_allowed(message, field)
        {
            let place = comparison.old_place(&field.file, &field.path);
            let place = format!("{}:{}", place.path, place.line);
            let text = format!("{} was deleted (it was at {place})", field.label());
            comparison.element(message, text);
        }
    }
}

pub(super) fn no_oneof_deleted(comparison: &mut Comparison<'_>) {
    for (old, new) in comparison.messages() {
        let left: BTreeSet<String> = new.oneofs().map(|oneof| oneof.name().to_owned()).collect();
        for oneof in old.oneofs().filter(|oneof| !oneof.is_synthetic()) {
            if !left.contains(oneof.name()) {
                comparison.deleted(&oneof, Some(new));
            }
        }
    }
}

pub(super) fn same_required_fields(comparison: &mut Comparison<'_>) {
    let required =
        |field: Option<&Field>| field.is_some_and(|field| field.shape == Shape::Required);
    let (old, new) = (comparison.old, comparison.new);
    for (key, field) in &new.fields {
        let was_there = old.messages.contains_key(&key.0);
        if was_there && required(Some(field)) && !required(old.fields.get(key)) {
            let path = [&field.path[..], &[field_number::FIELD_LABEL]].concat();
            comparison.place(
                &field.file,
                &path,
                format!("{} is required now", field.label()),
            );
        }
    }
    for (key, field) in &old.fields {
        if let Some(message) = new.messages.get(&key.0)
            && required(Some(field))
            && !required(new.fields.get(key))
        {
            let text = format!("{} is not required any more", field.label());
            comparison.element(message, text);
        }
    }
}

pub(super) fn no_reservation_deleted(comparison: &mut Comparison<'_>) {
    for (old, new) in comparison.messages() {
        for range in old.reserved_ranges() {
            if !is_covered(&range, new.reserved_ranges()) {
                let last = range.end - 1;
                let text = format!(
                    "{} does not reserve {}",
                    new.name(),
                    numbers(range.start, last)
                );
                comparison.element(new, text);
            }
        }
        for name in old.reserved_names() {
            if !new.reserved_names().any(|other| other == name) {
                let text = format!("{} does not reserve \"{name}\" any more", new.name());
                comparison.element(new, text);
            }
        }
    }
}

pub(super) fn no_extension_range_deleted(comparison: &mut Comparison<'_>) {
    for (old, new) in comparison.messages() {
        for range in old.extension_ranges() {
            if !is_covered(&range, new.extension_ranges()) {
                let last = range.end - 1;
                let text = format!(
                    "{} has no extensions {}",
                    new.name(),
                    numbers(range.start, last)
                );
                comparison.element(new, text);
            }
        }
    }
}

/// Numbers that are gone, as a message says it.
pub(super) fn numbers<N: PartialEq + std::fmt::Display>(first: N, last: N) -> String {
    if first == last {
        format!("{first} any more")
    } else {
        format!("{first} to {last} any more")
    }
}

/// Whether all of `range` is in `others`, in any order.
fn is_covered(range: &Range<u32>, others: impl Iterator<Item = Range<u32>>) -> bool {
    let mut others: Vec<_> = others.collect();
    others.sort_by_key(|other| other.start);
    let covered = others.into_iter().fold(range.start, |covered, other| {
        if other.start <= covered {
            covered.max(other.end)
        } else {
            covered
        }
    });
    covered >= range.end
}

pub(super) fn same_descriptor_accessor(comparison: &mut Comparison<'_>) {
    let has_none = |message: &MessageDescriptor| {
        let options = message.descriptor_proto().options.as_ref();
        options.is_some_and(|options| options.no_standard_descriptor_accessor())
    };
    for (old, new) in comparison.messages() {
        if has_none(new) && !has_none(old) {
            let text = format!("{} has no standard descriptor accessor now", new.name());
            comparison.element(new, text);
        }
    }
}

pub(super) fn same_message_set_format(comparison: &mut Comparison<'_>) {
    let is_set = |message: &MessageDescriptor| {
        let options = message.descriptor_proto().options.as_ref();
        options.is_some_and(|options| options.message_set_wire_format())
    };
    for (old, new) in comparison.messages() {
        if is_set(old) != is_set(new) {
            let text = format!("{} changed message_set_wire_format", new.name());
            comparison.element(new, text);
        }
    }
}

pub(super) fn same_json_format(comparison: &mut Comparison<'_>) {
    for (old, new) in comparison.messages() {
        if is_json_weaker(old.parent_file().syntax(), new.parent_file().syntax()) {
            let text = format!("{} is not checked for JSON any more", new.name());
            comparison.element(new, text);
        }
    }
}

/// Whether names are not known any more to be distinct in JSON: only proto3 checks that.
pub(super) fn is_json_weaker(old: Syntax, new: Syntax) -> bool {
    old == Syntax::Proto3 && new == Syntax::Proto2
}
