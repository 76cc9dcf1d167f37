//! Health checks as HTTP has them: `GET /healthz` for the server as a whole, and
//! `GET /healthz/helloworld.Hello` for a service.

use http::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode};
use prost::Message;
use rpc_wire::session::MessageBody;
use rpc_wire::{Code, Metadata, Status};

use crate::builtin::health::wire::{HealthCheckRequest, HealthCheckResponse, ServingStatus};
use crate::http::{Answering, HttpConnection, HttpRequest, HttpService, ReplyBody, text};
use crate::server::CallParts;

/// Where the health of the server as a whole is, and that of its services below.
const PATH: &str = "/healthz";

/// What answers.
const CHECK: &str = "grpc.health.v1.Health/Check";

/// Has it answer, by the same way as gRPC's clients: through interceptors,
/// and by a service of the user's if there is one.
pub(super) struct Healthz;

impl HttpService for Healthz {
    fn name(&self) -> &'static str {
        "healthz"
    }

    fn accepts(&self, request: &Parts) -> bool {
        let is_read = matches!(request.method, Method::GET | Method::HEAD);
        is_read && service(request.uri.path()).is_some()
    }

    fn stands_alone(&self) -> bool {
        false
    }

    fn call(&self, request: HttpRequest) -> Answering {
        Box::pin(async move {
            let HttpRequest {
                head, connection, ..
            } = request;
            let service = service(head.uri.path()).unwrap_or_default();
            let checked = check(service, &head.headers, &connection).await;
            let mut response = response(checked, wants_json(&head.headers));
            if head.method == Method::HEAD {
                *response.body_mut() = ReplyBody::empty();
            }
            response
        })
    }
}

/// Whose health is at a path, if any is.
fn service(path: &str) -> Option<&str> {
    let rest = path.strip_prefix(PATH)?;
    match rest {
        "" => Some(""),
        rest => rest.strip_prefix('/'),
    }
}

async fn check(
    service: &str,
    headers: &HeaderMap,
    connection: &HttpConnection,
) -> Result<HealthCheckResponse, Status> {
    let request = HealthCheckRequest {
        service: service.to_owned(),
    };
    let body = request.encode_to_vec();
    let parts = CallParts {
        // Probes cannot say how long they wait.
        without_deadline: true,
        ..connection.call_parts(metadata(headers))
    };
    let router = &connection.router;
    let route = router.route(CHECK);
    let call = router.unary(&route, parts, MessageBody::Borrowed(&body))?;
    let (reply, _) = call.finish().await?;
    HealthCheckResponse::decode(reply)
        .map_err(|error| Status::internal(format!("the health service answers nonsense: {error}")))
}

/// What interceptors may ask for, such as a token.
fn metadata(headers: &HeaderMap) -> Metadata {
    let mut metadata = Metadata::new();
    for (name, value) in headers {
        if let Ok(value) = value.to_str() {
            // What cannot be metadata is none.
            let _ = metadata.append(name.as_str(), value);
        }
    }
    metadata
}

fn wants_json(headers: &HeaderMap) -> bool {
    let mut accepted = headers.get_all(ACCEPT).iter();
    accepted.any(|value| {
        let value = value.to_str().unwrap_or_default();
        value.contains("application/json")
    })
}

/// 200 if it is SERVING, 503 if it is not; errors are always plain text.
fn response(checked: Result<HealthCheckResponse, Status>, json: bool) -> Response<ReplyBody> {
    let mut response = match checked {
        Ok(checked) => {
            let status = checked.status();
            let name = status.as_str_name();
            let body = match json {
                true => format!("{{\"status\":\"{name}\"}}\n"),
                false => format!("{name}\n"),
            };
            let mut response = text(StatusCode::SERVICE_UNAVAILABLE, body);
            if json {
                let json = HeaderValue::from_static("application/json");
                response.headers_mut().insert(CONTENT_TYPE, json);
            }
            if status == ServingStatus::Serving {
                *response.status_mut() = StatusCode::OK;
            }
            response
        }
        Err(status) => text(http_status(status.code()), format!("{status}\n")),
    };
    let no_store = HeaderValue::from_static("no-store");
    response.headers_mut().insert(CACHE_CONTROL, no_store);
    response
}

/// What becomes of a check that failed: whoever cannot be checked cannot be relied on.
fn http_status(code: Code) -> StatusCode {
    match code {
        Code::NotFound | Code::Unimplemented => StatusCode::NOT_FOUND,
        Code::Unauthenticated => StatusCode::UNAUTHORIZED,
        Code::PermissionDenied => StatusCode::FORBIDDEN,
        _ => StatusCode::SERVICE_UNAVAILABLE,
    }
}
