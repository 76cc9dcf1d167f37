//! HTTP/1.1 and HTTP/2, for the gateways whose protocols are carried by it.
//!
//! [`Http`] is one [`Gateway`](crate::server::AnyGateway) for all of them: it recognises HTTP, serves the
//! connection with hyper, and gives each request to the first [`HttpService`] that accepts it. What the
//! server's configuration promises of a connection is kept here; what a request means is known to the
//! services only, which do not know each other.

mod body;
mod budget;
mod connection;
mod cors;
mod dispatch;
mod drive;
mod executor;
mod gateway;
mod io;
#[cfg(any(feature = "grpc", feature = "http"))]
mod messages;
mod prefix;
mod refusal;
mod reply;
mod requests;
mod service;
mod upgrade;
#[cfg(any(feature = "http", feature = "jsonrpc"))]
mod whole;

pub(crate) use body::RequestBody;
#[cfg(all(test, feature = "jsonrpc"))]
pub(crate) use budget::Budget;
pub(crate) use budget::Share;
#[cfg(feature = "grpc")]
pub(crate) use connection::IDENTITY;
pub(crate) use connection::{HttpConnection, unread};
pub(crate) use cors::may_connect;
pub(crate) use gateway::Http;
#[cfg(any(feature = "grpc", feature = "http"))]
pub(crate) use messages::Messages;
#[cfg(any(feature = "http", feature = "jsonrpc"))]
pub(crate) use reply::not_allowed;
#[cfg(feature = "grpc")]
pub(crate) use reply::not_post;
pub(crate) use reply::{ReplyBody, next_piece, text};
pub(crate) use service::{Answering, HttpRequest, HttpService};
#[cfg(feature = "http")]
pub(crate) use whole::plain;
