//! In place of `json` without a feature that needs it.

use crate::connection::server_config::ConnectionConfig;

/// How the messages of a server are JSON.
#[derive(Clone, Copy, Default)]
pub(super) struct Json(());

impl Json {
    pub(super) fn within(self, _config: &ConnectionConfig) -> Self {
        self
    }
}

/// What a method needs for JSON.
#[derive(Clone)]
pub(super) struct RouteJson;

impl RouteJson {
    pub(super) fn new(_json: Json) -> Self {
        RouteJson
    }
}
