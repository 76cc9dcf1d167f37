//! Rules about enums and fields, beyond how names are written.

use prost_reflect::Cardinality;

use super::Linter;
use super::case::Case;
use crate::schema::{enums, field_number, fields};

/// How the name of an enum's value 0 ends.
const ZERO_SUFFIX: &str = "_UNSPECIFIED";

pub(super) fn first_values_are_zero(linter: &mut Linter<'_>) {
    for each in linter.files.iter().flat_map(enums) {
        // `values` has them by number, and not as they are in the file.
        let mut first = each
            .values()
            .filter(|value| value.path().last() == Some(&0));
        if let Some(first) = first.find(|value| value.number() != 0) {
            let path = [first.path(), &[field_number::ENUM_VALUE_NUMBER]].concat();
            let message = format!("the first value of {} is not 0", each.name());
            linter.place(&each.parent_file(), &path, message);
        }
    }
}

pub(super) fn no_aliases(linter: &mut Linter<'_>) {
    for each in linter.files.iter().flat_map(enums) {
        let options = each.enum_descriptor_proto().options.as_ref();
        if options.is_some_and(|options| options.allow_alias()) {
            let path = [each.path(), &[field_number::ENUM_OPTIONS]].concat();
            let message = format!("enum {} allows two names for one number", each.name());
            linter.place(&each.parent_file(), &path, message);
        }
    }
}

pub(super) fn values_have_the_prefix(linter: &mut Linter<'_>) {
    for each in linter.files.iter().flat_map(enums) {
        let prefix = format!("{}_", Case::UpperSnake.of(each.name()));
        for value in each.values() {
            if !value.name().starts_with(&prefix) {
                let message = format!("enum value {} should begin with {prefix}", value.name());
                linter.element(&value, message);
            }
        }
    }
}

pub(super) fn zero_values_have_the_suffix(linter: &mut Linter<'_>) {
    for each in linter.files.iter().flat_map(enums) {
        for value in each.values().filter(|value| value.number() == 0) {
            if !value.name().ends_with(ZERO_SUFFIX) {
                let message = format!("enum value {} should end with {ZERO_SUFFIX}", value.name());
                linter.element(&value, message);
            }
        }
    }
}

pub(super) fn no_field_is_required(linter: &mut Linter<'_>) {
    for field in linter.files.iter().flat_map(fields) {
        if field.cardinality() == Cardinality::Required {
            let path = [field.path(), &[field_number::FIELD_LABEL]].concat();
            let message = format!("field {} is required", field.name());
            linter.place(&field.parent_file(), &path, message);
        }
    }
}
