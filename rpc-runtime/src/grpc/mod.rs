//! gRPC's way of saying things over HTTP, which its clients and servers share: messages behind a prefix, and what
//! stands in headers and trailers. Pure functions of bytes and header maps.
//!
//! Their rules are those of gRPC's "PROTOCOL-HTTP2.md" and "PROTOCOL-WEB.md".

mod base64;
#[cfg(feature = "grpc")]
pub(crate) mod batch;
#[cfg(feature = "grpc")]
pub(crate) mod content_type;
#[cfg(any(feature = "grpc", feature = "http"))]
pub(crate) mod frame;
pub(crate) mod metadata;
#[cfg(feature = "grpc")]
pub(crate) mod percent;
#[cfg(feature = "grpc")]
pub(crate) mod status;
pub(crate) mod text;
#[cfg(feature = "grpc")]
pub(crate) mod timeout;
