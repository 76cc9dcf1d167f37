//! JSON over HTTP, and the Connect protocol, whose calls without streams are just that. docs/json.md says
//! what is answered, and how.

mod accept;
mod answer;
mod asked;
mod body;
mod codec;
mod error;
mod form;
mod head;
mod metadata;
mod packing;
mod query;
mod replies;
mod requests;

use http::Response;
use http::request::Parts;
use rpc_wire::Status;

use crate::http::{Answering, HttpRequest, HttpService, ReplyBody};
use crate::server::{Route, Router};

/// Answers Connect.
pub(super) struct Connect;

impl HttpService for Connect {
    fn name(&self) -> &'static str {
        "connect"
    }

    fn accepts(&self, request: &Parts) -> bool {
        asked::is_asked(request)
    }

    fn call(&self, request: HttpRequest) -> Answering {
        Box::pin(answer::answer(request))
    }

    fn explain(&self, request: &Parts, router: &Router) -> Option<Response<ReplyBody>> {
        match router.route(request.uri.path().strip_prefix('/')?) {
            Route::Method(method) => Some(asked::not_asked(request, &method)),
            Route::Unknown(_) => None,
        }
    }

    fn refuse(&self, _: &Parts, status: Status) -> Response<ReplyBody> {
        error::response(&status, None)
    }
}
