//! What the headers and trailers of a response say.

use http::{HeaderMap, HeaderName, StatusCode, header};
use rpc_wire::{Code, Metadata, Status};

use crate::compression::Compression;
use crate::grpc::{content_type, metadata, status};

const ENCODING: HeaderName = HeaderName::from_static("grpc-encoding");
const ACCEPT_ENCODING: HeaderName = HeaderName::from_static("grpc-accept-encoding");

/// The `grpc-encoding` of messages that are not compressed.
const IDENTITY: &str = "identity";

/// What a response begins with.
#[derive(Debug)]
pub(super) enum Answer {
    /// Messages follow, and trailers.
    Opens {
        headers: Metadata,
        encoding: Option<Compression>,
    },
    /// Nothing follows: the call ended well, with trailing metadata.
    Ends(Metadata),
}

/// What the head of a response says; `ends` if that is all of it.
///
/// # Errors
///
/// How the call ended, or why the response is none of gRPC's.
pub(super) fn answer(
    code: StatusCode,
    headers: &HeaderMap,
    ends: bool,
    max_metadata_size: u32,
) -> Result<Answer, Status> {
    if ends && let Some(ended) = status::read(headers) {
        return limited(ended?, max_metadata_size).map(Answer::Ends);
    }
    if code != StatusCode::OK {
        return Err(Status::new(
            status::code_of_http(code),
            format!("the server answered with HTTP status {code}, and no gRPC status"),
        ));
    }
    let content_type = headers.get(header::CONTENT_TYPE);
    let content_type = content_type.map_or("", |value| value.to_str().unwrap_or("?"));
    if content_type::codec(content_type).is_none() {
        return Err(Status::unknown(format!(
            "the server answered with content type {content_type:?}, and gRPC's is application/grpc; \
             is it a gRPC server?"
        )));
    }
    if ends {
        return Err(no_status());
    }
    Ok(Answer::Opens {
        headers: limited(metadata::read(headers)?, max_metadata_size)?,
        encoding: encoding(headers)?,
    })
}

/// How a call ended by its trailers.
///
/// # Errors
///
/// The status that it ended with.
pub(super) fn end(
    trailers: Option<&HeaderMap>,
    max_metadata_size: u32,
) -> Result<Metadata, Status> {
    let ended = trailers.and_then(status::read);
    let trailing = ended.unwrap_or_else(|| Err(no_status()))?;
    limited(trailing, max_metadata_size)
}

fn no_status() -> Status {
    Status::unknown("the server's answer ended without a status (grpc-status)")
}

fn encoding(headers: &HeaderMap) -> Result<Option<Compression>, Status> {
    let Some(name) = headers.get(ENCODING) else {
        return Ok(None);
    };
    let name = name.to_str().unwrap_or("?");
    if name == IDENTITY {
        return Ok(None);
    }
    match Compression::from_name(name) {
        Some(encoding) => Ok(Some(encoding)),
        None => Err(Status::internal(format!(
            "the server compresses replies with {name:?}, which this client did not offer"
        ))),
    }
}

/// Whether a call ended because the server does not know this algorithm, and says which it knows.
pub(super) fn refuses(status: &Status, headers: &HeaderMap, algorithm: Compression) -> bool {
    let accepted = headers.get(ACCEPT_ENCODING);
    let accepted = accepted.and_then(|accepted| accepted.to_str().ok());
    let is_known = |accepted: &str| {
        let mut names = accepted.split(',');
        names.any(|name| name.trim() == algorithm.name())
    };
    status.code() == Code::Unimplemented && accepted.is_some_and(|accepted| !is_known(accepted))
}

fn limited(metadata: Metadata, limit: u32) -> Result<Metadata, Status> {
    let size = metadata.size();
    match size > limit as usize {
        true => Err(Status::resource_exhausted(format!(
            "the reply's metadata of {size} bytes are over the client's limit max_metadata_size of {limit} bytes"
        ))),
        false => Ok(metadata),
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use rpc_wire::Code;

    use super::*;

    const LIMIT: u32 = 1024;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pairs = pairs.iter();
        pairs
            .map(|(name, value)| {
                let name = HeaderName::from_static(name);
                (name, HeaderValue::from_static(value))
            })
            .collect()
    }

    fn failure(code: u16, pairs: &[(&'static str, &'static str)], ends: bool) -> Status {
        let code = StatusCode::from_u16(code).unwrap();
        answer(code, &headers(pairs), ends, LIMIT).unwrap_err()
    }

    #[test]
    fn headers_open_a_response_and_say_how_it_is_compressed() {
        let plain = [("content-type", "application/grpc+proto"), ("x-a", "1")];
        let Answer::Opens {
            headers: read,
            encoding,
        } = answer(StatusCode::OK, &headers(&plain), false, LIMIT).unwrap()
        else {
            panic!("messages follow");
        };
        assert_eq!((read.get("x-a"), encoding), (Some("1"), None));

        let unknown = [
            ("content-type", "application/grpc"),
            ("grpc-encoding", "lzma"),
        ];
        let status = failure(200, &unknown, false);
        assert_eq!(status.code(), Code::Internal);
        assert!(status.message().contains("lzma"), "{status}");
    }

    #[test]
    fn headers_that_are_all_of_a_response_have_its_status() {
        let ended = [("grpc-status", "5"), ("grpc-message", "none")];
        // Whatever HTTP says: some proxies have a status of their own.
        for code in [200, 503] {
            let status = failure(code, &ended, true);
            assert_eq!((status.code(), status.message()), (Code::NotFound, "none"));
        }
        let good = headers(&[("grpc-status", "0"), ("x-a", "1")]);
        let Answer::Ends(trailing) = answer(StatusCode::OK, &good, true, LIMIT).unwrap() else {
            panic!("nothing follows");
        };
        assert_eq!(trailing.get("x-a"), Some("1"));
    }

    #[test]
    fn what_is_no_answer_of_grpc_says_what_it_is() {
        let status = failure(200, &[("content-type", "text/html")], false);
        assert_eq!(status.code(), Code::Unknown);
        assert!(status.message().contains("\"text/html\""), "{status}");
        let status = failure(404, &[("content-type", "text/html")], false);
        assert_eq!(status.code(), Code::Unimplemented);
        assert!(status.message().contains("404 Not Found"), "{status}");
        let status = failure(200, &[("content-type", "application/grpc")], true);
        assert_eq!(status.code(), Code::Unknown);
        assert!(status.message().contains("grpc-status"), "{status}");
    }

    #[test]
    fn an_end_without_a_status_is_an_error() {
        for trailers in [None, Some(&headers(&[("x-a", "1")]))] {
            assert_eq!(end(trailers, LIMIT).unwrap_err().code(), Code::Unknown);
        }
        assert!(end(Some(&headers(&[("grpc-status", "0")])), LIMIT).is_ok());
    }

    #[test]
    fn metadata_over_the_limit_name_it() {
        let trailers = headers(&[("grpc-status", "0"), ("x-a", "1")]);
        let status = end(Some(&trailers), 10).unwrap_err();
        assert_eq!(status.code(), Code::ResourceExhausted);
        assert!(
            status.message().contains("max_metadata_size of 10"),
            "{status}"
        );
    }
}
