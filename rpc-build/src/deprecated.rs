//! The option `deprecated` of messages and enums. Prost itself carries over that of fields and values.

use prost_build::Config;
use prost_types::{DescriptorProto, EnumDescriptorProto, FileDescriptorProto};

use crate::packages;

/// Has `prost` mark the types of `file` that are deprecated, with the messages in them.
pub(crate) fn mark(prost: &mut Config, file: &FileDescriptorProto) {
    let scope = packages::scope(file.package());
    mark_enums(prost, &scope, &file.enum_type);
    mark_messages(prost, &scope, &file.message_type);
}

fn mark_messages(prost: &mut Config, scope: &str, messages: &[DescriptorProto]) {
    for message in messages {
        let name = format!("{scope}.{}", message.name());
        let is_deprecated = |options: &prost_types::MessageOptions| options.deprecated();
        if message.options.as_ref().is_some_and(is_deprecated) {
            // The attribute reaches the messages inside by itself.
            prost.message_attribute(&name, "#[deprecated]");
        } else {
            mark_messages(prost, &name, &message.nested_type);
        }
        mark_enums(prost, &name, &message.enum_type);
    }
}

fn mark_enums(prost: &mut Config, scope: &str, enums: &[EnumDescriptorProto]) {
    let is_deprecated = |options: &prost_types::EnumOptions| options.deprecated();
    for each in enums {
        if each.options.as_ref().is_some_and(is_deprecated) {
            prost.enum_attribute(format!("{scope}.{}", each.name()), "#[deprecated]");
        }
    }
}
