//! Errors of servers as statuses.

use std::borrow::Cow;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use rpc_wire::{Code, Status};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::code;

#[derive(Deserialize)]
struct Fields<'a> {
    code: i64,
    #[serde(borrow, default)]
    message: Cow<'a, str>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
}

/// What this library's servers have for data.
#[derive(Deserialize)]
struct Data<'a> {
    #[serde(borrow)]
    status: Cow<'a, str>,
    #[serde(borrow, default)]
    details: Cow<'a, str>,
    executed: Option<bool>,
}

/// Text that a server has for data.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// The status that an error stands for: as the server had it if that is of this library, and otherwise the
/// one of its code, with text among the data in the message, and other data as details.
///
/// # Errors
///
/// Why it is no error of JSON-RPC.
pub(super) fn parse(error: &RawValue) -> Result<Status, serde_json::Error> {
    let Fields {
        code,
        message,
        data,
    } = serde_json::from_str(error.get())?;
    let Some(data) = data.map(RawValue::get) else {
        return Ok(Status::new(code::to_code(code), message));
    };
    if let Ok(data) = serde_json::from_str::<Data<'_>>(data)
        && let Ok(code) = data.status.parse::<Code>()
    {
        let details = BASE64_STANDARD.decode(&*data.details).unwrap_or_default();
        return Ok(Status::new(code, message)
            .with_details(details)
            .with_may_have_run(data.executed.unwrap_or(true)));
    }
    let code = code::to_code(code);
    Ok(match serde_json::from_str::<Text<'_>>(data) {
        Ok(Text(text)) => Status::new(code, format!("{message}: {text}")),
        Err(_) => Status::new(code, message).with_details(data.as_bytes().to_vec()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(json: &str) -> Status {
        parse(serde_json::from_str(json).unwrap()).unwrap()
    }

    #[test]
    fn an_error_of_another_library_has_its_code_and_all_that_it_says() {
        let error =
            status(r#"{"code":-32603,"message":"Internal error","data":"handler says no"}"#);
        assert_eq!(error.code(), Code::Internal);
        assert_eq!(error.message(), "Internal error: handler says no");
        assert!(error.may_have_run());

        let error = status(r#"{"code":7,"message":"no","data":{"why":1}}"#);
        assert_eq!((error.code(), error.message()), (Code::Unknown, "no"));
        assert_eq!(error.details(), br#"{"why":1}"#);

        let error = status(r#"{"code":-32601,"message":"Method not found"}"#);
        assert_eq!(error.code(), Code::Unimplemented);
    }
}
