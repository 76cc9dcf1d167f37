//! What the end-to-end tests have in common: a service that does what a test asks of it, a server
//! around it, and a peer that speaks frames and keeps no rule but the test's own.

mod bystander;
mod certificates;
mod ends;
mod envelopes;
mod expected;
mod flaky_service;
mod flows_service;
mod http1;
mod interop_service;
mod jsonrpc_peer;
mod log;
mod once;
mod pooled;
mod raw;
mod relay_service;
mod server;
mod service;
mod signals;
mod streaming_service;
mod v1_peer;
mod wiretap;
mod within;

pub use bystander::Bystander;
pub use certificates::{Authority, Identity};
pub use ends::ends;
pub use envelopes::{envelope, envelopes};
pub use expected::Expected;
pub use flaky_service::{Answer, Seen, TestFlaky};
pub use flows_service::{Flow, TestFlows, piece};
pub use http1::{Http1Answer, Http1Client, request_head};
pub use interop_service::InteropService;
pub use jsonrpc_peer::JsonRpcPeer;
pub use log::Log;
pub use once::once;
pub use pooled::{connect, until_pool};
pub use raw::{RawFrame, RawPeer, compressed_request_frame, frame, request_frame};
pub use relay_service::TestRelay;
pub use server::{TestServer, without_http};
pub use service::{Counts, SECRET, TestProbe};
pub use signals::signal_self;
pub use streaming_service::{TestStreams, channel};
pub use v1_peer::{V1Frame, V1Peer, v1_request};
pub use wiretap::Wiretap;
pub use within::{LIMIT, within, within_blocking};

rpc_runtime::include_protos!();

/// The code of the document, which is compiled with the tests of this documentation.
#[cfg(doctest)]
#[doc = include_str!("../../docs/interceptors.md")]
struct InterceptorsDocument;

/// The same of another document.
#[cfg(doctest)]
#[doc = include_str!("../../docs/health-and-reflection.md")]
struct HealthDocument;
