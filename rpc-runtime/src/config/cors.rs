//! Which web pages may call a server.

use super::error::ConfigError;
use super::node::{Content, Node};
use super::settings::{Setting, apply, setting};
use crate::connection::cors::Cors;

/// What may be said beside the origins.
const SETTINGS: &[Setting<Cors>] = &[
    setting!(allow_credentials, flag),
    setting!(max_age, duration),
];

impl Node {
    pub(super) fn cors(&self) -> Result<Cors, ConfigError> {
        let origins = self.require("origins")?;
        let cors = match &origins.content {
            Content::Text(text) if text == "any" => Cors::any_origin(),
            _ => {
                let origins = origins.list()?.iter().map(|node| node.origin());
                Cors::origins(origins.collect::<Result<Vec<_>, _>>()?)
            }
        };
        let cors = apply(self, &["origins"], SETTINGS, cors)?;
        cors.check().map_err(|reason| self.error(reason))?;
        Ok(cors)
    }

    fn origin(&self) -> Result<&str, ConfigError> {
        let origin = self.text("an origin, such as https://app.example.com")?;
        let checked = Cors::origins([origin]).check();
        checked.map_err(|reason| self.error(reason))?;
        Ok(origin)
    }
}
