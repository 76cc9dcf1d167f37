//! gRPC over HTTP/2. docs/grpc.md says what is answered, and how.

mod answer;
mod head;
mod packing;
mod replies;
mod response;

use http::header::CONTENT_TYPE;
use http::request::Parts;

use crate::grpc::content_type;
use crate::http::{Answering, HttpRequest, HttpService};

/// Answers gRPC.
pub(super) struct Grpc;

impl HttpService for Grpc {
    fn name(&self) -> &'static str {
        "grpc"
    }

    fn accepts(&self, request: &Parts) -> bool {
        let content_type = request.headers.get(CONTENT_TYPE);
        let content_type = content_type.and_then(|value| value.to_str().ok());
        content_type.is_some_and(|value| content_type::codec(value).is_some())
    }

    fn call(&self, request: HttpRequest) -> Answering {
        Box::pin(answer::answer(request))
    }
}
