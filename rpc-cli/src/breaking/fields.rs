//! Rules about fields that both versions have.

use prost_reflect::prost_types::field_options::{CType, JsType};
use prost_reflect::{Kind, Syntax};

use super::Comparison;
use super::field::{Field, Shape};
use super::kinds::{self, Encoding};
use crate::schema::field_number;

/// The number of `FieldOptions.ctype`.
const CTYPE: i32 = 1;
/// The number of `FieldOptions.jstype`.
const JSTYPE: i32 = 6;

impl Comparison<'_> {
    /// Says that the field `new` differs in what `path` leads to.
    fn field(&mut self, new: &Field, path: &[i32], message: String) {
        let path = [&new.path[..], path].concat();
        self.place(&new.file, &path, message);
    }

    /// Says that a property of fields differs, where `read` tells it.
    fn same<T: PartialEq>(
        &mut self,
        what: &str,
        path: &[i32],
        read: impl Fn(&Field) -> T,
        show: impl Fn(&T) -> String,
    ) {
        for (old, new) in self.fields() {
            let (before, after) = (read(old), read(new));
            if before != after {
                let (label, before, after) = (old.label(), show(&before), show(&after));
                let message = format!("{label} changed its {what} from {before} to {after}");
                self.field(new, path, message);
            }
        }
    }
}

pub(super) fn same_name(comparison: &mut Comparison<'_>) {
    let path = [field_number::NAME];
    comparison.same("name", &path, |field| field.name.clone(), Clone::clone);
}

pub(super) fn same_json_name(comparison: &mut Comparison<'_>) {
    let path = [field_number::NAME];
    comparison.same(
        "JSON name",
        &path,
        |field| field.json_name.clone(),
        Clone::clone,
    );
}

pub(super) fn same_type(comparison: &mut Comparison<'_>) {
    let fields = comparison.fields();
    for (old, new) in fields.filter(|(old, new)| kinds::name(old) != kinds::name(new)) {
        changed_type(comparison, old, new);
    }
}

pub(super) fn wire_compatible_type(comparison: &mut Comparison<'_>) {
    compatible_type(comparison, Encoding::Wire);
}

pub(super) fn wire_json_compatible_type(comparison: &mut Comparison<'_>) {
    compatible_type(comparison, Encoding::WireAndJson);
}

fn compatible_type(comparison: &mut Comparison<'_>, encoding: Encoding) {
    for (old, new) in comparison.fields() {
        if !kinds::are_compatible(old, new, encoding) {
            changed_type(comparison, old, new);
        }
    }
}

fn changed_type(comparison: &mut Comparison<'_>, old: &Field, new: &Field) {
    let (label, before, after) = (old.label(), kinds::name(old), kinds::name(new));
    let message = format!("{label} changed its type from {before} to {after}");
    let named = matches!(new.kind, Kind::Message(_) | Kind::Enum(_));
    let number = if named {
        field_number::FIELD_TYPE_NAME
    } else {
        field_number::FIELD_TYPE
    };
    comparison.field(new, &[number], message);
}

pub(super) fn same_cardinality(comparison: &mut Comparison<'_>) {
    changed_shape(comparison, |old, new| old == new);
}

pub(super) fn wire_compatible_cardinality(comparison: &mut Comparison<'_>) {
    changed_shape(comparison, |old, new| old.is_single() == new.is_single());
}

pub(super) fn wire_json_compatible_cardinality(comparison: &mut Comparison<'_>) {
    changed_shape(comparison, |old, new| {
        old == new || old.is_single() && new.is_single()
    });
}

fn changed_shape(comparison: &mut Comparison<'_>, is_compatible: fn(Shape, Shape) -> bool) {
    for (old, new) in comparison.fields() {
        // Fields of a oneof always have presence: another rule is about that.
        if !is_compatible(old.shape, new.shape) && old.oneof == new.oneof {
            let (before, after) = (old.shape.name(), new.shape.name());
            let message = format!("{} was {before} and is {after} now", old.label());
            comparison.field(new, &[field_number::FIELD_LABEL], message);
        }
    }
}

pub(super) fn same_oneof(comparison: &mut Comparison<'_>) {
    for (old, new) in comparison.fields() {
        let message = match (&old.oneof, &new.oneof) {
            (Some(before), Some(after)) if before != after => {
                format!("moved from oneof {before} to oneof {after}")
            }
            (Some(before), None) => format!("moved out of oneof {before}"),
            (None, Some(after)) => format!("moved into oneof {after}"),
            _ => continue,
        };
        let message = format!("{} {message}", old.label());
        comparison.field(new, &[field_number::NAME], message);
    }
}

pub(super) fn same_default(comparison: &mut Comparison<'_>) {
    let show = |default: &Option<String>| default.clone().unwrap_or_else(|| "none".to_owned());
    comparison.same("default", &[], |field| field.default.clone(), show);
}

pub(super) fn same_cpp_string_type(comparison: &mut Comparison<'_>) {
    let path = [field_number::FIELD_OPTIONS, CTYPE];
    let show = |ctype: &CType| ctype.as_str_name().to_owned();
    comparison.same("ctype", &path, |field| field.options.ctype(), show);
}

pub(super) fn same_jstype(comparison: &mut Comparison<'_>) {
    let path = [field_number::FIELD_OPTIONS, JSTYPE];
    let show = |jstype: &JsType| jstype.as_str_name().to_owned();
    comparison.same("jstype", &path, |field| field.options.jstype(), show);
}

pub(super) fn same_utf8_validation(comparison: &mut Comparison<'_>) {
    checks_utf8(comparison, "check of UTF-8", |field| {
        field.file.syntax() == Syntax::Proto3
    });
}

pub(super) fn same_java_utf8_validation(comparison: &mut Comparison<'_>) {
    checks_utf8(comparison, "check of UTF-8 in Java", |field| {
        let options = field.file.file_descriptor_proto().options.as_ref();
        let asked_for = options.is_some_and(|options| options.java_string_check_utf8());
        asked_for || field.file.syntax() == Syntax::Proto3
    });
}

fn checks_utf8(comparison: &mut Comparison<'_>, what: &str, read: fn(&Field) -> bool) {
    let of_strings = |field: &Field| matches!(field.kind, Kind::String).then(|| read(field));
    for (old, new) in comparison.fields() {
        if let (Some(before), Some(after)) = (of_strings(old), of_strings(new))
            && before != after
        {
            let message = if after { "has a" } else { "has no" };
            let message = format!("{} {message} {what} now", old.label());
            comparison.field(new, &[field_number::NAME], message);
        }
    }
}
