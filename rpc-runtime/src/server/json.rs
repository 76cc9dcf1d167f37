//! JSON for the gateways that speak it.

use std::sync::{Arc, OnceLock};

use rpc_wire::{MethodDescriptor, Status};

use super::Server;
use super::router::RoutedMethod;
use crate::connection::server_config::ConnectionConfig;
use crate::json::{JsonOptions, Transcoder};

impl Server {
    /// Chooses how messages are written and read as JSON, by all protocols that have it.
    ///
    /// ```
    /// use rpc_runtime::Server;
    /// use rpc_runtime::json::JsonOptions;
    ///
    /// let server = Server::new().json(JsonOptions::new().ignore_unknown_fields(true));
    /// ```
    #[must_use]
    pub fn json(mut self, options: JsonOptions) -> Self {
        self.calls.json = Json(options);
        self
    }
}

/// How the messages of a server are JSON.
#[derive(Clone, Copy, Default)]
pub(super) struct Json(JsonOptions);

impl Json {
    /// The same with the limits of the server's connections.
    pub(super) fn within(self, config: &ConnectionConfig) -> Self {
        let session = &config.session;
        let max_message_size = usize::try_from(session.max_message_size).unwrap_or(usize::MAX);
        Json(self.0.limits(max_message_size, session.max_queued_replies))
    }
}

/// A method's transcoder, made when it is first asked for.
#[derive(Clone)]
pub(super) struct RouteJson {
    options: JsonOptions,
    transcoder: Arc<OnceLock<Result<Transcoder, Status>>>,
}

impl RouteJson {
    pub(super) fn new(json: Json) -> Self {
        RouteJson {
            options: json.0,
            transcoder: Arc::default(),
        }
    }

    fn transcoder(&self, method: &MethodDescriptor) -> Result<&Transcoder, Status> {
        let made = self
            .transcoder
            .get_or_init(|| Transcoder::for_method(method, self.options));
        made.as_ref().map_err(Status::clone)
    }
}

impl RoutedMethod {
    /// What turns the method's messages from JSON to protobuf and back.
    ///
    /// # Errors
    ///
    /// INTERNAL if the method has no descriptors, or wrong ones.
    pub(crate) fn transcoder(&self) -> Result<&Transcoder, Status> {
        self.json.transcoder(self.descriptor)
    }
}
