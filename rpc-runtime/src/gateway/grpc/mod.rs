//! gRPC over HTTP/2, and gRPC-Web, which is the same for browsers. docs/grpc.md and docs/grpc-web.md say what is
//! answered, and how.

mod answer;
mod head;
mod packing;
mod replies;
mod response;
mod web;

use http::header::CONTENT_TYPE;
use http::request::Parts;

use crate::grpc::content_type::{self, Form};
use crate::http::{Answering, HttpRequest, HttpService};

/// Answers gRPC.
pub(super) struct Grpc;

impl HttpService for Grpc {
    fn name(&self) -> &'static str {
        "grpc"
    }

    fn accepts(&self, request: &Parts) -> bool {
        form(request) == Some(Form::Grpc)
    }

    fn call(&self, request: HttpRequest) -> Answering {
        Box::pin(answer::answer(request))
    }
}

/// Answers gRPC-Web.
pub(super) struct GrpcWeb;

impl HttpService for GrpcWeb {
    fn name(&self) -> &'static str {
        "grpc-web"
    }

    fn accepts(&self, request: &Parts) -> bool {
        matches!(form(request), Some(Form::Web | Form::WebText))
    }

    fn call(&self, request: HttpRequest) -> Answering {
        Box::pin(web::answer(request))
    }
}

/// How a request carries its messages, if it is one of gRPC's or gRPC-Web's.
fn form(request: &Parts) -> Option<Form> {
    let content_type = head::text(&request.headers, &CONTENT_TYPE)?;
    content_type::parse(content_type).map(|(form, _)| form)
}
