//! The JSON in a version 1 frame, which says what is called.

use std::borrow::Cow;

use serde::Deserialize;

/// What a request calls: `{"service_name":"helloworld","method_name":"Hello"}`.
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub(super) struct ProtocolData<'a> {
    #[serde(borrow)]
    pub(super) service_name: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) method_name: Cow<'a, str>,
}

impl<'a> ProtocolData<'a> {
    /// Reads it; fields that are not known are passed over.
    pub(super) fn parse(json: &'a [u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(json)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_are_read_in_any_order_with_spaces_and_escapes() {
        for json in [
            r#"{"service_name":"helloworld","method_name":"Hello"}"#,
            r#" { "method_name" : "Hello" , "other" : [{}], "service_name" : "hello\u0077orld" } "#,
        ] {
            let data = ProtocolData::parse(json.as_bytes()).unwrap();
            assert_eq!(
                (&*data.service_name, &*data.method_name),
                ("helloworld", "Hello")
            );
        }
    }

    #[test]
    fn what_does_not_name_both_is_refused() {
        for json in [
            &b""[..],
            b"{}",
            br#"{"service_name":"helloworld"}"#,
            br#"{"service_name":"helloworld","method_name":1}"#,
            br#"{"service_name":"helloworld","method_name":"Hello"}x"#,
            b"\xff",
        ] {
            assert!(
                ProtocolData::parse(json).is_err(),
                "{}",
                json.escape_ascii()
            );
        }
    }
}
