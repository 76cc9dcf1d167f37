//! How a call ended, in its trailers.

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use rpc_wire::{Code, Metadata, Status};

use super::{base64, metadata, percent};

const STATUS: HeaderName = HeaderName::from_static("grpc-status");
const MESSAGE: HeaderName = HeaderName::from_static("grpc-message");
const DETAILS: HeaderName = HeaderName::from_static("grpc-status-details-bin");
const RETRY_PUSHBACK: HeaderName = HeaderName::from_static("grpc-retry-pushback-ms");

/// What clients take of headers at a time, in bytes, counted as HTTP/2 does: what gRPC's libraries allow unless
/// they are told otherwise. Over it a client drops the code too, and cannot say to a server what it allows.
const MAX_HEADERS: usize = 8 * 1024;

/// What of it HTTP and the headers ahead of a status may take: `:status`, `date`, `content-type` and the like.
const HEADERS_OF_HTTP: usize = 512;

/// What a header takes beside its name and its value (RFC 9113, section 6.5.2).
const HEADER_OVERHEAD: usize = 32;

/// Adds to trailers that a call ended so. The code always arrives: a message that is too long for
/// clients is cut, and details for which there is no room are left out.
pub(crate) fn write(outcome: Result<&Metadata, &Status>, trailers: &mut HeaderMap) {
    let status = match outcome {
        Ok(trailing) => {
            trailers.insert(STATUS, HeaderValue::from(Code::Ok.value()));
            metadata::write(trailing, trailers);
            return;
        }
        Err(status) => status,
    };
    let code = match status.code() {
        // The client would take the failure for a success.
        Code::Ok => Code::Unknown,
        code => code,
    };
    trailers.insert(STATUS, HeaderValue::from(code.value()));
    if let Some(pushback) = status.retry_pushback() {
        insert(trailers, RETRY_PUSHBACK, pushback_millis(pushback));
    }
    metadata::write(status.metadata(), trailers);
    if !status.message().is_empty()
        && let Some(message) = percent::encode_within(status.message(), room(trailers, &MESSAGE))
    {
        insert(trailers, MESSAGE, message);
    }
    if !status.details().is_empty() {
        let details = base64::encode(status.details());
        match details.len() <= room(trailers, &DETAILS) {
            true => insert(trailers, DETAILS, details),
            false => tracing::debug!(
                length = details.len(),
                limit = MAX_HEADERS,
                "the details of a status were left out: clients do not take so much in headers"
            ),
        }
    }
}

/// What is left for the value of a header of this name, in bytes.
fn room(trailers: &HeaderMap, name: &HeaderName) -> usize {
    let length = |name: &HeaderName, value| name.as_str().len() + value + HEADER_OVERHEAD;
    let taken = trailers.iter();
    let taken: usize = taken.map(|(name, value)| length(name, value.len())).sum();
    MAX_HEADERS.saturating_sub(HEADERS_OF_HTTP + taken + length(name, 0))
}

fn insert(trailers: &mut HeaderMap, name: HeaderName, value: String) {
    // All that is inserted was written in printable ASCII.
    if let Ok(value) = HeaderValue::try_from(value) {
        trailers.insert(name, value);
    }
}

/// What gRPC says for "do not try again" is a negative number.
fn pushback_millis(pushback: Duration) -> String {
    match i64::try_from(pushback.as_millis()) {
        Ok(millis) => millis.to_string(),
        Err(_) => "-1".to_owned(),
    }
}

/// How a call ended by its trailers: with these trailing metadata, or a status. `None` if they do not say.
pub(crate) fn read(trailers: &HeaderMap) -> Option<Result<Metadata, Status>> {
    let value = trailers.get(STATUS)?.to_str().ok();
    let code = value.and_then(|value| value.parse().ok());
    let code = code.map_or(Code::Unknown, Code::from_value);
    let trailing = metadata::read(trailers);
    if code == Code::Ok {
        return Some(trailing);
    }
    let message = trailers.get(MESSAGE);
    let message = message.map(|message| percent::decode(message.as_bytes()));
    // The code and the message are worth more than metadata and details that cannot be read.
    let mut status =
        Status::new(code, message.unwrap_or_default()).with_metadata(trailing.unwrap_or_default());
    let details = trailers.get(DETAILS);
    if let Some(Ok(details)) = details.map(|details| base64::decode(details.as_bytes())) {
        status = status.with_details(details);
    }
    if let Some(pushback) = trailers.get(RETRY_PUSHBACK) {
        status = status.with_retry_pushback(pushback_of(pushback));
    }
    Some(Err(status))
}

/// What is negative, or no number, asks not to try again.
fn pushback_of(millis: &HeaderValue) -> Duration {
    let millis = millis.to_str().ok().and_then(|text| text.parse().ok());
    millis.map_or(Duration::MAX, Duration::from_millis)
}

/// The code of a call that was answered by HTTP alone.
pub(crate) fn code_of_http(status: StatusCode) -> Code {
    match status.as_u16() {
        400 => Code::Internal,
        401 => Code::Unauthenticated,
        403 => Code::PermissionDenied,
        404 => Code::Unimplemented,
        429 | 502..=504 => Code::Unavailable,
        _ => Code::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn trailers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pairs = pairs.iter();
        pairs
            .map(|(name, value)| {
                let name = HeaderName::from_static(name);
                (name, HeaderValue::from_static(value))
            })
            .collect()
    }

    fn failure(pairs: &[(&'static str, &'static str)]) -> Status {
        failure_of(&trailers(pairs))
    }

    fn failure_of(trailers: &HeaderMap) -> Status {
        let ended = read(trailers).expect("there is a status");
        ended.expect_err("it is not OK")
    }

    #[test]
    fn a_status_is_written_as_grpc_says() {
        let status = Status::not_found("no 100%")
            .with_details(vec![0xff])
            .with_retry_pushback(Duration::from_millis(250));
        let mut written = HeaderMap::new();
        write(Err(&status), &mut written);
        let expected = trailers(&[
            ("grpc-status", "5"),
            ("grpc-message", "no 100%25"),
            ("grpc-status-details-bin", "/w"),
            ("grpc-retry-pushback-ms", "250"),
        ]);
        assert_eq!(written, expected);
    }

    #[test]
    fn success_is_the_status_and_metadata_only() {
        let mut written = HeaderMap::new();
        write(Ok(&Metadata::new()), &mut written);
        assert_eq!(written, trailers(&[("grpc-status", "0")]));
        let ended = read(&written).expect("there is a status");
        assert_eq!(ended.expect("it is OK"), Metadata::new());
    }

    #[test]
    fn trailers_without_a_status_say_nothing() {
        assert!(read(&trailers(&[("grpc-message", "lost")])).is_none());
    }

    #[test]
    fn a_code_that_nobody_knows_is_unknown_and_keeps_its_message() {
        for code in ["17", "-1", "ok", ""] {
            let status = failure(&[("grpc-status", code), ("grpc-message", "why")]);
            assert_eq!((status.code(), status.message()), (Code::Unknown, "why"));
        }
    }

    #[test]
    fn a_failure_is_kept_though_its_details_or_metadata_cannot_be_read() {
        let status = failure(&[
            ("grpc-status", "5"),
            ("grpc-status-details-bin", "!"),
            ("x-bin", "!"),
        ]);
        assert_eq!(status.code(), Code::NotFound);
        assert!(status.details().is_empty() && status.metadata().is_empty());
    }

    #[test]
    fn a_pushback_that_is_negative_or_no_number_asks_not_to_try_again() {
        for value in ["-1", "soon", ""] {
            let status = failure(&[("grpc-status", "14"), ("grpc-retry-pushback-ms", value)]);
            assert_eq!(status.retry_pushback(), Some(Duration::MAX), "{value:?}");
        }
        let mut written = HeaderMap::new();
        let status = Status::unavailable("").with_retry_pushback(Duration::MAX);
        write(Err(&status), &mut written);
        assert_eq!(written.get(RETRY_PUSHBACK).expect("it is sent"), "-1");
    }

    #[test]
    fn http_says_which_code_it_stands_for() {
        let cases = [
            (400, Code::Internal),
            (401, Code::Unauthenticated),
            (403, Code::PermissionDenied),
            (404, Code::Unimplemented),
            (429, Code::Unavailable),
            (502, Code::Unavailable),
            (503, Code::Unavailable),
            (504, Code::Unavailable),
            (200, Code::Unknown),
            (500, Code::Unknown),
        ];
        for (http, code) in cases {
            let http = StatusCode::from_u16(http).expect("it exists");
            assert_eq!(code_of_http(http), code, "{http}");
        }
    }

    /// What HTTP/2 counts for these headers.
    fn size(headers: &HeaderMap) -> usize {
        let lengths = headers.iter();
        let lengths = lengths.map(|(name, value)| name.as_str().len() + value.len() + 32);
        lengths.sum()
    }

    fn written(status: &Status) -> HeaderMap {
        let mut written = HeaderMap::new();
        write(Err(status), &mut written);
        written
    }

    #[test]
    fn a_message_is_cut_where_clients_would_drop_the_code_with_it() {
        for (text, kept) in [("a", 7_000), ("\u{fc}", 1_000)] {
            let status = Status::not_found(text.repeat(20_000));
            let written = written(&status);
            assert!((7_500..=8_192).contains(&size(&written)));
            let read = failure_of(&written);
            assert_eq!(read.code(), Code::NotFound);
            let beginning = read.message().strip_suffix("...").expect("it is cut");
            assert!(beginning.chars().count() > kept && status.message().starts_with(beginning));
        }
    }

    #[test]
    fn details_are_left_out_where_clients_would_drop_the_code_with_them() {
        let of = |length| {
            let status = Status::not_found("why").with_details(vec![1; length]);
            failure_of(&written(&status))
        };
        assert_eq!(of(5_000).details(), vec![1; 5_000]);
        let without = of(7_000);
        assert_eq!(
            (without.code(), without.message(), without.details()),
            (Code::NotFound, "why", &[][..])
        );
    }

    #[test]
    fn metadata_take_their_room_first() {
        let mut metadata = Metadata::new();
        let value = "a".repeat(6_000);
        metadata.insert("x-much", &value).expect("it is allowed");
        let status = Status::not_found("b".repeat(5_000)).with_metadata(metadata);
        let written = written(&status);
        assert!(size(&written) <= 8_192);
        let read = failure_of(&written);
        assert_eq!(read.metadata().get("x-much"), Some(&value[..]));
        assert!(read.message().len() > 1_000 && read.message().ends_with("b..."));
    }

    proptest! {
        #[test]
        fn a_status_comes_out_as_it_went_in(
            code in 1_u32..17,
            message in any::<String>(),
            details in prop::collection::vec(any::<u8>(), 0..50),
            pushback in prop::option::of(0_u64..1_000_000),
        ) {
            let mut status = Status::new(Code::from_value(code), message).with_details(details);
            if let Some(pushback) = pushback {
                status = status.with_retry_pushback(Duration::from_millis(pushback));
            }
            let mut written = HeaderMap::new();
            write(Err(&status), &mut written);
            let read = read(&written).expect("there is a status").expect_err("it is not OK");
            prop_assert_eq!(read.code(), status.code());
            prop_assert_eq!(read.message(), status.message());
            prop_assert_eq!(read.details(), status.details());
            prop_assert_eq!(read.retry_pushback(), status.retry_pushback());
        }
    }
}
