//! Messages that are strings in JSON.

use super::wire::{Value, Wire};
use crate::json::schema::Form;
use crate::json::time;

/// The JSON of a duration, a timestamp or a field mask.
///
/// # Errors
///
/// Why there is none.
pub(super) fn of(form: Form, values: &[Value<'_>]) -> Result<String, String> {
    if form == Form::FieldMask {
        return paths(values);
    }
    let (seconds, nanos) = (number(values, 0)?, number(values, 1)? as i32);
    let (text, name) = match form {
        Form::Duration => (time::duration(seconds, nanos), "duration"),
        _ => (time::timestamp(seconds, nanos), "timestamp"),
    };
    text.ok_or_else(|| format!("the {name} of {seconds} s and {nanos} ns is out of range"))
}

/// The last value of a field that is a number, or 0.
fn number(values: &[Value<'_>], field: usize) -> Result<i64, String> {
    match values.iter().rfind(|value| value.field == field) {
        None => Ok(0),
        Some(Value {
            wire: Wire::Varint(value),
            ..
        }) => Ok(*value as i64),
        Some(_) => Err("the value is no integer".to_owned()),
    }
}

fn paths(values: &[Value<'_>]) -> Result<String, String> {
    let mut text = String::new();
    for value in values {
        let Wire::Bytes(bytes) = value.wire else {
            return Err("the path is no string".to_owned());
        };
        let path = std::str::from_utf8(bytes).map_err(|error| error.to_string())?;
        if !text.is_empty() {
            text.push(',');
        }
        camel_case(path, &mut text)
            .ok_or_else(|| format!("the path {path:?} could not be read back"))?;
    }
    Ok(text)
}

/// Appends a path of `snake_case` names as one of `camelCase` names, if that can be undone.
fn camel_case(path: &str, text: &mut String) -> Option<()> {
    if path.is_empty() {
        return None;
    }
    let mut letters = path.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '_' => match letters.next() {
                Some(letter @ 'a'..='z') => text.push(letter.to_ascii_uppercase()),
                _ => return None,
            },
            'A'..='Z' | ',' => return None,
            _ => text.push(letter),
        }
    }
    Some(())
}
