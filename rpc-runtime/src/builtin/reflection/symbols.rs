//! The names that a file defines.

use prost_types::{
    DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, FileDescriptorProto,
};

/// What can be found in a file.
#[derive(Default)]
pub(super) struct Symbols {
    /// The full names of all that has one.
    pub(super) names: Vec<String>,
    /// The extensions: the full name of the message that each extends, and its number.
    pub(super) extensions: Vec<(String, i32)>,
}

impl Symbols {
    pub(super) fn of(file: &FileDescriptorProto) -> Self {
        let mut symbols = Symbols::default();
        let package = file.package();
        for message in &file.message_type {
            symbols.message(package, message);
        }
        for each in &file.enum_type {
            symbols.enumeration(package, each);
        }
        symbols.extensions(package, &file.extension);
        for service in &file.service {
            let name = symbols.name(package, service.name());
            for method in &service.method {
                symbols.name(&name, method.name());
            }
        }
        symbols
    }

    fn message(&mut self, scope: &str, message: &DescriptorProto) {
        let name = self.name(scope, message.name());
        for field in &message.field {
            self.name(&name, field.name());
        }
        for oneof in &message.oneof_decl {
            self.name(&name, oneof.name());
        }
        for nested in &message.nested_type {
            self.message(&name, nested);
        }
        for each in &message.enum_type {
            self.enumeration(&name, each);
        }
        self.extensions(&name, &message.extension);
    }

    fn enumeration(&mut self, scope: &str, each: &EnumDescriptorProto) {
        self.name(scope, each.name());
        for value in &each.value {
            // As in C++, a value stands beside its enum, not in it.
            self.name(scope, value.name());
        }
    }

    fn extensions(&mut self, scope: &str, extensions: &[FieldDescriptorProto]) {
        for extension in extensions {
            self.name(scope, extension.name());
            let extended = extension.extendee().trim_start_matches('.');
            self.extensions
                .push((extended.to_owned(), extension.number()));
        }
    }

    /// Notes the name of something in `scope`, and gives it.
    fn name(&mut self, scope: &str, name: &str) -> String {
        let name = match scope {
            "" => name.to_owned(),
            scope => format!("{scope}.{name}"),
        };
        self.names.push(name.clone());
        name
    }
}
