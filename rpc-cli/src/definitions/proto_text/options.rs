//! Options of definitions, custom ones included.

use prost_reflect::{DynamicMessage, FieldDescriptor, ReflectMessage, Value};
use prost_types::field_descriptor_proto::Type;

/// `option name = value;` for each.
pub(super) fn in_lines(options: &DynamicMessage) -> Vec<String> {
    let options = assignments(options).into_iter();
    options.map(|option| format!("option {option};")).collect()
}

/// `[name = value, ..]` behind a field, or nothing; its default value and name in JSON are written as options, too.
pub(super) fn in_brackets(field: &FieldDescriptor) -> String {
    let proto = field.field_descriptor_proto();
    let mut more = Vec::new();
    if let Some(default) = &proto.default_value {
        more.push(match proto.r#type() {
            Type::String => format!("default = {default:?}"),
            // Escaped already.
            Type::Bytes => format!("default = \"{default}\""),
            _ => format!("default = {default}"),
        });
    }
    if field.json_name() != usual_json_name(field.name()) {
        more.push(format!("json_name = {:?}", field.json_name()));
    }
    joined(&field.options(), more)
}

/// `more` and the options in brackets, or nothing.
pub(super) fn joined(options: &DynamicMessage, mut more: Vec<String>) -> String {
    more.extend(assignments(options));
    match more.is_empty() {
        true => String::new(),
        false => format!(" [{}]", more.join(", ")),
    }
}

/// `name = value` for each option; one for each value of those that are repeated.
fn assignments(options: &DynamicMessage) -> Vec<String> {
    let alone = || DynamicMessage::new(options.descriptor());
    let mut texts = Vec::new();
    for (field, value) in options.fields() {
        for value in values(value) {
            let mut one = alone();
            one.set_field(&field, value);
            texts.push(one.to_text_format());
        }
    }
    for (extension, value) in options.extensions() {
        for value in values(value) {
            let mut one = alone();
            one.set_extension(&extension, value);
            texts.push(one.to_text_format());
        }
    }
    texts.iter().filter_map(|text| assignment(text)).collect()
}

fn values(value: &Value) -> Vec<Value> {
    match value {
        Value::List(values) => {
            let values = values.iter().cloned();
            values.map(|value| Value::List(vec![value])).collect()
        }
        value => vec![value.clone()],
    }
}

/// An option in protobuf's text format, such as `[rpc.timeout]:"1s"`, as an assignment.
fn assignment(text: &str) -> Option<String> {
    let (name, value) = match text.strip_prefix('[') {
        Some(rest) => rest
            .split_once(']')
            .map(|(name, value)| (format!("({name})"), value))?,
        None => {
            let end = text.find([':', '{', ' '])?;
            (text[..end].to_owned(), &text[end..])
        }
    };
    let value = value.trim_start_matches(':').trim();
    let element = value
        .strip_prefix('[')
        .and_then(|value| value.strip_suffix(']'));
    Some(format!("{name} = {}", element.unwrap_or(value)))
}

/// The name that a field has in JSON unless it says otherwise.
fn usual_json_name(name: &str) -> String {
    let mut json_name = String::with_capacity(name.len());
    let mut after_underscore = false;
    for letter in name.chars() {
        match letter {
            '_' => after_underscore = true,
            letter if after_underscore => {
                json_name.push(letter.to_ascii_uppercase());
                after_underscore = false;
            }
            letter => json_name.push(letter),
        }
    }
    json_name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_assignments() {
        let cases = [
            ("deprecated:true", "deprecated = true"),
            ("[rpc.timeout]:\"1s\"", "(rpc.timeout) = \"1s\""),
            (
                "[rpc.retry]{max_attempts:3}",
                "(rpc.retry) = {max_attempts:3}",
            ),
            ("[rpc.alias]:[\"Get\"]", "(rpc.alias) = \"Get\""),
        ];
        for (text, option) in cases {
            assert_eq!(assignment(text).as_deref(), Some(option));
        }
    }
}
