//! Takes out of a file what is wrong in it, so that the rest can be checked. Everything keeps its index, and
//! so its place in the text.

use prost_types::descriptor_proto::ExtensionRange;
use prost_types::uninterpreted_option::NamePart;
use prost_types::{
    DescriptorProto, EnumDescriptorProto, EnumValueDescriptorProto, FileDescriptorProto,
    UninterpretedOption,
};
use protox::prost_reflect::{DescriptorPool, DynamicMessage, ReflectMessage, Value};

use crate::element::{self, field};

/// Stands around what a name is changed by. No name in a file has it.
const MARK: char = '\u{1}';

/// The greatest number that a field can have.
const MAX_FIELD_NUMBER: i32 = (1 << 29) - 1;

/// Gives the element of `file` that `path` leads to a name of its own, or no effect if it is an option.
/// Returns nothing if there is no such element, such as at the number of a field.
pub(super) fn take_out(file: &mut FileDescriptorProto, path: &[i32]) -> Option<()> {
    let kind = "google.protobuf.FileDescriptorProto";
    let mut root = DynamicMessage::new(DescriptorPool::global().get_message_by_name(kind)?);
    root.transcode_from(file).ok()?;
    let element = find(&mut root, path)?;
    match element.descriptor().name() {
        "UninterpretedOption" => {
            *element = DynamicMessage::new(element.descriptor());
            element.transcode_from(&option_without_effect()).ok()?;
        }
        _ => {
            let suffix = format!("{MARK}{} {path:?}{MARK}", file.name());
            rename(element, &suffix);
            // The values of an enum are defined in the scope around it.
            if element.descriptor().name() == "EnumDescriptorProto" {
                let values = element.get_field_by_number_mut(field::ENUM_VALUE as u32)?;
                let values = values.as_list_mut()?.iter_mut();
                let values = values.filter_map(Value::as_message_mut);
                values.for_each(|value| rename(value, &suffix));
            }
        }
    }
    *file = root.transcode_to().ok()?;
    Some(())
}

fn rename(element: &mut DynamicMessage, suffix: &str) {
    if let Some(Value::String(name)) = element.get_field_by_number_mut(field::NAME as u32) {
        name.push_str(suffix);
    }
}

/// Whether `message` is about something that is in the file only because of what was wrong with it.
pub(super) fn is_behind(message: &str) -> bool {
    message.contains(MARK)
}

/// An option that every element may have, and that is ignored.
pub(super) fn option_without_effect() -> UninterpretedOption {
    UninterpretedOption {
        name: vec![NamePart {
            name_part: "uninterpreted_option".to_owned(),
            is_extension: false,
        }],
        aggregate_value: Some(String::new()),
        ..UninterpretedOption::default()
    }
}

/// The message that stands for what leads nowhere in the file called `name`. It can be extended, too.
pub(super) fn stand_in(name: &str) -> DescriptorProto {
    DescriptorProto {
        name: Some(format!("{MARK}undefined in {name}{MARK}")),
        extension_range: vec![ExtensionRange {
            start: Some(1),
            end: Some(MAX_FIELD_NUMBER),
            options: None,
        }],
        ..DescriptorProto::default()
    }
}

fn find<'a>(message: &'a mut DynamicMessage, path: &[i32]) -> Option<&'a mut DynamicMessage> {
    let (number, rest) = match path {
        [] | [field::NAME] => return Some(message),
        [number, rest @ ..] => (*number as u32, rest),
    };
    match message.get_field_by_number_mut(number)? {
        Value::List(elements) => {
            let (index, rest) = rest.split_first()?;
            find(elements.get_mut(*index as usize)?.as_message_mut()?, rest)
        }
        Value::Message(message) => find(message, rest),
        _ => None,
    }
}

/// Numbers the values of all enums anew.
pub(super) fn renumber_enums(file: &mut FileDescriptorProto) {
    fn in_message(message: &mut DescriptorProto) {
        message.enum_type.iter_mut().for_each(renumber_enum);
        message.nested_type.iter_mut().for_each(in_message);
    }
    file.enum_type.iter_mut().for_each(renumber_enum);
    file.message_type.iter_mut().for_each(in_message);
}

/// Numbers all fields anew, and removes default values.
pub(super) fn renumber_fields(file: &mut FileDescriptorProto) {
    file.message_type.iter_mut().for_each(renumber_message);
}

fn renumber_message(message: &mut DescriptorProto) {
    message.reserved_range.clear();
    // The numbers of a map's key and value are fixed.
    if !element::is_map_entry(message) {
        // From the end, because extensions keep their numbers.
        let mut number = MAX_FIELD_NUMBER;
        for each in &mut message.field {
            each.number = Some(number);
            each.default_value = None;
            number -= 1;
        }
        message.extension_range = vec![ExtensionRange {
            start: Some(1),
            end: Some(number),
            options: None,
        }];
    }
    message.nested_type.iter_mut().for_each(renumber_message);
}

fn renumber_enum(each: &mut EnumDescriptorProto) {
    for (number, value) in (0..).zip(&mut each.value) {
        value.number = Some(number);
    }
    each.reserved_range.clear();
    if each.value.is_empty() {
        each.value.push(EnumValueDescriptorProto {
            name: Some(format!("{MARK}{}{MARK}", each.name())),
            number: Some(0),
            options: None,
        });
    }
}
