//! JSON values that know where they stand, so that whatever is wrong says so.

use std::fmt;
use std::time::Duration;

use rpc_wire::Code;
use serde_json::{Map, Value};

/// A value and the path to it.
pub(super) struct At<'a> {
    value: &'a Value,
    path: String,
}

/// A value of the wrong form: its path, and what is wrong.
pub(super) type Result<T> = std::result::Result<T, String>;

impl<'a> At<'a> {
    pub(super) fn root(value: &'a Value) -> Self {
        At {
            value,
            path: String::new(),
        }
    }

    /// The error that something is wrong here.
    pub(super) fn wrong(&self, what: impl fmt::Display) -> String {
        match &*self.path {
            "" => format!("the service config {what}"),
            path => format!("{path} {what}"),
        }
    }

    /// The members of an object that has no others than `known`.
    pub(super) fn object(&self, known: &[&str]) -> Result<Object<'a>> {
        let Value::Object(members) = self.value else {
            return Err(self.wrong(format!("is {}, not an object", kind(self.value))));
        };
        let path = self.path.clone();
        let object = Object { members, path };
        match members.keys().find(|key| !known.contains(&key.as_str())) {
            None => Ok(object),
            Some(key) => Err(format!(
                "{} is not known; known here are {}",
                object.path_of(key),
                known.join(", ")
            )),
        }
    }

    /// The elements of an array.
    pub(super) fn array(&self) -> Result<Vec<At<'a>>> {
        let Value::Array(elements) = self.value else {
            return Err(self.wrong(format!("is {}, not an array", kind(self.value))));
        };
        let element = |(index, value)| At {
            value,
            path: format!("{}[{index}]", self.path),
        };
        Ok(elements.iter().enumerate().map(element).collect())
    }

    pub(super) fn text(&self) -> Result<&'a str> {
        let text = self.value.as_str();
        text.ok_or_else(|| self.wrong(format!("is {}, not a string", kind(self.value))))
    }

    /// Nothing is wrong about a switch that is not ours, if it is one.
    pub(super) fn boolean(&self) -> Result<bool> {
        let boolean = self.value.as_bool();
        boolean.ok_or_else(|| self.wrong(format!("is {}, not true or false", kind(self.value))))
    }

    pub(super) fn number(&self) -> Result<f64> {
        let number = self.value.as_f64();
        number.ok_or_else(|| self.wrong(format!("is {}, not a number", kind(self.value))))
    }

    /// A whole number of at least `least`.
    pub(super) fn integer(&self, least: u32) -> Result<u32> {
        let number = self.number()?;
        if number.fract() != 0.0 || number < f64::from(least) || number > f64::from(u32::MAX) {
            return Err(self.wrong(format!("is {number}, not a whole number from {least}")));
        }
        Ok(number as u32)
    }

    /// A duration in the JSON form of protobuf, such as `"1.5s"`.
    pub(super) fn duration(&self) -> Result<Duration> {
        let text = self.text()?;
        duration(text)
            .ok_or_else(|| self.wrong(format!("is {text:?}, not a duration such as \"1.5s\"")))
    }

    /// A duration that is more than nothing.
    pub(super) fn positive_duration(&self) -> Result<Duration> {
        match self.duration()? {
            Duration::ZERO => Err(self.wrong("is 0, it has to be more")),
            duration => Ok(duration),
        }
    }

    /// Status codes, by name or number.
    pub(super) fn codes(&self) -> Result<Vec<Code>> {
        self.array()?.iter().map(At::code).collect()
    }

    fn code(&self) -> Result<Code> {
        let code = match self.value {
            Value::String(name) => name.parse().ok(),
            Value::Number(number) => number
                .as_u64()
                .filter(|number| *number <= 16)
                .map(|number| Code::from_value(number as u32)),
            _ => None,
        };
        code.ok_or_else(|| {
            self.wrong(format!(
                "is {}, not a status code such as \"UNAVAILABLE\"",
                self.value
            ))
        })
    }
}

/// The members of an object.
pub(super) struct Object<'a> {
    members: &'a Map<String, Value>,
    path: String,
}

impl<'a> Object<'a> {
    /// A member that is there and not null.
    pub(super) fn get(&self, key: &str) -> Option<At<'a>> {
        let value = self.members.get(key).filter(|value| !value.is_null())?;
        let path = self.path_of(key);
        Some(At { value, path })
    }

    /// A member that has to be there.
    pub(super) fn require(&self, key: &str) -> Result<At<'a>> {
        let member = self.get(key);
        member.ok_or_else(|| format!("{} is missing", self.path_of(key)))
    }

    fn path_of(&self, key: &str) -> String {
        match &*self.path {
            "" => key.to_owned(),
            path => format!("{path}.{key}"),
        }
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

/// Seconds with up to nine decimals and an `s`.
fn duration(text: &str) -> Option<Duration> {
    let number = text.strip_suffix('s')?;
    let (seconds, decimals) = number.split_once('.').unwrap_or((number, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(seconds) || !digits(decimals) || decimals.len() > 9 {
        return None;
    }
    let nanos = format!("{decimals:0<9}").parse().ok()?;
    Some(Duration::new(seconds.parse().ok()?, nanos))
}
