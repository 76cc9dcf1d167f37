//! Names that a message or an enum has reserved.

use prost_types::{DescriptorProto, EnumDescriptorProto};

use super::File;
use crate::diagnostic::Diagnostic;
use crate::element::field;

/// Finds fields and values of which the name is reserved.
pub(super) fn check(file: File<'_>, diagnostics: &mut Vec<Diagnostic>) {
    let mut check = Check { file, diagnostics };
    for (index, each) in file.descriptor.message_type.iter().enumerate() {
        check.message(each, &[field::FILE_MESSAGE, index as i32]);
    }
    for (index, each) in file.descriptor.enum_type.iter().enumerate() {
        check.enumeration(each, &[field::FILE_ENUM, index as i32]);
    }
}

struct Check<'a, 'b> {
    file: File<'a>,
    diagnostics: &'b mut Vec<Diagnostic>,
}

impl Check<'_, '_> {
    fn message(&mut self, message: &DescriptorProto, path: &[i32]) {
        let at = |number, index: usize| [path, &[number, index as i32]].concat();
        for (index, each) in message.field.iter().enumerate() {
            let path = at(field::MESSAGE_FIELD, index);
            self.name("field", each.name(), &message.reserved_name, &path);
        }
        for (index, each) in message.nested_type.iter().enumerate() {
            self.message(each, &at(field::MESSAGE_NESTED, index));
        }
        for (index, each) in message.enum_type.iter().enumerate() {
            self.enumeration(each, &at(field::MESSAGE_ENUM, index));
        }
    }

    fn enumeration(&mut self, each: &EnumDescriptorProto, path: &[i32]) {
        for (index, value) in each.value.iter().enumerate() {
            let path = [path, &[field::ENUM_VALUE, index as i32]].concat();
            self.name("value", value.name(), &each.reserved_name, &path);
        }
    }

    fn name(&mut self, what: &str, name: &str, reserved: &[String], path: &[i32]) {
        if reserved.iter().any(|each| each == name) {
            let path = [path, &[field::NAME]].concat();
            let message = format!("the name of {what} '{name}' is reserved");
            let help = "it once meant something else: choose another name";
            let diagnostic = self.file.complain(&path, message);
            self.diagnostics
                .push(diagnostic.with_help(Some(help.to_owned())));
        }
    }
}
