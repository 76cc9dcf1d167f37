//! The content type of requests and replies, which names how they are carried and their codec.

use std::borrow::Cow;

/// What every content type of gRPC begins with; by itself it means protobuf.
const GRPC: &str = "application/grpc";

/// What comes behind that in gRPC-Web's, and what else if they are text.
const WEB: &str = "-web";
const TEXT: &str = "-text";

/// What a protobuf message may be called, too.
const PROTO: &str = "proto";

/// How messages and trailers are carried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// By HTTP/2: gRPC as such.
    Grpc,
    /// In the body: gRPC-Web.
    Web,
    /// In the body, which is base64: gRPC-Web, too.
    WebText,
}

/// The content type for messages of the codec with this name; `None` stands for protobuf.
pub(crate) fn of(codec: Option<&str>) -> Cow<'static, str> {
    match codec {
        None => Cow::Borrowed(GRPC),
        Some(codec) => Cow::Owned(format!("{GRPC}+{codec}")),
    }
}

/// The codec that a content type of gRPC, and not gRPC-Web, names: `Some(None)` is protobuf, and `None` says that
/// the content is not gRPC's.
pub(crate) fn codec(content_type: &str) -> Option<Option<&str>> {
    let (form, codec) = parse(content_type)?;
    (form == Form::Grpc).then_some(codec)
}

/// The form and the codec that a content type names, if it is one of gRPC's or gRPC-Web's. No codec is protobuf.
pub(crate) fn parse(content_type: &str) -> Option<(Form, Option<&str>)> {
    // Parameters, such as a charset, say nothing more.
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    let rest = strip_prefix(essence, GRPC)?;
    let (form, rest) = match strip_prefix(rest, WEB) {
        None => (Form::Grpc, rest),
        Some(rest) => match strip_prefix(rest, TEXT) {
            None => (Form::Web, rest),
            Some(rest) => (Form::WebText, rest),
        },
    };
    match rest.strip_prefix('+') {
        None if rest.is_empty() => Some((form, None)),
        Some("") | None => None,
        Some(codec) if codec.eq_ignore_ascii_case(PROTO) => Some((form, None)),
        Some(codec) => Some((form, Some(codec))),
    }
}

/// As [`str::strip_prefix`], whatever the case.
fn strip_prefix<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let (start, rest) = text.split_at_checked(prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then_some(rest)
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
    fn a_content_type_of_grpc_web_says_whether_it_is_text() {
        for (content_type, expected) in [
            ("application/grpc+json", (Form::Grpc, Some("json"))),
            ("application/grpc-web", (Form::Web, None)),
            ("application/grpc-web+proto", (Form::Web, None)),
            ("application/GRPC-Web+json", (Form::Web, Some("json"))),
            ("application/grpc-web-text; q=1", (Form::WebText, None)),
            ("application/grpc-web-text+proto", (Form::WebText, None)),
        ] {
            assert_eq!(parse(content_type), Some(expected), "{content_type}");
        }
    }

    #[test]
    fn other_content_types_are_not_grpc() {
        for other in [
            "",
            "text/html",
            "application/json",
            "application/grpc+",
            "application/grpcx",
            "application/grpc-",
            "application/grpc-web-",
            "application/grpc-web-texts",
            "application/grpc-text",
            "é",
        ] {
            assert_eq!(parse(other), None, "{other:?}");
        }
        for web in ["application/grpc-web", "application/grpc-web-text+proto"] {
            assert_eq!(codec(web), None, "{web:?}");
        }
    }
}
