//! The content type of requests and replies, which names their codec.

use std::borrow::Cow;

/// What every content type of gRPC begins with; by itself it means protobuf.
const GRPC: &str = "application/grpc";

/// What a protobuf message may be called, too.
const PROTO: &str = "proto";

/// The content type for messages of the codec with this name; `None` stands for protobuf.
pub(crate) fn of(codec: Option<&str>) -> Cow<'static, str> {
    match codec {
        None => Cow::Borrowed(GRPC),
        Some(codec) => Cow::Owned(format!("{GRPC}+{codec}")),
    }
}

/// The codec that a content type names: `Some(None)` is protobuf, and `None` says that the content is not gRPC's.
///
/// gRPC-Web's content types are others.
pub(crate) fn codec(content_type: &str) -> Option<Option<&str>> {
    // Parameters, such as a charset, say nothing more.
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    let (start, rest) = essence.split_at_checked(GRPC.len())?;
    if !start.eq_ignore_ascii_case(GRPC) {
        return None;
    }
    match rest.strip_prefix('+') {
        None if rest.is_empty() => Some(None),
        Some("") | None => None,
        Some(codec) if codec.eq_ignore_ascii_case(PROTO) => Some(None),
        Some(codec) => Some(Some(codec)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_content_type_names_its_codec() {
        assert_eq!(of(None), "application/grpc");
        assert_eq!(of(Some("json")), "application/grpc+json");
        assert_eq!(codec("application/grpc"), Some(None));
        assert_eq!(codec("application/grpc+proto"), Some(None));
        assert_eq!(codec("Application/gRPC; charset=utf-8"), Some(None));
        assert_eq!(codec("application/grpc+json"), Some(Some("json")));
    }

    #[test]
    fn other_content_types_are_not_grpc() {
        for other in [
            "",
            "text/html",
            "application/json",
            "application/grpc-web",
            "application/grpc-web+proto",
            "application/grpc+",
            "application/grpcx",
            "é",
        ] {
            assert_eq!(codec(other), None, "{other:?}");
        }
    }
}
