//! Rules about enums that both versions have.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use prost_reflect::{EnumDescriptor, EnumValueDescriptor};

use super::Comparison;
use super::messages::{is_json_weaker, numbers};

pub(super) fn no_value_deleted(comparison: &mut Comparison<'_>) {
    values_deleted(comparison, |_, _| false);
}

pub(super) fn no_value_deleted_unless_number_reserved(comparison: &mut Comparison<'_>) {
    values_deleted(comparison, |each, value| {
        let mut ranges = each.reserved_ranges();
        ranges.any(|range| range.contains(&value.number()))
    });
}

pub(super) fn no_value_deleted_unless_name_reserved(comparison: &mut Comparison<'_>) {
    values_deleted(comparison, |each, value| {
        let mut names = each.reserved_names();
        names.any(|name| name == value.name())
    });
}

fn values_deleted(
    comparison: &mut Comparison<'_>,
    is_allowed: fn(&EnumDescriptor, &EnumValueDescriptor) -> bool,
) {
    for (old, new) in comparison.enums() {
        let left: BTreeSet<i32> = new.values().map(|value| value.number()).collect();
        for value in old.values() {
            if !left.contains(&value.number()) && !is_allowed(new, &value) {
                let (number, name) = (value.number(), value.name());
                let place = comparison.was_at(&value);
                let message = format!(
                    "value {number} ({name}) of {} was deleted{place}",
                    new.full_name()
                );
                comparison.element(new, message);
            }
        }
    }
}

pub(super) fn values_keep_their_names(comparison: &mut Comparison<'_>) {
    for (old, new) in comparison.enums() {
        for value in old.values() {
            let same = || {
                new.values()
                    .filter(|other| other.number() == value.number())
            };
            if let Some(renamed) = same().next()
                && !same().any(|other| other.name() == value.name())
            {
                let (number, before, after) = (value.number(), value.name(), renamed.name());
                let message = format!(
                    "value {number} of {} was {before} and is {after} now",
                    new.full_name()
                );
                comparison.element(&renamed, message);
            }
        }
    }
}

pub(super) fn no_reservation_deleted(comparison: &mut Comparison<'_>) {
    for (old, new) in comparison.enums() {
        for range in old.reserved_ranges() {
            if !is_covered(&range, new.reserved_ranges()) {
                let numbers = numbers(*range.start(), *range.end());
                let message = format!("{} does not reserve {numbers}", new.name());
                comparison.element(new, message);
            }
        }
        for name in old.reserved_names() {
            if !new.reserved_names().any(|other| other == name) {
                let message = format!("{} does not reserve \"{name}\" any more", new.name());
                comparison.element(new, message);
            }
        }
    }
}

/// Whether all of `range` is in `others`, in any order.
fn is_covered(
    range: &RangeInclusive<i32>,
    others: impl Iterator<Item = RangeInclusive<i32>>,
) -> bool {
    let mut others: Vec<_> = others.collect();
    others.sort_by_key(|other| *other.start());
    // Wider than the numbers themselves, so that the one after the last has a value.
    let start = i64::from(*range.start());
    let covered = others.into_iter().fold(start, |covered, other| {
        let (first, after) = (i64::from(*other.start()), i64::from(*other.end()) + 1);
        if first <= covered {
            covered.max(after)
        } else {
            covered
        }
    });
    covered > i64::from(*range.end())
}

pub(super) fn same_type(comparison: &mut Comparison<'_>) {
    for (old, new) in comparison.enums() {
        let (before, after) = (is_open(old), is_open(new));
        if before != after {
            let kind = if after { "open" } else { "closed" };
            comparison.element(new, format!("enum {} is {kind} now", new.full_name()));
        }
    }
}

/// Whether a number without a name is a value like others.
fn is_open(each: &EnumDescriptor) -> bool {
    each.parent_file().syntax() == prost_reflect::Syntax::Proto3
}

pub(super) fn same_json_format(comparison: &mut Comparison<'_>) {
    for (old, new) in comparison.enums() {
        if is_json_weaker(old.parent_file().syntax(), new.parent_file().syntax()) {
            let message = format!("{} is not checked for JSON any more", new.name());
            comparison.element(new, message);
        }
    }
}
