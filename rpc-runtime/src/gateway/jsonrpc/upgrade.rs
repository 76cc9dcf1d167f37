//! Requests for a WebSocket.

use std::sync::Arc;

use http::header::{AUTHORIZATION, COOKIE, SEC_WEBSOCKET_VERSION, UPGRADE};
use http::request::Parts;
use http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use rpc_wire::{Metadata, Status};
use tungstenite::handshake::server::create_response_with_body;

use super::calls::Calls;
use super::endpoint::Endpoint;
use super::post::is_endpoint;
use super::socket::Socket;
use crate::exchange::Connection;
use crate::grpc::metadata;
use crate::http::{HttpRequest, ReplyBody, may_connect, text};
use crate::server::GatewayConnection;

/// How headers begin that belong to the WebSocket.
const RESERVED_PREFIX: &str = "sec-websocket-";

/// Whether a request is for a WebSocket of JSON-RPC.
pub(super) fn accepts(request: &Parts) -> bool {
    let upgrade = request.headers.get(UPGRADE);
    let is_socket =
        upgrade.is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"websocket"));
    request.method == Method::GET && is_socket && is_endpoint(request)
}

/// Gives the client its WebSocket.
pub(super) fn answer(endpoint: Arc<Endpoint>, request: HttpRequest) -> Response<ReplyBody> {
    let HttpRequest {
        head,
        body,
        connection,
    } = request;
    // What comes of it later would be taken for messages.
    if !body.is_empty() {
        let reason = "a request for a WebSocket has no body\n";
        return text(StatusCode::BAD_REQUEST, reason);
    }
    let trusted = match may_connect(&head, connection.config.cors.as_deref()) {
        Ok(trusted) => trusted,
        Err(refused) => return *refused,
    };
    let metadata = match metadata_of(&head, trusted) {
        Ok(metadata) => metadata,
        Err(status) => return text(StatusCode::BAD_REQUEST, format!("{}\n", status.message())),
    };
    let request = Request::from_parts(head, ());
    let response = create_response_with_body(&request, ReplyBody::empty);
    let response = response.unwrap_or_else(|error| {
        let version = HeaderValue::from_static("13");
        let mut response = text(StatusCode::BAD_REQUEST, format!("{error}\n"));
        response
            .headers_mut()
            .insert(SEC_WEBSOCKET_VERSION, version);
        response
    });
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        connection.go_on_as(move |connection| {
            let GatewayConnection {
                opened,
                peer,
                identity,
                config,
                shutdown,
                ..
            } = connection;
            let identity = identity.filter(|_| trusted);
            let calls = Calls::new(endpoint, peer, identity, &config).with_metadata(metadata);
            let socket = Socket::new(calls, &config);
            Box::pin(Connection::new(opened, peer, &config, shutdown, socket).run())
        });
    }
    response
}

/// The metadata of all calls. Credentials that a browser added by itself have no place there unless they are
/// `trusted`.
fn metadata_of(head: &Parts, trusted: bool) -> Result<Metadata, Status> {
    let mut metadata = metadata::read(&head.headers)?;
    let names = head.headers.keys().map(HeaderName::as_str);
    for name in names.filter(|name| name.starts_with(RESERVED_PREFIX)) {
        metadata.remove(name);
    }
    if !trusted {
        for name in [COOKIE, AUTHORIZATION] {
            metadata.remove(name.as_str());
        }
    }
    Ok(metadata)
}
