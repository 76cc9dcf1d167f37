//! JSON-RPC 2.0: calls of methods without streams, alone and in batches. docs/jsonrpc.md says what clients
//! see.

mod batches;
mod calls;
mod endpoint;
mod methods;
mod post;
#[cfg(feature = "jsonrpc-ws")]
mod socket;
#[cfg(feature = "jsonrpc-ws")]
mod upgrade;

use std::sync::{Arc, OnceLock};

use bytes::BytesMut;
use calls::{Calls, tell};
use endpoint::Endpoint;
use http::Response;
use http::request::Parts;
use rpc_wire::Status;

use crate::connection::refusal;
use crate::connection::server_config::ConnectionConfig;
use crate::exchange::Connection;
use crate::http::{Answering, HttpRequest, HttpService, ReplyBody};
use crate::jsonrpc::{ErrorObject, whitespace};
use crate::server::{AnyGateway, GatewayConnection, Refusing, Router, Serving};
use crate::transport::{Opened, Prefix};

/// A connection begins with less white space than this, in bytes: nobody has a use for more.
const MAX_LEADING_SPACE: usize = 64;

/// What the protocol is called in logs, and by whoever switches it off.
const NAME: &str = "jsonrpc";

/// The endpoint of a server, made when the first client comes: a server has one router.
#[derive(Default)]
struct Lazy(OnceLock<Arc<Endpoint>>);

impl Lazy {
    fn get(&self, router: &Arc<Router>) -> Arc<Endpoint> {
        let endpoint = self
            .0
            .get_or_init(|| Arc::new(Endpoint::new(Arc::clone(router))));
        Arc::clone(endpoint)
    }
}

/// Answers JSON-RPC on connections that carry nothing else.
#[derive(Default)]
pub(super) struct JsonRpc {
    endpoint: Lazy,
}

/// Answers JSON-RPC over HTTP.
#[derive(Default)]
pub(super) struct JsonRpcOverHttp {
    endpoint: Lazy,
}

impl AnyGateway for JsonRpc {
    fn name(&self) -> &'static str {
        NAME
    }

    fn probe(&self, first: &[u8]) -> Prefix {
        let begins_at = whitespace(first);
        match first.get(begins_at) {
            Some(b'{' | b'[') if begins_at < MAX_LEADING_SPACE => Prefix::Match,
            None if begins_at < MAX_LEADING_SPACE => Prefix::NeedMore,
            _ => Prefix::NoMatch,
        }
    }

    fn refuse<'a>(
        &'a self,
        opened: Opened,
        reason: &'a str,
        _: &'a ConnectionConfig,
    ) -> Refusing<'a> {
        Box::pin(async move {
            let mut told = BytesMut::new();
            let status = Status::unavailable(reason);
            tell(&ErrorObject::not_executed(status), &mut told);
            refusal::tell(opened.transport, &told).await
        })
    }

    fn serve(&self, connection: GatewayConnection) -> Serving {
        let GatewayConnection {
            opened,
            peer,
            identity,
            router,
            config,
            shutdown,
        } = connection;
        let calls = Calls::new(self.endpoint.get(&router), peer, identity, &config);
        Box::pin(Connection::new(opened, peer, &config, shutdown, calls).run())
    }
}

impl HttpService for JsonRpcOverHttp {
    fn name(&self) -> &'static str {
        NAME
    }

    fn accepts(&self, request: &Parts) -> bool {
        post::accepts(request)
    }

    fn call(&self, request: HttpRequest) -> Answering {
        let endpoint = self.endpoint.get(&request.connection.router);
        Box::pin(post::answer(endpoint, request))
    }

    fn explain(&self, request: &Parts, _: &Router) -> Option<Response<ReplyBody>> {
        post::explain(request)
    }

    fn refuse(&self, _: &Parts, status: Status) -> Response<ReplyBody> {
        post::refuse(status)
    }
}

/// Answers JSON-RPC over WebSocket.
#[cfg(feature = "jsonrpc-ws")]
#[derive(Default)]
pub(super) struct JsonRpcOverWebSocket {
    endpoint: Lazy,
}

#[cfg(feature = "jsonrpc-ws")]
impl HttpService for JsonRpcOverWebSocket {
    fn name(&self) -> &'static str {
        NAME
    }

    fn accepts(&self, request: &Parts) -> bool {
        upgrade::accepts(request)
    }

    fn call(&self, request: HttpRequest) -> Answering {
        let endpoint = self.endpoint.get(&request.connection.router);
        Box::pin(std::future::ready(upgrade::answer(endpoint, request)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_is_json_rpc_by_its_first_bracket_wherever_its_bytes_are_split() {
        let probe = |first: &str| JsonRpc::default().probe(first.as_bytes());
        for text in ["{\"jsonrpc\"", "[{", "\r\n \t{", "\n["] {
            let bracket = text.find(['{', '[']).unwrap();
            for end in 1..=text.len() {
                let expected = match end > bracket {
                    true => Prefix::Match,
                    false => Prefix::NeedMore,
                };
                assert_eq!(probe(&text[..end]), expected, "{text} up to {end}");
            }
        }
        for text in ["GET /", "\x12\x34", " x", "}", "\u{feff}{", "\"", "1"] {
            assert_eq!(probe(text), Prefix::NoMatch, "{text:?}");
        }
        let space = " ".repeat(MAX_LEADING_SPACE);
        assert_eq!(probe(&format!("{}{{", &space[1..])), Prefix::Match);
        for behind in ["", "{", "[{"] {
            assert_eq!(probe(&format!("{space}{behind}")), Prefix::NoMatch);
        }
    }
}
