//! The syntax that a file is rewritten in.

use std::collections::BTreeSet;

use super::descriptor::{Field, File, MessageType, Oneof};
use super::resolve::Needs;
use crate::diagnostic::Diagnostic;

/// Gives `file` the syntax that it needs.
///
/// # Errors
///
/// There is none that has all that the file needs.
pub(super) fn choose(file: &mut File, needs: Needs) -> Result<(), Diagnostic> {
    let is_proto2 = match (needs.proto2, needs.proto3) {
        (Some(proto2), Some(proto3)) => {
            let message = format!("{}: {proto2} is in one file with {proto3}", file.name());
            let help = "move one of them to another file, or change its feature: only proto2 has the first, \
                        only proto3 has the second, and no syntax has both";
            return Err(Diagnostic::without_location(message).with_help(Some(help.to_owned())));
        }
        (None, None) => needs.prefers_proto2,
        (proto2, _) => proto2.is_some(),
    };
    let syntax = if is_proto2 { "proto2" } else { "proto3" };
    file.syntax = Some(syntax.to_owned());
    let finish = if is_proto2 {
        forget_optional
    } else {
        add_oneofs
    };
    file.messages.iter_mut().for_each(finish);
    Ok(())
}

/// In proto2 the label of a field says that it is `optional`.
fn forget_optional(message: &mut MessageType) {
    for field in &mut message.fields {
        field.proto3_optional = None;
    }
    message.nested.iter_mut().for_each(forget_optional);
}

/// In proto3 each `optional` field is the only one of a oneof, which comes after all others.
fn add_oneofs(message: &mut MessageType) {
    let mut taken: BTreeSet<String> = names(message).map(str::to_owned).collect();
    for field in &mut message.fields {
        if field.proto3_optional() {
            let mut name = format!("_{}", field.name());
            while !taken.insert(name.clone()) {
                name.insert(0, 'X');
            }
            field.oneof_index = Some(message.oneofs.len() as i32);
            message.oneofs.push(Oneof {
                name: Some(name),
                options: None,
            });
        }
    }
    message.nested.iter_mut().for_each(add_oneofs);
}

/// The names that a message has in its scope.
fn names(message: &MessageType) -> impl Iterator<Item = &str> {
    let fields = message.fields.iter().chain(&message.extensions);
    let oneofs = message.oneofs.iter().map(Oneof::name);
    let nested = message.nested.iter().map(MessageType::name);
    let enums = message.enums.iter().flat_map(|each| {
        let values = each.values.iter().map(|value| value.name());
        values.chain([each.name()])
    });
    fields
        .map(Field::name)
        .chain(oneofs)
        .chain(nested)
        .chain(enums)
}
